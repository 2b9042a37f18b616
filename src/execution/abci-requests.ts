/** What the engine tells the application about a block (cometbft state/execution.go). */
import type {
  CommitInfo,
  ExtendedCommitInfo,
  RequestExtendVote,
  RequestFinalizeBlock,
  RequestProcessProposal,
} from "cosmjs-types/tendermint/abci/types";
import type { Block } from "cosmjs-types/tendermint/types/block";
import type { Commit, ExtendedCommit } from "cosmjs-types/tendermint/types/types";
import { evidenceToMisbehavior } from "../types/evidence.ts";
import { hashHeader } from "../types/header.ts";
import type { ValidatorSet } from "../types/validator-set.ts";

/**
 * One vote per validator of the previous height, in set order. Throws when the commit is not of
 * that set: the block was validated before, so the node must stop.
 */
function commitInfo(commit: Commit | undefined, set: ValidatorSet): CommitInfo {
  if (!commit || commit.signatures.length === 0) return { round: 0, votes: [] };
  if (commit.signatures.length !== set.size) {
    const sizes = `${commit.signatures.length} signatures, ${set.size} validators`;
    throw new Error(`last commit of height ${commit.height} has ${sizes}`);
  }
  const votes = set.validators.map(({ address, power }, index) => ({
    validator: { address, power },
    blockIdFlag: commit.signatures[index]!.blockIdFlag, // The sizes are equal.
  }));
  return { round: commit.round, votes };
}

/** The same with the vote extensions; empty ones where they were off in the commit's height. */
export function extendedCommitInfo(
  commit: Commit,
  set: ValidatorSet,
  extended: ExtendedCommit | undefined,
): ExtendedCommitInfo {
  const { round, votes } = commitInfo(commit, set);
  const none = new Uint8Array();
  const withExtensions = votes.map((vote, index) => {
    const entry = extended?.extendedSignatures[index];
    const { extension: voteExtension = none, extensionSignature = none } = entry ?? {};
    return { ...vote, voteExtension, extensionSignature };
  });
  return { round, votes: withExtensions };
}

/** FinalizeBlock of a block whose last commit is of that set. */
export function finalizeBlockRequest(block: Block, lastSet: ValidatorSet): RequestFinalizeBlock {
  const { header } = block;
  return {
    txs: block.data.txs,
    decidedLastCommit: commitInfo(block.lastCommit, lastSet),
    misbehavior: block.evidence.evidence.flatMap(evidenceToMisbehavior),
    hash: hashHeader(header),
    height: header.height,
    time: header.time,
    nextValidatorsHash: header.nextValidatorsHash,
    proposerAddress: header.proposerAddress,
  };
}

/** ExtendVote of the block that is about to be precommitted. */
export function extendVoteRequest(block: Block, lastSet: ValidatorSet): RequestExtendVote {
  const { decidedLastCommit, ...rest } = finalizeBlockRequest(block, lastSet);
  return { ...rest, proposedLastCommit: decidedLastCommit };
}

/** ProcessProposal carries what FinalizeBlock would. */
export function processProposalRequest(
  block: Block,
  lastSet: ValidatorSet,
): RequestProcessProposal {
  const { decidedLastCommit, ...rest } = finalizeBlockRequest(block, lastSet);
  return { ...rest, proposedLastCommit: decidedLastCommit };
}
