/**
 * A branch over the last version of a store beside the one that makes the next: CheckTx. It keeps
 * its writes in the cells of that branch, where nobody else takes them for its own.
 */

import type { KeyRange, KvStore, ReadStore } from "../kv.ts";
import { SortedKeys } from "../sorted-keys.ts";
import { type Cell, gone, type Written } from "./cell.ts";
import type { Cells } from "./cells.ts";
import { mergePairs } from "./merge-pairs.ts";
import type { Undoable, UndoLog } from "./undo-log.ts";

type Pair = readonly [key: Uint8Array, value: Uint8Array];

export class Aside implements KvStore, Undoable {
  readonly #cells: Cells;
  readonly #version: ReadStore;
  /** What was written, each key once. */
  readonly #written = new Set<Cell>();
  #sorted: SortedKeys | undefined;
  #generation = 0;
  /** Told of every write: a transaction may fail. */
  undoLog: UndoLog | undefined;

  constructor(cells: Cells, version: ReadStore) {
    this.#cells = cells;
    this.#version = version;
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
    const below = this.#version.iterate(range);
    for (const pair of mergePairs(below, this.#pairs(range), range)) {
      yield pair;
      if (generation !== this.#generation) throw new Error("written to while iterating");
    }
  }

  /** Takes a write back; undefined when the key was not written before it. For the UndoLog. */
  restore(cell: Cell, before: Written | undefined): void {
    this.#generation++;
    cell.aside = before;
    if (before !== undefined) return;
    this.#written.delete(cell);
    this.#sorted?.remove(cell.text);
  }

  #find(key: Uint8Array): Written {
    const cell = this.#cells.of(key);
    const own = cell.asideBy === this ? cell.aside : undefined;
    return own !== undefined ? own : this.#cells.baseOf(cell, key, this.#version);
  }

  #write(key: Uint8Array, value: Written): void {
    if (key.length === 0) throw new Error("a store key is never empty");
    this.#generation++;
    const cell = this.#cells.of(key);
    const before = cell.asideBy === this ? cell.aside : undefined;
    this.undoLog?.note(this, cell, before);
    cell.aside = value;
    cell.asideBy = this;
    if (before !== undefined) return;
    this.#written.add(cell);
    this.#sorted?.add(cell.text);
  }

  *#pairs(range: KeyRange): Generator<readonly [string, Written], void> {
    if (!this.#sorted) {
      this.#sorted = new SortedKeys();
      const texts = [...this.#written].map(({ text }) => text);
      for (const text of texts.sort()) this.#sorted.add(text);
    }
    for (const text of this.#sorted.iterate(range)) {
      yield [text, this.#cells.known(text)?.aside ?? gone];
    }
  }
}
