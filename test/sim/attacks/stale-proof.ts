/**
 * Why a lock gives way to a newer proof-of-lock only. In round 0 everybody prevotes a block, and
 * only the liar sees the polka; in round 1 the others lock another block, one of them decides it
 * and is cut off; then the liar proposes the first block with the old polka as its proof.
 */
import type { BlockID, Proposal, Vote } from "cosmjs-types/tendermint/types/types";
import { encodeMessage } from "../../../src/consensus/gossip/messages.ts";
import { blockIdKey, zeroBlockId } from "../../../src/types/block-id.ts";
import { precommitType, prevoteType } from "../../../src/types/vote.ts";
import type { Attack, Liar, Sent, Stage } from "./attack.ts";
import { signProposal, signVote } from "./signing.ts";

interface Target {
  readonly height: bigint;
  readonly block: BlockID;
  readonly untilMs: number;
  /** Each hears of round 0 only its own prevote and that of the next: numbers of validators. */
  readonly ring: readonly number[];
  /** The round in which the liar proposes the old block. */
  readonly round: number;
}

/** One attack on one height. */
export class StaleProof implements Attack {
  readonly plan = "stale proof-of-lock";
  readonly faulty: number;
  readonly #stage: Stage;
  readonly #liar: Liar;
  readonly #lastsMs: number;
  #target: Target | undefined;
  #isReleased = false;
  #isCutOff = false;
  /** The old polka, vote by vote: who sent one on does not send it again to who never got it. */
  readonly #polka = new Map<number, Vote>();

  constructor(stage: Stage, liar: Liar, lastsMs: number) {
    this.#stage = stage;
    this.#liar = liar;
    this.#lastsMs = lastsMs;
    this.faulty = liar.number;
  }

  holdMs(sent: Sent): number {
    const { message, fromKey, toKey } = sent;
    if (message?.type === "proposal") this.#aim(sent, message.proposal);
    const target = this.#active();
    if (!target) return 0;
    const [decides = -1] = target.ring;
    if (message?.type === "proposal") {
      const { height, round } = message.proposal;
      if (height === target.height && round === target.round) this.#isReleased = true;
    }
    if (message?.type === "vote") this.#collect(target, message.vote);
    if (message?.type === "vote" && fromKey === decides) this.#watch(target, message.vote, fromKey);
    const isLost =
      (this.#isCutOff && fromKey === decides) ||
      this.#isKept(target, sent) ||
      (message?.type === "vote" && this.#isHidden(target, message.vote, toKey));
    return isLost ? Number.POSITIVE_INFINITY : 0;
  }

  replaced({ message, fromKey }: Sent): readonly Uint8Array[] | undefined {
    const target = this.#active();
    if (!target || fromKey !== this.#liar.number) return undefined;
    const { chainId } = this.#stage;
    const { key } = this.#liar;
    if (message?.type === "proposal") {
      const { proposal } = message;
      if (proposal.height !== target.height || proposal.round !== target.round) return undefined;
      const stale = { ...proposal, polRound: 0, blockId: target.block };
      const signed = signProposal(chainId, key, stale);
      return [encodeMessage({ type: "proposal", proposal: signed })];
    }
    if (message?.type !== "vote") return undefined;
    const { vote } = message;
    const isOwn = this.#stage.keyOf(vote.validatorAddress) === fromKey;
    if (!isOwn || vote.height !== target.height) return undefined;
    const blockId = vote.round === target.round ? target.block : zeroBlockId();
    const signed = signVote(this.#stage, key, { ...vote, blockId });
    const old = vote.round === target.round ? [...this.#polka.values()] : [];
    return [...old, signed].map((one) => encodeMessage({ type: "vote", vote: one }));
  }

  #active(): Target | undefined {
    const target = this.#target;
    return target && this.#stage.nowMs() <= target.untilMs ? target : undefined;
  }

  /** A height whose first two rounds are of others, and one of the next two of the liar. */
  #aim({ fromKey }: Sent, { height, round, blockId }: Proposal): void {
    const set = this.#stage.validatorsAt(height);
    if (this.#target || round !== 0 || !set) return;
    const ofRound = (turns: number) =>
      this.#stage.keyOf((turns > 0 ? set.incrementPriority(turns) : set).proposer().address);
    const liar = this.#liar.number;
    const mine = [2, 3].find((turns) => ofRound(turns) === liar);
    if (fromKey !== ofRound(0) || mine === undefined) return;
    if (ofRound(0) === liar || ofRound(1) === liar) return;
    const others = [0, 1, 2, 3].filter((number) => number !== liar);
    // Whoever proposes in between is cut off: it would propose the newer block again.
    const between = ofRound(2);
    const first = mine === 3 ? between : (others[Math.floor(this.#stage.random() * 3)] ?? 0);
    const ring = [first, ...others.filter((number) => number !== first)];
    const untilMs = this.#stage.nowMs() + this.#lastsMs;
    this.#target = { height, block: blockId, untilMs, ring, round: mine };
  }

  /** Whoever decides is cut off once it has precommitted in round 1. */
  #watch(target: Target, vote: Vote, fromKey: number): void {
    const isOwn = this.#stage.keyOf(vote.validatorAddress) === fromKey;
    const isThere = vote.height === target.height && vote.round === 1;
    if (isOwn && isThere && vote.type === precommitType) this.#isCutOff = true;
  }

  /** The liar's machine gets no newer block: it would decide it, or propose it with its proof. */
  #isKept({ height }: Target, { message, fromKey, toKey }: Sent): boolean {
    if (message?.type !== "proposal" && message?.type !== "blockPart") return false;
    const at = message.type === "proposal" ? message.proposal : message;
    const liar = this.#liar.number;
    return at.height === height && at.round > 0 && toKey === liar && fromKey !== liar;
  }

  #collect({ height, block }: Target, vote: Vote): void {
    const isEarly = vote.height === height && vote.round === 0 && vote.type === prevoteType;
    if (!isEarly || blockIdKey(vote.blockId) !== blockIdKey(block)) return;
    // The liar's own one is nil on the wire.
    const voter = this.#stage.keyOf(vote.validatorAddress);
    if (voter !== this.#liar.number) this.#polka.set(voter, vote);
  }

  #isHidden({ height, ring }: Target, vote: Vote, toKey: number): boolean {
    const isEarly = vote.height === height && vote.round === 0 && vote.type === prevoteType;
    const place = ring.indexOf(toKey);
    if (!isEarly || this.#isReleased || place < 0) return false;
    const voter = this.#stage.keyOf(vote.validatorAddress);
    const heard = [toKey, ring[(place + 1) % ring.length], this.#liar.number];
    return !heard.includes(voter);
  }
}
