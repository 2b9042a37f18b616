/**
 * A sorted set of keys, held as strings of one char per byte, which JavaScript compares as bytes.
 * Chunks of a few hundred keys: an insertion is two binary searches and one short splice.
 */
import { latin1 } from "../encoding/runtime/latin1.ts";
import { type KeyRange, KnownKey } from "./kv.ts";

const chunkKeysMax = 512;

/** The bytes of a key as a string of chars 0..255; its order is the order of the bytes. */
export function keyText(key: Uint8Array): string {
  return key instanceof KnownKey ? key.text : latin1(key);
}

/** The inverse of keyText. */
export function keyBytes(text: string): Uint8Array {
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i);
  return bytes;
}

export class SortedKeys {
  #chunks: string[][] = [];

  /** Adds a key that the set does not hold yet. */
  add(key: string): void {
    const at = this.#chunkOf(key);
    const chunk = this.#chunks[at];
    if (!chunk) {
      this.#chunks.push([key]);
      return;
    }
    chunk.splice(lowerBound(chunk, key), 0, key);
    if (chunk.length > chunkKeysMax) this.#chunks.splice(at + 1, 0, chunk.splice(chunkKeysMax / 2));
  }

  /** Removes a key if the set holds it. */
  remove(key: string): void {
    const at = this.#chunkOf(key);
    const chunk = this.#chunks[at];
    if (!chunk) return;
    const index = lowerBound(chunk, key);
    if (chunk[index] !== key) return;
    chunk.splice(index, 1);
    if (chunk.length === 0) this.#chunks.splice(at, 1);
  }

  clear(): void {
    this.#chunks = [];
  }

  /** The keys of the range, lazily, in its direction. The set must not change meanwhile. */
  *iterate({ start, end, reverse }: KeyRange = {}): Generator<string, void> {
    const from = start && keyText(start);
    const to = end && keyText(end);
    if (reverse) yield* this.#down(from, to);
    else yield* this.#up(from, to);
  }

  *#up(from: string | undefined, to: string | undefined): Generator<string, void> {
    let at = from === undefined ? 0 : this.#chunkOf(from);
    let index = from === undefined ? 0 : lowerBound(this.#chunks[at] ?? [], from);
    for (let chunk = this.#chunks[at]; chunk; chunk = this.#chunks[++at], index = 0) {
      for (; index < chunk.length; index++) {
        const key = chunk[index] as string; // index < length
        if (to !== undefined && key >= to) return;
        yield key;
      }
    }
  }

  *#down(from: string | undefined, to: string | undefined): Generator<string, void> {
    let at = to === undefined ? this.#chunks.length - 1 : this.#chunkOf(to);
    let index = to === undefined ? Infinity : lowerBound(this.#chunks[at] ?? [], to);
    for (let chunk = this.#chunks[at]; chunk; chunk = this.#chunks[--at], index = Infinity) {
      for (index = Math.min(index, chunk.length) - 1; index >= 0; index--) {
        const key = chunk[index] as string; // index < length
        if (from !== undefined && key < from) return;
        yield key;
      }
    }
  }

  /** The chunk a key belongs to: the last one that begins at or before it, else the first. */
  #chunkOf(key: string): number {
    let [low, high] = [0, this.#chunks.length - 1];
    while (low < high) {
      const middle = (low + high + 1) >>> 1;
      if ((this.#chunks[middle]?.[0] ?? "") <= key) low = middle;
      else high = middle - 1;
    }
    return low;
  }
}

/** The first index whose key is >= the given one. */
function lowerBound(keys: readonly string[], key: string): number {
  let [low, high] = [0, keys.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((keys[middle] ?? "") < key) low = middle + 1;
    else high = middle;
  }
  return low;
}
