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
import { readUvarint, uvarint } from "../../encoding/varint.ts";
import type { TxPosition } from "../expected.ts";

const separator = Uint8Array.of(0);

export const lastHeightKey = utf8("n");
export const txKey = (hash: Uint8Array): Uint8Array => concat(utf8("x/"), hash);

/** Where a transaction is, and whether it took effect there. */
export interface TxRecord extends TxPosition {
  readonly isSuccess: boolean;
}

export const encodeTxRecord = ({ height, index, isSuccess }: TxRecord): Uint8Array =>
  concat(u64be(height), Uint8Array.of(isSuccess ? 1 : 0), uvarint(index));

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

/** `attribute` is the name, a zero character, and the value. */
export const attributeKey = (kind: AttributeKind, attribute: string, height: bigint): Uint8Array =>
  concat(utf8(`${kind}/${attribute}`), separator, u64be(height));

/** The value between the name and the height that ends an attribute key. */
export function attributeValue(key: Uint8Array, name: string): string {
  const start = attributePrefix("a", name).length;
  return Buffer.from(key.subarray(start, key.length - 9)).toString("utf8");
}

/** The height that ends a key. */
export const heightOfKey = (key: Uint8Array): bigint => fromU64be(key.subarray(key.length - 8));

/** Small numbers in a row, each as a varint. */
export function encodeNumbers(numbers: readonly number[]): Uint8Array {
  const bytes: number[] = [];
  for (let rest of numbers) {
    for (; rest >= 0x80; rest >>>= 7) bytes.push((rest & 0x7f) | 0x80);
    bytes.push(rest);
  }
  return Uint8Array.from(bytes);
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
