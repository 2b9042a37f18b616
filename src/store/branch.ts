/**
 * Writes held back over a store: by a block, by CheckTx, by a genesis. Reads see them; flush writes
 * them down in key order, which is what makes the shape of the tree below independent of the order
 * of writing. A transaction writes here too, and an UndoLog takes back what it wrote when it fails.
 * docs/adr/108.
 */
import type { KeyRange, KvStore, ReadStore } from "./kv.ts";
import { keyBytes, keyText, SortedKeys } from "./sorted-keys.ts";
import type { UndoLog } from "./undo-log.ts";

type Pair = readonly [key: Uint8Array, value: Uint8Array];

/** What stands for a deletion or an absent key; undefined is "not written" or "not read". */
const gone = null;
export type Written = Uint8Array | typeof gone;

/** One key. An accepted version makes what was written the base of the next one. */
export interface Cell {
  readonly text: string;
  /** What the store has at its last version. */
  base: Written | undefined;
  /** What was written since. */
  written: Written | undefined;
  /** Whether it waits for a flush. */
  isPending: boolean;
}

/** Beyond these, what is known of the store is forgotten at the next version. */
const [maxKnownKeys, maxKnownBytes] = [32_768, 8_388_608];

export class Branch implements KvStore {
  readonly #base: ReadStore;
  readonly #cells = new Map<string, Cell>();
  #cellBytes = 0;
  /** Cells that wait for a flush, each once; an undone write may have left one without a value. */
  #pending: Cell[] = [];
  /** Cells that were flushed since the last version. */
  #flushed: Cell[] = [];
  /** The keys that are written, kept from the first iteration on. */
  #sorted: SortedKeys | undefined;
  #generation = 0;
  /** Told of every write while a transaction can still fail. */
  undoLog: UndoLog | undefined;

  /** Over a store that nobody writes to while the branch is in use, but for its flush. */
  constructor(base: ReadStore) {
    this.#base = base;
  }

  get(key: Uint8Array): Uint8Array | undefined {
    const cell = this.#cell(key);
    return (cell.written !== undefined ? cell.written : this.#baseOf(cell, key)) ?? undefined;
  }

  has(key: Uint8Array): boolean {
    const cell = this.#cell(key);
    return (cell.written !== undefined ? cell.written : this.#baseOf(cell, key)) !== gone;
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
    const below = this.#base.iterate(range);
    for (const pair of mergePairs(below, this.#written(range), range)) {
      yield pair;
      if (generation !== this.#generation) throw new Error("written to while iterating");
    }
  }

  /**
   * The last version, whatever is written meanwhile: what this branch knows of it, and the rest
   * from `version`, which is that version.
   */
  lastVersion(version: ReadStore): ReadStore {
    const find = (key: Uint8Array): Written => this.#baseOf(this.#cell(key), key, version);
    return {
      get: (key) => find(key) ?? undefined,
      has: (key) => find(key) !== gone,
      iterate: (range) => version.iterate(range),
    };
  }

  /** Applies the writes since the last flush to a store, in key order. Reads still see them. */
  flush(into: Pick<KvStore, "set" | "delete">): void {
    this.#generation++;
    const texts: string[] = [];
    for (const cell of this.#pending) {
      cell.isPending = false;
      if (cell.written === undefined) continue;
      texts.push(cell.text);
      this.#flushed.push(cell);
    }
    this.#pending = [];
    for (const text of texts.sort()) {
      const value = this.#cells.get(text)?.written;
      if (value) into.set(keyBytes(text), value);
      else into.delete(keyBytes(text));
    }
  }

  /** What was flushed is the last version now. */
  accept(): void {
    for (const cell of this.#flushed) {
      if (cell.written === undefined) continue; // It was flushed twice.
      cell.base = cell.written;
      cell.written = undefined;
      this.#cellBytes += cell.base?.length ?? 0;
    }
    this.#flushed = [];
    this.#sorted = undefined;
    if (this.#cells.size <= maxKnownKeys && this.#cellBytes <= maxKnownBytes) return;
    this.#cells.clear();
    this.#cellBytes = 0;
  }

  /** Forgets everything that was written since the last version. */
  discard(): void {
    this.#generation++;
    for (const cell of this.#pending) forget(cell);
    for (const cell of this.#flushed) forget(cell);
    this.#pending = [];
    this.#flushed = [];
    this.#sorted = undefined;
  }

  /** Takes a write back; undefined when the key was not written before it. For the UndoLog. */
  restore(cell: Cell, before: Written | undefined): void {
    this.#generation++;
    cell.written = before;
    if (before === undefined) this.#sorted?.remove(cell.text);
  }

  #cell(key: Uint8Array): Cell {
    const text = keyText(key);
    return this.#cells.get(text) ?? this.#newCell(text);
  }

  #newCell(text: string): Cell {
    const cell: Cell = { text, base: undefined, written: undefined, isPending: false };
    this.#cells.set(text, cell);
    this.#cellBytes += text.length;
    return cell;
  }

  #baseOf(cell: Cell, key: Uint8Array, store = this.#base): Written {
    if (cell.base !== undefined) return cell.base;
    const value = store.get(key) ?? gone;
    cell.base = value;
    this.#cellBytes += value?.length ?? 0;
    return value;
  }

  #write(key: Uint8Array, value: Written): void {
    if (key.length === 0) throw new Error("a store key is never empty");
    this.#generation++;
    const cell = this.#cell(key);
    this.undoLog?.note(this, cell);
    if (cell.written === undefined) this.#sorted?.add(cell.text);
    cell.written = value;
    if (cell.isPending) return;
    cell.isPending = true;
    this.#pending.push(cell);
  }

  *#written(range: KeyRange): Generator<readonly [string, Written], void> {
    if (!this.#sorted) {
      this.#sorted = new SortedKeys();
      const texts = [...this.#flushed, ...this.#pending]
        .filter(({ written }) => written !== undefined)
        .map(({ text }) => text);
      for (const text of new Set(texts.sort())) this.#sorted.add(text);
    }
    for (const text of this.#sorted.iterate(range)) {
      yield [text, this.#cells.get(text)?.written ?? gone];
    }
  }
}

function forget(cell: Cell): void {
  cell.written = undefined;
  cell.isPending = false;
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
