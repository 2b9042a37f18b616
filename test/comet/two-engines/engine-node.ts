/** One node of a network of two engines: its process, or two with the application of its own. */
import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, openSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";

/** Which engine a node runs. */
export type Kind = "comet" | "gonka";

/** The built program. */
const gonkad = fileURLToPath(new URL("../../../bin/gonkad.mjs", import.meta.url));
/** No block for so long is more than a busy machine. */
const patienceMs = 600_000;

/** CometBFT's block sync may stand for ever (blocksync/pool.go:826): then it is started again. */
const standsMs = 120_000;

/** None outlives the test, however that ends. */
const running = new Set<ChildProcess>();
process.once("exit", () => {
  for (const child of running) child.kill("SIGKILL");
});
for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => process.exit(1));

interface NodeOptions {
  readonly name: string;
  readonly kind: Kind;
  readonly isValidator: boolean;
  readonly home: string;
  /** p2p over TCP or QUIC; rpc is the next, then ABCI. */
  readonly port: number;
  readonly binary: string;
  readonly gonkaArgs: readonly string[];
  readonly cometApp: "kvstore" | "socket";
}

/** What RPC tells of a block, as far as a test looks at it. */
export interface BlockMeta {
  readonly block_id: { readonly hash: string };
  readonly header: {
    readonly height: string;
    readonly app_hash: string;
    readonly proposer_address: string;
  };
  readonly num_txs: string;
}

export class EngineNode {
  readonly options: NodeOptions;
  /** How often its engine ended without having been asked to. */
  falls = 0;
  #isWanted = false;
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
    this.#isWanted = true;
    const { kind, home, port, binary, gonkaArgs, cometApp } = this.options;
    if (kind === "gonka") {
      const args = [gonkad, "start", "--home", home, ...gonkaArgs];
      this.#engine = this.#spawn(process.execPath, args);
      this.#watch(this.#engine);
      return;
    }
    const abci = `tcp://127.0.0.1:${port + 2}`;
    if (cometApp === "socket") {
      const args = ["--home", `${home}-app`, "--engine", "external", "--abci.address", abci];
      this.#app = this.#spawn(process.execPath, [gonkad, "start", ...args, ...gonkaArgs]);
    }
    const app = cometApp === "socket" ? abci : cometApp;
    this.#engine = this.#spawn(binary, ["node", "--home", home, "--proxy_app", app]);
    this.#watch(this.#engine);
  }

  /** Ends its processes with that signal. */
  async end(signal: NodeJS.Signals): Promise<void> {
    this.#isWanted = false;
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
    let last = { height: 0, at: Date.now() };
    let restartedAt = Date.now();
    for (;;) {
      const now = await this.height();
      if (now >= height) return;
      if (now > last.height) last = { height: now, at: Date.now() };
      const { kind, isValidator } = this.options;
      const onlySyncs = kind === "comet" && !isValidator;
      if (onlySyncs && Date.now() - Math.max(last.at, restartedAt) > standsMs) {
        this.#engine?.kill("SIGKILL"); // #watch counts it and starts it again.
        restartedAt = Date.now();
      }
      if (Date.now() - last.at > patienceMs) {
        throw new Error(`${this.name} stands at ${last.height}, see ${this.logFile}`);
      }
      await sleep(200);
    }
  }

  /** The blocks of these heights, ascending. */
  async metas(from: number, to: number): Promise<BlockMeta[]> {
    const found: BlockMeta[] = [];
    for (let low = from; low <= to; low += 20) {
      const range = { minHeight: String(low), maxHeight: String(Math.min(low + 19, to)) };
      const { block_metas } = await this.rpc<{ block_metas: BlockMeta[] }>("blockchain", range);
      found.push(...block_metas.toReversed());
    }
    return found;
  }

  /** CometBFT's block sync may panic (blocksync/pool.go:672): as a supervisor would, start again. */
  #watch(engine: ChildProcess): void {
    engine.once("exit", () => {
      if (!this.#isWanted) return;
      this.falls++;
      if (this.options.kind === "comet") void end(this.#app, "SIGKILL").then(() => this.start());
    });
  }

  #spawn(program: string, args: readonly string[]): ChildProcess {
    const log = openSync(this.logFile, "a");
    const child = spawn(program, args, { stdio: ["ignore", log, log] });
    closeSync(log);
    running.add(child);
    child.once("exit", () => running.delete(child));
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
