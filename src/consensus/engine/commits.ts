/** Commits as vote sets and back: what a height's precommits become in the next block. */
import type { BlockID, Commit, ExtendedCommit, Vote } from "cosmjs-types/tendermint/types/types";
import { blockIdKey, isNilBlockId } from "../../types/block-id.ts";
import { absentCommitSig, commitSigOf, commitVote } from "../../types/commit.ts";
import type { ValidatorSet } from "../../types/validator-set.ts";
import { extendCommit } from "../../types/votes/extended-commit.ts";
import { addVote, nilKey, noVotes, openRounds, type VoteSet, type Votes } from "../votes.ts";

/** The key of a vote's block: nilKey for nil. */
export const keyOf = (id: BlockID): string => (isNilBlockId(id) ? nilKey : blockIdKey(id));

/** No votes yet, by the powers of a set. */
export const votesOf = (validators: ValidatorSet): Votes =>
  noVotes(validators.validators.map((validator) => validator.power));

/**
 * The commit of a height: precommits for the block and for nil, in validator order. Precommits for
 * another block are left out: nothing could verify them.
 */
export function commitOf(set: VoteSet, height: bigint, blockId: BlockID): Commit {
  const block = keyOf(blockId);
  const signatures = set.votes.map((vote) =>
    vote && (vote.block === block || vote.block === nilKey)
      ? commitSigOf(vote.signed)
      : absentCommitSig(),
  );
  return { height, round: set.round, blockId, signatures };
}

/** The same commit with the extensions of its precommits. */
export const extendedCommitOf = (set: VoteSet, commit: Commit): ExtendedCommit =>
  extendCommit(
    commit,
    set.votes.map((vote) => vote?.signed),
  );

/** The precommits of a commit by validator index; undefined for absent ones. No extensions. */
export const votesOfCommit = (commit: Commit): readonly (Vote | undefined)[] =>
  commit.signatures.map((_, index) => commitVote(commit, index));

/** Stored precommits of one round, which were verified when they were stored. */
export function storedVotes(
  precommits: readonly (Vote | undefined)[],
  round: number,
  validators: ValidatorSet,
): Votes {
  let votes = openRounds(votesOf(validators), round);
  for (const [validator, signed] of precommits.entries()) {
    if (!signed) continue;
    const block = keyOf(signed.blockId);
    [votes] = addVote(votes, { type: "precommit", round, validator, block, signed }, "");
  }
  return votes;
}
