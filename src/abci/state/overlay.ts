/**
 * Writes held back over one sub-store by a block, a transaction or a message. Nearly all of it is
 * single keys, so writes are a plain Map; their order is worked out when somebody iterates, or at
 * the end of the block. docs/adr/066.
 */
import type { KeyRange, KvStore, ReadStore } from "../../store/kv.ts";
import { keyBytes, keyText, SortedKeys } from "../../store/sorted-keys.ts";

type Pair = readonly [key: Uint8Array, value: Uint8Array];

/** What stands for a deletion; undefined is "not written". */
const gone = null;
type Written = Uint8Array | typeof gone;

export class Overlay implements KvStore {
  readonly #below: Overlay | undefined;
  /** The store under the lowest overlay. */
  readonly #base: ReadStore;
  readonly #writes = new Map<string, Written>();
  /** In the lowest overlay: what was read from the base, which does not change meanwhile. */
  readonly #reads = new Map<string, Written>();
  /** Kept from the first iteration on. */
  #sorted: SortedKeys | undefined;
  #generation = 0;

  private constructor(base: ReadStore, below?: Overlay) {
    this.#base = base;
    this.#below = below;
  }

  /** Over a store that nobody writes to while the overlay is in use. */
  static over(base: ReadStore): Overlay {
    return new Overlay(base);
  }

  /** An overlay over this one. */
  child(): Overlay {
    return new Overlay(this.#base, this);
  }

  get(key: Uint8Array): Uint8Array | undefined {
    return this.#find(key) ?? undefined;
  }

  has(key: Uint8Array): boolean {
    return this.#find(key) !== gone;
  }

  /** The overlay keeps both arrays: they must not be written into afterwards. */
  set(key: Uint8Array, value: Uint8Array): void {
    this.#write(key, value);
  }

  delete(key: Uint8Array): void {
    this.#write(key, gone);
  }

  /** Throws when this overlay is written to while the iteration runs. */
  *iterate(range: KeyRange = {}): Generator<Pair, void> {
    const generation = this.#generation;
    const below = (this.#below ?? this.#base).iterate(range);
    for (const pair of mergePairs(below, this.#written(range), range)) {
      yield pair;
      if (generation !== this.#generation) throw new Error("written to while iterating");
    }
  }

  /** Hands the writes to the overlay below, in no order, and holds none afterwards. */
  merge(): void {
    const below = this.#below;
    if (!below) throw new Error("there is no overlay below");
    if (this.#writes.size === 0) return;
    below.#generation++;
    for (const [text, value] of this.#writes) below.#put(text, value);
    this.#clear();
  }

  /** Applies the writes to a store in key order, and holds none afterwards. */
  flush(into: Pick<KvStore, "set" | "delete">): void {
    // Not through the iterator: this runs for every key of a block.
    for (const text of [...this.#writes.keys()].sort()) {
      const value = this.#writes.get(text);
      if (value) into.set(keyBytes(text), value);
      else into.delete(keyBytes(text));
    }
    this.#clear();
  }

  #find(key: Uint8Array): Written {
    const text = keyText(key);
    let lowest: Overlay = this;
    for (let layer: Overlay | undefined = this; layer; layer = layer.#below) {
      const written = layer.#writes.get(text);
      if (written !== undefined) return written;
      lowest = layer;
    }
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

  #clear(): void {
    this.#generation++;
    this.#writes.clear();
    this.#sorted = undefined;
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
