/**
 * The preimage of a node hash: cosmos/iavl v1 node.go writeHashBytes. Zig-zag varints of height,
 * size and version; then key and value hash, or both children's hashes, length-prefixed.
 */
import { hash } from "node:crypto";
import { latin1Buffer } from "./latin1-buffer.ts";

const hashBytes = 32;
/** Views of up to so many first bytes are kept: making one costs half as much as a hash. */
const headsMax = 512;
/** Words lie in memory in the order of the machine; so must they in the preimage. */
const isLittleEndian = new Uint8Array(Uint32Array.of(1).buffer)[0] === 1;

export class Preimage {
  #bytes = latin1Buffer(new ArrayBuffer(headsMax));
  #view = new DataView(this.#bytes.buffer);
  /** The first bytes, by their number. */
  #heads: Buffer[] = [];
  #length = 0;

  begin(height: number, size: number, version: number): void {
    this.#bytes[0] = height * 2; // Zig-zag of a number that is not negative: below 128.
    this.#length = 1;
    this.#zigzag(size);
    this.#zigzag(version);
  }

  leaf(key: Uint8Array, value: Uint8Array): void {
    const needed = this.#length + key.length + 48;
    if (needed > this.#bytes.length) {
      const larger = latin1Buffer(new ArrayBuffer(needed * 2));
      this.#bytes.copy(larger);
      this.#bytes = larger;
      this.#view = new DataView(larger.buffer);
      this.#heads = [];
    }
    this.#uvarint(key.length);
    this.#bytes.set(key, this.#length);
    this.#length += key.length;
    this.#bytes[this.#length++] = hashBytes;
    this.#bytes.latin1Write(hash("sha256", value, "binary"), this.#length, hashBytes);
    this.#length += hashBytes;
  }

  /** Appends the hash of a child: eight words from this one on, as they lie in memory. */
  child(words: Uint32Array, from: number): void {
    const at = this.#length;
    this.#bytes[at] = hashBytes;
    const view = this.#view;
    for (let i = 0; i < 8; i++) {
      view.setUint32(at + 1 + i * 4, words[from + i] as number, isLittleEndian);
    }
    this.#length = at + 1 + hashBytes;
  }

  /** SHA-256 as a string of one char per byte: no allocation outside the young heap. */
  digest(): string {
    return hash("sha256", this.#head(), "binary");
  }

  #head(): Buffer {
    const length = this.#length;
    if (length > headsMax) return this.#bytes.subarray(0, length);
    for (let next = this.#heads.length; next <= length; next++) {
      this.#heads.push(this.#bytes.subarray(0, next));
    }
    return this.#heads[length] as Buffer; // Just made, if it was not there.
  }

  #zigzag(value: number): void {
    this.#uvarint(value * 2);
  }

  #uvarint(value: number): void {
    let rest = value;
    while (rest >= 0x1000_0000) {
      this.#bytes[this.#length++] = (rest % 0x80) | 0x80;
      rest = Math.floor(rest / 0x80);
    }
    let small = rest | 0; // Integer arithmetic from here on.
    while (small >= 0x80) {
      this.#bytes[this.#length++] = (small & 0x7f) | 0x80;
      small >>>= 7;
    }
    this.#bytes[this.#length++] = small;
  }
}
