/** What a branch knows of a store, by key: its last version, and what was written over it. */
import { KnownKey, type ReadStore } from "../kv.ts";
import { keyText } from "../sorted-keys.ts";
import { type Cell, gone, type Written } from "./cell.ts";

/** Beyond these, what is known of the store is forgotten at the next version. */
const [maxKnownKeys, maxKnownBytes] = [32_768, 8_388_608];

export class Cells {
  #cells = new Map<string, Cell>();
  #bytes = 0;

  of(key: Uint8Array): Cell {
    if (key instanceof KnownKey) {
      if (key.cell && key.cellsOf === this.#cells) return key.cell;
      key.cell = this.#of(key.text);
      key.cellsOf = this.#cells;
      return key.cell;
    }
    return this.#of(keyText(key));
  }

  #of(text: string): Cell {
    return this.#cells.get(text) ?? this.#add(text);
  }

  /** The cell of a key that has one. */
  known(text: string): Cell | undefined {
    return this.#cells.get(text);
  }

  #add(text: string): Cell {
    const none = { base: undefined, written: undefined, aside: undefined, asideBy: undefined };
    const cell: Cell = { text, ...none, isPending: false };
    this.#cells.set(text, cell);
    this.#bytes += text.length;
    return cell;
  }

  /** What the last version has; read from `store` when it is not known. */
  baseOf(cell: Cell, key: Uint8Array, store: ReadStore): Written {
    if (cell.base !== undefined) return cell.base;
    const value = store.get(key) ?? gone;
    this.rebase(cell, value);
    return value;
  }

  rebase(cell: Cell, value: Written): void {
    cell.base = value;
    this.#bytes += value?.length ?? 0;
  }

  /** Forgets all of them when they are too many. Between versions. */
  trim(): void {
    if (this.#cells.size <= maxKnownKeys && this.#bytes <= maxKnownBytes) return;
    this.#cells = new Map();
    this.#bytes = 0;
  }
}
