/**
 * What one peer has, as far as it told us or we sent it (cometbft consensus/reactor.go,
 * PeerState): what is missing there is worth sending. Messages can be lost, so what we merely
 * sent is forgotten when the peer stands still.
 */
import type { PartSetHeader, Proposal } from "cosmjs-types/tendermint/types/types";
import { BitArray } from "../../types/bit-array.ts";
import type { VoteType } from "../votes.ts";
import type { ConsensusMessage } from "./messages.ts";

type Message<T extends ConsensusMessage["type"]> = Extract<ConsensusMessage, { type: T }>;

/** The votes of one height, round and type. */
export interface VoteSlot {
  readonly height: bigint;
  readonly round: number;
  readonly type: VoteType;
}

/** Round state of a peer. Height 0 and round -1 until it tells. */
export class PeerState {
  height = 0n;
  round = -1;
  step = 0;
  lastCommitRound = -1;
  hasProposal = false;
  /** Header of the block the peer collects, and the parts it has. */
  header: PartSetHeader | undefined;
  parts: BitArray | undefined;
  polRound = -1;
  catchUpRound = -1;
  #pol: BitArray | undefined;
  #prevotes: BitArray | undefined;
  #precommits: BitArray | undefined;
  #lastCommit: BitArray | undefined;
  #catchUp: BitArray | undefined;
  /** Votes sent that no bit stands for: conflicting ones, and those of rounds it is not in. */
  readonly #sent = new Set<string>();

  /** Takes over a step; false when the peer was there already. */
  applyNewRoundStep(m: Message<"newRoundStep">): boolean {
    const isSameHeight = m.height === this.height;
    if (m.height < this.height || (isSameHeight && !this.#isAhead(m))) return false;
    const isSameRound = isSameHeight && m.round === this.round;
    if (!isSameRound) this.#leaveRound(m, isSameHeight);
    if (!isSameHeight) this.#leaveHeight(m);
    this.height = m.height;
    this.round = m.round;
    this.step = m.step;
    return true;
  }

  #isAhead(m: Message<"newRoundStep">): boolean {
    return m.round > this.round || (m.round === this.round && m.step > this.step);
  }

  #leaveRound(m: Message<"newRoundStep">, isSameHeight: boolean): void {
    const followed = m.height === this.height + 1n && m.lastCommitRound === this.round;
    if (!isSameHeight) this.#lastCommit = followed ? this.#precommits : undefined;
    this.hasProposal = false;
    this.header = undefined;
    this.parts = undefined;
    this.polRound = -1;
    this.#pol = undefined;
    this.#prevotes = undefined;
    this.#precommits = isSameHeight && m.round === this.catchUpRound ? this.#catchUp : undefined;
  }

  #leaveHeight(m: Message<"newRoundStep">): void {
    this.lastCommitRound = m.lastCommitRound;
    this.catchUpRound = -1;
    this.#catchUp = undefined;
    this.#sent.clear();
  }

  applyNewValidBlock(m: Message<"newValidBlock">): void {
    if (m.height !== this.height || (m.round !== this.round && !m.isCommit)) return;
    this.header = m.header;
    this.parts = m.parts;
  }

  applyProposalPol(m: Message<"proposalPol">): void {
    if (m.height === this.height && m.polRound === this.polRound) this.#pol = m.votes;
  }

  /** Its votes for one block: `ours` are those we have for it, the rest stays as it was. */
  applyVoteSetBits(m: Message<"voteSetBits">, ours: BitArray | undefined): void {
    const { height, round, voteType: type } = m;
    const known = this.bits({ height, round, type });
    if (!known) return;
    const merged = ours ? known.sub(ours).or(m.votes) : m.votes;
    for (let index = 0; index < known.size; index++) known.set(index, merged.get(index));
  }

  setHasProposal(proposal: Proposal): void {
    if (proposal.height !== this.height || proposal.round !== this.round) return;
    if (this.hasProposal) return;
    this.hasProposal = true;
    this.polRound = proposal.polRound;
    this.#pol = undefined;
    if (!this.parts) this.initParts(proposal.blockId.partSetHeader);
  }

  initParts(header: PartSetHeader): void {
    this.header = header;
    this.parts = new BitArray(header.total);
  }

  setHasPart(height: bigint, round: number, index: number): void {
    if (height === this.height && round === this.round) this.parts?.set(index, true);
  }

  setHasVote(slot: VoteSlot, index: number): void {
    this.bits(slot)?.set(index, true);
  }

  /** Makes room for the votes of a height's validators, or of the height before the peer's. */
  ensureVoteBits(height: bigint, validators: number): void {
    if (height === this.height) {
      this.#prevotes ??= new BitArray(validators);
      this.#precommits ??= new BitArray(validators);
      this.#catchUp ??= new BitArray(validators);
      this.#pol ??= new BitArray(validators);
    } else if (height + 1n === this.height) {
      this.#lastCommit ??= new BitArray(validators);
    }
  }

  /** The peer lacks the commit of its height, which is of that round. */
  ensureCatchUp(height: bigint, round: number, validators: number): void {
    if (height !== this.height || this.catchUpRound === round) return;
    this.catchUpRound = round;
    this.#catchUp = round === this.round ? this.#precommits : new BitArray(validators);
  }

  /** The bits that stand for a slot; undefined when the peer has no use for its votes. */
  bits({ height, round, type }: VoteSlot): BitArray | undefined {
    if (height === this.height) {
      if (round === this.round) return type === "prevote" ? this.#prevotes : this.#precommits;
      if (round === this.catchUpRound) return type === "precommit" ? this.#catchUp : undefined;
      if (round === this.polRound) return type === "prevote" ? this.#pol : undefined;
      return undefined;
    }
    const isLast = height + 1n === this.height && round === this.lastCommitRound;
    return isLast && type === "precommit" ? this.#lastCommit : undefined;
  }

  /** Notes that a vote without a bit goes out; false when it did before. */
  markSent(name: string): boolean {
    if (this.#sent.has(name)) return false;
    this.#sent.add(name);
    return true;
  }

  /** Forgets what the peer may never have received: it stands still. */
  forget(): void {
    this.#prevotes = undefined;
    this.#precommits = undefined;
    this.#pol = undefined;
    this.#lastCommit = undefined;
    this.#catchUp = undefined;
    this.catchUpRound = -1;
    this.hasProposal = false;
    this.parts = undefined;
    this.header = undefined;
    this.#sent.clear();
  }
}
