/**
 * A Db in memory that models a disk with a write-ahead log: batches are atomic and reach the
 * platter in order, those after the last sync only if the power holds. Tests cut the power.
 */
import { type Db, DbError, type DbOp } from "./db.ts";
import type { KeyRange } from "./kv.ts";
import { keyBytes, keyText, SortedKeys } from "./sorted-keys.ts";

type Batch = readonly (readonly [key: string, value: Uint8Array | undefined])[];

export class MemoryDb implements Db {
  readonly #values = new Map<string, Uint8Array>();
  readonly #keys = new SortedKeys();
  /** What is on the platter for sure. */
  readonly #durable = new Map<string, Uint8Array>();
  #unsynced: Batch[] = [];
  #isClosed = false;

  get(key: Uint8Array): Uint8Array | undefined {
    this.#assertOpen();
    return this.#values.get(keyText(key))?.slice();
  }

  async *iterate(range: KeyRange = {}): AsyncGenerator<readonly [Uint8Array, Uint8Array], void> {
    this.#assertOpen();
    const snapshot = [...this.#keys.iterate(range)].map(
      (key) => [key, this.#values.get(key) ?? new Uint8Array()] as const,
    );
    for (const [key, value] of snapshot) yield [keyBytes(key), value.slice()];
  }

  async batch(ops: readonly DbOp[], { sync }: { readonly sync: boolean }): Promise<void> {
    this.#assertOpen();
    const batch = ops.map(({ key, value }) => [keyText(key), value?.slice()] as const);
    this.#apply(batch);
    this.#unsynced.push(batch);
    if (!sync) return;
    for (const written of this.#unsynced) apply(this.#durable, written);
    this.#unsynced = [];
  }

  async close(): Promise<void> {
    this.#assertOpen();
    this.#isClosed = true;
  }

  /** How many batches a power cut would lose. */
  get unsyncedBatches(): number {
    return this.#unsynced.length;
  }

  /** The stored bytes, keys included: what pruning must give back. */
  get sizeBytes(): number {
    let size = 0;
    for (const [key, value] of this.#values) size += key.length + value.length;
    return size;
  }

  /**
   * Cuts the power and opens what is left as a new database. The log is written in order, so any
   * number of the first unsynced batches may have survived; a half-written one is dropped whole
   * by its checksum, as in LevelDB. This object is dead afterwards.
   */
  crash({ survivingBatches = 0 }: { readonly survivingBatches?: number } = {}): MemoryDb {
    this.#isClosed = true;
    const reopened = new MemoryDb();
    const left = new Map(this.#durable);
    for (const batch of this.#unsynced.slice(0, survivingBatches)) apply(left, batch);
    const batch: Batch = [...left];
    reopened.#apply(batch);
    apply(reopened.#durable, batch);
    return reopened;
  }

  #apply(batch: Batch): void {
    for (const [key, value] of batch) {
      if (value === undefined) {
        this.#keys.remove(key);
        this.#values.delete(key);
      } else {
        if (!this.#values.has(key)) this.#keys.add(key);
        this.#values.set(key, value);
      }
    }
  }

  #assertOpen(): void {
    if (this.#isClosed) throw new DbError("the database is closed");
  }
}

function apply(values: Map<string, Uint8Array>, batch: Batch): void {
  for (const [key, value] of batch) {
    if (value === undefined) values.delete(key);
    else values.set(key, value);
  }
}
