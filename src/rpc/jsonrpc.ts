/**
 * JSON-RPC 2.0 as CometBFT's server speaks it (cometbft rpc/jsonrpc/types and server): ids, error
 * objects, and reading a body of one request or a batch.
 */

/** A request id as it came: a string or an integer. Undefined marks a notification. */
export type RequestId = string | number;

export interface Request {
  readonly id: RequestId | undefined;
  readonly method: string;
  /** Named or positional when it is right; undefined when absent or null. */
  readonly params: unknown;
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

/** The text of an answer; when it cannot be written down, of the error instead. */
export function formatResponse(response: Response): string {
  try {
    return JSON.stringify(response);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return JSON.stringify(failure(response.id, -32603, `error marshaling response: ${reason}`));
  }
}

/** The requests in a body, or the parse error to answer with. A websocket frame is one request. */
export function parseBody(
  text: string,
  form: "one request" | "one or a batch" = "one or a batch",
): readonly Request[] | Response {
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch (error) {
    return parseError(error instanceof Error ? error.message : String(error));
  }
  const isBatch = Array.isArray(body) && form !== "one request";
  const requests = (isBatch ? (body as unknown[]) : [body]).map(parseRequest);
  const bad = requests.find((request) => typeof request === "string");
  return bad === undefined ? (requests as Request[]) : parseError(bad as string);
}

const parseError = (reason: string): Response =>
  failure(undefined, -32700, `error unmarshaling request: ${reason}`);

/** The request, or why it is none. */
function parseRequest(value: unknown): Request | string {
  if (value === null) return notification;
  if (typeof value !== "object" || Array.isArray(value)) return "a request must be a JSON object";
  const { id, method, params } = value as Record<string, unknown>;
  if (id === undefined || id === null) return notification;
  if (typeof id !== "string" && !(typeof id === "number" && Number.isFinite(id))) {
    return "JSON-RPC ID must be a string or a number";
  }
  if (method !== undefined && method !== null && typeof method !== "string") {
    return "method must be a string";
  }
  return {
    id: typeof id === "number" ? Math.trunc(id) : id,
    method: method ?? "",
    params: params ?? undefined,
  };
}

/** A request without an id is not answered and has no effect: nothing more of it is read. */
const notification: Request = { id: undefined, method: "", params: undefined };
