/**
 * CometBFT's RPC as `--engine external` asks it: recorded answers of a real node, which a test may
 * replace, hold back or spoil.
 */
import { readFileSync } from "node:fs";
import { createServer, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

type Json = Record<string, unknown>;

interface Recorded {
  readonly method: string;
  readonly params: Json;
  readonly status: number;
  readonly body: Json;
}

const file = new URL("../vectors/comet/external.json", import.meta.url);

/** What CometBFT answered, by what was asked for. */
export const recorded: Readonly<Record<string, Recorded>> = JSON.parse(
  readFileSync(file, "utf8"),
).answers;

/** How one call is answered: a body, or whatever the test does with the response. */
export type Answer = string | ((response: ServerResponse) => void);

export class FakeComet {
  readonly #server: Server;
  /** By method; else the recorded answer to the same parameters, else to the same method. */
  readonly instead = new Map<string, (params: Json) => Answer>();
  readonly calls: { readonly method: string; readonly params: Json }[] = [];

  constructor() {
    this.#server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on("data", (chunk: Buffer) => chunks.push(chunk));
      request.on("end", () => {
        const { method, params } = JSON.parse(Buffer.concat(chunks).toString()) as Recorded;
        this.calls.push({ method, params });
        const answer = this.instead.get(method)?.(params) ?? this.#recorded(method, params);
        if (typeof answer === "string") response.end(answer);
        else answer(response);
      });
    });
  }

  /** Starts to listen; the port. */
  async listen(): Promise<number> {
    await new Promise<void>((resolve) => this.#server.listen(0, "127.0.0.1", resolve));
    return (this.#server.address() as AddressInfo).port;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #recorded(method: string, params: Json): Answer {
    const all = Object.values(recorded).filter((each) => each.method === method);
    const wanted = JSON.stringify(params);
    const found = all.find((each) => JSON.stringify(each.params) === wanted) ?? all[0];
    return (response) => {
      response.statusCode = found?.status ?? 404;
      response.end(JSON.stringify(found?.body ?? {}));
    };
  }
}

/** The recorded answer of that name. */
export function answerOf(name: string): string {
  const found = recorded[name];
  if (!found) throw new Error(`nothing recorded as ${name}`);
  return JSON.stringify(found.body);
}

/** An error as CometBFT's RPC writes it. */
export const refusal = (data: string): string =>
  JSON.stringify({
    jsonrpc: "2.0",
    id: 0,
    error: { code: -32603, message: "Internal error", data },
  });
