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

/** A snapshot being written: one chunk per commit. */
export class SnapshotWriter {
  readonly version: number;
  readonly #chunks: Iterator<Uint8Array, void>;
  #next: IteratorResult<Uint8Array, void>;
  #written = 0;

  constructor(version: number, sources: readonly SnapshotSource[]) {
    this.version = version;
    this.#chunks = snapshotChunks(sources);
    this.#next = this.#chunks.next();
  }

  get progress(): SnapshotInfo {
    return { version: this.version, chunks: this.#written };
  }

  get isDone(): boolean {
    return this.#next.done === true;
  }

  /** The write of the next chunk. */
  take(): DbOp[] {
    if (this.#next.done) return [];
    const op = { key: chunkKey(this.version, this.#written), value: this.#next.value };
    this.#written++;
    this.#next = this.#chunks.next();
    return [op];
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
