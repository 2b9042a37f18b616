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
  type Epoch,
  type Leaf,
  Verdict,
  VerdictKind,
} from "../gen/gonka/pow/v1/types.ts";
import type { Profile } from "../sprint/profiles.ts";
import { sampleIndices } from "../sprint/sampling.ts";
import type { Chain, Log, Recomputed, RecomputeJob, SprintEngine } from "./expected.ts";

/** What a verification is about. */
export interface VerificationInput {
  readonly chainId: string;
  readonly operator: string;
  readonly verifierKey: Uint8Array;
  readonly epoch: Epoch;
  readonly params: Params;
  readonly profile: Profile;
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
    for (const assignment of assigned) {
      if (this.#verdicts.has(assignment.host)) continue;
      try {
        const verdict = await this.#examine(assignment);
        this.#verdicts.set(assignment.host, verdict);
        this.#log.info("verdict", { host: assignment.host, kind: verdict.kind });
      } catch (error) {
        // Nobody is accused because of an error of ours: tried again, and abstained at the end.
        this.#log.warn("verdict failed", { host: assignment.host, error: String(error) });
      }
    }
    this.#isRunning = false;
  }

  async #examine({ host, slot }: Assignment): Promise<Verdict> {
    const { chainId, epoch, params, profile, verifierKey } = this.#input;
    const [participants, commitments, opening] = await Promise.all([
      this.#chain.participants(this.epoch),
      this.#chain.commitments(this.epoch),
      this.#chain.opening(this.epoch, host),
    ]);
    const hostKey = participants.find(({ operator }) => operator === host)?.hostKey;
    const commitment = commitments.find(({ operator }) => operator === host);
    const c = params.tiers.find(({ k }) => k === commitment?.tier)?.c;
    if (!hostKey || !commitment || !opening || c === undefined) return abstention(host);
    const indices = sampleIndices({
      beacon3: epoch.beacon3,
      hostKey,
      verifierSlot: slot,
      samples: params.samplesPerVerifier,
      count: Number(commitment.count),
    });
    const wanted = new Set(indices.map(BigInt));
    const leaves = opening.leaves.filter(({ index }) => wanted.has(index));
    if (leaves.length !== wanted.size) return abstention(host);
    const { beacon1, beacon2 } = epoch;
    const sprint = { chainId, profile, beacon1, beacon2, hostKey };
    return this.#judge(host, leaves, { sprint, c, verifierKey });
  }

  /** The verdict on leaves by rising index. An accusation is computed twice, on fresh weights. */
  async #judge(
    host: string,
    leaves: readonly Leaf[],
    job: Pick<RecomputeJob, "sprint" | "c" | "verifierKey">,
  ): Promise<Verdict> {
    const nonces = leaves.map(({ nonce }) => nonce);
    const answers = await this.#engine.recompute({ ...job, nonces, weights: "kept" });
    const bad = leaves.find((leaf, at) => !isRight(leaf, answers[at]));
    if (!bad) {
      const tags = answers.map(({ tag }) => tag);
      return Verdict.fromPartial({ host, kind: VerdictKind.VERDICT_KIND_VALID, tags });
    }
    const again = { ...job, nonces: [bad.nonce], weights: "fresh" } as const;
    const [answer] = await this.#engine.recompute(again);
    if (!answer || isRight(bad, answer)) throw new Error(`leaf ${bad.index} came out both ways`);
    const kind = VerdictKind.VERDICT_KIND_INVALID;
    const found = { badIndex: bad.index, correctDigest: answer.digest };
    return Verdict.fromPartial({ host, kind, ...found });
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
