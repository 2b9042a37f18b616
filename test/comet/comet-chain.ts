/**
 * One validator of stock CometBFT with our application behind it, as two processes that a test can
 * kill. Everything lives in a temporary folder; ports follow from the pid of the test.
 */
import { type ChildProcess, execFileSync, spawn, spawnSync } from "node:child_process";
import {
  appendFileSync,
  closeSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { formatConfig } from "../../src/node/config.ts";
import { homePaths } from "../../src/node/home.ts";
import { writeKeys } from "../../src/node/keys.ts";
import { type GenesisDoc, parseGenesis } from "../../src/types/genesis/genesis.ts";

const here = (file: string) => fileURLToPath(new URL(file, import.meta.url));
/** Nothing here takes longer on a machine that is merely busy. */
const patienceMs = 120_000;

/** Path of the cometbft binary, or why there is none. Another version than 0.38 has libp2p. */
export function findCometBft(
  version = "v0.38.26",
): { readonly binary: string } | { readonly skip: string } {
  const script = here("install-cometbft.sh");
  const { status, stdout, stderr } = spawnSync(script, [version], { encoding: "utf8" });
  if (status === 0) return { binary: stdout.trim() };
  const reason = stderr.trim().split("\n").at(-1) ?? "";
  if (status === 3) return { skip: reason };
  throw new Error(`install-cometbft.sh ended with ${status}: ${reason}`);
}

/** A call of the application as its log has it; "start" marks a start of CometBFT. */
export interface LoggedCall {
  readonly call: string;
  readonly height: bigint | undefined;
}

/** Chains of this process so far: each has ports of its own. */
let chains = 0;

export class CometChain {
  readonly home = mkdtempSync(path.join(tmpdir(), "gonka-comet-"));
  readonly #binary: string;
  readonly #args: readonly string[];
  readonly #port: number;
  #app: ChildProcess | undefined;
  #comet: ChildProcess | undefined;

  /** What CometBFT starts from. */
  readonly genesis: GenesisDoc;

  /** edit: changes what "cometbft init" made; args: further flags of gonkad start. */
  constructor(options: {
    readonly binary: string;
    readonly args: readonly string[];
    readonly edit?: (genesis: Record<string, unknown>) => Record<string, unknown>;
  }) {
    this.#port = 38_000 + (process.pid % 500) * 16 + 8 * (chains++ % 2);
    this.#binary = options.binary;
    this.#args = options.args;
    execFileSync(this.#binary, ["init", "--home", this.cometHome], { stdio: "ignore" });
    const file = path.join(this.cometHome, "config", "genesis.json");
    const made = JSON.parse(readFileSync(file, "utf8")) as Record<string, unknown>;
    const genesis = JSON.stringify(options.edit?.(made) ?? made);
    this.genesis = parseGenesis(genesis);
    writeFileSync(file, genesis);
    this.#setConfig();
    mkdirSync(path.join(this.appHome, "config"), { recursive: true });
    writeFileSync(path.join(this.appHome, "config", "genesis.json"), genesis);
    const config = formatConfig("config", {
      log_level: "debug",
      log_format: "json",
      "rpc.laddr": `tcp://127.0.0.1:${this.#port}`,
    });
    writeFileSync(path.join(this.appHome, "config", "config.toml"), config);
    const app = formatConfig("app", {
      "api.address": `tcp://127.0.0.1:${this.#port + 3}`,
      "grpc.address": `tcp://127.0.0.1:${this.#port + 4}`,
    });
    writeFileSync(path.join(this.appHome, "config", "app.toml"), app);
  }

  get cometHome(): string {
    return path.join(this.home, "comet");
  }
  get appHome(): string {
    return path.join(this.home, "app");
  }
  get rpcUrl(): string {
    return `http://127.0.0.1:${this.#port}`;
  }
  get restUrl(): string {
    return `http://127.0.0.1:${this.#port + 3}`;
  }
  get #abci(): string {
    return `tcp://127.0.0.1:${this.#port + 2}`;
  }

  #setConfig(): void {
    const file = path.join(this.cometHome, "config", "config.toml");
    const text = readFileSync(file, "utf8")
      .replace('"tcp://127.0.0.1:26657"', `"tcp://127.0.0.1:${this.#port}"`)
      .replace('"tcp://0.0.0.0:26656"', `"tcp://127.0.0.1:${this.#port + 1}"`)
      .replace(/^timeout_commit = .*$/m, 'timeout_commit = "100ms"')
      .replace(/^cache_size = .*$/m, "cache_size = 0");
    writeFileSync(file, text);
  }

  /** Makes the node sign with the key of that seed instead of its own. */
  useValidator(validatorSeed: Uint8Array): void {
    rmSync(homePaths(this.cometHome).privValidatorKey);
    writeKeys(this.cometHome, { nodeSeed: validatorSeed, validatorSeed });
  }

  async start(): Promise<void> {
    this.startApp();
    this.startComet();
    await this.height();
  }

  startApp(): void {
    const main = here("../support/gonkad-main.ts");
    const args = ["--import", "tsx", main, "start", "--home", this.appHome, "--engine", "external"];
    args.push("--abci.address", this.#abci, ...this.#args);
    this.#app = this.#spawn(process.execPath, args, this.appLog);
  }

  /** proxyApp: another application than ours, such as the example that CometBFT has built in. */
  startComet(proxyApp = this.#abci): void {
    appendFileSync(this.appLog, `${JSON.stringify({ message: "call", call: "start" })}\n`);
    const args = ["node", "--home", this.cometHome, "--proxy_app", proxyApp];
    this.#comet = this.#spawn(this.#binary, args, path.join(this.home, "comet.log"));
  }

  #spawn(program: string, args: readonly string[], logFile: string): ChildProcess {
    const log = openSync(logFile, "a");
    // Over the channel ours ends with this process, and CometBFT ends with ours.
    const child = spawn(program, args, { stdio: ["ignore", log, log, "ipc"] });
    closeSync(log);
    return child;
  }

  get appLog(): string {
    return path.join(this.home, "app.log");
  }

  /** kill -9, and both start again: CometBFT ends when its application is gone. */
  async killApp(): Promise<void> {
    await end(this.#app, "SIGKILL");
    await end(this.#comet, "SIGTERM");
    this.startApp();
    this.startComet();
  }

  async killComet(): Promise<void> {
    await end(this.#comet, "SIGKILL");
    this.startComet();
  }

  /** Ends both in good order, and removes everything. */
  async stop(): Promise<void> {
    await this.end();
    rmSync(this.home, { recursive: true, force: true });
  }

  async end(): Promise<void> {
    await end(this.#comet, "SIGTERM");
    await end(this.#app, "SIGTERM");
  }

  /** The result of a call of CometBFT's RPC; throws its error. */
  async rpc<T>(method: string, params: Record<string, unknown> = {}): Promise<T> {
    const body = JSON.stringify({ jsonrpc: "2.0", id: 1, method, params });
    const response = await fetch(this.rpcUrl, { method: "POST", body });
    const { result, error } = (await response.json()) as { result: T; error?: object };
    if (error) throw new Error(`${method}: ${JSON.stringify(error)}`);
    return result;
  }

  /** The latest height, as soon as there is a block and somebody who tells. */
  async height(): Promise<number> {
    const end = Date.now() + patienceMs;
    while (Date.now() < end) {
      if (this.#app?.exitCode) throw new Error(`the application ended, see ${this.appLog}`);
      const height = await this.rpc<{ sync_info: { latest_block_height: string } }>("status")
        .then(({ sync_info }) => Number(sync_info.latest_block_height))
        .catch(() => 0);
      if (height > 0) return height;
      await sleep(100);
    }
    throw new Error(`no block within ${patienceMs} ms, see ${this.home}`);
  }

  /** Every call that the application's log has, in order. */
  calls(): LoggedCall[] {
    const lines = readFileSync(this.appLog, "utf8").split("\n");
    return lines.flatMap((line) => {
      const { message, call, height } = parse(line);
      if (message !== "call" || call === undefined) return [];
      return [{ call, height: height === undefined ? undefined : BigInt(height) }];
    });
  }
}

function parse(line: string): { message?: string; call?: string; height?: string } {
  try {
    return JSON.parse(line) as object;
  } catch {
    return {}; // A line that a kill cut off.
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
