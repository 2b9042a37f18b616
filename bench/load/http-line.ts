/** One connection to a node that is kept open, with one request at a time on it. */
import { Agent, request } from "node:http";

export class HttpLine {
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 1 });
  readonly #port: number;

  constructor(port: number) {
    this.#port = port;
  }

  /** Sends a JSON-RPC body and resolves with the answer's text. */
  post(body: string | Buffer): Promise<string> {
    return new Promise((resolve, reject) => {
      const headers = { "Content-Type": "application/json", "Content-Length": body.length };
      const options = { host: "127.0.0.1", port: this.#port, method: "POST", headers };
      const sent = request({ ...options, agent: this.#agent }, (response) => {
        const chunks: Buffer[] = [];
        response.on("data", (chunk: Buffer) => chunks.push(chunk));
        response.on("end", () => resolve(Buffer.concat(chunks).toString("latin1")));
        response.on("error", reject);
      });
      sent.on("error", reject);
      sent.end(body);
    });
  }

  /** The result of one call. */
  async call<T>(method: string, params: Readonly<Record<string, unknown>> = {}): Promise<T> {
    const text = await this.post(JSON.stringify({ jsonrpc: "2.0", id: 1, method, params }));
    const { result, error } = JSON.parse(text) as { result: T; error?: unknown };
    if (error !== undefined) throw new Error(`${method}: ${JSON.stringify(error)}`);
    return result;
  }

  close(): void {
    this.#agent.destroy();
  }
}
