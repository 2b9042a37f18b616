/**
 * The bytes of leaves, key and value, in pages outside the JavaScript heap: a million leaves are a
 * few hundred objects to the garbage collector. Freed space is reused by records of the same size.
 */
import { copyRange } from "../../encoding/runtime/slab.ts";

const unitBytes = 8;
const pageUnits = 1 << 15;
const headerBytes = 8;
/** What nodes compare themselves. */
const probedBytes = 8;
/** Larger records get a page of their own, which is given back when they are freed. */
const sharedUnitsMax = pageUnits / 4;

interface Page {
  readonly bytes: Uint8Array;
  /** The same memory, for the two lengths at the start of each record. */
  readonly words: Uint32Array;
}

/** Where a record is: the page number and, below it, the offset in units of eight bytes. */
export type RecordAddress = number;

export class Records {
  readonly #pages: Page[] = [];
  readonly #freePages: number[] = [];
  readonly #freeBySize = new Map<number, RecordAddress[]>();
  #bump = pageUnits;
  #bumpPage = 0;

  /** Copies key and value into a new record. */
  add(key: Uint8Array, value: Uint8Array): RecordAddress {
    const address = this.#allocate(sizeUnits(key.length, value.length));
    const page = this.#pageOf(address);
    const start = address % pageUnits;
    page.words[start * 2] = key.length;
    page.words[start * 2 + 1] = value.length;
    const offset = start * unitBytes + headerBytes;
    page.bytes.set(key, offset);
    page.bytes.set(value, offset + key.length);
    return address;
  }

  free(address: RecordAddress): void {
    const { words } = this.#pageOf(address);
    const start = (address % pageUnits) * 2;
    const units = sizeUnits(words[start] ?? 0, words[start + 1] ?? 0);
    if (units > sharedUnitsMax) {
      this.#pages[(address - (address % pageUnits)) / pageUnits] = newPage(0);
      this.#freePages.push((address - (address % pageUnits)) / pageUnits);
      return;
    }
    const free = this.#freeBySize.get(units);
    if (free) free.push(address);
    else this.#freeBySize.set(units, [address]);
  }

  /** A copy of the key. */
  key(address: RecordAddress): Uint8Array {
    const { bytes, words } = this.#pageOf(address);
    const start = address % pageUnits;
    const offset = start * unitBytes + headerBytes;
    return copyRange(bytes, offset, offset + (words[start * 2] ?? 0));
  }

  /** A copy of the value. */
  value(address: RecordAddress): Uint8Array {
    const { bytes, words } = this.#pageOf(address);
    const start = address % pageUnits;
    const offset = start * unitBytes + headerBytes + (words[start * 2] ?? 0);
    return copyRange(bytes, offset, offset + (words[start * 2 + 1] ?? 0));
  }

  /** Key and value in place: to be read at once and never kept, since the space is reused. */
  view(address: RecordAddress): { readonly key: Uint8Array; readonly value: Uint8Array } {
    const { bytes, words } = this.#pageOf(address);
    const start = address % pageUnits;
    const offset = start * unitBytes + headerBytes;
    const middle = offset + (words[start * 2] ?? 0);
    return {
      key: bytes.subarray(offset, middle),
      value: bytes.subarray(middle, middle + (words[start * 2 + 1] ?? 0)),
    };
  }

  /**
   * The whole record in place, to be read at once: lengths of key and value as words of this
   * machine, key, value.
   */
  raw(address: RecordAddress): Uint8Array {
    const { bytes, words } = this.#pageOf(address);
    const start = address % pageUnits;
    const length = (words[start * 2] as number) + (words[start * 2 + 1] as number);
    return bytes.subarray(start * unitBytes, start * unitBytes + headerBytes + length);
  }

  /**
   * The order of a key relative to the record's key: negative, zero or positive. Their first eight
   * bytes are known to be equal, where they have so many.
   */
  compare(key: Uint8Array, address: RecordAddress): number {
    const { bytes, words } = this.#pageOf(address);
    const start = address % pageUnits;
    const offset = start * unitBytes + headerBytes;
    const length = words[start * 2] as number; // A record always has its two lengths.
    const shared = Math.min(key.length, length);
    for (let i = Math.min(shared, probedBytes); i < shared; i++) {
      const order = (key[i] as number) - (bytes[offset + i] as number); // i < both lengths
      if (order !== 0) return order;
    }
    return key.length - length;
  }

  #pageOf(address: RecordAddress): Page {
    const page = this.#pages[(address / pageUnits) >>> 0];
    if (!page) throw new Error(`no record at ${address}`);
    return page;
  }

  #allocate(units: number): RecordAddress {
    if (units > sharedUnitsMax) return this.#addPage(units) * pageUnits;
    const reused = this.#freeBySize.get(units)?.pop();
    if (reused !== undefined) return reused;
    if (this.#bump + units > pageUnits) {
      this.#bumpPage = this.#addPage(pageUnits);
      this.#bump = 0;
    }
    const address = this.#bumpPage * pageUnits + this.#bump;
    this.#bump += units;
    return address;
  }

  #addPage(units: number): number {
    const index = this.#freePages.pop() ?? this.#pages.length;
    this.#pages[index] = newPage(units);
    return index;
  }
}

function newPage(units: number): Page {
  const memory = new ArrayBuffer(units * unitBytes);
  return { bytes: new Uint8Array(memory), words: new Uint32Array(memory) };
}

/** Size classes an eighth apart, so that a record that grew a little fits where one was freed. */
function sizeUnits(keyBytes: number, valueBytes: number): number {
  const units = Math.ceil((headerBytes + keyBytes + valueBytes) / unitBytes);
  if (units <= 16) return units;
  const step = 2 ** (28 - Math.clz32(units));
  return Math.ceil(units / step) * step;
}
