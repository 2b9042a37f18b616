/**
 * Checks the openings of the hosts that the beacon assigned to this one, and says what it found:
 * valid with a tag for every leaf, invalid with the leaf and the right digest, or abstain
 * (spec/host.md, "Verification"). The computation runs beside the agent's loop.
 */
import { parseBech32 } from "../encoding/bech32.ts";
import { compareBytes, equalBytes } from "../encoding/bytes.ts";
import type { Params } from "../gen/gonka/pow/v1/params.ts";
import {
  type Assignment,
  type Commitment,
  type Epoch,
  type Leaf,
  Verdict,
  VerdictKind,
} from "../gen/gonka/pow/v1/types.ts";
import type { Profile } from "../sprint/profiles.ts";
import { sampleIndices } from "../sprint/sampling.ts";
import type {
  Chain,
  LeafQuestion,
  Log,
  Recomputed,
  RecomputeJob,
  SprintEngine,
} from "./expected.ts";

/** What a verification is about. */
export interface VerificationInput {
  readonly chainId: string;
  readonly operator: string;
  readonly verifierKey: Uint8Array;
  readonly epoch: Epoch;
  readonly params: Params;
  readonly profile: Profile;
}

/** What is to be recomputed of a host: leaves by rising index. */
interface Examined {
  readonly host: string;
  readonly hostKey: Uint8Array;
  /** Threshold of the committed tier. */
  readonly c: number;
  readonly leaves: readonly Leaf[];
}

/** The verification of one epoch; verdicts come in while it runs. */
export class Verification {
  readonly epoch: bigint;
  readonly #input: VerificationInput;
  readonly #chain: Chain;
  readonly #engine: SprintEngine;
  readonly #log: Log;
  readonly #verdicts = new Map<string, Verdict>();
  #assigned: readonly Assignment[] | undefined;
  #isRunning = false;

  constructor(
    input: VerificationInput,
    deps: { readonly chain: Chain; readonly engine: SprintEngine; readonly log: Log },
  ) {
    this.epoch = input.epoch.index;
    this.#input = input;
    this.#chain = deps.chain;
    this.#engine = deps.engine;
    this.#log = deps.log;
  }

  /** Works on what is left, in the background. Returns how many hosts are assigned. */
  async resume(): Promise<number> {
    if (!this.#assigned) {
      const all = await this.#chain.assignments(this.epoch);
      const mine = all.filter(({ verifier }) => verifier === this.#input.operator);
      mine.sort((a, b) => compareBytes(addressOf(a.host), addressOf(b.host)));
      this.#assigned = mine;
    }
    if (!this.#isRunning && !this.isDone) void this.#work(this.#assigned);
    return this.#assigned.length;
  }

  /** Whether every assigned host has its verdict. */
  get isDone(): boolean {
    return this.#assigned?.every(({ host }) => this.#verdicts.has(host)) ?? false;
  }

  /** One verdict per assigned host, in the order that the chain wants; abstain if unfinished. */
  verdicts(): Verdict[] {
    const assigned = this.#assigned ?? [];
    return assigned.map(({ host }) => this.#verdicts.get(host) ?? abstention(host));
  }

  async #work(assigned: readonly Assignment[]): Promise<void> {
    this.#isRunning = true;
    try {
      await this.#checkAll(assigned.filter(({ host }) => !this.#verdicts.has(host)));
    } catch (error) {
      // Nobody is accused because of an error of ours: tried again, and abstained at the end.
      this.#log.warn("verification failed", { error: String(error) });
    }
    this.#isRunning = false;
  }

  /** Hosts together as far as a batch carries them: all leaves of an epoch share the weights. */
  async #checkAll(assigned: readonly Assignment[]): Promise<void> {
    const [participants, commitments] = await Promise.all([
      this.#chain.participants(this.epoch),
      this.#chain.commitments(this.epoch),
    ]);
    let [group, leaves]: [Examined[], number] = [[], 0];
    for (const [at, { host, slot }] of assigned.entries()) {
      const hostKey = participants.find(({ operator }) => operator === host)?.hostKey;
      const commitment = commitments.find(({ operator }) => operator === host);
      const examined =
        hostKey && commitment && (await this.#sampled({ host, slot, hostKey, commitment }));
      if (examined) {
        group.push(examined);
        leaves += examined.leaves.length;
      } else {
        this.#conclude(abstention(host));
      }
      if (leaves < this.#engine.batch && at < assigned.length - 1) continue;
      await this.#judge(group);
      [group, leaves] = [[], 0];
    }
  }

  /** The leaves of a host that the agent's slot samples; undefined when it does not show them. */
  async #sampled(asked: {
    readonly host: string;
    readonly slot: number;
    readonly hostKey: Uint8Array;
    readonly commitment: Commitment;
  }): Promise<Examined | undefined> {
    const { host, slot, hostKey, commitment } = asked;
    const { epoch, params } = this.#input;
    const c = params.tiers.find(({ k }) => k === commitment.tier)?.c;
    const opening = await this.#chain.opening(this.epoch, host);
    if (!opening || c === undefined) return undefined;
    const indices = sampleIndices({
      beacon3: epoch.beacon3,
      hostKey,
      verifierSlot: slot,
      samples: params.samplesPerVerifier,
      count: Number(commitment.count),
    });
    const wanted = new Set(indices.map(BigInt));
    const leaves = opening.leaves.filter(({ index }) => wanted.has(index));
    return leaves.length === wanted.size ? { host, hostKey, c, leaves } : undefined;
  }

  async #judge(group: readonly Examined[]): Promise<void> {
    const questions = group.flatMap(({ leaves, hostKey, c }) =>
      leaves.map(({ nonce }) => ({ hostKey, nonce, c })),
    );
    const answers = await this.#recompute(questions, "fastest");
    let from = 0;
    for (const examined of group) {
      const end = from + examined.leaves.length;
      try {
        this.#conclude(await this.#verdictOn(examined, answers.slice(from, end)));
      } catch (error) {
        this.#log.warn("verdict failed", { host: examined.host, error: String(error) });
      }
      from = end;
    }
  }

  /** The verdict on leaves by rising index. An accusation is computed again, by the reference. */
  async #verdictOn(
    { host, hostKey, c, leaves }: Examined,
    answers: readonly Recomputed[],
  ): Promise<Verdict> {
    const bad = leaves.find((leaf, at) => !isRight(leaf, answers[at]));
    if (!bad) {
      const tags = answers.map(({ tag }) => tag);
      return Verdict.fromPartial({ host, kind: VerdictKind.VERDICT_KIND_VALID, tags });
    }
    const [answer] = await this.#recompute([{ hostKey, nonce: bad.nonce, c }], "reference");
    if (!answer || isRight(bad, answer)) throw new Error(`leaf ${bad.index} came out both ways`);
    const kind = VerdictKind.VERDICT_KIND_INVALID;
    const found = { badIndex: bad.index, correctDigest: answer.digest };
    return Verdict.fromPartial({ host, kind, ...found });
  }

  #recompute(
    leaves: readonly LeafQuestion[],
    by: RecomputeJob["by"],
  ): Promise<readonly Recomputed[]> {
    const { chainId, profile, verifierKey } = this.#input;
    const { beacon1, beacon2 } = this.#input.epoch;
    const network = { chainId, profile, beacon1, beacon2 };
    return this.#engine.recompute({ network, verifierKey, leaves, by });
  }

  #conclude(verdict: Verdict): void {
    this.#verdicts.set(verdict.host, verdict);
    this.#log.info("verdict", { host: verdict.host, kind: verdict.kind });
  }
}

/** Whether a leaf is what its nonce gives (spec/sprint.md, clause 9). */
function isRight(leaf: Leaf, answer: Recomputed | undefined): boolean {
  if (answer?.nonce !== leaf.nonce) throw new Error(`no answer for nonce ${leaf.nonce}`);
  return answer.isHit && equalBytes(answer.digest, leaf.digest);
}

function abstention(host: string): Verdict {
  return Verdict.fromPartial({ host, kind: VerdictKind.VERDICT_KIND_ABSTAIN });
}

/** The bytes that order hosts. The chain only names well-formed addresses. */
function addressOf(host: string): Uint8Array {
  return parseBech32(host)?.bytes ?? new Uint8Array(0);
}
