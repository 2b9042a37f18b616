/** One node of a network of two engines: its process, or two with the application of its own. */
import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, openSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";

/** Which engine a node runs. */
export type Kind = "comet" | "gonka";

const gonkad = fileURLToPath(new URL("../../support/gonkad-main.ts", import.meta.url));
/** Nothing here takes longer on a machine that is merely busy. */
const patienceMs = 180_000;

interface NodeOptions {
  readonly name: string;
  readonly kind: Kind;
  readonly home: string;
  /** p2p over TCP or QUIC; rpc is the next, then ABCI. */
  readonly port: number;
  readonly binary: string;
  readonly gonkaArgs: readonly string[];
  readonly cometApp: "kvstore" | "socket";
}

/** A header as RPC shows it, as far as a test looks at it. */
export interface Header {
  readonly app_hash: string;
  readonly proposer_address: string;
  readonly time: string;
}

export class EngineNode {
  readonly options: NodeOptions;
  #engine: ChildProcess | undefined;
  #app: ChildProcess | undefined;

  constructor(options: NodeOptions) {
    this.options = options;
  }

  get name(): string {
    return this.options.name;
  }

  get logFile(): string {
    return `${this.options.home}.log`;
  }

  start(): void {
    const { kind, home, port, binary, gonkaArgs, cometApp } = this.options;
    const tsx = ["--import", "tsx", gonkad, "start"];
    if (kind === "gonka") {
      this.#engine = this.#spawn(process.execPath, [...tsx, "--home", home, ...gonkaArgs]);
      return;
    }
    const abci = `tcp://127.0.0.1:${port + 2}`;
    if (cometApp === "socket") {
      const args = ["--home", `${home}-app`, "--engine", "external", "--abci.address", abci];
      this.#app = this.#spawn(process.execPath, [...tsx, ...args, ...gonkaArgs]);
    }
    const app = cometApp === "socket" ? abci : cometApp;
    this.#engine = this.#spawn(binary, ["node", "--home", home, "--proxy_app", app]);
  }

  /** Ends its processes with that signal. */
  async end(signal: NodeJS.Signals): Promise<void> {
    await Promise.all([this.#engine, this.#app].map((child) => end(child, signal)));
  }

  /** The result of a call of its RPC; throws its error. */
  async rpc<T>(method: string, params: Record<string, unknown> = {}): Promise<T> {
    const body = JSON.stringify({ jsonrpc: "2.0", id: 1, method, params });
    const url = `http://127.0.0.1:${this.options.port + 1}`;
    const signal = AbortSignal.timeout(10_000);
    const headers = { "content-type": "application/json" };
    const response = await fetch(url, { method: "POST", body, signal, headers });
    const { result, error } = (await response.json()) as { result: T; error?: object };
    if (error) throw new Error(`${this.name}: ${method}: ${JSON.stringify(error)}`);
    return result;
  }

  /** Its latest height; 0 while it does not answer. */
  async height(): Promise<number> {
    return this.rpc<{ sync_info: { latest_block_height: string } }>("status")
      .then(({ sync_info }) => Number(sync_info.latest_block_height))
      .catch(() => 0);
  }

  async reaches(height: number): Promise<void> {
    const end = Date.now() + patienceMs;
    for (let last = 0; ; ) {
      const now = await this.height();
      if (now >= height) return;
      if (Date.now() > end) throw new Error(`${this.name} stands at ${last}, see ${this.logFile}`);
      last = now;
      await sleep(200);
    }
  }

  async header(height: number): Promise<Header> {
    const { header } = await this.rpc<{ header: Header }>("header", { height: String(height) });
    return header;
  }

  #spawn(program: string, args: readonly string[]): ChildProcess {
    const log = openSync(this.logFile, "a");
    // Over the channel ours ends with this process; CometBFT without a parent has no peers left.
    const child = spawn(program, args, { stdio: ["ignore", log, log, "ipc"] });
    closeSync(log);
    return child;
  }
}

async function end(child: ChildProcess | undefined, signal: NodeJS.Signals): Promise<void> {
  if (!child || child.exitCode !== null || child.signalCode !== null) return;
  const exited = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  child.kill(signal);
  const insist = setTimeout(() => child.kill("SIGKILL"), 10_000);
  await exited;
  clearTimeout(insist);
}
