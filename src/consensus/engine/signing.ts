/** What the node signs: proposals with their parts, and votes. */
import type { Part, Proposal, Vote } from "cosmjs-types/tendermint/types/types";
import { encodeBlock } from "../../types/block.ts";
import { zeroBlockId } from "../../types/block-id.ts";
import { emptyCommit, medianTime } from "../../types/commit.ts";
import { areExtensionsOn } from "../../types/consensus-params.ts";
import { hashHeader } from "../../types/header.ts";
import { PartSet } from "../../types/part-set.ts";
import { precommitType, prevoteType, proposalType } from "../../types/vote.ts";
import type { BlockExecutor, Clock, ProposalRequest, Signer } from "../expected.ts";
import type { Lock } from "../round.ts";
import { type BlockKey, nilKey, type VoteType, voteSet } from "../votes.ts";
import type { Wal } from "../wal/wal.ts";
import type { CompleteBlock } from "./block-assembly.ts";
import { commitOf, extendedCommitOf } from "./commits.ts";
import type { Height } from "./height.ts";

interface SigningParts {
  readonly signer: Signer;
  readonly clock: Pick<Clock, "now">;
}

/** A proposal and the parts of its block; or why nothing was signed. */
type SignedProposal =
  | { readonly proposal: Proposal; readonly parts: readonly Part[] }
  | { readonly refused: string };

/**
 * The proposal of a round: the valid block again, with its round as proof-of-lock (L16), or a new
 * one (L18). Its parts come with it only when it is new.
 */
export function signedProposal(
  h: Height,
  start: SigningParts & {
    readonly executor: Pick<BlockExecutor, "createProposal">;
    readonly round: number;
    readonly valid: Lock | null;
  },
): SignedProposal {
  const { valid, round, signer } = start;
  const again = valid && h.blocks.complete(valid.block);
  const { id: blockId, parts } = again ?? newBlock(h, start.executor, signer.address);
  const signed = signer.signProposal(h.state.chainId, {
    type: proposalType,
    height: h.height,
    round,
    polRound: again ? valid.round : -1,
    blockId,
    timestamp: { ...start.clock.now() },
    signature: new Uint8Array(0),
  });
  if ("refused" in signed) return signed;
  return { proposal: signed, parts: again ? [] : allParts(parts) };
}

function newBlock(
  h: Height,
  executor: Pick<BlockExecutor, "createProposal">,
  proposerAddress: Uint8Array,
): Pick<CompleteBlock, "id" | "parts"> {
  const block = executor.createProposal(proposalRequest(h, proposerAddress));
  const parts = PartSet.fromBytes(encodeBlock(block));
  return { id: { hash: hashHeader(block.header), partSetHeader: parts.header }, parts };
}

/** BFT time: the weighted median of the last commit, or the genesis time for the first block. */
function proposalRequest(h: Height, proposerAddress: Uint8Array): ProposalRequest {
  const { state, height, lastCommit } = h;
  const set = lastCommit && voteSet(lastCommit.votes, "precommit", lastCommit.round);
  if (!set) {
    const time = state.lastBlockTime;
    const commit = { lastCommit: emptyCommit(), extendedCommit: undefined };
    return { state, height, ...commit, proposerAddress, time };
  }
  const commit = commitOf(set, height - 1n, state.lastBlockId);
  const isExtended = areExtensionsOn(state.consensusParams, height - 1n);
  const extendedCommit = isExtended ? extendedCommitOf(set, commit) : undefined;
  const time = medianTime(commit, state.lastValidators);
  return { state, height, lastCommit: commit, extendedCommit, proposerAddress, time };
}

function allParts(set: PartSet): readonly Part[] {
  return Array.from({ length: set.header.total }, (_, index) => set.part(index)).filter(
    (part) => part !== undefined,
  );
}

/**
 * A vote of this node, or why it was not signed. Where vote extensions are on, the application
 * extends a precommit for a block. What led to the vote is on the disk before the signer's state
 * is: else a power cut between the two leaves a signer that refuses every other vote, and a log
 * from which that one cannot be made again.
 */
export function signedVote(
  h: Height,
  cast: SigningParts & {
    readonly executor: Pick<BlockExecutor, "extendVote">;
    readonly wal: Pick<Wal, "sync">;
    readonly vote: VoteType;
    readonly round: number;
    readonly block: BlockKey;
    readonly validator: number;
  },
): Vote | { readonly refused: string } {
  const { signer, round, block } = cast;
  const complete = h.blocks.complete(block);
  const blockId = block === nilKey ? zeroBlockId() : complete?.id;
  if (!blockId) return { refused: `block ${block} is not here` };
  const vote: Vote = {
    type: cast.vote === "prevote" ? prevoteType : precommitType,
    height: h.height,
    round,
    blockId,
    timestamp: { ...h.voteTime(cast.clock.now()) },
    validatorAddress: signer.address,
    validatorIndex: cast.validator,
    signature: new Uint8Array(0),
    extension: new Uint8Array(0),
    extensionSignature: new Uint8Array(0),
  };
  cast.wal.sync();
  const { chainId, consensusParams } = h.state;
  const isExtended = complete && vote.type === precommitType && block !== nilKey;
  if (!isExtended || !areExtensionsOn(consensusParams, h.height)) {
    return signer.signVote(chainId, vote);
  }
  if ("refused" in complete.content) return complete.content;
  const extension = cast.executor.extendVote(h.state, complete.content);
  return signer.signExtendedVote(chainId, { ...vote, extension });
}
