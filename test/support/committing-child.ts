/**
 * A process for the kill -9 test: opens the store in argv[2] and commits versions as fast as it
 * can. Version v writes what `writesOf` says; each commit is reported on a line of its own.
 */
import { writeSync } from "node:fs";
import { toHex } from "../../src/encoding/bytes.ts";
import type { KvStore } from "../../src/store/kv.ts";
import { openLevelDb } from "../../src/store/leveldb.ts";
import { Multistore } from "../../src/store/multistore.ts";
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

const [, script, path] = process.argv;
if (path && script === import.meta.filename) {
  const store = await Multistore.open(await openLevelDb(path), killStores, killOptions);
  writeSync(1, `open ${store.version} ${toHex(store.appHash())}\n`);
  for (;;) {
    write(store.version + 1n, (name) => store.working(name));
    const { version, appHash } = await store.commit();
    writeSync(1, `commit ${version} ${toHex(appHash)}\n`);
  }
}
