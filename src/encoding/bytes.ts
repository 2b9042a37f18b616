/** Byte strings: joining, comparing and writing them as text. Total, except where noted. */
// Whatever handles bytes gets the right writer under the codecs of cosmjs-types (docs/adr/065).
import "./runtime/codecs.ts";
import { latin1 } from "./runtime/latin1.ts";
import { newBytes } from "./runtime/slab.ts";

/** Joins the parts into one new array. */
export function concat(...parts: readonly Uint8Array[]): Uint8Array {
  let length = 0;
  for (const part of parts) length += part.length;
  const joined = newBytes(length);
  let offset = 0;
  for (const part of parts) {
    joined.set(part, offset);
    offset += part.length;
  }
  return joined;
}

/** Lexicographic order of unsigned bytes, a prefix before its extensions: Go's bytes.Compare. */
export function compareBytes(a: Uint8Array, b: Uint8Array): number {
  return Buffer.compare(a, b);
}

/** Up to here a loop of our own beats a call out of JavaScript. */
const shortText = 64;

/** Whether both hold the same bytes. Not constant time: never for secrets. */
export function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  const { length } = a;
  if (length !== b.length) return false;
  if (length > shortText) return Buffer.compare(a, b) === 0;
  for (let i = 0; i < length; i++) if (a[i] !== b[i]) return false;
  return true;
}

/** Lower-case hex. */
export function toHex(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("hex");
}

/** Upper-case hex, as CometBFT writes hashes. */
export function toUpperHex(bytes: Uint8Array): string {
  return toHex(bytes).toUpperCase();
}

/** The bytes of a hex string of either case; undefined when it is not one. */
export function parseHex(text: string): Uint8Array | undefined {
  if (text.length % 2 !== 0 || !/^[0-9a-fA-F]*$/.test(text)) return undefined;
  return new Uint8Array(Buffer.from(text, "hex"));
}

/** As parseHex, for text that this program wrote itself. Throws on anything else. */
export function fromHex(text: string): Uint8Array {
  const bytes = parseHex(text);
  if (!bytes) throw new Error(`not a hex string: ${text.slice(0, 80)}`);
  return bytes;
}

/** Standard base64 with padding. */
export function toBase64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("base64");
}

/** The bytes of standard, padded base64; undefined when the text is not that. */
export function parseBase64(text: string): Uint8Array | undefined {
  if (text.length % 4 !== 0) return undefined;
  // Node skips what is no base64; written again, it shows.
  const bytes = new Uint8Array(Buffer.from(text, "base64"));
  return toBase64(bytes) === text ? bytes : undefined;
}

/** As parseBase64, for text that this program wrote itself. Throws on anything else. */
export function fromBase64(text: string): Uint8Array {
  const bytes = parseBase64(text);
  if (!bytes) throw new Error(`not base64: ${text.slice(0, 80)}`);
  return bytes;
}

const encoder = new TextEncoder();
const strictDecoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** UTF-8 bytes of a string. */
export function utf8(text: string): Uint8Array {
  if (text.length > shortText) return encoder.encode(text);
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code >= 0x80) return encoder.encode(text);
    bytes[i] = code;
  }
  return bytes;
}

/** The string of UTF-8 bytes. Throws a TypeError on invalid UTF-8. */
export function fromUtf8(bytes: Uint8Array): string {
  if (bytes.length > shortText) return strictDecoder.decode(bytes);
  for (let i = 0; i < bytes.length; i++) {
    if ((bytes[i] ?? 0) >= 0x80) return strictDecoder.decode(bytes);
  }
  return latin1(bytes);
}

/** One length byte, then the bytes: the SDK's address.MustLengthPrefix. At most 255 bytes. */
export function lengthPrefixed(bytes: Uint8Array): Uint8Array {
  if (bytes.length > 255) throw new Error(`${bytes.length} bytes do not fit a length byte`);
  return concat(Uint8Array.of(bytes.length), bytes);
}

/** Eight bytes, big-endian: keys that sort as numbers. The value must fit u64. */
export function u64be(value: bigint): Uint8Array {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigUint64(0, value);
  return bytes;
}

/** The number of the first eight bytes, big-endian. */
export function fromU64be(bytes: Uint8Array): bigint {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength).getBigUint64(0);
}

/** Eight bytes, little-endian. The value must fit u64. */
export function u64le(value: bigint): Uint8Array {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigUint64(0, value, true);
  return bytes;
}

/** Four bytes, little-endian. The value must fit u32. */
export function u32le(value: number): Uint8Array {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, value, true);
  return bytes;
}
