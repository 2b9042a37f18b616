/**
 * Commits with the vote extensions of their precommits (types/block.go, ExtendedCommit): what a
 * proposer tells the application of the height before, where vote extensions are on.
 */
import type { BlockID, Commit, CommitSig, Vote } from "cosmjs-types/tendermint/types/types";
import { ExtendedCommit } from "cosmjs-types/tendermint/types/types";
import { decodeTotal } from "../../encoding/wire.ts";
import { blockIdFlagCommit, commitVote, verifyCommit } from "../commit.ts";
import type { ValidatorSet } from "../validator-set.ts";
import { verifyVoteExtension } from "../vote.ts";

/** Largest encoded extended commit that is taken from a peer. */
export const maxExtendedCommitBytes = 67_108_864;

const none = new Uint8Array(0);
const isForBlock = (entry: { readonly blockIdFlag: number }): boolean =>
  entry.blockIdFlag === blockIdFlagCommit;

/** The commit with the extensions of the precommits that it was made of, by validator index. */
export function extendCommit(
  commit: Commit,
  precommits: readonly (Vote | undefined)[],
): ExtendedCommit {
  const extendedSignatures = commit.signatures.map((entry, index) => {
    const vote = isForBlock(entry) ? precommits[index] : undefined;
    const { extension = none, extensionSignature = none } = vote ?? {};
    return { ...entry, extension, extensionSignature };
  });
  const { height, round, blockId } = commit;
  return { height, round, blockId, extendedSignatures };
}

/** The commit without its extensions: what the next block carries. */
export function plainCommit(extended: ExtendedCommit): Commit {
  const { height, round, blockId } = extended;
  const signatures = extended.extendedSignatures.map(
    ({ blockIdFlag, validatorAddress, timestamp, signature }): CommitSig => ({
      blockIdFlag,
      validatorAddress,
      timestamp,
      signature,
    }),
  );
  return { height, round, blockId, signatures };
}

/** The precommits of an extended commit by validator index; undefined for absent ones. */
export function extendedVotes(extended: ExtendedCommit): (Vote | undefined)[] {
  const commit = plainCommit(extended);
  return extended.extendedSignatures.map(({ extension, extensionSignature }, index) => {
    const vote = commitVote(commit, index);
    return vote && { ...vote, extension, extensionSignature };
  });
}

/**
 * Why an extended commit does not decide the block, or undefined: as verifyCommit, and every
 * precommit for the block has a signed extension, which may be empty, and nothing else has one.
 */
export function verifyExtendedCommit(
  chainId: string,
  validators: ValidatorSet,
  blockId: BlockID,
  height: bigint,
  extended: ExtendedCommit,
): string | undefined {
  const problem = verifyCommit(chainId, validators, blockId, height, plainCommit(extended));
  if (problem !== undefined) return problem;
  const votes = extendedVotes(extended);
  for (const [index, entry] of extended.extendedSignatures.entries()) {
    const [vote, signer] = [votes[index], validators.at(index)];
    if (!isForBlock(entry)) {
      const isBare = entry.extension.length === 0 && entry.extensionSignature.length === 0;
      if (!isBare) return `signature ${index}: unexpected vote extension`;
    } else if (!vote || !signer || !verifyVoteExtension(chainId, vote, signer.pubKey)) {
      return `signature ${index}: extension signature is wrong`;
    }
  }
  return undefined;
}

/** The extended commit of foreign bytes; undefined when they are none. */
export function decodeExtendedCommit(bytes: Uint8Array): ExtendedCommit | undefined {
  return decodeTotal(ExtendedCommit, bytes, { maxBytes: maxExtendedCommitBytes });
}
