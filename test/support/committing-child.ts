/**
 * A process for the kill -9 tests. It opens the store in argv[2] and commits versions as fast as it
 * can, with snapshots on the way; or, with "restore" in argv[3], replaces the state by the newest
 * snapshot, again and again. What is on disk is reported on a line of its own.
 */
import { writeSync } from "node:fs";
import { manifestOf } from "../../src/abci/snapshots/manifest.ts";
import { Snapshots } from "../../src/abci/snapshots/snapshots.ts";
import { toHex } from "../../src/encoding/bytes.ts";
import { appHashOf } from "../../src/store/commit-info.ts";
import type { Db } from "../../src/store/db.ts";
import type { KvStore } from "../../src/store/kv.ts";
import { openLevelDb } from "../../src/store/leveldb.ts";
import { Multistore } from "../../src/store/multistore.ts";
import { forgetState } from "../../src/store/rollback.ts";
import { Xorshift } from "./xorshift.ts";

export const killStores = ["bank", "pow"];
/** Small, so that kills also hit the writing of snapshots and pruning. */
export const killOptions = { keepVersions: 10, snapshotOps: 400 };

/** The writes of a version: the same whoever makes them. Megabytes of state in all. */
export function write(version: bigint, store: (name: string) => KvStore): void {
  const random = new Xorshift(Number(version) * 2654435761);
  for (let i = 0; i < 60; i++) {
    const target = store(killStores[random.below(2)] ?? "");
    const key = random.bytes(1 + random.below(2));
    if (random.below(4) === 0) target.delete(key);
    else target.set(key, new Uint8Array(500 + random.below(8000)).fill(random.below(256)));
  }
}

const log = { info: () => undefined, error: () => undefined };

/** The snapshots of that database, over its store. */
export function openSnapshots(db: Db, store: Multistore): Promise<Snapshots> {
  const options = { interval: 7n, keepRecent: 2 };
  return Snapshots.open({ db, store, names: killStores, options, log });
}

async function restoreForever(db: Db): Promise<never> {
  for (;;) {
    const before = await Multistore.open(db, killStores, killOptions);
    const newest = (await openSnapshots(db, before)).list()[0];
    if (!newest) throw new Error("there is no snapshot");
    const manifest = manifestOf(newest);
    if (!manifest) throw new Error("the manifest is damaged");
    await forgetState(db);
    const store = await Multistore.open(db, killStores, killOptions);
    await (await openSnapshots(db, store)).takeOwn(newest, appHashOf(manifest.stores));
    writeSync(1, `restored ${store.version} ${toHex(store.appHash())}\n`);
  }
}

const [, script, path, mode] = process.argv;
if (path && script === import.meta.filename) {
  const db = await openLevelDb(path);
  if (mode === "restore") await restoreForever(db);
  const store = await Multistore.open(db, killStores, killOptions);
  const snapshots = await openSnapshots(db, store);
  writeSync(1, `open ${store.version} ${toHex(store.appHash())}\n`);
  for (;;) {
    write(store.version + 1n, (name) => store.working(name));
    const { version, appHash } = await store.commit();
    snapshots.committed(version);
    writeSync(1, `commit ${version} ${toHex(appHash)}\n`);
  }
}
