/** As much of Node's Buffer as src/encoding/bytes.ts uses, for browsers. */
import { bytesToHex, hexToBytes } from "@noble/hashes/utils.js";

const chunk = 8192;

/** A string of one char for each byte, in pieces that fit the stack. */
function binary(bytes: Uint8Array): string {
  let text = "";
  for (let from = 0; from < bytes.length; from += chunk) {
    text += String.fromCharCode(...bytes.subarray(from, from + chunk));
  }
  return text;
}

class WebBuffer extends Uint8Array {
  static compare(a: Uint8Array, b: Uint8Array): number {
    const shorter = Math.min(a.length, b.length);
    for (let i = 0; i < shorter; i++) {
      const difference = (a[i] ?? 0) - (b[i] ?? 0);
      if (difference !== 0) return Math.sign(difference);
    }
    return Math.sign(a.length - b.length);
  }

  /** The bytes of hex or base64 text that was checked before, or a view of a buffer. */
  static of64(text: string): Uint8Array {
    return Uint8Array.from(atob(text), (char) => char.charCodeAt(0));
  }

  override toString(encoding?: string): string {
    return encoding === "hex" ? bytesToHex(this) : btoa(binary(this));
  }

  latin1Slice(this: Uint8Array, start: number, end: number): string {
    return binary(this.subarray(start, end));
  }
}

/** Bytes that can be written as text, as Node's are. */
type Printable = Uint8Array & { toString(encoding?: string): string };

/** Under the name by which bytes.ts knows it. */
export const Buffer = {
  prototype: WebBuffer.prototype,
  compare: WebBuffer.compare,
  from(source: ArrayBuffer | string, second?: number | string, length?: number): Printable {
    if (typeof source !== "string") return new WebBuffer(source, Number(second ?? 0), length);
    return second === "hex" ? hexToBytes(source) : WebBuffer.of64(source);
  },
};
