/** A gRPC client that knows no service: bytes to a path, bytes or a status back. */
import { Client, credentials, Metadata, type ServiceError } from "@grpc/grpc-js";

export interface GrpcReply {
  readonly code: number;
  readonly details: string;
  readonly response: Uint8Array;
  /** x-cosmos-block-height of the answer. */
  readonly height: string | undefined;
}

const heightKey = "x-cosmos-block-height";
const identity = (bytes: Buffer): Buffer => bytes;

export class RawGrpcClient {
  readonly #client: Client;
  constructor(port: number) {
    this.#client = new Client(`127.0.0.1:${port}`, credentials.createInsecure(), {
      "grpc.max_receive_message_length": 64 * 1024 * 1024,
    });
  }

  call(path: string, request: Uint8Array, height?: string): Promise<GrpcReply> {
    const metadata = new Metadata();
    if (height !== undefined) metadata.set(heightKey, height);
    return new Promise((resolve) => {
      let answered: string | undefined;
      const done = (error: ServiceError | null, response?: Buffer): void =>
        resolve({
          code: error?.code ?? 0,
          details: error?.details ?? "",
          response: new Uint8Array(response ?? []),
          height: answered,
        });
      const body = Buffer.from(request);
      const call = this.#client.makeUnaryRequest(path, identity, identity, body, metadata, done);
      call.on("metadata", (headers: Metadata) => {
        answered = headers.get(heightKey)[0]?.toString();
      });
    });
  }

  /** Sends these on one stream; resolves with all answers and the status that ends it. */
  stream(path: string, requests: readonly Uint8Array[]) {
    const call = this.#client.makeBidiStreamRequest(path, identity, identity, new Metadata());
    const answers: Uint8Array[] = [];
    return new Promise<{ code: number; answers: readonly Uint8Array[] }>((resolve) => {
      call.on("data", (bytes: Buffer) => answers.push(new Uint8Array(bytes)));
      call.on("error", ({ code }: ServiceError) => resolve({ code, answers }));
      call.on("end", () => resolve({ code: 0, answers }));
      for (const request of requests) call.write(Buffer.from(request));
      call.end();
    });
  }

  close(): void {
    this.#client.close();
  }
}
