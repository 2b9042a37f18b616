/**
 * An ordered store of bytes on disk or in memory: what everything durable in a node is built on.
 * leveldb.ts is the disk, memory-db.ts a disk for tests that can lose power.
 */
import type { KeyRange } from "./kv.ts";

/** One write of a batch: a value to put, or undefined to delete. */
export interface DbOp {
  readonly key: Uint8Array;
  readonly value: Uint8Array | undefined;
}

export interface Db {
  /** The value, or undefined when the key is absent. Synchronous, so no two readers interleave. */
  get(key: Uint8Array): Uint8Array | undefined;
  /**
   * Pairs in key order of the database as it is at the first step. Asynchronous: LevelDB has no
   * synchronous iterator. Later writes are not seen; leaving the loop early is fine.
   */
  iterate(range?: KeyRange): AsyncIterable<readonly [key: Uint8Array, value: Uint8Array]>;
  /**
   * Applies all operations or none, in order; on a repeated key the last one wins. With sync, the
   * promise resolves after an fsync, and everything written before is durable too. Rejects with
   * DbError; then it is unknown whether the batch will be found after a restart.
   */
  batch(ops: readonly DbOp[], options: { readonly sync: boolean }): Promise<void>;
  /** Waits for running operations. Every later call fails. */
  close(): Promise<void>;
}

/** The disk failed or the database cannot be opened. Never a refusal of a peer's input. */
export class DbError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "DbError";
  }
}
