/**
 * A process that commits is killed with SIGKILL at a random moment, again and again. What is
 * reopened must be a committed version: at least the last one that was reported, at most one
 * further, with the hash that an undisturbed run of the same writes has (spec/store.md, clause 5).
 */
import { spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import t, { type Test } from "tap";
import { manifestOf } from "../../../src/abci/snapshots/manifest.ts";
import type { Snapshots } from "../../../src/abci/snapshots/snapshots.ts";
import { sha256 } from "../../../src/crypto/hash.ts";
import { equalBytes, toHex } from "../../../src/encoding/bytes.ts";
import { openLevelDb } from "../../../src/store/leveldb.ts";
import { MemoryDb } from "../../../src/store/memory-db.ts";
import { Multistore } from "../../../src/store/multistore.ts";
import { killOptions, killStores, openSnapshots, write } from "../../support/committing-child.ts";
import { Xorshift } from "../../support/xorshift.ts";

const rounds = 4;
const restoreRounds = 2;
const child = path.resolve(import.meta.dirname, "../../support/committing-child.ts");

/** Lets the child commit this many versions and a little longer, then kills it. Its last line. */
function runAndKill(
  folder: string,
  moment: { commits: number; ms: number },
  ...mode: string[]
): Promise<string> {
  const running = spawn(process.execPath, ["--import", "tsx", child, folder, ...mode], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  return new Promise((resolve, reject) => {
    let output = "";
    let isAimed = false;
    running.stdout.setEncoding("utf8").on("data", (text: string) => {
      output += text;
      if (isAimed || output.split("\n").length <= moment.commits) return;
      isAimed = true;
      setTimeout(() => running.kill("SIGKILL"), moment.ms);
    });
    running.on("error", reject);
    running.on("close", (code, signal) => {
      if (signal !== "SIGKILL") reject(new Error(`the child ended by itself: ${code} ${signal}`));
      // The last line may be cut short by the kill: what counts is the last whole one.
      else resolve(output.split("\n").at(-2) ?? "");
    });
  });
}

/** The hash of a version of an undisturbed run; versions must be asked for in order. */
async function undisturbed(): Promise<(version: bigint) => Promise<string>> {
  const store = await Multistore.open(new MemoryDb(), killStores, killOptions);
  return async (version) => {
    while (store.version < version) {
      write(store.version + 1n, (name) => store.working(name));
      await store.commit();
    }
    return toHex(store.appHash());
  };
}

t.test("after kill -9 the last committed version is there, whole", async (t) => {
  const seed = Number(process.env.GONKA_TEST_SEED ?? process.pid);
  t.comment(`seed ${seed} (GONKA_TEST_SEED)`);
  const random = new Xorshift(seed);
  const folder = await mkdtemp(path.join(tmpdir(), "gonka-kill-"));
  t.teardown(() => rm(folder, { recursive: true, force: true }));
  const hashOf = await undisturbed();
  for (let round = 0; round < rounds; round++) {
    const moment = { commits: 1 + random.below(60), ms: random.below(30) };
    const [, reported = "", hash] = (await runAndKill(folder, moment)).split(" ");
    const db = await openLevelDb(folder);
    const store = await Multistore.open(db, killStores, killOptions);
    const ahead = store.version - BigInt(reported);
    t.ok(ahead === 0n || ahead === 1n, `round ${round}: ${reported} reported, ${store.version}`);
    if (ahead === 0n) t.equal(toHex(store.appHash()), hash, "the hash that was reported");
    t.equal(toHex(store.appHash()), await hashOf(store.version), "the undisturbed hash");
    await checkSnapshots(t, await openSnapshots(db, store));
    await db.close();
  }
  await killRestores(t, folder, random);
});

/** Every snapshot that is listed is whole. */
async function checkSnapshots(t: Test, snapshots: Snapshots): Promise<void> {
  for (const snapshot of snapshots.list()) {
    const { height, format } = snapshot;
    const hashes = manifestOf(snapshot)?.chunkHashes ?? [];
    const isWhole = hashes.every((hash, chunk) =>
      equalBytes(hash, sha256(snapshots.load({ height, format, chunk }))),
    );
    t.ok(hashes.length > 0 && isWhole, `snapshot ${height} is whole`);
  }
}

/** The state is the snapshot's or none, and the snapshots are all there. */
async function killRestores(t: Test, folder: string, random: Xorshift): Promise<void> {
  for (let round = 0; round < restoreRounds; round++) {
    const moment = { commits: 1 + random.below(3), ms: random.below(30) };
    const [, restored = "", hash] = (await runAndKill(folder, moment, "restore")).split(" ");
    const db = await openLevelDb(folder);
    const store = await Multistore.open(db, killStores, killOptions);
    const snapshots = await openSnapshots(db, store);
    await checkSnapshots(t, snapshots);
    t.equal(String(snapshots.list()[0]?.height), restored, "the newest snapshot is still there");
    if (store.version > 0n)
      t.equal(`${store.version} ${toHex(store.appHash())}`, `${restored} ${hash}`);
    await db.close();
  }
}
