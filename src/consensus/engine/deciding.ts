/** From a decided block to the next height's state, and what a restart finds of it. */
import type { ChainState } from "../../types/chain-state.ts";
import { areExtensionsOn } from "../../types/consensus-params.ts";
import { extendedVotes } from "../../types/votes/extended-commit.ts";
import type { BlockExecutor, BlockStore, Logger } from "../expected.ts";
import type { Lock } from "../round.ts";
import { voteSet } from "../votes.ts";
import type { WalRecord } from "../wal/records.ts";
import type { Wal } from "../wal/wal.ts";
import { commitOf, extendedCommitOf, storedVotes, votesOfCommit } from "./commits.ts";
import type { Height, LastCommit } from "./height.ts";

/** What must never happen happened: the node stops before it can diverge. */
export class ConsensusFailure extends Error {
  override readonly name = "ConsensusFailure";
}

interface DecidingParts {
  readonly executor: Pick<BlockExecutor, "applyBlock">;
  readonly blocks: Pick<BlockStore, "height" | "saveBlock">;
  readonly wal: Wal;
  readonly log: Logger;
}

/**
 * Block on disk, end of height in the log, block applied: in this order, so that a crash at any
 * point leaves what a restart can finish (execution/handshake.ts).
 */
export async function storeAndApply(
  { executor, blocks, wal, log }: DecidingParts,
  h: Height,
  { round, block }: Lock,
): Promise<ChainState> {
  const complete = h.blocks.complete(block);
  const set = voteSet(h.core.votes, "precommit", round);
  if (!complete || "refused" in complete.content || !set) {
    throw new ConsensusFailure(`decided block ${block} is not here`);
  }
  const { id, parts, content } = complete;
  log.info("decided", { height: h.height, round, block, txs: content.data.txs.length });
  if (blocks.height() < h.height) {
    const commit = commitOf(set, h.height, id);
    const isExtended = areExtensionsOn(h.state.consensusParams, h.height);
    const extended = isExtended ? extendedCommitOf(set, commit) : undefined;
    await blocks.saveBlock(content, parts, commit, extended);
  }
  wal.endHeight(h.height);
  return executor.applyBlock(h.state, id, content);
}

/**
 * The precommits that decided the last block; undefined before the first one. Where vote extensions
 * were on they must be there: the next proposer owes them to the application.
 */
export function loadLastCommit(
  blocks: Pick<BlockStore, "loadSeenCommit" | "loadExtendedCommit">,
  state: ChainState,
): LastCommit | undefined {
  const height = state.lastBlockHeight;
  if (height === 0n) return undefined;
  if (areExtensionsOn(state.consensusParams, height)) {
    const extended = blocks.loadExtendedCommit(height);
    if (!extended) throw new ConsensusFailure(`no vote extensions stored for height ${height}`);
    const { round } = extended;
    return { votes: storedVotes(extendedVotes(extended), round, state.lastValidators), round };
  }
  const commit = blocks.loadSeenCommit(height);
  if (!commit) throw new ConsensusFailure(`no commit stored for height ${height}`);
  const { round } = commit;
  return { votes: storedVotes(votesOfCommit(commit), round, state.lastValidators), round };
}

/**
 * What the log has of the height after this one; undefined when it has nothing, and now begins.
 * Throws when the log is ahead of the state.
 */
export function recordsToReplay(wal: Wal, height: bigint): readonly WalRecord[] | undefined {
  const records = wal.recordsAfter(height);
  if (records?.some((record) => record.endHeight)) {
    throw new ConsensusFailure(`the log ends a height above ${height}`);
  }
  if (!records) wal.endHeight(height);
  return records;
}
