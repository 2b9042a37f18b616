/** ABCI Query: gRPC methods by path, application paths. spec/abci.md, "Query". */
import type { RequestQuery, ResponseQuery } from "cosmjs-types/tendermint/abci/types";
import { utf8 } from "../encoding/bytes.ts";
import { grpcStatus, ModuleError, sdkErrors } from "../modules/errors.ts";
import type { RunContext } from "./state/context.ts";
import type { Runtime } from "./state/runtime.ts";
import { storeQuery } from "./store-query.ts";
import { simulate } from "./tx/simulate.ts";
import { decodeStrict } from "./tx/strict-reader.ts";

const maxRequestBytes = 2_097_152;

/** Answers a query. Never throws: a bug in a query must not stop the node. */
export function query(runtime: Runtime, request: RequestQuery): ResponseQuery {
  try {
    return { ...emptyAnswer, ...route(runtime, request) };
  } catch (error) {
    if (error instanceof ModuleError) {
      const { code, codespace, message: log } = error;
      return { ...emptyAnswer, code, codespace, log, height: request.height };
    }
    runtime.parts.log.error("a query met a bug", { path: request.path, error: String(error) });
    const codespace = "undefined";
    return { ...emptyAnswer, code: 1, codespace, log: "internal error", height: request.height };
  }
}

const emptyAnswer: ResponseQuery = {
  code: 0,
  log: "",
  info: "",
  index: 0n,
  key: new Uint8Array(),
  value: new Uint8Array(),
  height: 0n,
  codespace: "",
};

function route(runtime: Runtime, request: RequestQuery): Partial<ResponseQuery> {
  const { registry } = runtime.parts;
  if (registry.query(request.path)) return grpcQuery(runtime, request);
  const [, first, second] = request.path.split("/");
  if (first === "app") return appQuery(runtime, request, second);
  if (first === "store") return storeQuery(runtime, request);
  if (first === "p2p" && second === "filter") return {}; // Every peer may connect.
  throw sdkErrors.unknownRequest(`unknown query path ${request.path.slice(0, 200)}`);
}

function grpcQuery(runtime: Runtime, request: RequestQuery): Partial<ResponseQuery> {
  const handler = runtime.parts.registry.query(request.path);
  if (!handler) throw sdkErrors.unknownRequest(`unknown query path ${request.path}`);
  const { ctx, height } = openHeight(runtime, request);
  const decoded = decodeStrict(handler.request, request.data, {
    unknown: "refuse critical",
    maxBytes: maxRequestBytes,
  });
  if (typeof decoded === "string") throw asGrpc(sdkErrors.invalidRequest(decoded));
  try {
    const response = handler.handle(ctx, decoded.message);
    return { value: handler.response.encode(response).finish(), height };
  } catch (error) {
    throw error instanceof ModuleError ? asGrpc(error) : error;
  }
}

/** How a gRPC error looks through ABCI: cosmos-sdk baseapp gRPCErrorToSDKError. */
function asGrpc(error: ModuleError): ModuleError {
  const { name } = grpcStatus(error);
  const log = `rpc error: code = ${name} desc = ${error.detail}`;
  if (name === "NotFound") return sdkErrors.keyNotFound(log);
  if (name === "InvalidArgument") return sdkErrors.invalidRequest(log);
  if (name === "Unauthenticated") return sdkErrors.unauthorized(log);
  return sdkErrors.unknownRequest(log);
}

function appQuery(
  runtime: Runtime,
  request: RequestQuery,
  name: string | undefined,
): Partial<ResponseQuery> {
  const { height } = runtime.lastBlock;
  if (name === "version") return { value: utf8(runtime.parts.version), height };
  if (name !== "simulate") throw sdkErrors.unknownRequest(`unknown query: ${request.path}`);
  const { gasInfo, result } = simulate(runtime, request.data);
  const answer = {
    gas_info: { gas_wanted: String(gasInfo.gasWanted), gas_used: String(gasInfo.gasUsed) },
    result: { log: result.log, events: result.events },
  };
  return { value: utf8(JSON.stringify(answer)), height };
}

/** The state of the height asked for; 0 is the last committed one. Throws sdk codes 18 and 26. */
function openHeight(runtime: Runtime, request: RequestQuery): { ctx: RunContext; height: bigint } {
  const latest = runtime.lastBlock.height;
  if (latest === 0n) {
    throw sdkErrors.invalidHeight(`app is not ready; please wait for first block`);
  }
  if (request.height < 0n) {
    throw sdkErrors.invalidRequest("cannot query with height < 0; please provide a valid height");
  }
  if (request.height > latest) {
    const advice = "please provide a valid height";
    throw sdkErrors.invalidHeight(`cannot query with height in the future; ${advice}`);
  }
  const height = request.height === 0n ? latest : request.height;
  const ctx = runtime.contextAt(height);
  if (!ctx) {
    const detail = `version does not exist (latest height: ${latest})`;
    throw sdkErrors.invalidRequest(`failed to load state at height ${height}; ${detail}`);
  }
  return { ctx, height };
}
