/**
 * What a commit writes besides its log: the next chunk of a snapshot, and removals of logs and
 * snapshots that no kept version needs. All of it travels in the commit's own batch, so that a
 * crash leaves either all or nothing of it.
 */
import type { DbOp } from "../db.ts";
import { chunkKey, type Header, logKey, type SnapshotInfo } from "./format.ts";
import { type SnapshotSource, snapshotChunks } from "./snapshot.ts";

/** A snapshot is due after this many versions at the latest, so that pruning goes on. */
const snapshotVersionsMax = 10_000;
/** Logs removed by one commit at most. */
const prunedLogsMax = 1_000;

/** A commit writes one chunk, and more the more it logs, so that snapshots keep up. */
const snapshotBytesPerLogByte = 5;
const chunkBytes = 1 << 16;
/** Bytes of a snapshot in one commit at most, but for the last chunk. */
const snapshotBytesMax = 2 << 20;

/** A snapshot being written: a few chunks per commit. */
export class SnapshotWriter {
  readonly version: number;
  readonly #chunks: Iterator<Uint8Array, void>;
  #next: IteratorResult<Uint8Array, void>;
  #written = 0;

  constructor(version: number, sources: readonly SnapshotSource[]) {
    this.version = version;
    this.#chunks = snapshotChunks(sources, chunkBytes);
    this.#next = this.#chunks.next();
  }

  get progress(): SnapshotInfo {
    return { version: this.version, chunks: this.#written };
  }

  get isDone(): boolean {
    return this.#next.done === true;
  }

  /** The writes of the next chunks: as many as become a commit with a log of so many bytes. */
  take(logBytes: number): DbOp[] {
    const enough = Math.min(logBytes * snapshotBytesPerLogByte, snapshotBytesMax);
    const writes: DbOp[] = [];
    for (let bytes = 0; !this.#next.done && (bytes === 0 || bytes < enough); ) {
      const value = this.#next.value;
      writes.push({ key: chunkKey(this.version, this.#written), value });
      bytes += value.length;
      this.#written++;
      this.#next = this.#chunks.next();
    }
    return writes;
  }
}

/**
 * Whether the changes since the last snapshot make another one worth writing: opsMin operations,
 * and half as many as there are leaves, since a snapshot costs as much as its leaves.
 */
export function isSnapshotDue(
  since: { readonly ops: number; readonly versions: number; readonly leaves: number },
  opsMin: number,
): boolean {
  const isWorthwhile = since.ops >= opsMin && since.ops >= since.leaves / 2;
  return isWorthwhile || since.versions >= snapshotVersionsMax;
}

/**
 * The header without what versions from keepFrom on do not need, and the removals that go with it.
 * The newest snapshot at or below keepFrom is their base: what is older goes.
 */
export function prune(header: Header, keepFrom: number): { header: Header; ops: DbOp[] } {
  const base = header.snapshots.findLast(({ version }) => version <= keepFrom);
  if (!base) return { header, ops: [] };
  const stale = header.snapshots.filter(({ version }) => version < base.version);
  // The log of the base itself stays: it holds the root hashes that the snapshot must have.
  const oldestLog = Math.min(base.version, header.oldestLog + prunedLogsMax);
  const ops = stale.flatMap(removeChunks);
  for (let version = header.oldestLog; version < oldestLog; version++) {
    ops.push({ key: logKey(version), value: undefined });
  }
  const snapshots = header.snapshots.filter(({ version }) => version >= base.version);
  return { header: { ...header, snapshots, oldestLog }, ops };
}

/** The removals of all chunks of a snapshot. */
export function removeChunks({ version, chunks }: SnapshotInfo): DbOp[] {
  return Array.from({ length: chunks }, (_, chunk) => ({
    key: chunkKey(version, chunk),
    value: undefined,
  }));
}
