/**
 * The scenario for which locks exist. In round r everybody but one, the free one, locks a block;
 * the free one never gets that block, and proposes in round r+1. Then either
 *   decided: one of the others decides in round r and is cut off, so that the rest may decide no
 *            other block: they are locked;
 *   split:   two lock and two do not, so that no other block can be decided either: whoever is
 *            locked must propose its block again, and who is free must take it.
 * Variants: the locked ones lose power right after they locked; the free one lies about a
 * proof-of-lock.
 */
import { encodeMessage } from "../../../src/consensus/gossip/messages.ts";
import { precommitType, prevoteType } from "../../../src/types/vote.ts";
import type { Attack, Liar, Sent, Stage } from "./attack.ts";
import { signProposal } from "./signing.ts";

/** What a lock attack is made of. */
export interface LockAttackPlan {
  readonly outcome: "decided" | "split";
  /** The first height that may be attacked. */
  readonly fromHeight: bigint;
  readonly crashesLocked: boolean;
  /** Who is cut off would propose next: a round of nothing but nil lies between lock and lure. */
  readonly hasNilRound: boolean;
  /** The validator that may lie about a proof-of-lock, when it is the free one. */
  readonly liar: Liar | undefined;
  readonly lastsMs: number;
}

/** Roles are numbers of validators. */
interface Target {
  readonly height: bigint;
  readonly round: number;
  readonly untilMs: number;
  readonly free: number;
  /** Decides, and is cut off; or sees one prevote too few to lock. */
  readonly other: number;
  readonly locked: readonly number[];
}

/** One attack on one height. */
export class LockAttack implements Attack {
  readonly plan: string;
  /** The liar lies about one thing and signs nothing twice: it is held to all the rules. */
  readonly faulty = undefined;
  readonly #stage: Stage;
  readonly #how: LockAttackPlan;
  #target: Target | undefined;
  #isLured = false;
  #isCutOff = false;
  readonly #precommitted = new Set<number>();

  constructor(stage: Stage, how: LockAttackPlan) {
    this.#stage = stage;
    this.#how = how;
    const { outcome, crashesLocked, hasNilRound, liar } = how;
    const more = [crashesLocked && "crash", hasNilRound && "nil", liar && "lie"];
    this.plan = ["lock", outcome, ...more.filter((word) => typeof word === "string")].join(" ");
  }

  holdMs(sent: Sent): number {
    const { message } = sent;
    if (message?.type === "proposal") this.#aim(sent, message.proposal);
    const target = this.#target;
    if (!target || this.#stage.nowMs() > target.untilMs) return 0;
    this.#watch(target, sent);
    return this.#isLost(target, sent) ? Number.POSITIVE_INFINITY : 0;
  }

  /** The liar's new block becomes one that claims a polka in the round of the locks. */
  replaced({ message, fromKey }: Sent): readonly Uint8Array[] | undefined {
    const { liar } = this.#how;
    const target = this.#target;
    if (!liar || !target || message?.type !== "proposal" || fromKey !== liar.number) return;
    const { proposal } = message;
    if (proposal.height !== target.height || proposal.polRound !== -1) return;
    if (proposal.round <= target.round || this.#proposer(proposal) !== liar.number) return;
    const lie = { ...proposal, polRound: target.round };
    const signed = signProposal(this.#stage.chainId, liar.key, lie);
    return [encodeMessage({ type: "proposal", proposal: signed })];
  }

  /** The first proposal of a height that suits gives the roles. */
  #aim({ fromKey }: Sent, at: { readonly height: bigint; readonly round: number }): void {
    if (this.#target || at.height < this.#how.fromHeight) return;
    const { hasNilRound, liar, lastsMs } = this.#how;
    const next = this.#proposer({ ...at, round: at.round + 1 });
    const free = hasNilRound ? this.#proposer({ ...at, round: at.round + 2 }) : next;
    if (free === undefined || free === fromKey || this.#proposer(at) !== fromKey) return;
    if (liar && free !== liar.number) return;
    if (hasNilRound && (next === free || next === fromKey)) return;
    const rest = [0, 1, 2, 3].filter((key) => key !== free && key !== fromKey);
    const chosen = rest[Math.floor(this.#stage.random() * rest.length)] ?? 0;
    const other = hasNilRound ? (next ?? chosen) : chosen;
    const locked = [0, 1, 2, 3].filter((key) => key !== free && key !== other);
    const untilMs = this.#stage.nowMs() + lastsMs;
    this.#target = { ...at, untilMs, free, other, locked };
  }

  #proposer(at: { readonly height: bigint; readonly round: number }): number | undefined {
    const set = this.#stage.validatorsAt(at.height);
    const ofRound = set && at.round > 0 ? set.incrementPriority(at.round) : set;
    return ofRound && this.#stage.keyOf(ofRound.proposer().address);
  }

  #watch(target: Target, { message, fromKey }: Sent): void {
    const { height, round } = target;
    if (message?.type === "proposal" && fromKey === target.free) {
      const { proposal } = message;
      if (proposal.height === height && proposal.round > round) this.#isLured = true;
    }
    if (message?.type !== "vote" || message.vote.type !== precommitType) return;
    const { vote } = message;
    const isOwn = this.#stage.keyOf(vote.validatorAddress) === fromKey;
    if (!isOwn || vote.height !== height || vote.round !== round) return;
    if (fromKey === target.other && this.#how.outcome === "decided") this.#isCutOff = true;
    if (!target.locked.includes(fromKey) || this.#precommitted.has(fromKey)) return;
    this.#precommitted.add(fromKey);
    if (!this.#how.crashesLocked || this.#precommitted.size < target.locked.length) return;
    const { random } = this.#stage;
    this.#stage.crash(target.locked, 40 + random() * 40, 20 + random() * 150);
  }

  #isLost(target: Target, { message, fromKey, toKey }: Sent): boolean {
    if (this.#isCutOff && fromKey === target.other && toKey !== fromKey) return true;
    if (message?.type === "proposal" || message?.type === "blockPart") {
      const { height } = message.type === "proposal" ? message.proposal : message;
      const isKept = height === target.height && toKey === target.free && fromKey !== target.free;
      return isKept && !this.#isLured;
    }
    if (message?.type !== "vote" || this.#how.outcome === "decided") return false;
    const { vote } = message;
    const isHidden = this.#stage.keyOf(vote.validatorAddress) === target.locked[0];
    const isThere = vote.height === target.height && vote.round === target.round;
    return isHidden && isThere && vote.type === prevoteType && toKey === target.other;
  }
}
