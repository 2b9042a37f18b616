/**
 * JSON-RPC 2.0 as CometBFT's server speaks it (cometbft rpc/jsonrpc/types and server): ids, error
 * objects, and reading a body of one request or a batch.
 */

/** A request id as it came: a string or an integer. Undefined marks a notification. */
export type RequestId = string | number;

export interface Request {
  readonly id: RequestId | undefined;
  readonly method: string;
  /** Named or positional; undefined when absent or null. */
  readonly params: Readonly<Record<string, unknown>> | readonly unknown[] | undefined;
}

export interface ErrorObject {
  readonly code: number;
  readonly message: string;
  readonly data?: string;
}

export type Response =
  | { readonly jsonrpc: "2.0"; readonly id?: RequestId; readonly result: unknown }
  | { readonly jsonrpc: "2.0"; readonly id?: RequestId; readonly error: ErrorObject };

const texts = {
  [-32700]: "Parse error. Invalid JSON",
  [-32600]: "Invalid Request",
  [-32601]: "Method not found",
  [-32602]: "Invalid params",
  [-32603]: "Internal error",
  [-32000]: "Server error",
} as const;
export type ErrorCode = keyof typeof texts;

/** A refusal of a call. Handlers throw it; anything else they throw is -32603 as well. */
export class RpcError extends Error {
  readonly code: ErrorCode;
  constructor(code: ErrorCode, data: string) {
    super(data);
    this.code = code;
  }
}

export const success = (id: RequestId, result: unknown): Response => ({
  jsonrpc: "2.0",
  id,
  result,
});

/** The error answer; -32601 carries no data. A parse error has no id. */
export function failure(id: RequestId | undefined, code: ErrorCode, data?: string): Response {
  const error = { code, message: texts[code], ...(data === undefined ? {} : { data }) };
  return id === undefined ? { jsonrpc: "2.0", error } : { jsonrpc: "2.0", id, error };
}

/** What a thrown value says to the client. */
export function failureOf(id: RequestId, thrown: unknown): Response {
  if (thrown instanceof RpcError) {
    return failure(id, thrown.code, thrown.code === -32601 ? undefined : thrown.message);
  }
  return failure(id, -32603, thrown instanceof Error ? thrown.message : String(thrown));
}

/** The requests in a body, or the parse error to answer with. */
export function parseBody(text: string): readonly Request[] | Response {
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch (error) {
    return parseError(error instanceof Error ? error.message : String(error));
  }
  const requests = (Array.isArray(body) ? body : [body]).map(parseRequest);
  const bad = requests.find((request) => typeof request === "string");
  return bad === undefined ? (requests as Request[]) : parseError(bad as string);
}

const parseError = (reason: string): Response =>
  failure(undefined, -32700, `error unmarshaling request: ${reason}`);

/** The request, or why it is none. */
function parseRequest(value: unknown): Request | string {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    return "a request must be a JSON object";
  }
  const { id, method, params } = value as Record<string, unknown>;
  if (id !== undefined && id !== null && typeof id !== "string" && typeof id !== "number") {
    return "JSON-RPC ID must be a string or a number";
  }
  if (method !== undefined && typeof method !== "string") return "method must be a string";
  if (params !== undefined && params !== null && typeof params !== "object") {
    return "params must be an object or an array";
  }
  return {
    id: typeof id === "number" ? Math.trunc(id) : (id ?? undefined),
    method: method ?? "",
    params: (params ?? undefined) as Request["params"],
  };
}
