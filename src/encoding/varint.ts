/** Protobuf and Go variable-length integers: little-endian groups of seven bits. */

const maxVarintBytes = 10;
const maxUint64 = (1n << 64n) - 1n;

/** The varint of an unsigned 64-bit number. Throws a RangeError outside 0..2^64-1. */
export function uvarint(value: number | bigint): Uint8Array {
  let rest = BigInt(value);
  if (rest < 0n || rest > maxUint64) throw new RangeError(`${rest} does not fit uint64`);
  const bytes: number[] = [];
  while (rest >= 0x80n) {
    bytes.push(Number(rest & 0x7fn) | 0x80);
    rest >>= 7n;
  }
  bytes.push(Number(rest));
  return Uint8Array.from(bytes);
}

/** Go's binary.PutVarint: sign in the lowest bit. Throws a RangeError outside int64. */
export function zigzagVarint(value: bigint): Uint8Array {
  if (value !== BigInt.asIntN(64, value)) throw new RangeError(`${value} does not fit int64`);
  return uvarint(value >= 0n ? value << 1n : (-value << 1n) - 1n);
}

/**
 * Reads a varint at offset. next is the offset after it. Undefined when the bytes end before it
 * does, when it is longer than ten bytes, or when it does not fit 64 bits.
 */
export function readUvarint(
  bytes: Uint8Array,
  offset: number,
): { value: bigint; next: number } | undefined {
  let value = 0n;
  for (let i = 0; i < maxVarintBytes; i++) {
    const byte = bytes[offset + i];
    if (byte === undefined) return undefined;
    value |= BigInt(byte & 0x7f) << BigInt(7 * i);
    if (byte < 0x80) return value <= maxUint64 ? { value, next: offset + i + 1 } : undefined;
  }
  return undefined;
}
