/**
 * The application as a server, for an engine in another process: stock CometBFT 0.38 with
 * proxy_app = "tcp://..." (cometbft abci/server/socket_server.go). spec/abci.md, "Socket".
 *
 * The engine opens several connections. Requests of one connection are answered in their order; no
 * two calls of the application, of whatever connection, run at the same time.
 */
import { rmSync } from "node:fs";
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import { Response } from "cosmjs-types/tendermint/abci/types";
import type { Application } from "../abci/application.ts";
import { concat } from "../encoding/bytes.ts";
import type { SocketAddress } from "./address.ts";
import { answer, callOf, decodeRequest, heightOf, ProtocolError } from "./dispatch.ts";
import { FrameError, FrameReader, frame } from "./frames.ts";

/** One request: a block is at most 100 MiB, but InitChain has the whole genesis. */
const maxRequestBytes = 512 * 1024 * 1024;
/** Answers that wait for a Flush; above this they are sent without one. */
const maxWaitingBytes = 256 * 1024;

/** Where the server writes what people should know. */
interface Log {
  debug(message: string, fields?: Readonly<Record<string, unknown>>): void;
  info(message: string, fields?: Readonly<Record<string, unknown>>): void;
  error(message: string, fields?: Readonly<Record<string, unknown>>): void;
}

export interface SocketServerParts {
  readonly app: Application;
  readonly log: Log;
  /** The application failed in the middle of a call: the process must end, it may be half done. */
  readonly fatal: (error: unknown) => void;
}

export class SocketServer {
  readonly #parts: SocketServerParts;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #connections = 0;
  /** The end of the last call: the lock of the application. */
  #last: Promise<unknown> = Promise.resolve();
  #hasFailed = false;

  constructor(parts: SocketServerParts) {
    this.#parts = parts;
    this.#server = createServer((socket) => void this.#serve(socket));
  }

  /** Resolves with the port that was really taken, 0 for a unix socket. */
  async start(address: SocketAddress): Promise<number> {
    if ("path" in address) rmSync(address.path, { force: true }); // Left behind by a kill.
    await new Promise<void>((resolve, reject) => {
      this.#server.once("error", reject);
      this.#server.listen(address, () => resolve());
    });
    const bound = this.#server.address() as AddressInfo | string;
    return typeof bound === "string" ? 0 : bound.port;
  }

  /** Lets the running call end, then closes every connection. */
  async stop(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    await this.#last;
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }

  async #serve(socket: Socket): Promise<void> {
    this.#connections += 1;
    const connection = new Connection(socket, this.#connections);
    const { log } = this.#parts;
    this.#sockets.add(socket);
    socket.setNoDelay(true);
    log.info("engine connected", { connection: connection.number });
    try {
      for await (const piece of socket) {
        connection.frames.push(plain(piece as Uint8Array));
        await this.#answerAll(connection);
      }
      log.info("engine disconnected", { connection: connection.number });
    } catch (error) {
      log.error("connection closed", { connection: connection.number, error: String(error) });
    } finally {
      socket.destroy();
      this.#sockets.delete(socket);
    }
  }

  /** Throws after it has told the engine what is wrong: the connection cannot go on. */
  async #answerAll(connection: Connection): Promise<void> {
    try {
      for (let bytes = connection.frames.next(); bytes; bytes = connection.frames.next()) {
        const response = await this.#inOrder(bytes, connection.number);
        await connection.add(response);
      }
    } catch (error) {
      const text = error instanceof Error ? error.message : String(error);
      await connection.add({ exception: { error: text } });
      await connection.flush();
      const isSenders = error instanceof FrameError || error instanceof ProtocolError;
      if (!isSenders && !this.#hasFailed) {
        this.#hasFailed = true;
        this.#parts.fatal(error);
      }
      throw error;
    }
  }

  #inOrder(bytes: Uint8Array, connection: number): Promise<Response> {
    const call = this.#last.then(() => this.#call(bytes, connection));
    this.#last = call.catch(() => undefined);
    return call;
  }

  async #call(bytes: Uint8Array, connection: number): Promise<Response> {
    // After a failure the state may be half written: nobody may see it.
    if (this.#hasFailed) throw new ProtocolError("the application has failed");
    const request = decodeRequest(bytes);
    const { app, log } = this.#parts;
    const call = callOf(request);
    if (call !== "flush") log.debug("call", { connection, call, height: heightOf(request) });
    return answer(app, request);
  }
}

/** Without the methods of Buffer, whose slice shares memory where that of Uint8Array copies. */
const plain = ({ buffer, byteOffset, length }: Uint8Array): Uint8Array =>
  new Uint8Array(buffer, byteOffset, length);

/** One connection: what came in, and the answers that wait for a Flush. */
class Connection {
  readonly number: number;
  readonly frames = new FrameReader(maxRequestBytes);
  readonly #socket: Socket;
  #waiting: Uint8Array[] = [];
  #waitingBytes = 0;

  constructor(socket: Socket, number: number) {
    this.#socket = socket;
    this.number = number;
  }

  /** Resolves at once, or when the socket has taken everything that waited. */
  async add(response: Response): Promise<void> {
    const bytes = frame(Response.encode(response).finish());
    this.#waiting.push(bytes);
    this.#waitingBytes += bytes.length;
    if (response.flush || this.#waitingBytes > maxWaitingBytes) await this.flush();
  }

  async flush(): Promise<void> {
    const bytes = concat(...this.#waiting);
    this.#waiting = [];
    this.#waitingBytes = 0;
    await new Promise<void>((resolve) => this.#socket.write(bytes, () => resolve()));
  }
}
