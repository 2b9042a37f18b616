/** A client of CometBFT's JSON-RPC: what this process asks the node that makes the blocks. */
import { GrpcError, grpcCode } from "../../api/grpc-error.ts";
import { type Fields, readFields } from "../../types/json/fields.ts";

/** How long CometBFT may take to answer. */
const timeoutMs = 10_000;

/** CometBFT refused a call; the message is its own text. */
export class CometRefusal extends Error {
  override readonly name = "CometRefusal";
}

export class CometClient {
  readonly #url: string;

  constructor(address: { readonly host: string; readonly port: number }) {
    const host = address.host.includes(":") ? `[${address.host}]` : address.host;
    this.#url = `http://${host}:${address.port}`;
  }

  /** The result of a method. Throws CometRefusal, or GrpcError 14 when nobody answers. */
  async call(method: string, params: Readonly<Record<string, unknown>> = {}): Promise<Fields> {
    const answer = readFields(await this.#post(method, params));
    const result = readFields(answer?.result);
    if (result) return result;
    const error = readFields(answer?.error);
    if (!error) throw unavailable(`${method}: no JSON-RPC answer`);
    throw new CometRefusal(String(error.data ?? error.message).slice(0, 1000));
  }

  async #post(method: string, params: object): Promise<unknown> {
    const body = JSON.stringify({ jsonrpc: "2.0", id: 0, method, params });
    try {
      const signal = AbortSignal.timeout(timeoutMs);
      const response = await fetch(this.#url, { method: "POST", body, signal });
      return await response.json();
    } catch (error) {
      throw unavailable(error instanceof Error ? error.message : String(error));
    }
  }
}

const unavailable = (reason: string): GrpcError =>
  new GrpcError(grpcCode.unavailable, `CometBFT does not answer: ${reason}`);
