/**
 * Memory that grows without being copied: doubling a plain typed array at a million nodes would
 * stop the process for hundreds of milliseconds and hold both copies. WebAssembly memory only
 * reserves addresses; beyond its 4 GiB the memory is a plain array that doubles after all.
 */
import { type Latin1Buffer, latin1Buffer } from "./latin1-buffer.ts";

interface WasmMemory {
  readonly buffer: ArrayBuffer;
  grow(pages: number): number;
}
// Part of JavaScript in Node.js; the typings have it only for browsers.
declare const WebAssembly: {
  readonly Memory: new (size: { initial: number; maximum: number }) => WasmMemory;
};

const pageBytes = 1 << 16;
const pagesMax = 1 << 16;
const firstPages = 1;
/** Grown by an eighth at a time, from this many pages at least. */
const stepPages = 16;

export class GrowingMemory {
  #memory: WasmMemory | undefined;
  words: Uint32Array;
  bytes: Latin1Buffer;

  constructor() {
    this.#memory = new WebAssembly.Memory({ initial: firstPages, maximum: pagesMax });
    this.words = new Uint32Array(this.#memory.buffer);
    this.bytes = latin1Buffer(this.#memory.buffer);
  }

  /** Makes the memory larger; the contents stay, words and bytes are new views of them. */
  grow(): void {
    const pages = this.bytes.length / pageBytes;
    const step = Math.min(Math.max(pages >> 3, stepPages), pagesMax - pages);
    if (this.#memory && step > 0) {
      this.#memory.grow(step);
      this.words = new Uint32Array(this.#memory.buffer);
    } else {
      const words = new Uint32Array(this.words.length * 2);
      words.set(this.words);
      this.words = words;
      this.#memory = undefined;
    }
    this.bytes = latin1Buffer(this.words.buffer);
  }
}
