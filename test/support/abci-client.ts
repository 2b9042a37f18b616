/** The engine's side of the ABCI socket: requests out, responses in, as bytes came. */
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import type { DeepPartial } from "cosmjs-types/helpers";
import { Request, Response } from "cosmjs-types/tendermint/abci/types";
import { FrameReader, frame } from "../../src/abci-server/frames.ts";

export class AbciClient {
  readonly socket: Socket;
  readonly responses: Response[] = [];
  readonly #frames = new FrameReader(1 << 28);
  #woken: () => void = () => undefined;
  isClosed = false;

  private constructor(socket: Socket) {
    this.socket = socket;
    socket.setNoDelay(true);
    socket.on("data", (piece) => {
      this.#frames.push(new Uint8Array(piece as Buffer));
      for (let bytes = this.#frames.next(); bytes; bytes = this.#frames.next()) {
        this.responses.push(Response.decode(bytes));
      }
      this.#woken();
    });
    socket.on("error", () => undefined);
    socket.on("close", () => {
      this.isClosed = true;
      this.#woken();
    });
  }

  static async connect(address: { host: string; port: number } | { path: string }) {
    const socket = connect(address);
    await once(socket, "connect");
    return new AbciClient(socket);
  }

  send(...requests: DeepPartial<Request>[]): void {
    for (const request of requests) {
      this.socket.write(frame(Request.encode(Request.fromPartial(request)).finish()));
    }
  }

  /** Waits until so many responses are there, or the connection is closed. */
  async received(count: number): Promise<Response[]> {
    while (this.responses.length < count && !this.isClosed) {
      await new Promise<void>((resolve) => {
        this.#woken = resolve;
      });
    }
    return this.responses;
  }

  /** Waits until the server has closed the connection. */
  async closed(): Promise<Response[]> {
    return this.received(Number.POSITIVE_INFINITY);
  }

  /** One call and a Flush; the answer. */
  async call(request: DeepPartial<Request>): Promise<Response> {
    const before = this.responses.length;
    this.send(request, { flush: {} });
    const all = await this.received(before + 2);
    const response = all[before];
    if (!response) throw new Error("the connection was closed");
    return response;
  }

  end(): void {
    this.socket.destroy();
  }
}
