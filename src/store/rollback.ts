/** Going back: by one version, or to nothing so that a snapshot can be taken over. */
import type { Db, DbOp } from "./db.ts";
import { encodeHeader, headerKey, logKey } from "./persistence/format.ts";
import { dropHeadless, dropUnfinished } from "./persistence/header.ts";
import { readHeader } from "./persistence/history.ts";
import { removeChunks } from "./persistence/housekeeping.ts";

/** There is nothing to go back to; the database is as it was. */
export class RollbackRefused extends Error {
  constructor(reason: string) {
    super(`the state cannot go back: ${reason}`);
    this.name = "RollbackRefused";
  }
}

/** The last committed version; 0 before the first commit. */
export function lastVersion(db: Db): bigint {
  return BigInt(readHeader(db)?.version ?? 0);
}

/**
 * Makes the version before the last one the last one. When the promise resolves, it is on disk.
 * The database must not be open as a store. Throws RollbackRefused.
 */
export async function rollBack(db: Db): Promise<bigint> {
  const stored = readHeader(db);
  if (!stored || stored.version <= stored.initialVersion) {
    throw new RollbackRefused("no version was committed before the last one");
  }
  const header = await dropUnfinished(db, stored);
  const version = header.version - 1;
  const snapshots = header.snapshots.filter((snapshot) => snapshot.version <= version);
  const hasBase = header.oldestLog === header.initialVersion || snapshots.length > 0;
  if (!hasBase || header.oldestLog > version) {
    throw new RollbackRefused(`version ${version} is pruned`);
  }
  const newer = header.snapshots.filter((snapshot) => snapshot.version > version);
  const writes: DbOp[] = [
    { key: logKey(header.version), value: undefined },
    ...newer.flatMap(removeChunks),
    { key: headerKey, value: encodeHeader({ ...header, version, snapshots }) },
  ];
  await db.batch(writes, { sync: true });
  return BigInt(version);
}

/** Removes all of the state, and nothing else that the database holds. */
export async function forgetState(db: Db): Promise<void> {
  await db.batch([{ key: headerKey, value: undefined }], { sync: true });
  await dropHeadless(db);
}
