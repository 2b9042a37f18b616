/**
 * kill -9 at every operation that makes something durable, from the start of a node through several
 * blocks, each three times in a row; after that the node must go on. `npm run test:crash`, with
 * --from and --to to choose operations. Checked over all lives: nothing is signed twice, no block
 * that was seen is lost or another, every header has the app hash that execution gave.
 */
import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { TestNetwork } from "./network.ts";

const { values } = parseArgs({
  options: {
    from: { type: "string", default: "1" },
    to: { type: "string", default: "48" },
    restarts: { type: "string", default: "3" },
  },
});
const [from, to, restarts] = [values.from, values.to, values.restarts].map(Number) as [
  number,
  number,
  number,
];
const root = fileURLToPath(new URL("../..", import.meta.url));
const preload = path.join(root, "test/support/crash-preload.mjs");
const patienceMs = 90_000;

interface Seen {
  readonly hash: string;
  readonly appHash: string;
}

/** One validator's home, and what was seen of its chain in all its lives. */
class Victim {
  readonly #home: string;
  readonly #rpc: string;
  readonly #logs: string;
  readonly #blocks = new Map<number, Seen>();

  constructor(home: string, rpc: string) {
    this.#home = home;
    this.#rpc = rpc;
    this.#logs = mkdtempSync(path.join(tmpdir(), "gonka-crash-"));
  }

  get signLog(): string {
    return path.join(this.#logs, "signed");
  }

  #spawn(crashAt: number, when: string) {
    return spawn(
      process.execPath,
      ["--import", preload, path.join(root, "bin/gonkad.mjs"), "start", "--home", this.#home],
      {
        stdio: "ignore",
        env: {
          ...process.env,
          CRASH_AT: String(crashAt),
          CRASH_WHEN: when,
          CRASH_LOG: path.join(this.#logs, "operations"),
          SIGN_LOG: this.signLog,
        },
      },
    );
  }

  /** A life that ends at that operation; what it was. */
  async crash(crashAt: number, when: "before" | "after"): Promise<string> {
    const child = this.#spawn(crashAt, when);
    const signal = await Promise.race([
      new Promise<string>((resolve) => child.once("exit", (code, by) => resolve(by ?? `${code}`))),
      sleep(patienceMs).then(() => "no end"),
    ]);
    child.kill("SIGKILL");
    if (signal !== "SIGKILL") throw new Error(`operation ${crashAt} ${when}: ended by ${signal}`);
    const log = path.join(this.#logs, "operations");
    return existsSync(log) ? (readFileSync(log, "utf8").trim().split("\n").at(-1) ?? "") : "";
  }

  /** A life without a crash: two more blocks, and everything seen before is still there. */
  async live(): Promise<void> {
    const child = this.#spawn(0, "before");
    try {
      const known = Math.max(0, ...this.#blocks.keys());
      const start = await this.#height();
      if (start < known) throw new Error(`height ${start} after ${known} was seen`);
      const goal = start + 2;
      while ((await this.#height()) < goal) await sleep(200);
      for (let height = Math.max(1, known - 3); height <= goal; height++) await this.#see(height);
    } finally {
      const ended = new Promise((resolve) => child.once("exit", resolve));
      child.kill("SIGTERM");
      await ended;
    }
  }

  async #see(height: number): Promise<void> {
    const { block_id: id, block } = await this.#get<{
      block_id: { hash: string };
      block: { header: { app_hash: string } };
    }>(`block?height=${height}`);
    const found = { hash: id.hash, appHash: block.header.app_hash };
    const before = this.#blocks.get(height);
    if (before && before.hash !== found.hash) throw new Error(`block ${height} is another one`);
    this.#blocks.set(height, found);
    if (height === 1) return;
    const { app_hash: executed } = await this.#get<{ app_hash: string }>(
      `block_results?height=${height - 1}`,
    );
    const given = Buffer.from(executed, "base64").toString("hex").toUpperCase();
    if (given !== found.appHash) throw new Error(`header ${height} has another app hash`);
  }

  async #height(): Promise<number> {
    const until = Date.now() + patienceMs;
    while (Date.now() < until) {
      try {
        const { sync_info: sync } = await this.#get<{ sync_info: { latest_block_height: string } }>(
          "status",
        );
        return Number(sync.latest_block_height);
      } catch {
        await sleep(200);
      }
    }
    throw new Error("the node does not come up");
  }

  async #get<T>(method: string): Promise<T> {
    const response = await fetch(`${this.#rpc}/${method}`, { signal: AbortSignal.timeout(5000) });
    const { result, error } = (await response.json()) as { result: T; error?: unknown };
    if (error) throw new Error(`${method}: ${JSON.stringify(error)}`);
    return result;
  }

  /** Points that were signed with two different contents. */
  doubleSigns(): string[] {
    const signed = new Map<string, Set<string>>();
    for (const line of readFileSync(this.signLog, "utf8").trim().split("\n")) {
      const { height, round, step, signbytes } = JSON.parse(line) as Record<string, unknown>;
      const point = `${height}/${round}/${step}`;
      signed.set(point, (signed.get(point) ?? new Set()).add(String(signbytes)));
    }
    return [...signed].filter(([, contents]) => contents.size > 1).map(([point]) => point);
  }

  clean(): void {
    rmSync(this.#logs, { recursive: true, force: true });
  }
}

const network = await TestNetwork.start({ validators: 1 });
await network.waitForHeight(0, 3);
const home = network.localnet.plan.nodes[0]?.home ?? "";
const rpc = network.rpc(0);
await network.localnet.stop();
const victim = new Victim(home, rpc);
writeFileSync(victim.signLog, "");
const started = Date.now();
const reached = new Map<string, number>();
try {
  for (let operation = from; operation <= to; operation++) {
    for (const when of ["before", "after"] as const) {
      let what = "";
      for (let life = 0; life < restarts; life++) what = await victim.crash(operation, when);
      await victim.live();
      reached.set(what.replace(/^\d+ /, ""), (reached.get(what.replace(/^\d+ /, "")) ?? 0) + 1);
      process.stdout.write(`${operation}/${to} ${what}: ok\n`);
    }
  }
  const doubles = victim.doubleSigns();
  if (doubles.length > 0) throw new Error(`signed twice: ${doubles.join(", ")}`);
  const seconds = Math.round((Date.now() - started) / 1000);
  process.stdout.write(`${[...reached].map(([what, n]) => `${n} ${what}`).join("\n")}\n`);
  process.stdout.write(`${(to - from + 1) * 2 * restarts} crashes, ${seconds} s, nothing lost\n`);
} finally {
  await network.stop();
  victim.clean();
}
