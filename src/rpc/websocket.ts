/**
 * JSON-RPC over the websocket at /websocket: every method, and subscriptions whose events come under
 * the id of the subscribe request (cometbft rpc/jsonrpc/server/ws_handler.go).
 */
import type { WebSocket } from "ws";
import { call } from "./calls.ts";
import type { PublishedEvent } from "./events/block-events.ts";
import {
  failure,
  failureOf,
  parseBody,
  type Request,
  type RequestId,
  type Response,
  RpcError,
  success,
} from "./jsonrpc.ts";
import type { RpcContext } from "./methods/method.ts";
import { type ParamSpec, readJsonParams } from "./params.ts";

/** Bytes that may wait for a slow client before its subscriptions are cancelled. */
const maxQueuedBytes = 16 * 1024 * 1024;
/** The server pings this often; a client silent for longer than the second is dropped. */
const pingIntervalMs = 27_000;
const silenceLimitMs = 30_000 + pingIntervalMs;

const queryOnly: ParamSpec = [["query", "string"]];

/** Serves one client until its socket closes. client names it among the subscribers. */
export function serveSocket(context: RpcContext, socket: WebSocket, client: string): void {
  let lastHeard = Date.now();
  const heard = () => {
    lastHeard = Date.now();
  };
  const pings = setInterval(() => {
    if (Date.now() - lastHeard > silenceLimitMs) socket.terminate();
    else socket.ping();
  }, pingIntervalMs);
  const session = new Session(context, socket, client);
  socket.on("pong", heard);
  socket.on("ping", heard);
  socket.on("message", (data, isBinary) => {
    heard();
    if (!isBinary) void session.take(String(data));
  });
  socket.on("error", () => socket.terminate());
  socket.on("close", () => {
    clearInterval(pings);
    context.events.forget(client);
  });
}

class Session {
  readonly #context: RpcContext;
  readonly #socket: WebSocket;
  readonly #client: string;
  constructor(context: RpcContext, socket: WebSocket, client: string) {
    this.#context = context;
    this.#socket = socket;
    this.#client = client;
  }

  /** Answers one text frame. */
  async take(text: string): Promise<void> {
    const requests = parseBody(text);
    if (!Array.isArray(requests)) {
      this.#send(requests as Response);
      return;
    }
    const [request, second] = requests as readonly Request[];
    if (!request) return;
    if (second) {
      this.#send(failure(undefined, -32700, "batches are not supported here"));
      return;
    }
    if (request.id === undefined) return;
    try {
      this.#send(success(request.id, await this.#answer(request, request.id)));
    } catch (error) {
      this.#send(failureOf(request.id, websocketError(error)));
    }
  }

  async #answer(request: Request, id: RequestId): Promise<unknown> {
    const { events } = this.#context;
    switch (request.method) {
      case "subscribe": {
        const query = this.#query(request);
        events.subscribe(this.#client, query, (event) => this.#deliver(id, query, event));
        return {};
      }
      case "unsubscribe":
        events.unsubscribe(this.#client, this.#query(request));
        return {};
      case "unsubscribe_all":
        events.unsubscribeAll(this.#client);
        return {};
      default:
        return await call(this.#context, request);
    }
  }

  #query(request: Request): string {
    const { query } = readJsonParams(queryOnly, request.params);
    return typeof query === "string" ? query : "";
  }

  #deliver(id: RequestId, query: string, event: PublishedEvent): void {
    if (this.#socket.bufferedAmount > maxQueuedBytes) {
      this.#context.events.forget(this.#client);
      const reason =
        "subscription was cancelled (reason: client is not pulling messages fast enough)";
      this.#send(failure(id, -32000, reason));
      return;
    }
    const result = { query, data: event.data, events: Object.fromEntries(event.values) };
    // After the answer to subscribe, even when a block is published in this very moment.
    setImmediate(() => this.#send(success(id, result)));
  }

  #send(response: Response): void {
    if (this.#socket.readyState === this.#socket.OPEN) {
      this.#socket.send(JSON.stringify(response));
    }
  }
}

/** On the websocket, bad parameters are internal errors: CometBFT answers -32603 there. */
function websocketError(error: unknown): unknown {
  return error instanceof RpcError && error.code === -32602
    ? new RpcError(-32603, error.message)
    : error;
}
