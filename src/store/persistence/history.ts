/**
 * Reads the state after a version back from the disk: the newest snapshot at or below it, then the
 * logs, replayed in the order in which they were written: same shape, same node versions.
 */
import { equalBytes, toHex } from "../../encoding/bytes.ts";
import type { Db } from "../db.ts";
import { Tree } from "../iavl/tree.ts";
import {
  chunkKey,
  decodeHeader,
  decodeLog,
  type Header,
  headerKey,
  logKey,
  type SnapshotInfo,
  StoreCorruptError,
  type StoreLog,
} from "./format.ts";
import { readSnapshot } from "./snapshot.ts";

/** The state after a version: one tree per sub-store, and how it was reached. */
export interface Restored {
  readonly trees: Map<string, Tree>;
  /** Log operations since the newest snapshot of the database. */
  readonly opsSinceSnapshot: number;
}

/** The header, or undefined when nothing was ever committed. Throws StoreCorruptError. */
export function readHeader(db: Db): Header | undefined {
  const bytes = db.get(headerKey);
  return bytes && decodeHeader(bytes);
}

/** What a committed version changed. Throws StoreCorruptError when it is not stored. */
export function readLog(db: Db, version: number): StoreLog[] {
  const bytes = db.get(logKey(version));
  if (!bytes) throw new StoreCorruptError(`the log of version ${version} is missing`);
  return decodeLog(bytes);
}

/** The oldest version whose state can still be read back. */
export function oldestRestorable({ initialVersion, oldestLog, snapshots }: Header): number {
  if (oldestLog === initialVersion) return initialVersion;
  return snapshots[0]?.version ?? oldestLog;
}

/**
 * Restores the version, with the versions from keepFrom on kept in the trees too. Checks the root
 * hashes against those that were committed. Throws StoreCorruptError.
 */
export function restore(
  db: Db,
  header: Header,
  { version, keepFrom }: { readonly version: number; readonly keepFrom: number },
): Restored {
  const base = header.snapshots.findLast((snapshot) => snapshot.version <= keepFrom);
  const trees = base ? readSnapshot(base.version, chunksOf(db, base)) : new Map<string, Tree>();
  const newest = header.snapshots.at(-1)?.version ?? 0;
  let opsSinceSnapshot = 0;
  let logs = base && version === base.version ? readLog(db, version) : [];
  for (let at = (base?.version ?? header.initialVersion - 1) + 1; at <= version; at++) {
    logs = readLog(db, at);
    const ops = replay(trees, { version: at, inPlace: at <= keepFrom }, logs);
    if (at > newest) opsSinceSnapshot += ops;
    for (const tree of trees.values()) tree.releaseBelow(Math.min(at, keepFrom));
  }
  for (const { name, root } of logs) {
    const hash = trees.get(name)?.workingHash();
    if (hash && equalBytes(hash, root)) continue;
    throw new StoreCorruptError(
      `store ${name} of version ${version} has hash ${hash && toHex(hash)}, not ${toHex(root)}`,
    );
  }
  return { trees, opsSinceSnapshot };
}

/** Does to the trees what the version did. Returns the number of operations. */
function replay(
  trees: Map<string, Tree>,
  { version, inPlace }: { readonly version: number; readonly inPlace: boolean },
  logs: readonly StoreLog[],
): number {
  let count = 0;
  for (const { name, ops } of logs) {
    const tree = trees.get(name) ?? new Tree(version); // A store that this version added.
    trees.set(name, tree);
    if (inPlace) tree.beginInPlace(); // The version before is not kept.
    for (const { key, value } of ops) {
      if (value) tree.set(key, value);
      else tree.remove(key);
    }
    count += ops.length;
    tree.seal();
  }
  return count;
}

function* chunksOf(db: Db, { version, chunks }: SnapshotInfo): Generator<Uint8Array, void> {
  for (let chunk = 0; chunk < chunks; chunk++) {
    const bytes = db.get(chunkKey(version, chunk));
    if (!bytes) throw new StoreCorruptError(`chunk ${chunk} of snapshot ${version} is missing`);
    yield bytes;
  }
}
