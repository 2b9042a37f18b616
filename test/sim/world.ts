/**
 * A world of validators made from a seed: their network, their disks and the faults that befall
 * them. After a while all faults end, and every correct node must go on deciding.
 */
import { EvidenceList } from "cosmjs-types/tendermint/types/evidence";
import type { Logger } from "../../src/consensus/expected.ts";
import { type ConsensusMessage, decodeMessage } from "../../src/consensus/gossip/messages.ts";
import type { ConsensusTimeouts } from "../../src/consensus/waiting/timeouts.ts";
import { equalBytes, toHex, utf8 } from "../../src/encoding/bytes.ts";
import { fromNanos, type Time } from "../../src/encoding/time.ts";
import type { ValidatorKey } from "../../src/privval/key-file.ts";
import type { ChainState } from "../../src/types/chain-state.ts";
import type { GenesisDoc } from "../../src/types/genesis/genesis.ts";
import { prng } from "../support/prng.ts";
import type { Attack, Stage } from "./attacks/attack.ts";
import { chooseAttack } from "./attacks/choose.ts";
import { Checks, Violation } from "./checks.ts";
import { PowerCut } from "./disks.ts";
import { Extensions } from "./extensions.ts";
import { Faults, faultsEndMs } from "./faults.ts";
import { fairWeather, SimNetwork } from "./network.ts";
import { SimNode } from "./node.ts";
import {
  Draws,
  drawExtensions,
  drawPlan,
  type Ingredient,
  planText,
  type WorldPlan,
} from "./plan.ts";
import {
  chainId,
  evenPowers,
  genesisDoc,
  genesisSeconds,
  keys,
  named,
  quickTimeouts,
  shortTimeouts,
  unevenPowers,
  validators,
} from "./settings.ts";
import { VirtualTime } from "./virtual-time.ts";

/** Heights that every correct node must decide after the faults. */
const heightsAfterFaults = 2n;
/** Virtual time for that. Rounds grow by a few hundred milliseconds each. */
const progressWithinMs = 60_000;
const evidenceChannel = 0x38;
/** Far from the seeds that anybody runs: the stream from which extensions are drawn. */
const extensionsStream = 0x4000_0000;
/** Somebody sends old evidence to nodes that come back, so long after their start. */
const replayAfterMs = 30;

/** What a world is made of: by default everything is drawn from the seed. */
export interface WorldOptions {
  readonly seed: number;
  readonly log: Logger;
  readonly without: readonly Ingredient[];
  /** Instead of what the seed would draw: one attack, or none, on an otherwise calm world. */
  readonly calm?: {
    readonly attack: (stage: Stage) => Attack | undefined;
    readonly timeouts: ConsensusTimeouts;
    readonly isExtended: boolean;
  };
}

const calmPlan: WorldPlan = {
  hasTwins: false,
  movesPower: true,
  leaves: false,
  syncsBlocks: false,
  isUneven: false,
  forgets: false,
  skewMs: 300,
  calmDelayMs: fairWeather.delayMs,
  evidenceBlocks: 100_000n,
  extensionsFrom: 0n,
  isExtendedByUpdate: false,
};

export class World {
  readonly #options: WorldOptions;
  readonly #draws: Draws;
  readonly #time = new VirtualTime();
  readonly #checks = new Checks(chainId);
  readonly #extensions: Extensions;
  readonly #network: SimNetwork;
  readonly #nodes: readonly SimNode[];
  /** Names of the machines that are not correct: twins, or one under an attacker's control. */
  readonly #faulty: ReadonlySet<string>;
  readonly #skewMs = new Map<string, number>();
  readonly #genesis: GenesisDoc;
  readonly #plan: WorldPlan;
  readonly #attack: Attack | undefined;
  /** The last message that was read: a broadcast is read once. */
  #lastRead:
    | { readonly bytes: Uint8Array; readonly message: ConsensusMessage | undefined }
    | undefined;
  #toPunish: readonly string[] = [];
  #failure: unknown;
  readonly #faults: Faults;
  #txs = 0;
  /** When the first node came to each height, in order of heights. */
  readonly decidedMs: number[] = [];

  constructor(options: WorldOptions) {
    this.#options = options;
    const random = prng(options.seed);
    this.#draws = new Draws(random, options.without);
    const extended = this.#drawExtensions();
    const stage = this.#stage();
    const liar = { key: keys[validators - 1]!, number: validators - 1 }; // There are four.
    const chosen = options.calm
      ? options.calm.attack(stage)
      : chooseAttack(stage, { liar, isExtended: extended.extensionsFrom > 0n });
    this.#attack = this.#draws.allows("attack") ? chosen : undefined;
    const drawn = options.calm ? calmPlan : drawPlan(this.#draws, this.#attack);
    this.#plan = { ...drawn, ...extended };
    const { hasTwins, skewMs, isUneven, evidenceBlocks, forgets, calmDelayMs } = this.#plan;
    this.#network = this.#makeNetwork(random);
    this.#network.weather = { ...fairWeather, delayMs: calmDelayMs };
    const node = (name: string, key: ValidatorKey) => new SimNode(name, key, this.#time, random);
    const nodes = keys.map((key, index) => node(`n${index}`, key));
    if (hasTwins) nodes.push(node("twin", liar.key));
    this.#nodes = nodes;
    const lies = this.#attack?.faulty !== undefined;
    this.#faulty = new Set([...(hasTwins ? ["twin"] : []), ...(hasTwins || lies ? ["n3"] : [])]);
    for (const { name } of nodes) this.#skewMs.set(name, this.#draws.below(skewMs));
    const [time, network, draws] = [this.#time, this.#network, this.#draws];
    const boot = (one: SimNode) => this.#boot(one);
    this.#faults = new Faults({ time, network, nodes, draws, boot, calmDelayMs });
    const powers = isUneven ? unevenPowers : evenPowers;
    const extensionsFrom = extended.isExtendedByUpdate ? 0n : extended.extensionsFrom;
    this.#genesis = genesisDoc({ powers, evidenceBlocks, extensionsFrom });
    this.#extensions = new Extensions({
      chainId,
      from: extended.extensionsFrom,
      isByUpdate: extended.isExtendedByUpdate,
      isFaulty: (address) => lies && equalBytes(address, liar.key.address),
    });
    const last = nodes.at(-1);
    if (forgets && last) {
      last.forgets = true;
      this.#faults.planBlackouts(last);
    }
  }

  summary() {
    const { heights, evidence } = this.#checks;
    const plan = [this.#attack?.plan ?? "", ...planText(this.#plan), ...this.#faults.plan];
    return {
      seed: this.#options.seed,
      heights,
      evidence,
      messages: this.#network.delivered,
      crashes: this.#faults.crashes,
      virtualMs: this.#time.nowMs,
      plan: plan.filter((word) => word !== "").join(", "),
    };
  }

  /** Faults, then progress. Throws a Violation when something does not hold. */
  async run(): Promise<void> {
    this.#begin();
    // Kinds of worlds: an attack and nothing else, an attack among faults, faults alone.
    const isMild = this.#draws.random() < 0.85 && this.#attack !== undefined;
    this.#faults.planAll(isMild ? "mild" : "rough");
    await this.#runUntil(faultsEndMs);
    const goal = this.#highest() + heightsAfterFaults;
    this.#toPunish = this.#checks.unpunished(this.#correct());
    const deadlineMs = faultsEndMs + progressWithinMs;
    for (;;) {
      const behind = this.#correct().filter((node) => node.height < goal);
      const free = this.#toPunish.filter((point) => !this.#checks.isPunished(point));
      if (behind.length === 0 && free.length === 0) return;
      await this.#step();
      if (this.#time.nowMs <= deadlineMs) continue;
      if (behind.length === 0) throw new Violation(`no evidence was decided of ${free[0]}`);
      throw new Violation(`progress: ${behind.map((n) => n.name)} did not come to ${goal}`);
    }
  }

  /** So long without faults but for the attack. */
  async runCalm(untilMs: number): Promise<void> {
    this.#begin();
    await this.#runUntil(untilMs);
    const free = this.#checks.unpunished(this.#correct());
    const { lastHeight } = this.#checks;
    // Votes of the last heights may not be in a block yet.
    const old = free.filter((point) => BigInt(point.split("/")[0] ?? "") + 10n < lastHeight);
    if (old.length > 0) throw new Violation(`no evidence was decided of ${old[0]}`);
  }

  #begin(): void {
    for (const node of this.#nodes) {
      this.#time.after(this.#draws.below(200), () => this.#boot(node));
    }
    this.#submit();
  }

  async #runUntil(untilMs: number): Promise<void> {
    while (this.#time.nowMs < untilMs) await this.#step();
  }

  async #step(): Promise<void> {
    if (!(await this.#time.step())) throw new Violation("nothing happens any more");
    if (this.#failure) throw this.#failure;
  }

  #highest(): bigint {
    const [highest = 1n] = this.#nodes.map(({ height }) => height).sort((a, b) => Number(b - a));
    return highest;
  }

  #correct(): readonly SimNode[] {
    return this.#nodes.filter(({ name }) => !this.#faulty.has(name));
  }

  #drawExtensions() {
    const { calm, seed } = this.#options;
    if (calm) return { extensionsFrom: calm.isExtended ? 1n : 0n, isExtendedByUpdate: false };
    return drawExtensions(prng(seed + extensionsStream), this.#draws);
  }

  #makeNetwork(random: () => number): SimNetwork {
    return new SimNetwork(this.#time, random, {
      onSend: (from, channel, bytes) => this.#onSend(from, channel, bytes),
      onWay: (from, to, channel, bytes) => this.#onWay(from, to, channel, bytes),
      onBan: (by, of, reason) => this.#onBan(by, of, reason),
    });
  }

  #onBan(by: string, of: string, reason: string): void {
    // A partition of this network loses requests and closes no connection.
    if (reason === "left block requests unanswered") return;
    const isAttacker = (name: string) =>
      this.#attack?.faulty !== undefined && this.#faulty.has(name);
    if (isAttacker(by)) return;
    if (isAttacker(of)) this.#network.cutOff(of, by);
    // Of two neighbouring blocks one is false; block sync cannot tell whose.
    else if (this.#attack?.faulty !== undefined && reason.startsWith("false block")) return;
    else this.#fail(new Violation(`${by} banned ${of}: ${reason}`));
  }

  #now(name: string): Time {
    const skewMs = this.#skewMs.get(name) ?? 0;
    const nanos = BigInt(Math.floor((this.#time.nowMs + skewMs) * 1e6));
    return fromNanos(genesisSeconds * 1_000_000_000n + nanos);
  }

  #boot(node: SimNode): void {
    const { network, connect } = this.#network.station(node.name);
    const life = node.lives + 1;
    const clock = {
      now: () => this.#now(node.name),
      after: (delayMs: number, run: () => void) =>
        this.#time.after(delayMs, () => {
          if (node.lives === life) run();
        }),
    };
    const { movesPower, leaves, syncsBlocks } = this.#plan;
    const isCorrect = !this.#faulty.has(node.name);
    const started = node.start({
      time: this.#time,
      clock,
      genesis: this.#genesis,
      timeouts: this.#options.calm?.timeouts ?? (this.#attack ? shortTimeouts : quickTimeouts),
      powers: leaves ? "leaving" : movesPower ? "moving" : "fixed",
      keys: keys.map(({ pubKey }) => pubKey.key),
      extensions: this.#extensions.ofNode(node, (wrong) => isCorrect && this.#fail(wrong)),
      log: named(this.#options.log, node.name),
      network,
      syncsBlocks: syncsBlocks && !node.forgets,
      onVote: (at, vote) => {
        if (!isCorrect) return;
        this.#checks.took(at, vote);
        this.#guarded(() => this.#extensions.counted(at, vote));
      },
      onProposed: (_, hash) => isCorrect && this.#checks.proposed(hash),
      onInvalid: (at, hash, problem) => {
        if (isCorrect) this.#guarded(() => this.#checks.foundInvalid(at, hash, problem));
      },
      onState: (at, state) => isCorrect && this.#onState(at, state),
      onFatal: (at, error) => this.#fail(error instanceof Error ? error : new Error(at.name)),
    });
    this.#time.unsettle();
    started.then(
      () => {
        if (node.lives !== life || !node.life) return;
        connect();
        if (life > 1) this.#replayEvidence(node);
      },
      (error) => this.#fail(error),
    );
  }

  /** Old evidence, which anybody may send again. */
  #replayEvidence(node: SimNode): void {
    const { decidedEvidence } = this.#checks;
    if (decidedEvidence.length === 0) return;
    const bytes = EvidenceList.encode({ evidence: [...decidedEvidence] }).finish();
    this.#time.after(replayAfterMs, () => this.#network.inject(node.name, evidenceChannel, bytes));
  }

  #onState(node: SimNode, state: ChainState): void {
    this.#guarded(() => {
      this.#extensions.reached(node, state);
      const latest = this.#correct().map(({ name }) => this.#now(name));
      if (this.#checks.reached(node, state, latest)) this.decidedMs.push(this.#time.nowMs);
    });
  }

  #onSend(from: string, channel: number, bytes: Uint8Array): void {
    const node = this.#nodes.find(({ name }) => name === from);
    if (!node || this.#faulty.has(from)) return; // A twin also relays what the other one signed.
    this.#guarded(() => this.#checks.sent(node, channel, bytes));
  }

  #guarded(check: () => void): void {
    try {
      check();
    } catch (error) {
      this.#fail(error);
    }
  }

  #fail(error: unknown): void {
    if (!(error instanceof PowerCut)) this.#failure ??= error;
  }

  /** Clients hand transactions to random nodes, all the time. */
  #submit(): void {
    const { random } = this.#draws;
    this.#time.after(40 + this.#draws.below(160), () => {
      const tx = utf8(`${random() < 0.1 ? "rejected" : "tx"} ${this.#txs++}`);
      this.#checks.submitted(tx);
      for (const node of this.#nodes) if (random() < 0.3) void node.life?.mempool.checkTx(tx);
      this.#submit();
    });
  }

  #onWay(from: string, to: string, channel: number, bytes: Uint8Array) {
    const attack = this.#attack;
    if (!attack) return undefined;
    if (this.#time.nowMs > faultsEndMs && attack.faulty === undefined) return undefined;
    const message = channel === 0x21 || channel === 0x22 ? this.#read(bytes) : undefined;
    const [fromKey, toKey] = [this.#keyOfMachine(from), this.#keyOfMachine(to)];
    const sent = { from, to, channel, bytes, message, fromKey, toKey };
    const holdMs = attack.holdMs(sent);
    return { holdMs, messages: attack.replaced(sent) ?? [bytes] };
  }

  #read(bytes: Uint8Array): ConsensusMessage | undefined {
    if (this.#lastRead?.bytes === bytes) return this.#lastRead.message;
    const message = decodeMessage(bytes);
    this.#lastRead = { bytes, message: "refused" in message ? undefined : message };
    return this.#lastRead.message;
  }

  #keyOfMachine(name: string): number {
    return name === "twin" ? validators - 1 : Number(name.slice(1));
  }

  #stage(): Stage {
    const view = (node: SimNode) => node.life?.engine.view;
    return {
      chainId,
      random: () => this.#draws.random(),
      nowMs: () => this.#time.nowMs,
      extensionOf: (height, address) => this.#extensions.said(height, address),
      keyOf: (address) => keys.findIndex((key) => equalBytes(key.address, address)),
      validatorsAt: (height) =>
        this.#nodes.map(view).find((one) => one?.height === height)?.state.validators,
      blockOf: (key, partsHash) => {
        const node = this.#nodes[key];
        const parts = node && view(node)?.blocks.wantedParts;
        return parts?.isComplete && toHex(parts.header.hash) === toHex(partsHash)
          ? parts
          : undefined;
      },
      crash: (numbers, afterMs, downMs) => {
        const hit = this.#nodes.filter(({ name }) => numbers.includes(this.#keyOfMachine(name)));
        this.#time.after(afterMs, () => {
          for (const node of hit) if (node.life) this.#faults.crash(node, downMs);
        });
      },
    };
  }
}
