/**
 * JSON-RPC over HTTP as CometBFT's server does it (cometbft rpc/jsonrpc/server): / with one request
 * or a batch in the body, /method?arg=value, / without a body for a list.
 */
import type { IncomingMessage, ServerResponse } from "node:http";
import { call, findMethod, isCacheable, offeredMethod, offeredMethods } from "./calls.ts";
import {
  failure,
  failureOf,
  formatResponse,
  parseBody,
  type Request,
  type Response,
  success,
} from "./jsonrpc.ts";
import type { RpcContext } from "./methods/method.ts";
import { readJsonParams, readUriParams } from "./params.ts";

const uriRequestId = -1;
const cacheForADay = "public, max-age=86400";

/** The subscriptions of the websocket, which plain HTTP does not offer. */
const websocketOnly: readonly string[] = ["subscribe", "unsubscribe", "unsubscribe_all"];

/** The path of a request, without its query. Any text: it is compared, never resolved. */
export function pathOf(request: IncomingMessage): string {
  return (request.url ?? "/").split("?", 1)[0] ?? "/";
}

/** Answers one HTTP request; never throws. */
export async function answerHttp(
  context: RpcContext,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  try {
    setCommonHeaders(context, request, response);
    await route(context, request, response);
  } catch (error) {
    if (response.headersSent) response.destroy();
    else sendJson(response, 500, failureOf(uriRequestId, error));
  }
}

/** "/" takes JSON in a body, "/method" takes a query; the HTTP method does not matter. */
async function route(
  context: RpcContext,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  if (request.method === "OPTIONS") return send(response, 204, "");
  const path = pathOf(request);
  if (path === "/") return answerJson(context, request, response);
  if (path === "/websocket") return send(response, 400, "Bad Request\n");
  const name = path.slice(1);
  if (websocketOnly.includes(name)) {
    return sendJson(response, 404, failure(uriRequestId, -32601));
  }
  if (!offeredMethod(context, name)) return send(response, 404, "404 page not found\n");
  const query = (request.url ?? "").slice(path.length + 1);
  return answerUri(context, response, name, new URLSearchParams(query));
}

/** The origin to allow: the caller's when it is in the list, "*" when any is, else none. */
function allowedOrigin({ limits }: RpcContext, request: IncomingMessage): string | undefined {
  if (limits.allowedOrigins.includes("*")) return "*";
  return limits.allowedOrigins.find((origin) => origin === request.headers.origin);
}

function setCommonHeaders(
  context: RpcContext,
  request: IncomingMessage,
  response: ServerResponse,
): void {
  response.setHeader("X-Server-Time", String(Math.floor(Date.now() / 1000)));
  const origin = allowedOrigin(context, request);
  if (origin === undefined) return;
  response.setHeader("Access-Control-Allow-Origin", origin);
  if (origin !== "*") response.setHeader("Vary", "Origin");
  response.setHeader("Access-Control-Allow-Methods", "HEAD, GET, POST, OPTIONS");
  const headers = "Origin, Accept, Content-Type, X-Requested-With, X-Server-Time";
  response.setHeader("Access-Control-Allow-Headers", headers);
}

async function answerJson(
  context: RpcContext,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const body = await readBody(request, context.limits.maxBodyBytes);
  if (body === undefined) {
    const reason = "error reading request body: http: request body too large";
    response.setHeader("Connection", "close"); // The rest of the body is not read.
    return sendJson(response, 400, failure(undefined, -32600, reason));
  }
  if (body === "") return sendHtml(context, response);
  const requests = parseBody(body);
  if (!Array.isArray(requests)) return sendJson(response, 500, requests as Response);
  const { maxBatchRequests } = context.limits;
  if (maxBatchRequests > 0 && requests.length > maxBatchRequests) {
    const reason = `batch request exceeds maximum (${maxBatchRequests}) allowed number of requests`;
    return sendJson(response, 200, failure(undefined, -32600, reason));
  }
  // A notification gets no answer and no effect.
  const asked = (requests as readonly Request[]).filter(({ id }) => id !== undefined);
  const answered = await answerInOrder(context, asked);
  const answers = answered.map(({ answer }) => answer);
  if (answers.length === 0) return send(response, 200, "");
  if (answered.every(({ cache }) => cache)) response.setHeader("Cache-Control", cacheForADay);
  return sendJson(response, 200, answers.length === 1 ? (answers[0] as Response) : answers);
}

interface Answered {
  readonly answer: Response;
  readonly cache: boolean;
}

/** Calls that put a transaction into the mempool, which takes them in the order of the calls. */
const broadcasts: readonly string[] = ["broadcast_tx_sync", "broadcast_tx_async"];

/** One after the other; but broadcasts side by side go to CheckTx together, in order. */
async function answerInOrder(
  context: RpcContext,
  requests: readonly Request[],
): Promise<Answered[]> {
  const answered: Answered[] = [];
  let together: Promise<Answered>[] = [];
  for (const request of requests) {
    if (broadcasts.includes(request.method)) {
      together.push(answerRequest(context, request));
      continue;
    }
    answered.push(...(await Promise.all(together)), await answerRequest(context, request));
    together = [];
  }
  return [...answered, ...(await Promise.all(together))];
}

async function answerRequest(context: RpcContext, request: Request): Promise<Answered> {
  const id = request.id ?? "";
  try {
    const answer = success(id, await call(context, request));
    const method = findMethod(context, request.method);
    return { answer, cache: isCacheable(method, readJsonParams(method.params, request.params)) };
  } catch (error) {
    return { answer: failureOf(id, error), cache: false };
  }
}

async function answerUri(
  context: RpcContext,
  response: ServerResponse,
  name: string,
  query: URLSearchParams,
): Promise<void> {
  try {
    const method = findMethod(context, name);
    const params = readUriParams(method.params, query);
    const answer = success(uriRequestId, await method.handle(context, params));
    if (isCacheable(method, params)) response.setHeader("Cache-Control", cacheForADay);
    return sendJson(response, 200, answer);
  } catch (error) {
    return sendJson(response, 500, failureOf(uriRequestId, error));
  }
}

/** The body as text; undefined when it is longer than the limit or breaks off. */
function readBody(request: IncomingMessage, maxBytes: number): Promise<string | undefined> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    let length = 0;
    request.on("data", (chunk: Buffer) => {
      length += chunk.length;
      if (length <= maxBytes) {
        chunks.push(chunk);
        return;
      }
      request.pause();
      resolve(undefined);
    });
    request.on("end", () => resolve(Buffer.concat(chunks).toString("utf8")));
    request.on("error", () => resolve(undefined)); // The client went away in the middle.
    request.on("close", () => resolve(undefined));
  });
}

function sendJson(response: ServerResponse, status: number, body: Response | Response[]): void {
  response.setHeader("Content-Type", "application/json");
  const text = Array.isArray(body)
    ? `[${body.map(formatResponse).join(",")}]`
    : formatResponse(body);
  send(response, status, text);
}

function send(response: ServerResponse, status: number, body: string): void {
  // Known lengths save the framing of chunks. No content: 204 has no length either.
  if (status !== 204) response.setHeader("Content-Length", Buffer.byteLength(body));
  response.writeHead(status);
  response.end(body);
}

function sendHtml(context: RpcContext, response: ServerResponse): void {
  const methods = offeredMethods(context);
  const names = Object.keys(methods).sort();
  const isPlain = (name: string) => methods[name]?.params.length === 0;
  const plain = names.filter(isPlain).map((name) => `<a href="/${name}">/${name}</a><br>`);
  const withParams = names
    .filter((name) => !isPlain(name))
    .map((name) => {
      const query = methods[name]?.params.map(([param]) => `${param}=_`).join("&");
      return `<a href="/${name}?${query}">/${name}?${query}</a><br>`;
    });
  response.setHeader("Content-Type", "text/html");
  const lists = `Available endpoints:<br>${plain.join("")}<br>Endpoints that require arguments:<br>${withParams.join("")}`;
  send(response, 200, `<html><body>${lists}</body></html>`);
}
