/**
 * A process that commits is killed with SIGKILL at a random moment, again and again. What is
 * reopened must be a committed version: at least the last one that was reported, at most one
 * further, with the hash that an undisturbed run of the same writes has (spec/store.md, clause 5).
 */
import { spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import t from "tap";
import { toHex } from "../../../src/encoding/bytes.ts";
import { openLevelDb } from "../../../src/store/leveldb.ts";
import { MemoryDb } from "../../../src/store/memory-db.ts";
import { Multistore } from "../../../src/store/multistore.ts";
import { killOptions, killStores, write } from "../../support/committing-child.ts";
import { Xorshift } from "../../support/xorshift.ts";

const rounds = 6;
const child = path.resolve(import.meta.dirname, "../../support/committing-child.ts");

/** Lets the child commit this many versions and a little longer, then kills it. Its last line. */
function runAndKill(folder: string, moment: { commits: number; ms: number }): Promise<string> {
  const running = spawn(process.execPath, ["--import", "tsx", child, folder], {
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
    await db.close();
  }
});
