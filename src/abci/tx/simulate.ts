/** Simulation: what a transaction would use, without its signatures and without effect. */
import type { GasInfo, Result } from "cosmjs-types/cosmos/base/abci/v1beta1/abci";
import { TxMsgData } from "cosmjs-types/cosmos/base/abci/v1beta1/abci";
import { SimulateRequest, SimulateResponse } from "cosmjs-types/cosmos/tx/v1beta1/service";
import { AuthInfo, type Tx, TxBody, TxRaw } from "cosmjs-types/cosmos/tx/v1beta1/tx";
import type { ExecTxResult } from "cosmjs-types/tendermint/abci/types";
import { ModuleError, sdkErrors } from "../../modules/errors.ts";
import { type QueryHandler, queryHandler } from "../../modules/module.ts";
import type { Runtime } from "../state/runtime.ts";
import { runTx } from "./execute.ts";

/** What a simulation tells. */
export interface Simulation {
  readonly gasInfo: GasInfo;
  readonly result: Result;
}

/** Runs and takes it all back. Throws ModuleError with the refusal of the transaction. */
export function simulate(runtime: Runtime, bytes: Uint8Array): Simulation {
  const ctx = runtime.checkContext({ isSimulation: true });
  const run = { ctx, mode: "simulate", blockGas: { limit: undefined, used: 0n } } as const;
  const place = ctx.begin();
  let ran: ExecTxResult;
  try {
    ran = runTx(runtime, bytes, run);
  } finally {
    ctx.undo(place);
  }
  const { code, codespace, log, data, events, gasUsed, gasWanted } = ran;
  if (code !== 0) throw new ModuleError(codespace, code, `${log} with gas used: '${gasUsed}'`);
  const { msgResponses } = TxMsgData.decode(data);
  return { gasInfo: { gasWanted, gasUsed }, result: { data, log, events, msgResponses } };
}

/** cosmos.tx.v1beta1.Service/Simulate; the rest of that service needs the engine. */
export function simulateQuery(runtimeOf: () => Runtime): QueryHandler {
  return queryHandler<SimulateRequest, SimulateResponse>({
    path: "/cosmos.tx.v1beta1.Service/Simulate",
    request: SimulateRequest,
    response: SimulateResponse,
    http: [{ method: "POST", path: "/cosmos/tx/v1beta1/simulate" }],
    handle: (_, request) => {
      const bytes =
        request.tx && request.txBytes.length === 0 ? rawOf(request.tx) : request.txBytes;
      if (bytes.length === 0) throw sdkErrors.invalidRequest("empty txBytes is not allowed");
      return simulate(runtimeOf(), bytes);
    },
  });
}

/** The deprecated field holds the transaction in parts. */
function rawOf({ body, authInfo, signatures }: Tx): Uint8Array {
  return TxRaw.encode({
    bodyBytes: body ? TxBody.encode(body).finish() : new Uint8Array(),
    authInfoBytes: authInfo ? AuthInfo.encode(authInfo).finish() : new Uint8Array(),
    signatures,
  }).finish();
}
