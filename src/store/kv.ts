/** What the state machine sees of the store: ordered keys and values, by name of the sub-store. */
import { latin1 } from "../encoding/runtime/latin1.ts";
import type { Cell } from "./held-back/cell.ts";

/** Reading. Keys are never empty; what is returned must not be written into. */
export interface ReadStore {
  /** The value, or undefined when the key is absent. An empty value is a value. */
  get(key: Uint8Array): Uint8Array | undefined;
  has(key: Uint8Array): boolean;
  /**
   * Pairs with start <= key < end in key order (or from the end, when reverse). A missing bound is
   * open. The store must not be written to while the iteration runs.
   */
  iterate(range?: KeyRange): Iterable<readonly [key: Uint8Array, value: Uint8Array]>;
}

/** A half-open range of keys: start <= key < end. */
export interface KeyRange {
  readonly start?: Uint8Array | undefined;
  readonly end?: Uint8Array | undefined;
  readonly reverse?: boolean | undefined;
}

/** Reading and writing. */
export interface KvStore extends ReadStore {
  /** The store may keep the value: it must not be written into afterwards. */
  set(key: Uint8Array, value: Uint8Array): void;
  delete(key: Uint8Array): void;
}

/**
 * The right to touch one sub-store. abci/app.ts makes one per module and gives it to that module's
 * keeper and to nobody else; two keys of the same name are different rights to the same store.
 */
export class StoreKey {
  readonly name: string;
  constructor(name: string) {
    this.name = name;
  }
}

/**
 * A key that comes again and again: it brings the text by which a branch finds it, and keeps what
 * was found. A store takes it as it takes any other array. Not to be written into.
 */
export class KnownKey extends Uint8Array {
  /** One char for each byte. */
  readonly text: string;
  /** Where the branch that looked last found it, and among which cells. For branches only. */
  cell: Cell | undefined = undefined;
  cellsOf: object | undefined = undefined;
  constructor(key: Uint8Array) {
    super(key);
    this.text = latin1(key);
  }

  /** What is made from parts of it is an array as any other. */
  static get [Symbol.species]() {
    return Uint8Array;
  }
}

/** The range of all keys with this prefix. */
export function prefixRange(prefix: Uint8Array, reverse = false): KeyRange {
  return { start: prefix, end: prefixEnd(prefix), reverse };
}

/** The first key after all keys with this prefix; undefined when there is none (all 0xff). */
export function prefixEnd(prefix: Uint8Array): Uint8Array | undefined {
  for (let last = prefix.length - 1; last >= 0; last--) {
    const byte = prefix[last] ?? 0;
    if (byte === 0xff) continue;
    const end = prefix.slice(0, last + 1);
    end[last] = byte + 1;
    return end;
  }
  return undefined;
}
