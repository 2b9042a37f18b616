/**
 * FinalizeBlock: the one place where a decided block changes state.
 *   upgrade -> epoch -> begin each module -> each tx: decode, ante, messages -> end each module
 *     -> app hash
 * Nothing reaches the disk here: Commit does that, after the engine has stored the block.
 */
import assert from "node:assert/strict";
import type {
  Event,
  ExecTxResult,
  RequestFinalizeBlock,
  ResponseFinalizeBlock,
} from "cosmjs-types/tendermint/abci/types";
import { ConsensusParams } from "cosmjs-types/tendermint/types/params";
import { equalBytes } from "../encoding/bytes.ts";
import type { BlockInfo } from "../modules/module.ts";
import type { Turn } from "./expected.ts";
import type { Runtime } from "./state/runtime.ts";
import { type BlockGas, runTx } from "./tx/execute.ts";

/** Transactions that run before the thread is given away: a few milliseconds of sends. */
const txsPerTurn = 16;

/** Executes a decided block over the committed state. Repeatable until Commit. */
export function finalizeBlock(
  runtime: Runtime,
  request: RequestFinalizeBlock,
): ResponseFinalizeBlock {
  const steps = execute(runtime, request);
  let step = steps.next();
  while (!step.done) step = steps.next();
  return step.value;
}

/**
 * The same, but others have the thread between transactions: CheckTx, queries and proposals, which
 * see the committed state as before. Rejects when the block was begun again meanwhile.
 */
export async function finalizeInTurns(
  runtime: Runtime,
  request: RequestFinalizeBlock,
  turn: Turn,
): Promise<ResponseFinalizeBlock> {
  const steps = execute(runtime, request);
  let step = steps.next();
  while (!step.done) {
    await turn();
    step = steps.next();
  }
  return step.value;
}

/** Yields where the thread may be given away: after so many transactions, whatever they cost. */
function* execute(
  runtime: Runtime,
  request: RequestFinalizeBlock,
): Generator<void, ResponseFinalizeBlock> {
  const { modules, epochs, consensus } = runtime.parts;
  const ctx = runtime.openBlock(blockOf(request));
  for (const module of modules) module.beforeBlock?.(ctx);
  const params = consensus.get(ctx);
  if (epochs.beginsEpoch(ctx)) for (const module of modules) module.beginEpoch?.(ctx);
  for (const module of modules) module.beginBlock?.(ctx);
  const began = during("BeginBlock", ctx.takeEvents());
  const blockGas: BlockGas = { limit: gasLimitOf(params), used: 0n };
  const txResults: ExecTxResult[] = [];
  for (const bytes of request.txs) {
    txResults.push(runTx(runtime, bytes, { ctx, mode: "finalize", blockGas }));
    if (txResults.length % txsPerTurn !== 0) continue;
    yield;
    assert(runtime.isOpen(ctx), "nobody else opens a block meanwhile");
  }
  ctx.takeEvents(); // A transaction's events are in its result.
  const validatorUpdates = modules.flatMap((module) => module.endBlock?.(ctx) ?? []);
  const events = [...began, ...during("EndBlock", ctx.takeEvents())];
  const after = consensus.get(ctx);
  const appHash = runtime.closeBlock(ctx);
  const response = { events, txResults, validatorUpdates, appHash };
  return isSame(params, after) ? response : { ...response, consensusParamUpdates: after };
}

/** The gas all transactions of a block may use, or undefined when there is no limit. */
export function gasLimitOf({ block }: ConsensusParams): bigint | undefined {
  return block && block.maxGas > 0n ? block.maxGas : undefined;
}

function blockOf(request: RequestFinalizeBlock): BlockInfo {
  return {
    height: request.height,
    time: request.time,
    hash: request.hash,
    proposerAddress: request.proposerAddress,
    lastVotes: request.decidedLastCommit?.votes ?? [],
    misbehavior: request.misbehavior,
  };
}

/** Block events say which hook made them, as the SDK's do. */
function during(mode: string, events: readonly Event[]): Event[] {
  return events.map(({ type, attributes }) => ({
    type,
    attributes: [...attributes, { key: "mode", value: mode, index: false }],
  }));
}

function isSame(a: ConsensusParams, b: ConsensusParams): boolean {
  return equalBytes(ConsensusParams.encode(a).finish(), ConsensusParams.encode(b).finish());
}
