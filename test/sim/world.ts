/**
 * A world of validators made from a seed: their network, their disks and the faults that befall
 * them. After a while all faults end, and every correct node must go on deciding.
 */
import type { Logger } from "../../src/consensus/expected.ts";
import {
  type ConsensusMessage,
  decodeMessage,
  encodeMessage,
} from "../../src/consensus/gossip/messages.ts";
import { equalBytes, utf8 } from "../../src/encoding/bytes.ts";
import { fromNanos } from "../../src/encoding/time.ts";
import { type ValidatorKey, validatorKey } from "../../src/privval/key-file.ts";
import type { ChainState } from "../../src/types/chain-state.ts";
import { defaultConsensusParams } from "../../src/types/consensus-params.ts";
import type { GenesisDoc } from "../../src/types/genesis/genesis.ts";
import { prng } from "../support/prng.ts";
import type { Attack, Stage } from "./attacks/attack.ts";
import { chooseAttack } from "./attacks/choose.ts";
import { Checks, Violation } from "./checks.ts";
import { Faults, faultsEndMs } from "./faults.ts";
import { SimNetwork } from "./network.ts";
import { SimNode } from "./node.ts";
import { VirtualTime } from "./virtual-time.ts";

const chainId = "sim";
const validators = 4;
const genesisSeconds = 1_700_000_000n;
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

/** Under attack: more rounds in the same time. */
const shortTimeouts = {
  proposeMs: 150,
  proposeDeltaMs: 50,
  prevoteMs: 80,
  prevoteDeltaMs: 30,
  precommitMs: 80,
  precommitDeltaMs: 30,
  commitMs: 80,
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
  readonly #syncsBlocks: boolean;
  readonly #attack: Attack | undefined;
  /** The last message that was read: a broadcast is read once. */
  #lastRead:
    | { readonly bytes: Uint8Array; readonly message: ConsensusMessage | undefined }
    | undefined;
  #toPunish: readonly string[] = [];
  #failure: unknown;
  readonly #faults: Faults;
  #txs = 0;
  #isOver = false;

  constructor(seed: number, log: Logger) {
    this.#seed = seed;
    this.#log = log;
    this.#random = prng(seed);
    this.#network = new SimNetwork(this.#time, this.#random, {
      onSend: (from, channel, bytes) => this.#onSend(from, channel, bytes),
      onWay: (from, to, channel, bytes) => this.#onWay(from, to, channel, bytes),
      onBan: (by, of, reason) => {
        // A partition of this network loses requests and closes no connection.
        const isSilence = reason === "left block requests unanswered";
        if (!isSilence) this.#fail(new Violation(`${by} banned ${of}: ${reason}`));
      },
    });
    const hasTwins = this.#chance(0.3);
    this.#movesPower = this.#chance(0.5);
    this.#syncsBlocks = this.#chance(0.5);
    const node = (name: string, key: ValidatorKey) =>
      new SimNode(name, key, this.#time, this.#random);
    const nodes = keys.map((key, index) => node(`n${index}`, key));
    const last = keys.at(-1);
    if (hasTwins && last) nodes.push(node("twin", last));
    this.#nodes = nodes;
    this.#twins = new Set(hasTwins ? [`n${validators - 1}`, "twin"] : []);
    if (hasTwins) this.#plan.push("twins");
    for (const { name } of nodes) this.#skewMs.set(name, this.#below(clockSkewMs));
    const [time, network, random] = [this.#time, this.#network, this.#random];
    const boot = (one: SimNode) => this.#boot(one);
    this.#faults = new Faults({ time, network, nodes, random, boot });
    this.#attack = this.#chooseAttack();
    const isUneven = !this.#attack && !this.#movesPower && this.#chance(0.5);
    if (isUneven) this.#plan.push("uneven");
    const powers = isUneven ? unevenPowers : evenPowers;
    this.#genesis = genesisDoc(powers);
    const forgetful = nodes.at(-1);
    if (!hasTwins && forgetful && this.#chance(0.2)) {
      forgetful.forgets = true;
      this.#faults.planBlackouts(forgetful);
    }
  }

  summary() {
    const { heights, evidence } = this.#checks;
    return {
      seed: this.#seed,
      heights,
      evidence,
      messages: this.#network.delivered,
      crashes: this.#faults.crashes,
      virtualMs: this.#time.nowMs,
      plan: [...this.#plan, ...this.#faults.plan].join(", "),
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
      if (goal === undefined) {
        goal = this.#highest() + heightsAfterFaults;
        this.#toPunish = this.#checks.unpunished(this.#correct());
      }
      const behind = this.#correct().filter((node) => node.height < (goal ?? 0n));
      const free = this.#toPunish.filter((point) => !this.#checks.isPunished(point));
      this.#isOver = behind.length === 0 && free.length === 0;
      if (this.#time.nowMs <= deadlineMs) continue;
      if (behind.length === 0) throw new Violation(`no evidence was decided of ${free[0]}`);
      throw new Violation(`progress: ${behind.map((n) => n.name)} did not come to ${goal}`);
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
      timeouts: this.#attack ? shortTimeouts : timeouts,
      random: this.#random,
      movingKeys: this.#movesPower ? keys.map(({ pubKey }) => pubKey.key) : [],
      log: named(this.#log, node.name),
      network,
      syncsBlocks: this.#syncsBlocks && !node.forgets,
      onVote: (at, vote) => {
        if (!this.#twins.has(at.name)) this.#checks.took(at, vote);
      },
      onState: (at, state) => this.#onState(at, state),
      onFatal: (at, error) => this.#fail(error instanceof Error ? error : new Error(at.name)),
    });
    this.#time.unsettle();
    started.then(
      () => node.lives === life && node.life && connect(),
      (error) => this.#fail(error),
    );
  }

  #onState(node: SimNode, state: ChainState): void {
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
    this.#time.after(40 + this.#below(160), () => {
      const tx = utf8(`${this.#chance(0.1) ? "rejected" : "tx"} ${this.#txs++}`);
      this.#checks.submitted(tx);
      for (const node of this.#nodes) if (this.#chance(0.3)) void node.life?.mempool.checkTx(tx);
      this.#submit();
    });
  }

  /** Kinds of worlds: an attack and nothing else, an attack among faults, faults alone. */
  #planFaults(): void {
    if (this.#attack) this.#plan.push(this.#attack.plan);
    this.#faults.planAll(this.#attack && this.#chance(0.85) ? "mild" : "rough");
  }

  #onWay(from: string, to: string, channel: number, bytes: Uint8Array) {
    const attack = this.#attack;
    if (!attack || this.#time.nowMs > faultsEndMs) return undefined;
    const message = channel === 0x21 || channel === 0x22 ? this.#read(bytes) : undefined;
    const [fromKey, toKey] = [from, to].map((name) => this.#keyOfMachine(name));
    const sent = { from, to, message, fromKey: fromKey ?? 0, toKey: toKey ?? 0 };
    const holdMs = attack.holdMs(sent);
    const replaced = attack.replaced(sent);
    return { holdMs, message: replaced ? encodeMessage(replaced) : bytes };
  }

  #read(bytes: Uint8Array): ConsensusMessage | undefined {
    if (this.#lastRead?.bytes === bytes) return this.#lastRead.message;
    const message = decodeMessage(bytes);
    this.#lastRead = { bytes, message: "refused" in message ? undefined : message };
    return this.#lastRead.message;
  }

  #keyOfMachine(name: string): number {
    const node = this.#nodes.find((one) => one.name === name);
    return keys.findIndex(({ address }) => node && equalBytes(address, node.key.address));
  }

  #chooseAttack(): Attack | undefined {
    const number = validators - 1;
    const liar = keys[number];
    if (!liar) return undefined;
    const stage: Stage = {
      chainId,
      random: this.#random,
      nowMs: () => this.#time.nowMs,
      keyOf: (address) => keys.findIndex((key) => equalBytes(key.address, address)),
      validatorsAt: (height) =>
        this.#nodes.map(({ life }) => life?.engine.view).find((view) => view?.height === height)
          ?.state.validators,
      crash: (numbers, afterMs, downMs) => {
        const hit = this.#nodes.filter(({ name }) => numbers.includes(this.#keyOfMachine(name)));
        this.#time.after(afterMs, () => {
          for (const node of hit) if (node.life) this.#faults.crash(node, downMs);
        });
      },
    };
    return chooseAttack(stage, { key: liar, number });
  }

  #chance(probability: number): boolean {
    return this.#random() < probability;
  }

  #below(limit: number): number {
    return Math.floor(this.#random() * limit);
  }
}

const evenPowers = [10n, 10n, 10n, 10n];
/** Some validators have exactly two thirds; the last, which may be faulty, has a sixth. */
const unevenPowers = [20n, 20n, 10n, 10n];

function genesisDoc(powers: readonly bigint[]): GenesisDoc {
  return {
    genesisTime: { seconds: genesisSeconds, nanos: 0 },
    chainId,
    initialHeight: 1n,
    consensusParams: defaultConsensusParams(),
    validators: keys.map(({ address, pubKey }, index) => {
      const power = powers[index] ?? 0n;
      return { address, pubKey, power, name: "" };
    }),
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
