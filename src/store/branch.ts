/**
 * Writes held back over a store by a block, a transaction or a message. Reads see them; flush
 * writes them down in key order, which is what makes the shape of the tree below independent of
 * the order of writing. Nearly all of it is single keys, so writes are a plain Map; their order is
 * worked out when somebody iterates, or at the end of the block. docs/adr/066.
 */
import type { KeyRange, KvStore, ReadStore } from "./kv.ts";
import { keyBytes, keyText, SortedKeys } from "./sorted-keys.ts";

type Pair = readonly [key: Uint8Array, value: Uint8Array];

/** What stands for a deletion; undefined is "not written". */
const gone = null;
type Written = Uint8Array | typeof gone;

export class Branch implements KvStore {
  /** The store under the lowest branch. */
  readonly #base: ReadStore;
  #below: Branch | undefined;
  readonly #writes = new Map<string, Written>();
  /** In the lowest branch: what was read from the base since the last flush. */
  #reads: Map<string, Written> | undefined;
  /** Kept from the first iteration on. */
  #sorted: SortedKeys | undefined;
  #generation = 0;

  /** Over a store that nobody writes to while the branch is in use, but for its flush. */
  constructor(base: ReadStore) {
    this.#base = base;
  }

  /** A branch over this one. */
  child(): Branch {
    const child = new Branch(this.#base);
    child.#below = this;
    return child;
  }

  /** Whether nothing has been written since the start, a flush or a discard. */
  get isClean(): boolean {
    return this.#writes.size === 0;
  }

  get(key: Uint8Array): Uint8Array | undefined {
    return this.#find(key) ?? undefined;
  }

  has(key: Uint8Array): boolean {
    return this.#find(key) !== gone;
  }

  set(key: Uint8Array, value: Uint8Array): void {
    this.#write(key, value);
  }

  delete(key: Uint8Array): void {
    this.#write(key, gone);
  }

  /** Throws when this branch is written to while the iteration runs. */
  *iterate(range: KeyRange = {}): Generator<Pair, void> {
    const generation = this.#generation;
    const below = (this.#below ?? this.#base).iterate(range);
    for (const pair of mergePairs(below, this.#written(range), range)) {
      yield pair;
      if (generation !== this.#generation) throw new Error("written to while iterating");
    }
  }

  /** Hands the writes to the branch below, in no order, and holds none afterwards. */
  merge(): void {
    const below = this.#below;
    if (!below) throw new Error("there is no branch below");
    if (this.#writes.size === 0) return;
    below.#generation++;
    this.#writes.forEach((value, text) => {
      below.#put(text, value); // Not in a for loop: that makes an array for each entry.
    });
    this.discard();
  }

  /** Applies the writes to a store in key order, and holds none afterwards. */
  flush(into: Pick<KvStore, "set" | "delete">): void {
    // Not through the iterator: this runs for every key of a block.
    for (const text of [...this.#writes.keys()].sort()) {
      const value = this.#writes.get(text);
      if (value) into.set(keyBytes(text), value);
      else into.delete(keyBytes(text));
    }
    this.discard();
  }

  /** Forgets the writes, and what the base was like. */
  discard(): void {
    this.#generation++;
    this.#writes.clear();
    this.#reads = undefined;
    this.#sorted = undefined;
  }

  #find(key: Uint8Array): Written {
    const text = keyText(key);
    let lowest: Branch = this;
    for (let layer: Branch | undefined = this; layer; layer = layer.#below) {
      const written = layer.#writes.get(text);
      if (written !== undefined) return written;
      lowest = layer;
    }
    lowest.#reads ??= new Map();
    const known = lowest.#reads.get(text);
    if (known !== undefined) return known;
    const value = this.#base.get(key) ?? gone;
    lowest.#reads.set(text, value);
    return value;
  }

  #write(key: Uint8Array, value: Written): void {
    if (key.length === 0) throw new Error("a store key is never empty");
    this.#generation++;
    this.#put(keyText(key), value);
  }

  #put(text: string, value: Written): void {
    if (this.#sorted && !this.#writes.has(text)) this.#sorted.add(text);
    this.#writes.set(text, value);
  }

  *#written(range: KeyRange): Generator<readonly [string, Written], void> {
    if (this.#writes.size === 0) return;
    if (!this.#sorted) {
      this.#sorted = new SortedKeys();
      for (const text of [...this.#writes.keys()].sort()) this.#sorted.add(text);
    }
    for (const text of this.#sorted.iterate(range)) yield [text, this.#writes.get(text) ?? gone];
  }
}

/** Joins the pairs below and the writes, both in the range's direction; a write wins. */
function* mergePairs(
  below: Iterable<Pair>,
  above: Iterable<readonly [string, Written]>,
  { reverse }: KeyRange,
): Generator<Pair, void> {
  const writes = above[Symbol.iterator]();
  let write = writes.next();
  for (const pair of below) {
    const text = keyText(pair[0]);
    while (!write.done) {
      const [writtenText, value] = write.value;
      if (reverse ? writtenText <= text : writtenText >= text) break;
      if (value) yield [keyBytes(writtenText), value];
      write = writes.next();
    }
    if (write.done || write.value[0] !== text) yield pair;
    else {
      if (write.value[1]) yield [pair[0], write.value[1]];
      write = writes.next();
    }
  }
  for (; !write.done; write = writes.next()) {
    const [text, value] = write.value;
    if (value) yield [keyBytes(text), value];
  }
}
