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
import type { DecodedTx } from "./tx/decode.ts";
import { byPriority } from "./tx/priority.ts";

/** Takes transactions by priority, leaving out what does not decode and what does not fit. */
export function prepareProposal(
  runtime: Runtime,
  { txs, maxTxBytes }: RequestPrepareProposal,
): ResponsePrepareProposal {
  const chosen: Uint8Array[] = [];
  let [bytes, gas] = [0n, 0n];
  const limit = blockGasLimit(runtime);
  const decoded = txs.flatMap((tx) => decodedOf(runtime, tx) ?? []);
  for (const tx of byPriority(decoded)) {
    const wanted = tx.fee.gasLimit;
    const size = protoSize(tx.bytes);
    if (bytes + size > maxTxBytes) continue;
    if (limit !== undefined && gas + wanted > limit) continue;
    chosen.push(tx.bytes);
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
    const wanted = decodedOf(runtime, tx)?.fee.gasLimit;
    if (wanted === undefined) return { status: Status.REJECT };
    gas += wanted;
  }
  const isFitting = limit === undefined || gas <= limit;
  return { status: isFitting ? Status.ACCEPT : Status.REJECT };
}

/** The transaction, or undefined when it does not decode. */
function decodedOf(runtime: Runtime, bytes: Uint8Array): DecodedTx | undefined {
  try {
    return runtime.parts.txs.remember(bytes);
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
