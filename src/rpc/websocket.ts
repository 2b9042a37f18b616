/**
 * JSON-RPC over the websocket at /websocket: every method, and subscriptions whose events come
 * under the id of the subscribe request (cometbft rpc/jsonrpc/server/ws_handler.go).
 * spec/rpc.md §4.
 */
import type { WebSocket } from "ws";
import { call } from "./calls.ts";
import type { PublishedEvent } from "./events/published.ts";
import {
  failure,
  failureOf,
  formatResponse,
  parseBody,
  type Request,
  type RequestId,
  type Response,
  RpcError,
  success,
} from "./jsonrpc.ts";
import type { RpcContext } from "./methods/method.ts";
import { type ParamSpec, readJsonParams } from "./params.ts";

/** Bytes that may wait for a slow client before a subscription of its is cancelled. */
const maxQueuedBytes = 4 * 1024 * 1024;
/** Requests of one client that may wait for their turn; then its socket is not read. */
const maxWaitingRequests = 20;
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
  socket.on("message", (data) => {
    heard();
    session.take(String(data));
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
  /** Settles when every frame so far is answered. Never rejects. */
  #turn: Promise<void> = Promise.resolve();
  #waiting = 0;
  constructor(context: RpcContext, socket: WebSocket, client: string) {
    this.#context = context;
    this.#socket = socket;
    this.#client = client;
  }

  /** Answers one frame when those before it are answered, as CometBFT does. */
  take(text: string): void {
    this.#waiting += 1;
    if (this.#waiting >= maxWaitingRequests) this.#socket.pause();
    this.#turn = this.#turn.then(async () => {
      await this.#takeOne(text);
      this.#waiting -= 1;
      if (this.#socket.isPaused) this.#socket.resume();
    });
  }

  async #takeOne(text: string): Promise<void> {
    const requests = parseBody(text, "one request");
    if (!Array.isArray(requests)) {
      this.#send(requests as Response);
      return;
    }
    const [request] = requests as readonly Request[];
    if (request?.id === undefined) return; // A notification gets no answer and no effect.
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
        events.subscribe(this.#client, query, {
          heard: (event) => this.#deliver(id, query, event),
          cancelled: (reason) => this.#cancelled(id, reason),
        });
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
      this.#context.events.unsubscribe(this.#client, query);
      const closes = this.#context.limits.slowClient === "loses its connection";
      this.#cancelled(
        id,
        closes ? "slow client" : "internal subscription event buffer is out of capacity",
      );
      if (closes) this.#socket.close(1008, "slow client");
      return;
    }
    const result = { query, data: event.data(), events: Object.fromEntries(event.values) };
    // After the answer to subscribe, even when a block is published in this very moment.
    setImmediate(() => this.#send(success(id, result)));
  }

  #cancelled(id: RequestId, reason: string): void {
    this.#send(failure(id, -32000, `subscription was canceled (reason: ${reason})`));
  }

  /** Answers are made of what nodes may hold: one that cannot be written is a bug, not a crash. */
  #send(response: Response): void {
    if (this.#socket.readyState === this.#socket.OPEN) this.#socket.send(formatResponse(response));
  }
}

/** On the websocket, bad parameters are internal errors: CometBFT answers -32603 there. */
function websocketError(error: unknown): unknown {
  return error instanceof RpcError && error.code === -32602
    ? new RpcError(-32603, error.message)
    : error;
}
