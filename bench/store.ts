/**
 * The store at a million accounts: updates with root hash and fsynced commit, gets, pauses, empty
 * commits, opening after a crash, memory; then cosmos/iavl on goleveldb doing the same work, when
 * Go is there: fewer rounds over as many keys, since each takes it seconds.
 * Run: node --import tsx bench/store.ts [--keys N] [--rounds N] [--go-rounds N] [--folder DIR]
 */
import { spawn, spawnSync } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { PerformanceObserver } from "node:perf_hooks";
import { parseArgs } from "node:util";
import { sha256 } from "../src/crypto/hash.ts";
import { toHex, u64be } from "../src/encoding/bytes.ts";
import { openLevelDb } from "../src/store/leveldb.ts";
import { Multistore } from "../src/store/multistore.ts";
import { Xorshift } from "../test/support/xorshift.ts";

const { values: flags } = parseArgs({
  options: {
    keys: { type: "string", default: "1000000" },
    rounds: { type: "string", default: "160" },
    "go-rounds": { type: "string", default: "10" },
    folder: { type: "string", default: tmpdir() },
    "skip-go": { type: "boolean", default: false },
    child: { type: "string" },
  },
});
const keys = Number(flags.keys);
const rounds = Number(flags.rounds);
const batch = 2_000;
/** Keys are loaded in a few large versions: with a sync for each, small ones take Go hours. */
const loadBatch = Math.min(keys, 200_000);
/** cosmos/iavl does the first rounds only; it has nothing to prune by then. */
const goRounds = Math.min(rounds, Number(flags["go-rounds"]));
const keyBytes = 22;
const valueBytes = 60;

const allKeys = new Uint8Array(keys * keyBytes);
for (let i = 0; i < keys; i++) {
  allKeys.set(sha256(u64be(BigInt(i))).subarray(0, keyBytes), i * keyBytes);
}
const keyAt = (i: number): Uint8Array => allKeys.subarray(i * keyBytes, (i + 1) * keyBytes);

/** A value that says when it was written. */
function valueAt(index: number, round: number): Uint8Array {
  const value = new Uint8Array(valueBytes);
  const view = new DataView(value.buffer);
  view.setUint32(0, index, true);
  view.setUint32(4, round, true);
  return value;
}

const cpuMs = (): number => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
};
const show = (name: string, value: string): void => console.log(`${name.padEnd(58)} ${value}`);
const perSecond = (count: number, ms: number): string =>
  `${Math.round((count / ms) * 1000).toLocaleString("en-US")} /s`;
const quantile = (sorted: readonly number[], part: number): string =>
  `${(sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? 0).toFixed(1)} ms`;
const residentMiB = (): number => process.memoryUsage().rss / 2 ** 20;

/** Rounds before what counts: they collect what loading left, and compile. */
const warmUpRounds = Math.min(20, rounds >> 1);

/** Everything but opening, in a process of its own, which ends by a kill: a crash. */
async function work(folder: string): Promise<void> {
  const gcMs: number[] = [];
  const observer = new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) gcMs.push(entry.duration);
  });
  const store = await Multistore.open(await openLevelDb(folder), ["bank"]);
  const bank = store.working("bank");
  for (let i = 0; i < keys; i++) {
    bank.set(keyAt(i), valueAt(i, 0));
    if (i % loadBatch === loadBatch - 1) await store.commit();
  }
  show("loaded", `${keys.toLocaleString("en-US")} keys, ${residentMiB().toFixed(0)} MiB`);
  const random = new Xorshift(1);
  const cpuPauses: number[] = [];
  const wallPauses: number[] = [];
  let [start, cpu] = [performance.now(), cpuMs()];
  for (let round = 1; round <= rounds; round++) {
    if (round === warmUpRounds + 1) {
      observer.observe({ entryTypes: ["gc"] });
      for (const pauses of [cpuPauses, wallPauses]) pauses.length = 0;
      [start, cpu] = [performance.now(), cpuMs()];
    }
    const [begin, cpuBegin] = [performance.now(), cpuMs()];
    for (let i = 0; i < batch; i++) {
      const index = random.below(keys);
      bank.set(keyAt(index), valueAt(index, round));
    }
    store.workingHash();
    const committed = store.commit();
    cpuPauses.push(cpuMs() - cpuBegin);
    wallPauses.push(performance.now() - begin);
    await committed;
    if (round === goRounds) show(`application hash after ${round} rounds`, toHex(store.appHash()));
  }
  const counted = (rounds - warmUpRounds) * batch;
  show("updates, root hash, fsynced commit, by CPU", perSecond(counted, cpuMs() - cpu));
  show("the same by the clock", perSecond(counted, performance.now() - start));
  for (const [name, pauses] of [
    ["a block of 2,000 updates without the wait for the disk, CPU", cpuPauses],
    ["the same by the clock", wallPauses],
    ["garbage collection meanwhile", gcMs],
  ] as const) {
    const sorted = [...pauses].sort((a, b) => a - b);
    const [median, most, worst] = [0.5, 0.99, 1].map((part) => quantile(sorted, part));
    show(name, `median ${median}, 99 of 100 ${most}, worst ${worst}`);
  }
  reads(store);
  await emptyCommits(store);
  show("resident", `${residentMiB().toFixed(0)} MiB`);
  process.kill(process.pid, "SIGKILL");
}

function reads(store: Multistore): void {
  const gets = 500_000;
  const bank = store.at(store.version)?.store("bank");
  const start = cpuMs();
  for (let i = 0; i < gets; i++) {
    if (bank?.get(keyAt((i * 7919) % keys))?.length !== valueBytes)
      throw new Error("a key is gone");
  }
  show("gets, by CPU", perSecond(gets, cpuMs() - start));
}

/** The first hundred free what a hundred full versions left; then the kept versions are empty. */
async function emptyCommits(store: Multistore): Promise<void> {
  for (const meanwhile of ["while full versions are forgotten", "after it"]) {
    const walls: number[] = [];
    const cpu = cpuMs();
    for (let i = 0; i < 100; i++) {
      const start = performance.now();
      await store.commit();
      walls.push(performance.now() - start);
    }
    walls.sort((a, b) => a - b);
    const perCommit = `${((cpuMs() - cpu) / 100).toFixed(2)} ms of CPU`;
    show(`empty fsynced commit, ${meanwhile}`, `median ${quantile(walls, 0.5)}, ${perCommit}`);
  }
}

function runChild(folder: string): Promise<void> {
  const counts = ["--rounds", flags.rounds, "--go-rounds", flags["go-rounds"]];
  const options = ["--keys", flags.keys, ...counts, "--child", folder];
  const child = spawn(process.execPath, [...process.execArgv, import.meta.filename, ...options], {
    stdio: "inherit",
  });
  return new Promise((resolve, reject) => {
    child.on("close", (code, signal) => {
      if (signal === "SIGKILL") resolve();
      else reject(new Error(`the measuring process ended with ${code}`));
    });
  });
}

async function openAfterCrash(folder: string): Promise<void> {
  const [start, cpu] = [performance.now(), cpuMs()];
  const db = await openLevelDb(folder);
  const store = await Multistore.open(db, ["bank"]);
  const seconds = ((performance.now() - start) / 1000).toFixed(1);
  const cpuSeconds = ((cpuMs() - cpu) / 1000).toFixed(1);
  show("opened after a kill -9", `${seconds} s, ${cpuSeconds} s of CPU, at ${store.version}`);
  await db.close();
}

/** cosmos/iavl v1 in bench/iavl-go: the versions are pinned there. */
function benchGo(folder: string): void {
  const source = path.join(import.meta.dirname, "iavl-go");
  const program = path.join(folder, "iavl-go");
  if (spawnSync("go", ["version"]).status !== 0) {
    show("cosmos/iavl", "skipped: no Go on this machine");
    return;
  }
  const built = spawnSync("go", ["build", "-o", program, "."], { cwd: source, encoding: "utf8" });
  if (built.status !== 0) {
    show("cosmos/iavl", `skipped: it does not build: ${built.stderr.split("\n").at(-2)}`);
    return;
  }
  const args = [path.join(folder, "iavl"), keys, loadBatch, batch, goRounds].map(String);
  const run = spawnSync(program, args, {
    encoding: "utf8",
    stdio: ["ignore", "pipe", "inherit"],
    env: { ...process.env, GOMAXPROCS: "1" },
  });
  if (run.status !== 0) throw new Error("bench/iavl-go failed");
  const result = JSON.parse(run.stdout) as Record<string, number | string>;
  for (const [name, value] of Object.entries(result)) {
    show(`cosmos/iavl v1.2.6 on goleveldb, ${goRounds} rounds: ${name}`, String(value));
  }
}

if (flags.child) await work(flags.child);
else {
  const folder = await mkdtemp(path.join(flags.folder, "gonka-bench-"));
  try {
    await runChild(path.join(folder, "store"));
    await openAfterCrash(path.join(folder, "store"));
    if (!flags["skip-go"]) benchGo(folder);
  } finally {
    await rm(folder, { recursive: true });
  }
}
