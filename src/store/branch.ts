/**
 * Writes held back over a store: a transaction, a block. Reads see them; flush writes them down in
 * key order, which is what makes the shape of the tree below independent of the order of writing.
 */
import type { KeyRange, KvStore, ReadStore } from "./kv.ts";
import { keyBytes, keyText, SortedKeys } from "./sorted-keys.ts";

type Pair = readonly [key: Uint8Array, value: Uint8Array];

/** What was written under a key: a value, or undefined for a deletion. */
interface Write {
  readonly key: Uint8Array;
  readonly value: Uint8Array | undefined;
}

/** An overlay of writes over a store that it never touches. Branches nest to any depth. */
export class Branch implements KvStore {
  readonly #parent: ReadStore;
  readonly #writes = new Map<string, Write>();
  readonly #keys = new SortedKeys();
  #generation = 0;

  constructor(parent: ReadStore) {
    this.#parent = parent;
  }

  /** Whether nothing has been written since the start, a flush or a discard. */
  get isClean(): boolean {
    return this.#writes.size === 0;
  }

  get(key: Uint8Array): Uint8Array | undefined {
    const write = this.#writes.get(keyText(key));
    return write ? write.value : this.#parent.get(key);
  }

  has(key: Uint8Array): boolean {
    const write = this.#writes.get(keyText(key));
    return write ? write.value !== undefined : this.#parent.has(key);
  }

  set(key: Uint8Array, value: Uint8Array): void {
    // A copy: the caller may go on using its buffer, and this must not change with it.
    this.#write(key, value.slice());
  }

  delete(key: Uint8Array): void {
    this.#write(key, undefined);
  }

  /** Throws when the branch is written to while the iteration runs. */
  *iterate(range: KeyRange = {}): Generator<Pair, void> {
    const generation = this.#generation;
    for (const pair of mergePairs(this.#parent.iterate(range), this.#written(range), range)) {
      yield pair;
      if (generation !== this.#generation) throw new Error("written to while iterating");
    }
  }

  /** Applies the writes to a store in key order, then holds none. */
  flush(into: Pick<KvStore, "set" | "delete">): void {
    for (const { key, value } of this.#written({})) {
      if (value === undefined) into.delete(key);
      else into.set(key, value);
    }
    this.discard();
  }

  /** Forgets the writes. */
  discard(): void {
    this.#generation++;
    this.#writes.clear();
    this.#keys.clear();
  }

  #write(key: Uint8Array, value: Uint8Array | undefined): void {
    if (key.length === 0) throw new Error("a store key is never empty");
    this.#generation++;
    const text = keyText(key);
    const old = this.#writes.get(text);
    if (!old) this.#keys.add(text);
    this.#writes.set(text, { key: old?.key ?? keyBytes(text), value });
  }

  *#written(range: KeyRange): Generator<Write, void> {
    for (const text of this.#keys.iterate(range)) yield this.#writes.get(text) as Write;
  }
}

/** Joins the parent's pairs and the writes, both in the range's direction; a write wins. */
function* mergePairs(
  below: Iterable<Pair>,
  above: Iterable<Write>,
  { reverse }: KeyRange,
): Generator<Pair, void> {
  const writes = above[Symbol.iterator]();
  let write = writes.next();
  for (const pair of below) {
    while (!write.done) {
      const order = Buffer.compare(write.value.key, pair[0]);
      if (reverse ? order <= 0 : order >= 0) break;
      if (write.value.value) yield [write.value.key, write.value.value];
      write = writes.next();
    }
    if (write.done || Buffer.compare(write.value.key, pair[0]) !== 0) yield pair;
    else {
      if (write.value.value) yield [write.value.key, write.value.value];
      write = writes.next();
    }
  }
  for (; !write.done; write = writes.next()) {
    if (write.value.value) yield [write.value.key, write.value.value];
  }
}
