/**
 * Keys of the index. Everything that a search looks up is ordered by height, then position:
 *
 *   t/ hash                                         -> height, index, tx, result (abci TxResult)
 *   e/ name 00 value 00 height index sequence       -> hash      attributes of transactions
 *   h/ height index                                 -> hash      transactions by height
 *   b/ name 00 value 00 height sequence             -> nothing   attributes of blocks
 *   m                                               -> height    the last indexed block
 */
import { concat, u64be, utf8 } from "../../encoding/bytes.ts";

const separator = Uint8Array.of(0);

export const lastHeightKey = utf8("m");
export const txKey = (hash: Uint8Array): Uint8Array => concat(utf8("t/"), hash);

/** Where a transaction is. */
export interface TxPosition {
  readonly height: bigint;
  readonly index: number;
}

const positionBytes = ({ height, index }: TxPosition): Uint8Array =>
  concat(u64be(height), u64be(BigInt(index)));

export const heightPrefix = utf8("h/");
export const heightKey = (at: TxPosition): Uint8Array => concat(heightPrefix, positionBytes(at));

/** All attributes of that name; with a value, only those that equal it. */
export function attributePrefix(kind: "e" | "b", name: string, value?: string): Uint8Array {
  const prefix = concat(utf8(`${kind}/`), utf8(name), separator);
  return value === undefined ? prefix : concat(prefix, utf8(value), separator);
}

export function txAttributeKey(
  attribute: { readonly name: string; readonly value: string },
  at: TxPosition,
  sequence: number,
): Uint8Array {
  const prefix = attributePrefix("e", attribute.name, attribute.value);
  return concat(prefix, positionBytes(at), u64be(BigInt(sequence)));
}

export function blockAttributeKey(
  attribute: { readonly name: string; readonly value: string },
  height: bigint,
  sequence: number,
): Uint8Array {
  const prefix = attributePrefix("b", attribute.name, attribute.value);
  return concat(prefix, u64be(height), u64be(BigInt(sequence)));
}

/** The value between the name and the fixed-length tail of an attribute key. */
export function attributeValue(key: Uint8Array, name: string, tailBytes: number): string {
  const start = attributePrefix("e", name).length;
  return Buffer.from(key.subarray(start, key.length - tailBytes - 1)).toString("utf8");
}

/** Bytes after the value's separator: height, index, sequence; or height, sequence. */
export const txTailBytes = 24;
export const blockTailBytes = 16;
