/** One gonkad as a process of its own: started, measured and ended by tests of whole nodes. */
import { type ChildProcess, spawn } from "node:child_process";
import {
  closeSync,
  existsSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
} from "node:fs";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../..", import.meta.url));
export const gonkad = path.join(root, "bin/gonkad.mjs");
/** What can be loaded before the program, by name. */
export const preload = (name: string): string =>
  path.join(root, `test/support/${name}-preload.mjs`);

/** What a process holds; bytes, but for the counts and the time. */
export interface Vitals {
  readonly rss: number;
  readonly peakRss: number;
  /** After a collection of garbage. */
  readonly heapUsed: number;
  readonly external: number;
  readonly handles: number;
  readonly timers: number;
  /** The longest stand of the event loop since the last sample. */
  readonly blockedMs: number;
}

export interface StatusAnswer {
  readonly node_info: { readonly id: string };
  readonly sync_info: {
    readonly latest_block_height: string;
    readonly earliest_block_height: string;
    readonly catching_up: boolean;
  };
}

export interface RealNodeOptions {
  readonly name: string;
  readonly home: string;
  /** Such as http://127.0.0.1:26657. */
  readonly rpc: string;
  /** Words before `node`, such as a wrapper that enters a namespace. */
  readonly before?: readonly string[];
  /** Modules loaded before the program. */
  readonly preloads?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

export class RealNode {
  readonly name: string;
  readonly home: string;
  readonly rpc: string;
  readonly #options: RealNodeOptions;
  #child: ChildProcess | undefined;
  #ended: Promise<string> = Promise.resolve("not started");

  constructor(options: RealNodeOptions) {
    this.name = options.name;
    this.home = options.home;
    this.rpc = options.rpc;
    this.#options = options;
  }

  get logFile(): string {
    return `${this.home}.log`;
  }

  get #vitalsFile(): string {
    return `${this.home}.vitals`;
  }

  get pid(): number {
    const pid = this.#child?.pid;
    if (pid === undefined) throw new Error(`${this.name} does not run`);
    return pid;
  }

  /** The signal or exit code that the last life ended with; waits for it. */
  get ended(): Promise<string> {
    return this.#ended;
  }

  get isRunning(): boolean {
    return this.#child !== undefined;
  }

  start(): void {
    const { before = [], preloads = [], env = {} } = this.#options;
    const imports = preloads.flatMap((file) => ["--import", file]);
    const words = [process.execPath, ...imports, gonkad, "start", "--home", this.home];
    const [command = "", ...args] = [...before, ...words];
    const log = openSync(this.logFile, "a");
    const child = spawn(command, args, {
      stdio: ["ignore", log, log],
      env: { ...process.env, VITALS_FILE: this.#vitalsFile, ...env },
    });
    closeSync(log);
    this.#child = child;
    this.#ended = new Promise((resolve) => {
      child.once("error", (error) => resolve(error.message));
      child.once("exit", (code, signal) => {
        if (this.#child === child) this.#child = undefined;
        resolve(signal ?? `exit code ${code}`);
      });
    });
  }

  signal(name: NodeJS.Signals): void {
    process.kill(this.pid, name);
  }

  /** Sends the signal and waits for the end. */
  async end(name: NodeJS.Signals = "SIGTERM"): Promise<string> {
    if (!this.#child) return this.#ended;
    this.signal(name);
    const insist = setTimeout(() => this.#child?.kill("SIGKILL"), 20_000);
    const how = await this.#ended;
    clearTimeout(insist);
    return how;
  }

  /** A method of the RPC server; throws when it does not answer or refuses. */
  async get<T>(method: string): Promise<T> {
    const response = await fetch(`${this.rpc}/${method}`, { signal: AbortSignal.timeout(5000) });
    const { result, error } = (await response.json()) as { result: T; error?: object };
    if (error) throw new Error(`${method}: ${JSON.stringify(error)}`);
    return result;
  }

  status(): Promise<StatusAnswer> {
    return this.get<StatusAnswer>("status");
  }

  /** The last block; -1 when the node does not answer. */
  async height(): Promise<number> {
    try {
      return Number((await this.status()).sync_info.latest_block_height);
    } catch {
      return -1;
    }
  }

  /** What the process holds. Needs the preload "vitals". */
  async vitals(): Promise<Vitals> {
    rmSync(this.#vitalsFile, { force: true });
    this.signal("SIGUSR2");
    for (let i = 0; i < 600 && !existsSync(this.#vitalsFile); i++) await sleep(50);
    return JSON.parse(readFileSync(this.#vitalsFile, "utf8")) as Vitals;
  }

  /** What the node has written to its log, over all its lives. */
  log(): string {
    return existsSync(this.logFile) ? readFileSync(this.logFile, "utf8") : "";
  }
}

/** Bytes of the files below a folder. Files that go away meanwhile do not count. */
export function bytesBelow(folder: string): number {
  let sum = 0;
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    sum += statSync(path.join(entry.parentPath, entry.name), { throwIfNoEntry: false })?.size ?? 0;
  }
  return sum;
}
