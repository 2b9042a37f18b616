/**
 * JSON-RPC over HTTP as CometBFT's server does it (cometbft rpc/jsonrpc/server): POST / with one
 * request or a batch, GET /method?arg=value, GET / for a list.
 */
import type { IncomingMessage, ServerResponse } from "node:http";
import { call, findMethod, isCacheable, methods } from "./calls.ts";
import { failure, failureOf, parseBody, type Request, type Response, success } from "./jsonrpc.ts";
import type { RpcContext } from "./methods/method.ts";
import { readJsonParams, readUriParams } from "./params.ts";

/** Body of a POST, in bytes (config max_body_bytes). */
const maxBodyBytes = 1_000_000;
/** Requests in one batch (config max_request_batch_size). */
const maxBatchRequests = 10;
const uriRequestId = -1;

/** Answers one HTTP request; never throws. */
export async function answerHttp(
  context: RpcContext,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  setCommonHeaders(response);
  if (request.method === "OPTIONS") return send(response, 204, "");
  const url = new URL(request.url ?? "/", "http://localhost");
  if (request.method === "POST") return answerPost(context, request, response, url.pathname);
  if (request.method !== "GET" && request.method !== "HEAD") return send(response, 405, "");
  if (url.pathname === "/") return sendHtml(response);
  if (/^(\/v1)?\/websocket$/.test(url.pathname)) return send(response, 400, "Bad Request\n");
  return answerUri(context, response, url);
}

function setCommonHeaders(response: ServerResponse): void {
  response.setHeader("Access-Control-Allow-Origin", "*");
  response.setHeader("Access-Control-Allow-Methods", "HEAD, GET, POST, OPTIONS");
  const headers = "Origin, Accept, Content-Type, X-Requested-With, X-Server-Time";
  response.setHeader("Access-Control-Allow-Headers", headers);
  response.setHeader("X-Server-Time", String(Math.floor(Date.now() / 1000)));
}

async function answerPost(
  context: RpcContext,
  request: IncomingMessage,
  response: ServerResponse,
  path: string,
): Promise<void> {
  const body = await readBody(request);
  if (body === undefined) {
    const reason = `error reading request body: http: request body too large`;
    return sendJson(response, 400, failure(undefined, -32600, reason));
  }
  if (body === "") return sendHtml(response);
  const requests = parseBody(body);
  if (!Array.isArray(requests)) return sendJson(response, 500, requests as Response);
  if (requests.length > maxBatchRequests) {
    const reason = `batch request exceeds maximum (${maxBatchRequests}) allowed number of requests`;
    return sendJson(response, 200, failure(undefined, -32600, reason));
  }
  const answers: Response[] = [];
  let cacheable = true;
  for (const one of requests as readonly Request[]) {
    if (one.id === undefined) continue; // A notification gets no answer and no effect.
    const { answer, cache } = await answerRequest(context, one, path);
    answers.push(answer);
    cacheable &&= cache;
  }
  if (answers.length === 0) return send(response, 200, "");
  if (cacheable) response.setHeader("Cache-Control", "public, max-age=86400");
  return sendJson(response, 200, answers.length === 1 ? answers[0] : answers);
}

async function answerRequest(
  context: RpcContext,
  request: Request,
  path: string,
): Promise<{ answer: Response; cache: boolean }> {
  const id = request.id ?? "";
  const trimmed = path.replace(/^\/+|\/+$/g, "");
  if (trimmed !== "" && trimmed !== "v1") {
    return { answer: failure(id, -32600, `path ${path} is invalid`), cache: false };
  }
  try {
    const answer = success(id, await call(context, request));
    const method = findMethod(request.method);
    return { answer, cache: isCacheable(method, readJsonParams(method.params, request.params)) };
  } catch (error) {
    return { answer: failureOf(id, error), cache: false };
  }
}

async function answerUri(context: RpcContext, response: ServerResponse, url: URL): Promise<void> {
  const name = url.pathname.replace(/^\/(v1\/)?/, "");
  if (!Object.hasOwn(methods, name)) return send(response, 404, "404 page not found\n");
  try {
    const method = findMethod(name);
    const params = readUriParams(method.params, url.searchParams);
    const answer = success(uriRequestId, await method.handle(context, params));
    if (isCacheable(method, params)) {
      response.setHeader("Cache-Control", "public, max-age=86400");
    }
    return sendJson(response, 200, answer);
  } catch (error) {
    return sendJson(response, 500, failureOf(uriRequestId, error));
  }
}

/** The body as text; undefined when it is longer than the limit or breaks off. */
async function readBody(request: IncomingMessage): Promise<string | undefined> {
  const chunks: Buffer[] = [];
  let length = 0;
  try {
    for await (const chunk of request) {
      length += (chunk as Buffer).length;
      if (length > maxBodyBytes) return undefined;
      chunks.push(chunk as Buffer);
    }
  } catch {
    return undefined; // The client went away in the middle.
  }
  return Buffer.concat(chunks).toString("utf8");
}

function sendJson(response: ServerResponse, status: number, body: unknown): void {
  response.setHeader("Content-Type", "application/json");
  send(response, status, JSON.stringify(body));
}

function send(response: ServerResponse, status: number, body: string): void {
  response.writeHead(status);
  response.end(body);
}

function sendHtml(response: ServerResponse): void {
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
