/** Commits as vote sets and back: what a height's precommits become in the next block. */
import type { BlockID, Commit } from "cosmjs-types/tendermint/types/types";
import { blockIdKey, isNilBlockId } from "../../types/block-id.ts";
import { absentCommitSig, commitSigOf, commitVote } from "../../types/commit.ts";
import type { ValidatorSet } from "../../types/validator-set.ts";
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

/** The precommits of a stored commit, which was verified when it was stored. */
export function votesOfCommit(commit: Commit, validators: ValidatorSet): Votes {
  let votes = openRounds(votesOf(validators), commit.round);
  for (let validator = 0; validator < commit.signatures.length; validator++) {
    const signed = commitVote(commit, validator);
    if (!signed) continue;
    const block = keyOf(signed.blockId);
    const vote = { type: "precommit", round: commit.round, validator, block, signed } as const;
    [votes] = addVote(votes, vote, "");
  }
  return votes;
}
