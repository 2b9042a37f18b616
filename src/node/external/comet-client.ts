/** A client of CometBFT's JSON-RPC: what this process asks the node that makes the blocks. */
import { GrpcError, grpcCode } from "../../api/grpc-error.ts";
import { readBody } from "../../encoding/response-body.ts";
import { type Fields, readFields } from "../../types/json/fields.ts";

/** What one answer may cost. */
export interface CometLimits {
  /** How long CometBFT may take. */
  readonly timeoutMs: number;
  readonly maxAnswerBytes: number;
}

/** CometBFT refused a call; the message is its own text. */
export class CometRefusal extends Error {
  override readonly name = "CometRefusal";
}

export class CometClient {
  readonly #url: string;
  readonly #limits: CometLimits;

  constructor(address: { readonly host: string; readonly port: number }, limits: CometLimits) {
    const host = address.host.includes(":") ? `[${address.host}]` : address.host;
    this.#url = `http://${host}:${address.port}`;
    this.#limits = limits;
  }

  /** The result of a method. Throws CometRefusal, or GrpcError 14 where there is no answer. */
  async call(method: string, params: Readonly<Record<string, unknown>> = {}): Promise<Fields> {
    const answer = readFields(await this.#post(method, params));
    const result = readFields(answer?.result);
    if (result) return result;
    const error = readFields(answer?.error);
    if (!error) throw unavailable(`${method}: no JSON-RPC answer`);
    const { data, message } = error;
    const text = [data, message].find((each) => typeof each === "string" && each !== "");
    throw new CometRefusal(String(text ?? `${method} was refused`).slice(0, 1000));
  }

  async #post(method: string, params: object): Promise<unknown> {
    const body = JSON.stringify({ jsonrpc: "2.0", id: 0, method, params });
    try {
      const signal = AbortSignal.timeout(this.#limits.timeoutMs);
      const response = await fetch(this.#url, { method: "POST", body, signal });
      const text = await readBody(response, this.#limits.maxAnswerBytes);
      if (text === undefined) throw new Error(`${method}: the answer is too long`);
      return JSON.parse(text);
    } catch (error) {
      throw unavailable(error instanceof Error ? error.message : String(error));
    }
  }
}

const unavailable = (reason: string): GrpcError =>
  new GrpcError(grpcCode.unavailable, `CometBFT does not answer: ${reason}`);
