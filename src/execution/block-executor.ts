/**
 * Builds, checks and applies blocks. Applying keeps an order that survives a crash anywhere:
 *
 *   block on disk (consensus) -> FinalizeBlock -> its answer on disk -> Commit -> state on disk
 *
 * handshake.ts finishes whatever of this a crash left undone. spec/execution.md, clause A.
 */
import type {
  RequestFinalizeBlock,
  ResponseFinalizeBlock,
} from "cosmjs-types/tendermint/abci/types";
import type { Block } from "cosmjs-types/tendermint/types/block";
import type { Evidence } from "cosmjs-types/tendermint/types/evidence";
import { EvidenceList } from "cosmjs-types/tendermint/types/evidence";
import type { BlockID, Commit, ExtendedCommit, Vote } from "cosmjs-types/tendermint/types/types";
import type { Application } from "../abci/application.ts";
import { toUpperHex } from "../encoding/bytes.ts";
import { type Time, toNanos } from "../encoding/time.ts";
import { uvarint } from "../encoding/varint.ts";
import { makeBlock, maxDataBytes } from "../types/block.ts";
import type { ChainState } from "../types/chain-state.ts";
import { durationNanos, hashConsensusParams } from "../types/consensus-params.ts";
import { evidenceToMisbehavior } from "../types/evidence.ts";
import {
  extendedCommitInfo,
  extendVoteRequest,
  finalizeBlockRequest,
  processProposalRequest,
} from "./abci-requests.ts";
import type { BlockFeed } from "./block-feed.ts";
import type { Blocks, EvidencePool, Logger, Mempool, TxLimits } from "./expected.ts";
import { ApplicationError, fromValidatorUpdates, nextState } from "./next-state.ts";
import { blockProtocol } from "./state-codec.ts";
import type { StateStore } from "./state-store.ts";
import { refuseBlock } from "./validate-block.ts";

/**
 * Old blocks deleted after one block at most: whoever begins to prune a long chain must not miss
 * rounds meanwhile. More than one, so that it comes to an end.
 */
const pruneHeightsPerBlock = 200n;

/** The calls of the application that blocks need. */
export type BlockApplication = Pick<
  Application,
  | "prepareProposal"
  | "processProposal"
  | "extendVote"
  | "verifyVoteExtension"
  | "finalizeBlock"
  | "finalizeInTurns"
  | "lookAhead"
  | "commit"
>;

/** What the executor works with. */
export interface ExecutorParts {
  readonly app: BlockApplication;
  readonly states: StateStore;
  readonly blocks: Blocks;
  readonly mempool: Mempool;
  readonly evidence: EvidencePool;
  readonly feed: BlockFeed;
  readonly log: Logger;
}

/** What a proposer knows when it builds a block. */
interface ProposalRequest {
  readonly state: ChainState;
  readonly height: bigint;
  readonly lastCommit: Commit;
  readonly extendedCommit?: ExtendedCommit | undefined;
  readonly proposerAddress: Uint8Array;
  readonly time: Time;
}

/** Implements consensus/expected.ts, BlockExecutor. */
export class BlockExecutor {
  readonly #parts: ExecutorParts;
  /** Blocks that were found valid, and on which state: applying them need not verify again. */
  readonly #validated = new WeakMap<Block, ChainState>();

  constructor(parts: ExecutorParts) {
    this.#parts = parts;
  }

  /**
   * A new block on top of the state: pending evidence first, then transactions as the
   * application's PrepareProposal arranges them. Throws ApplicationError when they do not fit.
   */
  createProposal(request: ProposalRequest): Block {
    const { state } = request;
    const { mempool, evidence: pool, app } = this.#parts;
    const evidence = [...pool.pending(state.consensusParams.evidence?.maxBytes ?? 0n)];
    const room = roomForTxs(state, evidence);
    const maxGas = state.consensusParams.block?.maxGas ?? -1n;
    const isUnlimited = state.consensusParams.block?.maxBytes === -1n;
    const waiting = [...mempool.reapMaxBytesMaxGas(isUnlimited ? -1n : room, maxGas)];
    const { txs } = app.prepareProposal({
      maxTxBytes: room,
      txs: waiting,
      localLastCommit: extendedCommitInfo(
        request.lastCommit,
        state.lastValidators,
        request.extendedCommit,
      ),
      misbehavior: evidence.flatMap(evidenceToMisbehavior),
      height: request.height,
      time: request.time,
      nextValidatorsHash: state.nextValidators.hash(),
      proposerAddress: request.proposerAddress,
    });
    const size = txs.reduce((sum, tx) => sum + encodedTxBytes(tx), 0n);
    if (size > room) {
      throw new ApplicationError(`PrepareProposal returned ${size} bytes of txs, room for ${room}`);
    }
    return assemble(request, txs, evidence);
  }

  /** Why the block may not follow the state, evidence included, or undefined. */
  validateBlock(state: ChainState, block: Block): string | undefined {
    const refused =
      this.#refuse(state, block) ?? this.#parts.evidence.check(state, block.evidence.evidence);
    return refused;
  }

  /** Other threads verify what the block will need; nobody waits for it. */
  lookAhead(block: Block): void {
    void this.#parts.app.lookAhead?.(block.data.txs);
  }

  /** The application's ProcessProposal: whether it accepts a valid block. */
  processProposal(state: ChainState, block: Block): boolean {
    this.lookAhead(block); // While validators vote.
    const { status } = this.#parts.app.processProposal(
      processProposalRequest(block, state.lastValidators),
    );
    if (status === 1) return true;
    if (status === 2) return false;
    throw new ApplicationError(`ProcessProposal answered status ${status}`);
  }

  /** The application's ExtendVote: what goes with this node's precommit for a valid block. */
  extendVote(state: ChainState, block: Block): Uint8Array {
    return this.#parts.app.extendVote(extendVoteRequest(block, state.lastValidators)).voteExtension;
  }

  /** The application's VerifyVoteExtension, of a vote whose two signatures are good. */
  acceptsExtension({ blockId, validatorAddress, height, extension }: Vote): boolean {
    const request = { hash: blockId.hash, validatorAddress, height, voteExtension: extension };
    const { status } = this.#parts.app.verifyVoteExtension(request);
    if (status === 1) return true;
    if (status === 2) return false;
    throw new ApplicationError(`VerifyVoteExtension answered status ${status}`);
  }

  /**
   * Executes a decided block and returns the state after it. Resolves when the application and
   * the state are on the disk, or held for it. No block from the height neededFrom on is pruned.
   * Throws on an invalid block or a broken application: the node stops.
   */
  async applyBlock(
    state: ChainState,
    blockId: BlockID,
    block: Block,
    neededFrom = block.header.height,
  ): Promise<ChainState> {
    const refused = this.#refuse(state, block);
    if (refused) throw new Error(`decided block ${block.header.height} is invalid: ${refused}`);
    const { app, states, evidence, feed } = this.#parts;
    await app.lookAhead?.(block.data.txs);
    const finalized = await this.#execute(finalizeBlockRequest(block, state.lastValidators));
    checkAnswer(block, finalized);
    const next = nextState(state, { header: block.header, blockId }, finalized);
    await states.saveFinalizeBlock(block.header.height, finalized);
    const retainHeight = await this.#commit(next, block, finalized);
    await evidence.update(next, block.evidence.evidence);
    await states.save(next);
    this.#parts.log.info("applied block", {
      height: block.header.height,
      txs: block.data.txs.length,
      appHash: toUpperHex(next.appHash),
    });
    await this.#prune(next, minimum(retainHeight, neededFrom));
    const validatorUpdates = fromValidatorUpdates(finalized.validatorUpdates);
    feed.publish({ block, blockId, finalize: finalized, validatorUpdates });
    return next;
  }

  #refuse(state: ChainState, block: Block): string | undefined {
    if (this.#validated.get(block) === state) return undefined;
    const refused = refuseBlock(state, block);
    if (!refused) this.#validated.set(block, state);
    return refused;
  }

  /** In turns with the mempool closed: what keeps coming in would hold the block up. */
  async #execute(request: RequestFinalizeBlock): Promise<ResponseFinalizeBlock> {
    const { mempool, app } = this.#parts;
    if (!app.finalizeInTurns) return app.finalizeBlock(request);
    mempool.lock();
    try {
      return await app.finalizeInTurns(request);
    } finally {
      mempool.unlock();
    }
  }

  /** Commit with the mempool closed: its check state belongs to the height before. */
  async #commit(next: ChainState, block: Block, finalized: ResponseFinalizeBlock): Promise<bigint> {
    const { mempool, app } = this.#parts;
    mempool.lock();
    try {
      const { retainHeight } = await app.commit();
      const { height } = block.header;
      const decided = { height, txs: block.data.txs, results: finalized.txResults };
      await mempool.update(decided, limitsOf(next));
      return retainHeight;
    } finally {
      mempool.unlock();
    }
  }

  /** Deletes old blocks, but none young enough for evidence about its votes to count. */
  async #prune(state: ChainState, retainHeight: bigint): Promise<void> {
    const { blocks, states, log } = this.#parts;
    const maxAge = state.consensusParams.evidence?.maxAgeNumBlocks ?? 0n;
    const oldestNeeded = state.lastBlockHeight - maxAge;
    const base = blocks.base();
    const wanted = minimum(retainHeight, oldestNeeded, base + pruneHeightsPerBlock);
    if (base === 0n || wanted <= base) return;
    const target = this.#firstYoung(state, { from: base, to: wanted });
    if (target <= base) return;
    await this.#parts.feed.pruning({ from: base, to: target });
    const pruned = await blocks.prune(target);
    await states.prune(base, target);
    log.info("pruned blocks", { pruned, retainHeight: target });
  }

  /**
   * The first height of the range whose block is young enough in time for evidence to count, or
   * its end. Times rise with the heights.
   */
  #firstYoung(state: ChainState, { from, to }: { readonly from: bigint; readonly to: bigint }) {
    const { evidence } = state.consensusParams;
    const maxAgeNanos = evidence ? durationNanos(evidence.maxAgeDuration) : 0n;
    const oldest = toNanos(state.lastBlockTime) - maxAgeNanos;
    let [low, high] = [from, to];
    while (low < high) {
      const middle = (low + high) / 2n; // Floors.
      const time = this.#parts.blocks.loadBlockMeta(middle)?.header.time;
      if (time && toNanos(time) < oldest) low = middle + 1n;
      else high = middle;
    }
    return low;
  }
}

function minimum(first: bigint, ...others: readonly bigint[]): bigint {
  let least = first;
  for (const other of others) if (other < least) least = other;
  return least;
}

/** What one transaction may measure in the block after the state. */
export const limitsOf = (state: ChainState): TxLimits => ({
  maxDataBytes: roomForTxs(state, []),
  maxGas: state.consensusParams.block?.maxGas ?? -1n,
});

/** Bytes that a block has for transactions beside this evidence; 0 when there are none. */
function roomForTxs(state: ChainState, evidence: readonly Evidence[]): bigint {
  const room = maxDataBytes({
    maxBytes: state.consensusParams.block?.maxBytes ?? -1n,
    evidenceBytes: BigInt(EvidenceList.encode({ evidence: [...evidence] }).finish().length),
    validatorCount: state.validators.size,
  });
  return room ?? 0n;
}

/** Bytes a transaction takes in the Data message: tag, length, content. */
const encodedTxBytes = (tx: Uint8Array): bigint =>
  BigInt(1 + uvarint(tx.length).length + tx.length);

function assemble(
  { state, height, lastCommit, proposerAddress, time }: ProposalRequest,
  txs: Uint8Array[],
  evidence: Evidence[],
): Block {
  const block = makeBlock({ height, txs, lastCommit, evidence });
  return {
    ...block,
    header: {
      ...block.header,
      version: { block: blockProtocol, app: state.appVersion },
      chainId: state.chainId,
      time,
      lastBlockId: state.lastBlockId,
      validatorsHash: state.validators.hash(),
      nextValidatorsHash: state.nextValidators.hash(),
      consensusHash: hashConsensusParams(state.consensusParams),
      appHash: state.appHash,
      lastResultsHash: state.lastResultsHash,
      proposerAddress,
    },
  };
}

function checkAnswer(block: Block, finalized: ResponseFinalizeBlock): void {
  const [results, txs] = [finalized.txResults.length, block.data.txs.length];
  if (results !== txs) {
    throw new ApplicationError(`FinalizeBlock returned ${results} results for ${txs} txs`);
  }
}
