/**
 * Keys of the index. What a block has of one attribute is one entry, whose value lists where:
 *
 *   x/ hash                   -> height, index, whether it took effect
 *   a/ name 00 value 00 height -> index and event of every transaction that has the attribute
 *   p/ height                 -> the indexes of its transactions that are found
 *   c/ name 00 value 00 height -> the events of the block itself that have the attribute
 *   n                         -> height   the last indexed block
 */
import { concat, fromU64be, u64be, utf8 } from "../../encoding/bytes.ts";
import { readUvarint } from "../../encoding/varint.ts";
import type { TxPosition } from "../expected.ts";

const separator = Uint8Array.of(0);

export const lastHeightKey = utf8("n");
export const txKey = (hash: Uint8Array): Uint8Array => concat(utf8("x/"), hash);
/** The same key of a hash with one character a byte, as such a text. */
export const txKeyOfText = (hash: string): string => `x/${hash}`;

/** Where a transaction is, and whether it took effect there. */
export interface TxRecord extends TxPosition {
  readonly isSuccess: boolean;
}

export function encodeTxRecord({ height, index, isSuccess }: TxRecord): Uint8Array {
  const bytes = Buffer.allocUnsafe(9 + uvarintLength(index));
  bytes.writeBigUInt64BE(height);
  bytes[8] = isSuccess ? 1 : 0;
  writeUvarint(bytes, 9, index);
  return bytes;
}

export function decodeTxRecord(bytes: Uint8Array): TxRecord {
  const index = Number(readUvarint(bytes, 9)?.value ?? 0n);
  return { height: fromU64be(bytes), index, isSuccess: bytes[8] === 1 };
}

export const heightPrefix = utf8("p/");
export const heightKey = (height: bigint): Uint8Array => concat(heightPrefix, u64be(height));

/** Attributes of transactions, or of blocks themselves. */
export type AttributeKind = "a" | "c";

/** All attributes of that name; with a value, only those that equal it. */
export function attributePrefix(kind: AttributeKind, name: string, value?: string): Uint8Array {
  return utf8(value === undefined ? `${kind}/${name}\0` : `${kind}/${name}\0${value}\0`);
}

/**
 * The keys of a name and a height, by value. They share memory with other small Buffers: a block
 * has thousands, and the database would give each array on the heap a memory of its own.
 */
export function attributeKeys(
  kind: AttributeKind,
  name: string,
  height: bigint,
): (value: string) => Uint8Array {
  const prefix = attributePrefix(kind, name);
  const end = concat(separator, u64be(height));
  return (value) => {
    const endsAt = prefix.length + Buffer.byteLength(value);
    const key = Buffer.allocUnsafe(endsAt + end.length);
    key.set(prefix);
    key.write(value, prefix.length);
    key.set(end, endsAt);
    return key;
  };
}

/** The value between the name and the height that ends an attribute key. */
export function attributeValue(key: Uint8Array, name: string): string {
  const start = attributePrefix("a", name).length;
  return Buffer.from(key.subarray(start, key.length - 9)).toString("utf8");
}

/** The height that ends a key. */
export const heightOfKey = (key: Uint8Array): bigint => fromU64be(key.subarray(key.length - 8));

/** Small numbers in a row, each as a varint. */
export function encodeNumbers(numbers: readonly number[]): Uint8Array {
  let length = 0;
  for (const number of numbers) length += uvarintLength(number);
  const bytes = Buffer.allocUnsafe(length);
  let at = 0;
  for (const number of numbers) at = writeUvarint(bytes, at, number);
  return bytes;
}

/** Of a number below 2^31. */
function uvarintLength(number: number): number {
  let length = 1;
  for (let rest = number >>> 7; rest > 0; rest >>>= 7) length++;
  return length;
}

/** Returns where the next one goes. */
function writeUvarint(bytes: Uint8Array, start: number, number: number): number {
  let [at, rest] = [start, number];
  for (; rest >= 0x80; rest >>>= 7) bytes[at++] = (rest & 0x7f) | 0x80;
  bytes[at++] = rest;
  return at;
}

export function decodeNumbers(bytes: Uint8Array): number[] {
  const numbers: number[] = [];
  for (let offset = 0; offset < bytes.length; ) {
    const read = readUvarint(bytes, offset);
    if (!read) throw new Error("an entry of the index is cut off");
    numbers.push(Number(read.value));
    offset = read.next;
  }
  return numbers;
}
