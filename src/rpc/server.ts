/**
 * The CometBFT RPC server: HTTP and websocket on one port. Blocks come in through publish, which
 * indexes before it tells subscribers.
 */
import { createServer, type Server } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import type { Vote } from "cosmjs-types/tendermint/types/types";
import { WebSocketServer } from "ws";
import { eventsOf } from "./events/block-events.ts";
import { EventBus } from "./events/event-bus.ts";
import { roundEvents, type Timeout, timeoutEvent, voteEvent } from "./events/round-events.ts";
import type { AppliedBlock, IndexDb, RoundView, RpcBackend } from "./expected.ts";
import { answerHttp, pathOf } from "./http.ts";
import { Indexer, type StoredTxs } from "./indexer/indexer.ts";
import { defaultLimits, type RpcLimits } from "./limits.ts";
import type { RpcContext } from "./methods/method.ts";
import { serveSocket } from "./websocket.ts";

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
  #lastRound: RoundView | undefined;
  #indexing: Promise<void> = Promise.resolve();

  constructor(backend: RpcBackend, indexDb: IndexDb, limits: RpcLimits = defaultLimits) {
    const index = new Indexer(indexDb, storedTxs(backend));
    this.#context = { ...backend, index, indexDb, events: new EventBus(limits), limits };
    const options = { maxHeaderSize: limits.maxHeaderBytes, requestTimeout: requestTimeoutMs };
    this.#server = createServer(options, (request, response) => {
      void answerHttp(this.#context, request, response);
    });
    if (limits.maxOpenConnections > 0) this.#server.maxConnections = limits.maxOpenConnections;
    this.#sockets = new WebSocketServer({
      noServer: true,
      maxPayload: limits.maxBodyBytes,
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
      if (!this.#context.events.isHeard) return;
      for (const event of eventsOf(applied)) this.#context.events.publish(event);
    });
    this.#indexing = published.catch(() => undefined);
    return published;
  }

  /** Removes a block that is about to be deleted from the index, behind what is being indexed. */
  forget(applied: AppliedBlock): Promise<void> {
    const forgotten = this.#indexing.then(() => this.#context.index.forget(applied));
    this.#indexing = forgotten.catch(() => undefined);
    return forgotten;
  }

  /** Tells subscribers how far consensus is; free of work while nobody listens. */
  heardRound(): void {
    if (!this.#context.events.isHeard) {
      this.#lastRound = undefined;
      return;
    }
    const now = this.#context.round();
    if (!now) return;
    const { validators } = this.#context.chain.state();
    const events = roundEvents(this.#lastRound, now, validators);
    this.#lastRound = now;
    for (const event of events) this.#context.events.publish(event);
  }

  heardTimeout(timeout: Timeout): void {
    const now = this.#context.events.isHeard ? this.#context.round() : undefined;
    const event = now && timeoutEvent(now, timeout);
    if (event) this.#context.events.publish(event);
  }

  heardVote(vote: Vote): void {
    if (this.#context.events.isHeard) this.#context.events.publish(voteEvent(vote));
  }

  /** Waits for the index, tells subscribers that it ends, then closes every connection. */
  async stop(): Promise<void> {
    await this.#indexing;
    this.#context.events.cancelAll("CometBFT exited");
    for (const client of this.#sockets.clients) client.close(1001);
    await soon(() => this.#sockets.clients.size === 0);
    for (const client of this.#sockets.clients) client.terminate();
    this.#sockets.close();
    this.#server.closeAllConnections();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }
}

/** Transactions from where blocks and results are. */
function storedTxs({ blocks, chain }: RpcBackend): StoredTxs {
  return ({ height, index }) => {
    const [tx, result] = [blocks.loadTx(height, index), chain.txResultAt(height, index)];
    return tx && result && { height, index, tx, result };
  };
}

/** How long websocket clients get to read why their connection ends. */
const goodbyeMs = 200;

/** Resolves when it holds, or after that time. */
async function soon(holds: () => boolean): Promise<void> {
  const end = Date.now() + goodbyeMs;
  while (!holds() && Date.now() < end) await new Promise((resolve) => setTimeout(resolve, 10));
}

function refuseUpgrade(socket: Socket): void {
  socket.on("error", () => socket.destroy());
  socket.end("HTTP/1.1 404 Not Found\r\nConnection: close\r\n\r\n");
}
