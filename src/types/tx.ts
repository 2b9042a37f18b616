/** Transactions and their results as the engine sees them: bytes that are hashed. */
import { ExecTxResult } from "cosmjs-types/tendermint/abci/types";
import { sha256 } from "../crypto/hash.ts";
import { merkleRoot } from "../crypto/merkle.ts";

/** The hash by which a transaction is known: SHA-256 of its bytes. */
export function txHash(tx: Uint8Array): Uint8Array {
  return sha256(tx);
}

/**
 * The results hash of the next header: the Merkle root over the deterministic fields of each
 * result, which are code, data, gas wanted and gas used.
 */
export function hashResults(results: readonly ExecTxResult[]): Uint8Array {
  return merkleRoot(results.map(deterministicBytes));
}

function deterministicBytes(result: ExecTxResult): Uint8Array {
  const { code, data, gasWanted, gasUsed } = result;
  const kept = { code, data, gasWanted, gasUsed, log: "", info: "", events: [], codespace: "" };
  return ExecTxResult.encode(kept).finish();
}
