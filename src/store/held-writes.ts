/**
 * Databases whose writes can be held in memory for a while, and then reach the disk as one synced
 * batch each, in a fixed order: for who writes much that it could get again, and needs only one
 * moment of the past after a crash. docs/adr/118.
 */
import { type Db, DbError, type DbOp } from "./db.ts";
import type { KeyRange } from "./kv.ts";
import { keyBytes, keyText } from "./sorted-keys.ts";

type Held = Map<string, Uint8Array | undefined>;

/** One of them. Reads see what is held. */
export class HeldDb implements Db {
  readonly #db: Pick<Db, "get" | "iterate" | "batch"> & Partial<Pick<Db, "close">>;
  #held: Held = new Map();
  /** What settle has taken and the disk may not have yet. */
  #leaving: Held = new Map();
  #heldBytes = 0;
  /** Whether batches stay in memory. Only HeldWrites changes it. */
  isHolding = false;

  constructor(db: Pick<Db, "get" | "iterate" | "batch"> & Partial<Pick<Db, "close">>) {
    this.#db = db;
  }

  /** Keys and values that wait for settle; an overwritten one counts again. */
  get heldBytes(): number {
    return this.#heldBytes;
  }

  get(key: Uint8Array): Uint8Array | undefined {
    if (this.#held.size + this.#leaving.size > 0) {
      const text = keyText(key);
      for (const held of [this.#held, this.#leaving]) {
        if (held.has(text)) return held.get(text)?.slice();
      }
    }
    return this.#db.get(key);
  }

  async *iterate(range: KeyRange = {}): AsyncGenerator<readonly [Uint8Array, Uint8Array], void> {
    const held = new Map([...this.#leaving, ...this.#held]);
    const isAfter = (a: string, b: string): boolean => (range.reverse ? a < b : a > b);
    const texts = [...held.keys()].filter((text) => isWithin(text, range)).sort();
    if (range.reverse) texts.reverse();
    let next = 0;
    const before = function* (end?: string): Generator<readonly [Uint8Array, Uint8Array]> {
      for (; next < texts.length; next++) {
        const text = texts[next] as string; // next < length
        if (end !== undefined && !isAfter(end, text)) return;
        const value = held.get(text);
        if (value) yield [keyBytes(text), value.slice()];
      }
    };
    for await (const pair of this.#db.iterate(range)) {
      const text = keyText(pair[0]);
      yield* before(text);
      if (!held.has(text)) yield pair;
    }
    yield* before();
  }

  async batch(ops: readonly DbOp[], options: { readonly sync: boolean }): Promise<void> {
    if (!this.isHolding) return this.#db.batch(ops, options);
    for (const { key, value } of ops) {
      this.#held.set(keyText(key), value?.slice());
      this.#heldBytes += key.length + (value?.length ?? 0);
    }
  }

  /** Sets apart what is held, for write. */
  take(): void {
    if (this.#leaving.size > 0) throw new DbError("writes are on their way already");
    [this.#leaving, this.#held] = [this.#held, new Map()];
    this.#heldBytes = 0;
  }

  /** Resolves when the disk has what was taken. */
  async write(): Promise<void> {
    if (this.#leaving.size === 0) return;
    const ops = [...this.#leaving].map(([text, value]) => ({ key: keyBytes(text), value }));
    await this.#db.batch(ops, { sync: true });
    this.#leaving = new Map();
  }

  /** What is still held is lost, as in a crash. */
  async close(): Promise<void> {
    await this.#db.close?.();
  }
}

function isWithin(text: string, { start, end }: KeyRange): boolean {
  return (!start || text >= keyText(start)) && (!end || text < keyText(end));
}

/** Several of them, written one after the other: what a later one holds needs the earlier ones. */
export class HeldWrites {
  readonly #dbs: readonly HeldDb[];
  #settling: Promise<void> = Promise.resolve();

  constructor(dbs: readonly HeldDb[]) {
    this.#dbs = dbs;
  }

  /** Keys and values that wait, of all databases. */
  get heldBytes(): number {
    return this.#dbs.reduce((sum, { heldBytes }) => sum + heldBytes, 0);
  }

  /** From now on writes stay in memory, until release. */
  hold(): void {
    for (const db of this.#dbs) db.isHolding = true;
  }

  /**
   * Resolves when the disk has all that was held when it was called. Rejects with DbError; then the
   * node must stop: it is unknown what a restart will find.
   */
  settle(): Promise<void> {
    this.#settling = this.#settling.then(async () => {
      for (const db of this.#dbs) db.take(); // All of one moment.
      for (const db of this.#dbs) await db.write();
    });
    return this.#settling;
  }

  /** Ends the holding. Resolves when the disk has everything. */
  async release(): Promise<void> {
    do await this.settle();
    while (this.heldBytes > 0);
    for (const db of this.#dbs) db.isHolding = false;
  }
}
