/** CheckTx: whether a transaction may wait in the mempool. It changes only the state of CheckTx. */
import {
  CheckTxType,
  type RequestCheckTx,
  type ResponseCheckTx,
} from "cosmjs-types/tendermint/abci/types";
import { gasLimitOf } from "./finalize-block.ts";
import type { Runtime } from "./state/runtime.ts";
import { runTx } from "./tx/execute.ts";

/** Code for a bug that a transaction uncovered: it is not let in, and the node goes on. */
const internalErrorCode = 1;

/** Runs the ante chain. Never throws. */
export function checkTx(runtime: Runtime, { tx, type }: RequestCheckTx): ResponseCheckTx {
  try {
    const ctx = runtime.checkContext({ isSimulation: false });
    const limit = gasLimitOf(runtime.parts.consensus.get(ctx));
    const mode = type === CheckTxType.RECHECK ? "recheck" : "check";
    return runTx(runtime, tx, { ctx, mode, blockGas: { limit, used: 0n } });
  } catch (error) {
    runtime.parts.log.error("CheckTx met a bug", { error: String(error) });
    return {
      code: internalErrorCode,
      data: new Uint8Array(),
      log: "internal error",
      info: "",
      gasWanted: 0n,
      gasUsed: 0n,
      events: [],
      codespace: "undefined",
    };
  }
}
