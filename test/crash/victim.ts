/** One validator's home through many lives: crashes at a point, and checks of what is left. */
import { type ChildProcess, spawn } from "node:child_process";
import { cpSync, existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";

const here = (name: string): string => fileURLToPath(new URL(name, import.meta.url));
const patienceMs = 120_000;

/** Where a life ends. */
export interface CrashPoint {
  /** Kind of the operation, and who asked for it. */
  readonly label: string;
  readonly when: "before" | "torn" | "after";
  /** At its n-th occurrence in the life. */
  readonly nth: number;
}

interface Block {
  readonly block_id: { readonly hash: string };
  readonly block: { readonly header: { readonly app_hash: string } };
}

/** A life under way, and its RPC. */
interface Life {
  readonly child: ChildProcess;
  readonly rpc: string;
}

export class Victim {
  readonly #folder: string;
  readonly #bundle: string;
  readonly #blocks = new Map<number, string>();

  /** Begins with a copy of that home. */
  constructor(template: string, folder: string, bundle: string) {
    this.#folder = folder;
    this.#bundle = bundle;
    rmSync(folder, { recursive: true, force: true });
    cpSync(template, this.#home, { recursive: true });
    writeFileSync(this.#signLog, "");
    writeFileSync(this.#pointLog, "");
  }

  get #home(): string {
    return path.join(this.#folder, "home");
  }
  get #signLog(): string {
    return path.join(this.#folder, "signed");
  }
  get #pointLog(): string {
    return path.join(this.#folder, "points");
  }

  /** Every point met so far, in order, with repetitions. */
  points(): string[] {
    return readFileSync(this.#pointLog, "utf8")
      .split("\n")
      .filter((line) => line !== "");
  }

  #spawn(crash: CrashPoint | undefined): ChildProcess {
    const child = spawn(process.execPath, ["--import", here("preload.mjs"), here("child.mjs")], {
      stdio: ["ignore", "pipe", "inherit"],
      env: {
        ...process.env,
        BUNDLE: this.#bundle,
        HOME_OF_NODE: this.#home,
        POINT_LOG: this.#pointLog,
        SIGN_LOG: this.#signLog,
        ...(crash && { CRASH: JSON.stringify(crash) }),
      },
    });
    return child;
  }

  /** A life that ends at that point. False when it did not come to it. */
  async crash(point: CrashPoint): Promise<boolean> {
    const child = this.#spawn(point);
    const how = await Promise.race([endOf(child), sleep(patienceMs, "no end", { ref: false })]);
    child.kill("SIGKILL");
    if (how === "SIGKILL") return true;
    if (how === "3") return false;
    throw new Error(`${point.when} ${point.label}: ended by ${how}`);
  }

  /** A life without a crash: so many more blocks, and everything seen before is still there. */
  async live(blocks: number): Promise<void> {
    const { child, rpc } = await this.#begin();
    const ended = endOf(child);
    try {
      const goal = (await height(rpc)) + blocks;
      const until = Date.now() + patienceMs;
      while ((await height(rpc)) < goal) {
        if (Date.now() > until) throw new Error(`no block ${goal}`);
        await sleep(20);
      }
      for (let at = await base(rpc); at <= goal; at++) await this.#see(rpc, at);
    } finally {
      child.kill("SIGTERM");
      await ended;
    }
    this.#checkSigned();
  }

  /** The application forgets everything and executes all blocks again: its hashes are compared. */
  async replay(): Promise<void> {
    rmSync(path.join(this.#home, "data/application.db"), { recursive: true, force: true });
    await this.live(1);
  }

  async #begin(): Promise<Life> {
    const child = this.#spawn(undefined);
    const port = await new Promise<string>((resolve, reject) => {
      child.stdout?.once("data", (bytes: Buffer) => resolve(String(bytes).trim()));
      child.once("exit", (code, signal) => reject(new Error(`did not start: ${code ?? signal}`)));
    });
    return { child, rpc: `http://127.0.0.1:${port}` };
  }

  /** Blocks go on meanwhile, and with them pruning. */
  async #see(rpc: string, at: number): Promise<void> {
    try {
      await this.#compare(rpc, at);
    } catch (error) {
      if ((await base(rpc)) < at) throw error;
    }
  }

  async #compare(rpc: string, at: number): Promise<void> {
    const { block_id: id, block } = await get<Block>(rpc, `block?height=${at}`);
    const before = this.#blocks.get(at);
    if (before !== undefined && before !== id.hash) throw new Error(`block ${at} is another one`);
    this.#blocks.set(at, id.hash);
    if (at <= (await base(rpc))) return;
    const results = await get<{ app_hash: string }>(rpc, `block_results?height=${at - 1}`);
    const executed = Buffer.from(results.app_hash, "base64").toString("hex").toUpperCase();
    if (executed !== block.header.app_hash) throw new Error(`header ${at}: another app hash`);
  }

  /**
   * Nothing was signed twice; and since this is the only validator, a block that it precommitted is
   * decided: it must be the one that the chain has.
   */
  #checkSigned(): void {
    const signed = new Map<string, string>();
    for (const line of readFileSync(this.#signLog, "utf8").split("\n")) {
      if (line === "") continue;
      const { height: at, round, step, signbytes } = JSON.parse(line) as Record<string, unknown>;
      const point = `${at}/${round}/${step}`;
      const content = String(signbytes).toUpperCase();
      const before = signed.get(point);
      if (before !== undefined && before !== content) throw new Error(`signed twice: ${point}`);
      signed.set(point, content);
      const hash = this.#blocks.get(Number(at));
      if (step === 3 && hash !== undefined && isForBlock(content) && !content.includes(hash)) {
        throw new Error(`block ${at} is not the one that was precommitted`);
      }
    }
  }

  remove(): void {
    if (existsSync(this.#folder)) rmSync(this.#folder, { recursive: true, force: true });
  }
}

/** A vote for nil has no block id, and so no 32-byte hash: 0x0A20 begins one. */
const isForBlock = (signBytes: string): boolean => signBytes.includes("0A20");

const endOf = (child: ChildProcess): Promise<string> =>
  new Promise((resolve) => child.once("exit", (code, signal) => resolve(signal ?? `${code}`)));

async function get<T>(rpc: string, method: string): Promise<T> {
  const response = await fetch(`${rpc}/${method}`, { signal: AbortSignal.timeout(60_000) });
  const { result, error } = (await response.json()) as { result: T; error?: unknown };
  if (error) throw new Error(`${method}: ${JSON.stringify(error)}`);
  return result;
}

interface SyncInfo {
  readonly latest_block_height: string;
  readonly earliest_block_height: string;
}

const status = async (rpc: string): Promise<SyncInfo> =>
  (await get<{ sync_info: SyncInfo }>(rpc, "status")).sync_info;
const base = async (rpc: string): Promise<number> =>
  Number((await status(rpc)).earliest_block_height);
const height = async (rpc: string): Promise<number> =>
  Number((await status(rpc)).latest_block_height);
