/** Bytes written one after the other into a buffer that grows: logs of any number of operations. */
import { utf8 } from "../../encoding/bytes.ts";

const firstBytes = 4096;
/** The longest varint of a number up to 2^53. */
const varintBytesMax = 8;

export class ByteWriter {
  #bytes = new Uint8Array(firstBytes);
  #length = 0;

  /** Bytes written since the start or the last take. */
  get length(): number {
    return this.#length;
  }

  /** An unsigned varint of an integer from 0 to 2^53-1. */
  number(value: number): void {
    this.#reserve(varintBytesMax);
    let rest = value;
    while (rest >= 0x80) {
      this.#bytes[this.#length++] = (rest % 0x80) | 0x80;
      rest = Math.floor(rest / 0x80);
    }
    this.#bytes[this.#length++] = rest;
  }

  raw(bytes: Uint8Array): void {
    this.#reserve(bytes.length);
    this.#bytes.set(bytes, this.#length);
    this.#length += bytes.length;
  }

  /** The length, then the bytes. */
  prefixed(bytes: Uint8Array): void {
    this.number(bytes.length);
    this.raw(bytes);
  }

  /** UTF-8, length-prefixed. */
  text(text: string): void {
    this.prefixed(utf8(text));
  }

  /** A copy of what was written; the writer is empty afterwards. */
  take(): Uint8Array {
    const bytes = this.#bytes.slice(0, this.#length);
    this.#length = 0;
    return bytes;
  }

  #reserve(count: number): void {
    if (this.#length + count <= this.#bytes.length) return;
    const larger = new Uint8Array(Math.max(this.#bytes.length * 2, this.#length + count));
    larger.set(this.#bytes.subarray(0, this.#length));
    this.#bytes = larger;
  }
}
