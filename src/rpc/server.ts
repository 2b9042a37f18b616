/**
 * The CometBFT RPC server: HTTP and websocket on one port. Blocks come in through publish, which
 * indexes before it tells subscribers.
 */
import { createServer, type Server } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { WebSocketServer } from "ws";
import { eventsOf } from "./events/block-events.ts";
import { EventBus } from "./events/event-bus.ts";
import type { AppliedBlock, IndexDb, RpcBackend } from "./expected.ts";
import { answerHttp, pathOf } from "./http.ts";
import { Indexer } from "./indexer/indexer.ts";
import type { RpcContext } from "./methods/method.ts";
import { serveSocket } from "./websocket.ts";

/** Connections at once (config max_open_connections). */
const maxConnections = 900;
/** A websocket frame, in bytes. */
const maxFrameBytes = 1_000_000;
const maxHeaderBytes = 1024 * 1024;
/** How long a client may take to send a request. */
const requestTimeoutMs = 30_000;

export interface ListenAddress {
  readonly host: string;
  readonly port: number;
}

export class RpcServer {
  readonly #context: RpcContext;
  readonly #server: Server;
  readonly #sockets: WebSocketServer;
  #clients = 0;
  #indexing: Promise<void> = Promise.resolve();

  constructor(backend: RpcBackend, indexDb: IndexDb) {
    const index = new Indexer(indexDb);
    this.#context = { ...backend, index, indexDb, events: new EventBus() };
    const options = { maxHeaderSize: maxHeaderBytes, requestTimeout: requestTimeoutMs };
    this.#server = createServer(options, (request, response) => {
      void answerHttp(this.#context, request, response);
    });
    this.#server.maxConnections = maxConnections;
    this.#sockets = new WebSocketServer({
      noServer: true,
      maxPayload: maxFrameBytes,
      perMessageDeflate: false,
    });
    this.#server.on("upgrade", (request, socket, head) => {
      if (pathOf(request) !== "/websocket") return refuseUpgrade(socket as Socket);
      this.#sockets.handleUpgrade(request, socket, head, (client) => {
        this.#clients += 1;
        serveSocket(this.#context, client, `websocket ${this.#clients}`);
      });
    });
  }

  /** What REST shares with this server. */
  get context(): RpcContext {
    return this.#context;
  }

  /** Resolves with the port that was really taken: port 0 asks for any. */
  async start(address: ListenAddress): Promise<number> {
    await new Promise<void>((resolve, reject) => {
      this.#server.once("error", reject);
      this.#server.listen(address.port, address.host, () => resolve());
    });
    return (this.#server.address() as AddressInfo).port;
  }

  /**
   * Indexes the block, then tells subscribers. Blocks must come in order of height. Rejects when
   * the index cannot be written: then the node must stop.
   */
  publish(applied: AppliedBlock): Promise<void> {
    const published = this.#indexing.then(async () => {
      await this.#context.index.index(applied);
      for (const event of eventsOf(applied)) this.#context.events.publish(event);
    });
    this.#indexing = published.catch(() => undefined);
    return published;
  }

  /** Waits for the index, then closes every connection. */
  async stop(): Promise<void> {
    await this.#indexing;
    for (const client of this.#sockets.clients) client.terminate();
    this.#sockets.close();
    this.#server.closeAllConnections();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }
}

function refuseUpgrade(socket: Socket): void {
  socket.on("error", () => socket.destroy());
  socket.end("HTTP/1.1 404 Not Found\r\nConnection: close\r\n\r\n");
}
