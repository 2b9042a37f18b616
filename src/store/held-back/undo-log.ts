/**
 * Takes back the writes of what fails: a transaction, its messages, a proposal's. Scopes lie inside
 * one another, and the innermost ends first. Outside of them nothing is noted.
 */
import type { Cell, Written } from "./cell.ts";

/** A branch that can put back what a key held; undefined is "not written". */
export interface Undoable {
  restore(cell: Cell, before: Written | undefined): void;
}

export class UndoLog {
  readonly #branches: Undoable[] = [];
  readonly #cells: Cell[] = [];
  readonly #before: (Written | undefined)[] = [];
  #openScopes = 0;

  /** Begins a scope. Returns where, for keep or undo: one of them must follow. */
  open(): number {
    this.#openScopes++;
    return this.#cells.length;
  }

  /** Ends the innermost scope: its writes belong to the scope around it, or stay. */
  keep(): void {
    if (this.#openScopes === 0) throw new Error("no scope is open");
    this.#openScopes--;
    if (this.#openScopes === 0) this.#truncate(0);
  }

  /** Ends the innermost scope, which began at this place, and takes its writes back. */
  undo(place: number): void {
    if (this.#openScopes === 0) throw new Error("no scope is open");
    this.#openScopes--;
    for (let i = this.#cells.length - 1; i >= place; i--) {
      this.#branches[i]?.restore(this.#cells[i] as Cell, this.#before[i]); // i < length
    }
    this.#truncate(place);
  }

  /** Before a write: what the key holds now. */
  note(branch: Undoable, cell: Cell, before: Written | undefined): void {
    if (this.#openScopes === 0) return;
    this.#branches.push(branch);
    this.#cells.push(cell);
    this.#before.push(before);
  }

  #truncate(length: number): void {
    this.#branches.length = length;
    this.#cells.length = length;
    this.#before.length = length;
  }
}
