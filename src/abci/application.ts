/**
 * The border between the engine, which orders bytes, and the application, which gives them
 * meaning: ABCI 2.0, the CometBFT 0.38 message set (cometbft abci/types/application.go). The
 * engine's folders import this file as a type only.
 *
 * Calls are synchronous except Commit and the taking of a snapshot, which wait for the disk, and
 * FinalizeBlock in turns: an in-process caller interleaves no two others. Obligations per method:
 * cometbft spec/abci/abci++_methods.md.
 */
import type {
  RequestApplySnapshotChunk,
  RequestCheckTx,
  RequestExtendVote,
  RequestFinalizeBlock,
  RequestInfo,
  RequestInitChain,
  RequestLoadSnapshotChunk,
  RequestOfferSnapshot,
  RequestPrepareProposal,
  RequestProcessProposal,
  RequestQuery,
  RequestVerifyVoteExtension,
  ResponseApplySnapshotChunk,
  ResponseCheckTx,
  ResponseCommit,
  ResponseExtendVote,
  ResponseFinalizeBlock,
  ResponseInfo,
  ResponseInitChain,
  ResponseListSnapshots,
  ResponseLoadSnapshotChunk,
  ResponseOfferSnapshot,
  ResponsePrepareProposal,
  ResponseProcessProposal,
  ResponseQuery,
  ResponseVerifyVoteExtension,
} from "cosmjs-types/tendermint/abci/types";

/** An ABCI 2.0 application. */
export interface Application {
  /** The last height whose Commit is durable, and its app hash. */
  info(request: RequestInfo): ResponseInfo;
  query(request: RequestQuery): ResponseQuery;
  checkTx(request: RequestCheckTx): ResponseCheckTx;
  initChain(request: RequestInitChain): ResponseInitChain;
  prepareProposal(request: RequestPrepareProposal): ResponsePrepareProposal;
  processProposal(request: RequestProcessProposal): ResponseProcessProposal;
  extendVote(request: RequestExtendVote): ResponseExtendVote;
  verifyVoteExtension(request: RequestVerifyVoteExtension): ResponseVerifyVoteExtension;
  /** Executes a decided block. Safe to call again for the same height until Commit. */
  finalizeBlock(request: RequestFinalizeBlock): ResponseFinalizeBlock;
  /** Makes the finalized block durable; resolves after the disk has it. */
  commit(): Promise<ResponseCommit>;
  listSnapshots(): ResponseListSnapshots;
  offerSnapshot(
    request: RequestOfferSnapshot,
  ): ResponseOfferSnapshot | Promise<ResponseOfferSnapshot>;
  loadSnapshotChunk(request: RequestLoadSnapshotChunk): ResponseLoadSnapshotChunk;
  applySnapshotChunk(
    request: RequestApplySnapshotChunk,
  ): ResponseApplySnapshotChunk | Promise<ResponseApplySnapshotChunk>;
  /**
   * No call of ABCI: tells which transactions the next calls are about, so that the application can
   * prepare on other threads. Changes no answer, may be left out and called again, never rejects.
   * undefined when there is nothing to wait for; absent when the application never prepares.
   */
  readonly lookAhead?: ((txs: readonly Uint8Array[]) => Promise<void> | undefined) | undefined;
  /**
   * No call of ABCI: FinalizeBlock with the same answer, which lets others have the thread
   * meanwhile. They may make any call but those that change the committed state: until it
   * resolves, neither FinalizeBlock nor Commit. Absent when the application has no turns to give.
   */
  readonly finalizeInTurns?:
    | ((request: RequestFinalizeBlock) => Promise<ResponseFinalizeBlock>)
    | undefined;
}
