/**
 * A world of validators made from a seed: their network, their disks and the faults that befall
 * them. After a while all faults end, and every correct node must go on deciding.
 */
import type { Logger } from "../../src/consensus/expected.ts";
import { utf8 } from "../../src/encoding/bytes.ts";
import { fromNanos } from "../../src/encoding/time.ts";
import { type ValidatorKey, validatorKey } from "../../src/privval/key-file.ts";
import { defaultConsensusParams } from "../../src/types/consensus-params.ts";
import type { GenesisDoc } from "../../src/types/genesis/genesis.ts";
import { prng } from "../support/prng.ts";
import { Checks, Violation } from "./checks.ts";
import { fairWeather, SimNetwork, type Weather } from "./network.ts";
import { SimNode } from "./node.ts";
import { VirtualTime } from "./virtual-time.ts";

const chainId = "sim";
const validators = 4;
const genesisSeconds = 1_700_000_000n;
/** When the last fault ends, at the latest. */
const faultsEndMs = 2_500;
/** Heights that every correct node must decide after the faults. */
const heightsAfterFaults = 2n;
/** Virtual time for that. Rounds grow by a few hundred milliseconds each. */
const progressWithinMs = 60_000;
/** Clocks of nodes differ by up to this. */
const clockSkewMs = 300;

const timeouts = {
  proposeMs: 300,
  proposeDeltaMs: 100,
  prevoteMs: 150,
  prevoteDeltaMs: 50,
  precommitMs: 150,
  precommitDeltaMs: 50,
  commitMs: 200,
  skipCommitWait: false,
};

/** The same keys in all worlds: making them costs more than a world. */
const keys: readonly ValidatorKey[] = Array.from({ length: validators }, (_, index) =>
  validatorKey(new Uint8Array(32).fill(index + 1)),
);

/** What a run came to. */
export interface RunResult {
  readonly seed: number;
  readonly heights: number;
  readonly evidence: number;
  readonly messages: number;
  readonly crashes: number;
  readonly virtualMs: number;
  /** What the seed made of the world, in words. */
  readonly plan: string;
  /** Undefined when everything held. */
  readonly violation: string | undefined;
}

/** Runs one seed to its end. Never throws for what the nodes do. */
export async function runSeed(seed: number, log: Logger = silent): Promise<RunResult> {
  const world = new World(seed, log);
  let violation: string | undefined;
  try {
    await world.run();
  } catch (error) {
    violation = error instanceof Violation ? error.message : `${(error as Error).stack}`;
  }
  return { ...world.summary(), violation };
}

const silent: Logger = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
};

class World {
  readonly #seed: number;
  readonly #random: () => number;
  readonly #time = new VirtualTime();
  readonly #checks = new Checks(chainId);
  readonly #network: SimNetwork;
  readonly #nodes: readonly SimNode[];
  /** Names of the machines that share a key: neither is correct. */
  readonly #twins: ReadonlySet<string>;
  readonly #skewMs = new Map<string, number>();
  readonly #genesis: GenesisDoc;
  readonly #log: Logger;
  readonly #plan: string[] = [];
  readonly #movesPower: boolean;
  #failure: unknown;
  #crashes = 0;
  #txs = 0;
  #isOver = false;

  constructor(seed: number, log: Logger) {
    this.#seed = seed;
    this.#log = log;
    this.#random = prng(seed);
    this.#network = new SimNetwork(this.#time, this.#random, {
      onSend: (from, channel, bytes) => this.#onSend(from, channel, bytes),
      onBan: (by, of, reason) => this.#fail(new Violation(`${by} banned ${of}: ${reason}`)),
    });
    const hasTwins = this.#chance(0.3);
    this.#movesPower = this.#chance(0.5);
    const node = (name: string, key: ValidatorKey) =>
      new SimNode(name, key, this.#time, this.#random);
    const nodes = keys.map((key, index) => node(`n${index}`, key));
    const last = keys.at(-1);
    if (hasTwins && last) nodes.push(node("twin", last));
    this.#nodes = nodes;
    this.#twins = new Set(hasTwins ? [`n${validators - 1}`, "twin"] : []);
    if (hasTwins) this.#plan.push("twins");
    for (const { name } of nodes) this.#skewMs.set(name, this.#below(clockSkewMs));
    this.#genesis = genesisDoc();
  }

  summary() {
    const { heights, evidence } = this.#checks;
    return {
      seed: this.#seed,
      heights,
      evidence,
      messages: this.#network.delivered,
      crashes: this.#crashes,
      virtualMs: this.#time.nowMs,
      plan: this.#plan.join(", "),
    };
  }

  async run(): Promise<void> {
    for (const node of this.#nodes) this.#time.after(this.#below(200), () => this.#boot(node));
    this.#planFaults();
    this.#submit();
    let goal: bigint | undefined;
    const deadlineMs = faultsEndMs + progressWithinMs;
    while (!this.#isOver) {
      if (!(await this.#time.step())) throw new Violation("nothing happens any more");
      if (this.#failure) throw this.#failure;
      if (this.#time.nowMs < faultsEndMs) continue;
      goal ??= this.#highest() + heightsAfterFaults;
      const behind = this.#correct().filter((node) => node.height < (goal ?? 0n));
      this.#isOver = behind.length === 0;
      if (this.#time.nowMs > deadlineMs) {
        throw new Violation(`progress: ${behind.map((n) => n.name)} did not come to ${goal}`);
      }
    }
  }

  #highest(): bigint {
    const [highest = 1n] = this.#nodes.map(({ height }) => height).sort((a, b) => Number(b - a));
    return highest;
  }

  #correct(): readonly SimNode[] {
    return this.#nodes.filter(({ name }) => !this.#twins.has(name));
  }

  #boot(node: SimNode): void {
    const { network, connect } = this.#network.station(node.name);
    const life = node.lives + 1;
    const skewMs = this.#skewMs.get(node.name) ?? 0;
    const clock = {
      now: () =>
        fromNanos(
          genesisSeconds * 1_000_000_000n + BigInt(Math.floor((this.#time.nowMs + skewMs) * 1e6)),
        ),
      after: (delayMs: number, run: () => void) =>
        this.#time.after(delayMs, () => {
          if (node.lives === life) run();
        }),
    };
    const started = node.start({
      time: this.#time,
      clock,
      genesis: this.#genesis,
      timeouts,
      random: this.#random,
      movingKeys: this.#movesPower ? keys.map(({ pubKey }) => pubKey.key) : [],
      log: named(this.#log, node.name),
      network,
      onState: (at) => this.#onState(at),
      onFatal: (at, error) => this.#fail(error instanceof Error ? error : new Error(at.name)),
    });
    this.#time.unsettle();
    started.then(
      () => node.lives === life && node.life && connect(),
      (error) => this.#fail(error),
    );
  }

  #onState(node: SimNode): void {
    const state = node.life?.engine.view?.state;
    if (!state) return;
    try {
      this.#checks.reached(node, state);
    } catch (error) {
      this.#fail(error);
    }
  }

  #onSend(from: string, channel: number, bytes: Uint8Array): void {
    const node = this.#nodes.find(({ name }) => name === from);
    if (!node || this.#twins.has(from)) return; // A twin also relays what the other one signed.
    try {
      this.#checks.sent(node, channel, bytes);
    } catch (error) {
      this.#fail(error);
    }
  }

  #fail(error: unknown): void {
    this.#failure ??= error;
  }

  /** Clients hand transactions to random nodes, all the time. */
  #submit(): void {
    this.#time.after(20 + this.#below(100), () => {
      const tx = utf8(`tx ${this.#txs++}`);
      this.#checks.submitted(tx);
      for (const node of this.#nodes) if (this.#chance(0.5)) node.txs.push(tx);
      this.#submit();
    });
  }

  #planFaults(): void {
    const weather = this.#badWeather();
    this.#network.weather = weather;
    const { loss, lateMs, duplication } = weather;
    this.#plan.push(`loss ${loss.toFixed(2)}`, `late ${lateMs} ms`, `twice ${duplication}`);
    for (let count = this.#below(3); count > 0; count--) this.#planPartition();
    for (let count = this.#below(4); count > 0; count--) this.#planCrash();
    if (this.#chance(0.3)) this.#planSlowNode();
    this.#time.after(faultsEndMs, () => {
      this.#network.weather = fairWeather;
      this.#network.partition(new Map());
    });
  }

  #badWeather(): Weather {
    return {
      loss: this.#chance(0.5) ? this.#random() * 0.3 : 0,
      duplication: this.#chance(0.5) ? 0.1 : 0,
      delayMs: 5 + this.#below(100),
      lateProbability: this.#random() * 0.2,
      lateMs: this.#below(1500),
    };
  }

  #planPartition(): void {
    const [fromMs, untilMs] = this.#interval();
    const parts = new Map(this.#nodes.map(({ name }) => [name, this.#below(2)]));
    this.#plan.push(`${fromMs}-${untilMs} parts ${[...parts.values()].join("")}`);
    this.#time.after(fromMs, () => this.#network.partition(parts));
    this.#time.after(untilMs, () => this.#network.partition(new Map()));
  }

  #planCrash(): void {
    const [fromMs, untilMs] = this.#interval();
    const node = this.#nodes[this.#below(this.#nodes.length)];
    if (!node) return;
    this.#plan.push(`${fromMs}-${untilMs} ${node.name} down`);
    this.#time.after(fromMs, () => {
      this.#crashes += 1;
      this.#network.disconnect(node.name);
      node.crash(this.#random);
      const life = node.lives;
      this.#time.after(untilMs - fromMs, () => {
        if (node.lives === life) this.#boot(node);
      });
    });
  }

  #planSlowNode(): void {
    const node = this.#nodes[this.#below(this.#nodes.length)];
    const [fromMs, untilMs] = this.#interval();
    if (!node) return;
    this.#plan.push(`${fromMs}-${untilMs} ${node.name} slow`);
    this.#time.after(fromMs, () => this.#network.slowDown(node.name, 50 + this.#below(400)));
    this.#time.after(untilMs, () => this.#network.slowDown(node.name, 0));
  }

  #interval(): readonly [number, number] {
    const fromMs = this.#below(faultsEndMs - 500);
    return [fromMs, fromMs + 50 + this.#below(faultsEndMs - 100 - fromMs)];
  }

  #chance(probability: number): boolean {
    return this.#random() < probability;
  }

  #below(limit: number): number {
    return Math.floor(this.#random() * limit);
  }
}

function genesisDoc(): GenesisDoc {
  return {
    genesisTime: { seconds: genesisSeconds, nanos: 0 },
    chainId,
    initialHeight: 1n,
    consensusParams: defaultConsensusParams(),
    validators: keys.map(({ address, pubKey }) => ({ address, pubKey, power: 10n, name: "" })),
    appHash: new Uint8Array(0),
    appState: {},
  };
}

function named(log: Logger, node: string): Logger {
  return {
    debug: (message, fields) => log.debug(message, { node, ...fields }),
    info: (message, fields) => log.info(message, { node, ...fields }),
    warn: (message, fields) => log.warn(message, { node, ...fields }),
    error: (message, fields) => log.error(message, { node, ...fields }),
  };
}
