/**
 * Writes held back over a store: by a block, by CheckTx, by a genesis. Reads see them; flush writes
 * them down in key order, which is what makes the shape of the tree below independent of the order
 * of writing. A transaction writes here too, and an UndoLog takes back what it wrote when it fails.
 * docs/adr/108.
 */
import { Aside } from "./held-back/aside.ts";
import { type Cell, gone, type Written } from "./held-back/cell.ts";
import { Cells } from "./held-back/cells.ts";
import { mergePairs } from "./held-back/merge-pairs.ts";
import type { Undoable, UndoLog } from "./held-back/undo-log.ts";
import type { KeyRange, KvStore, ReadStore } from "./kv.ts";
import { keyBytes, SortedKeys } from "./sorted-keys.ts";

type Pair = readonly [key: Uint8Array, value: Uint8Array];

export class Branch implements KvStore, Undoable {
  readonly #base: ReadStore;
  readonly #cells = new Cells();
  /** Cells that wait for a flush, each once; an undone write may have left one without a value. */
  #pending: Cell[] = [];
  /** Cells that were flushed since the last version. */
  #flushed: Cell[] = [];
  /** The keys that are written, kept from the first iteration on. */
  #sorted: SortedKeys | undefined;
  #generation = 0;
  /** Told of every write: a transaction may fail. */
  undoLog: UndoLog | undefined;

  /** Over a store that nobody writes to while the branch is in use, but for its flush. */
  constructor(base: ReadStore) {
    this.#base = base;
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
    const below = this.#base.iterate(range);
    for (const pair of mergePairs(below, this.#written(range), range)) {
      yield pair;
      if (generation !== this.#generation) throw new Error("written to while iterating");
    }
  }

  /**
   * Another branch, over the last version whatever is written here meanwhile, and with writes of
   * its own. What is known of keys, both share. `version` is that version; the next one ends it.
   */
  aside(version: ReadStore): Aside {
    return new Aside(this.#cells, version);
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
      const value = this.#cells.known(text)?.written;
      if (value) into.set(keyBytes(text), value);
      else into.delete(keyBytes(text));
    }
  }

  /** What was flushed is the last version now. */
  accept(): void {
    for (const cell of this.#flushed) {
      if (cell.written === undefined) continue; // It was flushed twice.
      this.#cells.rebase(cell, cell.written);
      cell.written = undefined;
    }
    this.#flushed = [];
    this.#sorted = undefined;
    this.#cells.trim();
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

  #find(key: Uint8Array): Written {
    const cell = this.#cells.of(key);
    return cell.written !== undefined ? cell.written : this.#cells.baseOf(cell, key, this.#base);
  }

  #write(key: Uint8Array, value: Written): void {
    if (key.length === 0) throw new Error("a store key is never empty");
    this.#generation++;
    const cell = this.#cells.of(key);
    this.undoLog?.note(this, cell, cell.written);
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
      yield [text, this.#cells.known(text)?.written ?? gone];
    }
  }
}

function forget(cell: Cell): void {
  cell.written = undefined;
  cell.isPending = false;
}
