/** Everything the engine knows while it decides one height. Replaced whole at the next one. */
import type { Block } from "cosmjs-types/tendermint/types/block";
import type { BlockID, Proposal, Vote } from "cosmjs-types/tendermint/types/types";
import { equalBytes } from "../../encoding/bytes.ts";
import { addNanos, compareTime, type Time } from "../../encoding/time.ts";
import { blockIdKey } from "../../types/block-id.ts";
import type { ChainState } from "../../types/chain-state.ts";
import { areExtensionsOn, maxBlockSizeBytes } from "../../types/consensus-params.ts";
import { blockPartSizeBytes } from "../../types/part-set.ts";
import type { ValidatorSet } from "../../types/validator-set.ts";
import type { PublicKey } from "../../types/validators/validator.ts";
import { verifyProposal, verifyVote, verifyVoteExtension } from "../../types/vote.ts";
import type { BlockExecutor, Signer } from "../expected.ts";
import { voteTypeOf } from "../gossip/messages.ts";
import { newHeight, type RoundState } from "../round.ts";
import {
  addVote,
  type BlockKey,
  type CheckedVote,
  nilKey,
  type Votes,
  voteSet,
  votesBy,
} from "../votes.ts";
import { BlockAssembly } from "./block-assembly.ts";
import { keyOf, votesOf } from "./commits.ts";

/** A vote's time is at least this after the block's: BFT time moves on. */
const voteTimeStepNanos = 1_000_000n;

/**
 * Parts that do not fit the wanted block, from one peer in one height. An honest peer may have
 * collected another block, but not more than a few whole ones.
 */
const unmatchedPartsMax = 4096;

/** The precommits of one round that decided a height, and those that came later. */
export interface LastCommit {
  readonly votes: Votes;
  readonly round: number;
}

/** Who has a say in other validators' vote extensions. */
interface ExtensionJudges {
  readonly executor: Pick<BlockExecutor, "acceptsExtension">;
  readonly signer: Pick<Signer, "address"> | undefined;
}

interface Refused {
  readonly refused: string;
}

/** The height that is being decided. */
export class Height {
  readonly state: ChainState;
  readonly height: bigint;
  /** Precommits of the height before, in lastRound; undefined at the initial height. */
  lastCommit: LastCommit | undefined;
  /** When round 0 begins, if nothing makes it begin earlier. */
  readonly startTime: Time;
  core: RoundState;
  /** The set with the priorities of the current round. */
  validators: ValidatorSet;
  /** The proposal of the current round. */
  proposal: Proposal | undefined;
  /** The round whose proposal the core has. */
  offeredRound = -1;
  /** When +2/3 precommits were there. */
  commitTime: Time;
  readonly blocks: BlockAssembly;
  /** Answers of the application's ProcessProposal; false for blocks that are not valid at all. */
  readonly #accepted = new Map<BlockKey, boolean>();
  readonly #judges: ExtensionJudges;
  /** Parts that fitted nothing, by peer. */
  readonly #unmatched = new Map<string, number>();
  #validatorsRound = 0;

  constructor(
    start: {
      readonly state: ChainState;
      readonly lastCommit: LastCommit | undefined;
      readonly startTime: Time;
    },
    judges: ExtensionJudges,
  ) {
    const { state } = start;
    this.#judges = judges;
    this.state = state;
    this.height = state.lastBlockHeight === 0n ? state.initialHeight : state.lastBlockHeight + 1n;
    this.lastCommit = start.lastCommit;
    this.startTime = start.startTime;
    this.commitTime = start.startTime;
    this.core = newHeight(votesOf(state.validators));
    this.validators = state.validators;
    this.blocks = new BlockAssembly(this.maxBlockBytes);
  }

  get maxBlockBytes(): bigint {
    const maxBytes = this.state.consensusParams.block?.maxBytes ?? -1n;
    return maxBytes === -1n ? maxBlockSizeBytes : maxBytes;
  }

  get isDecided(): boolean {
    return this.core.step === "decided";
  }

  /** The proposer's priorities move on with the rounds, in one step per round change. */
  enterRound(round: number): void {
    if (round > this.#validatorsRound) {
      this.validators = this.validators.incrementPriority(round - this.#validatorsRound);
      this.#validatorsRound = round;
    }
    if (this.proposal && this.proposal.round !== round) this.proposal = undefined;
  }

  isProposer(address: Uint8Array): boolean {
    return equalBytes(this.validators.proposer().address, address);
  }

  /** Why a proposal is not acceptable in the current round, whoever sent it. */
  refuseProposal(proposal: Proposal): string | undefined {
    const { polRound, round, blockId } = proposal;
    if (polRound < -1 || polRound >= round) return `proof-of-lock round ${polRound} in ${round}`;
    const mostParts = (this.maxBlockBytes - 1n) / BigInt(blockPartSizeBytes) + 1n;
    if (BigInt(blockId.partSetHeader.total) > mostParts) {
      return `${blockId.partSetHeader.total} parts, at most ${mostParts} fit a block`;
    }
    const { pubKey } = this.validators.proposer();
    return verifyProposal(this.state.chainId, proposal, pubKey) ? undefined : "proposal signature";
  }

  /** Takes a late precommit of the height before; undefined when it is no news. */
  addLateCommit(
    vote: CheckedVote,
    peer: string,
  ): { readonly conflictsWith: CheckedVote | undefined } | undefined {
    const last = this.lastCommit;
    if (!last || vote.type !== "precommit" || vote.round !== last.round) return undefined;
    const [votes, outcome] = addVote(last.votes, vote, peer);
    if (outcome.kind !== "added") return undefined;
    this.lastCommit = { ...last, votes };
    return { conflictsWith: outcome.conflictsWith };
  }

  /**
   * A vote of this height, or a precommit of the one before, checked against its validator;
   * "known" when it is here already; "declined" when the application does not accept its
   * extension, which proves nothing against who passed it on; or why it is not acceptable.
   */
  checkVote(signed: Vote): CheckedVote | "known" | "declined" | { refused: string } {
    const type = voteTypeOf(signed.type);
    const isLast = signed.height !== this.height;
    const set = isLast ? this.state.lastValidators : this.state.validators;
    const member = set.at(signed.validatorIndex);
    if (!type || !member) return { refused: `vote of validator ${signed.validatorIndex}` };
    const { round, validatorIndex: validator } = signed;
    const vote = { type, round, validator, block: keyOf(signed.blockId), signed };
    const votes = isLast ? this.lastCommit?.votes : this.core.votes;
    const before = votes && voteSet(votes, type, round);
    if (before && isKnown(votesBy(before, validator), vote)) return "known";
    if (!verifyVote(this.state.chainId, signed, member.pubKey)) {
      return { refused: `vote signature of validator ${validator}` };
    }
    return this.#checkExtension(vote, member.pubKey) ?? vote;
  }

  /**
   * Signature and application, in this order. As in CometBFT the application is not asked about
   * its own node's vote, nor about a precommit that came after its height was decided.
   */
  #checkExtension(vote: CheckedVote, pubKey: PublicKey): "declined" | Refused | undefined {
    const { signed, type, block, validator } = vote;
    const { chainId, consensusParams } = this.state;
    if (!areExtensionsOn(consensusParams, signed.height)) {
      const isBare = signed.extension.length === 0 && signed.extensionSignature.length === 0;
      return isBare ? undefined : { refused: "vote extension, and extensions are off" };
    }
    if (type !== "precommit" || block === nilKey) return undefined; // Bare: validateVoteBasic.
    if (!verifyVoteExtension(chainId, signed, pubKey)) {
      return { refused: `extension signature of validator ${validator}` };
    }
    const { signer, executor } = this.#judges;
    const isOwn = signer && equalBytes(signer.address, signed.validatorAddress);
    if (isOwn || signed.height !== this.height) return undefined;
    return executor.acceptsExtension(signed) ? undefined : "declined";
  }

  /** The time of a vote cast now (cometbft voteTime): after the block it may be about. */
  voteTime(now: Time): Time {
    const locked = this.core.locked && this.#blockOf(this.core.locked.block);
    const block = locked ?? (this.proposal && this.#blockOf(blockIdKey(this.proposal.blockId)));
    if (!block) return now;
    const earliest = addNanos(block.header.time, voteTimeStepNanos);
    return compareTime(now, earliest) > 0 ? now : earliest;
  }

  /** Counts a part that does not fit; true when the peer has sent too many of them. */
  isFlood(peer: string): boolean {
    const count = (this.#unmatched.get(peer) ?? 0) + 1;
    this.#unmatched.set(peer, count);
    return count > unmatchedPartsMax;
  }

  /** Notes that a complete block may, or may not, follow the state. */
  setValid(key: BlockKey, isValid: boolean): void {
    if (!isValid) this.#accepted.set(key, false);
  }

  /** Whether a complete block is valid and the application accepts it, which is asked once. */
  isAccepted(key: BlockKey, ask: () => boolean): boolean {
    const before = this.#accepted.get(key);
    if (before !== undefined) return before;
    const accepted = ask();
    this.#accepted.set(key, accepted);
    return accepted;
  }

  /**
   * The block to collect: the one with +2/3 precommits, else the one with +2/3 prevotes in this
   * round, else the proposed one.
   */
  wantedBlock(): BlockID | undefined {
    const { commit, votes, round } = this.core;
    const decided = commit && idIn(votes, "precommit", commit.round, commit.block);
    if (decided) return decided;
    const polka = voteSet(votes, "prevote", round)?.majority;
    return (polka && idIn(votes, "prevote", round, polka)) || this.proposal?.blockId;
  }

  #blockOf(key: BlockKey): Block | undefined {
    const content = this.blocks.complete(key)?.content;
    return content && !("refused" in content) ? content : undefined;
  }
}

function isKnown(votes: readonly CheckedVote[], vote: CheckedVote): boolean {
  return votes.some(
    (known) =>
      known.block === vote.block && equalBytes(known.signed.signature, vote.signed.signature),
  );
}

function idIn(
  votes: Votes,
  type: CheckedVote["type"],
  round: number,
  block: BlockKey,
): BlockID | undefined {
  const set = voteSet(votes, type, round);
  return set?.votes.find((vote) => vote?.block === block)?.signed.blockId;
}
