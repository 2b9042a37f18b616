/**
 * Which transactions a block may hold: those that decode, within the bytes and the gas of a block.
 * Whether they succeed is decided when they run: a proposer cannot know what comes before them.
 */
import {
  type RequestPrepareProposal,
  type RequestProcessProposal,
  type ResponsePrepareProposal,
  type ResponseProcessProposal,
  ResponseProcessProposal_ProposalStatus as Status,
} from "cosmjs-types/tendermint/abci/types";
import { ModuleError } from "../modules/errors.ts";
import { gasLimitOf } from "./finalize-block.ts";
import type { Runtime } from "./state/runtime.ts";

/** Takes transactions in the order of the mempool, leaving out what does not fit. */
export function prepareProposal(
  runtime: Runtime,
  { txs, maxTxBytes }: RequestPrepareProposal,
): ResponsePrepareProposal {
  const chosen: Uint8Array[] = [];
  let [bytes, gas] = [0n, 0n];
  const limit = blockGasLimit(runtime);
  for (const tx of txs) {
    const wanted = gasWantedOf(runtime, tx);
    const size = protoSize(tx);
    if (wanted === undefined || bytes + size > maxTxBytes) continue;
    if (limit !== undefined && gas + wanted > limit) continue;
    chosen.push(tx);
    bytes += size;
    gas += wanted;
  }
  return { txs: chosen };
}

/** Accepts what prepareProposal of any honest node makes. */
export function processProposal(
  runtime: Runtime,
  { txs }: RequestProcessProposal,
): ResponseProcessProposal {
  const limit = blockGasLimit(runtime);
  let gas = 0n;
  for (const tx of txs) {
    const wanted = gasWantedOf(runtime, tx);
    if (wanted === undefined) return { status: Status.REJECT };
    gas += wanted;
  }
  const isFitting = limit === undefined || gas <= limit;
  return { status: isFitting ? Status.ACCEPT : Status.REJECT };
}

/** The gas a transaction asks for, or undefined when it does not decode. */
function gasWantedOf(runtime: Runtime, bytes: Uint8Array): bigint | undefined {
  try {
    return runtime.parts.txs.remember(bytes).fee.gasLimit;
  } catch (error) {
    if (error instanceof ModuleError) return undefined;
    throw error;
  }
}

function blockGasLimit(runtime: Runtime): bigint | undefined {
  const ctx = runtime.checkContext({ isSimulation: false });
  return gasLimitOf(runtime.parts.consensus.get(ctx));
}

/** Bytes of one transaction within the block's Data message: tag, length, content. */
function protoSize(tx: Uint8Array): bigint {
  let lengthBytes = 1;
  for (let rest = tx.length; rest >= 0x80; rest >>>= 7) lengthBytes++;
  return BigInt(1 + lengthBytes + tx.length);
}
