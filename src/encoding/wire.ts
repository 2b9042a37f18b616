/**
 * The gate before every protobuf decoder of foreign bytes. Generated decoders trust their input:
 * they throw various errors, overflow the stack on nested groups and ignore trailing nonsense.
 */
import { readUvarint } from "./varint.ts";

/** What a message may cost before it is decoded. */
export interface WireLimits {
  readonly maxBytes: number;
  /**
   * How deep length-delimited fields may nest. The walker knows no schema, so bytes that merely
   * look like messages count too: leave it out for messages that carry opaque bytes.
   */
  readonly maxDepth?: number;
}

const maxFieldNumber = (1n << 29n) - 1n;

/**
 * Why the bytes are not a well-formed protobuf message within the limits, or undefined when they
 * are. Groups are refused: no message of this network has any.
 */
export function checkWire(bytes: Uint8Array, limits: WireLimits): string | undefined {
  if (bytes.length > limits.maxBytes) {
    return `message of ${bytes.length} bytes exceeds the limit of ${limits.maxBytes}`;
  }
  const problem = walk(bytes, () => undefined);
  if (problem !== undefined || limits.maxDepth === undefined) return problem;
  return checkDepth(bytes, limits.maxDepth);
}

/** Visits every top-level length-delimited field; returns what is malformed. */
function walk(bytes: Uint8Array, visit: (content: Uint8Array) => void): string | undefined {
  let offset = 0;
  while (offset < bytes.length) {
    const tag = readUvarint(bytes, offset);
    if (!tag) return `bad tag at offset ${offset}`;
    const field = tag.value >> 3n;
    if (field === 0n || field > maxFieldNumber) return `bad field number at offset ${offset}`;
    const end = skipValue(bytes, tag.next, Number(tag.value & 7n), visit);
    if (end === undefined) return `bad value of field ${field} at offset ${tag.next}`;
    offset = end;
  }
  return undefined;
}

function skipValue(
  bytes: Uint8Array,
  offset: number,
  wireType: number,
  visit: (content: Uint8Array) => void,
): number | undefined {
  if (wireType === 0) return readUvarint(bytes, offset)?.next;
  if (wireType === 1 || wireType === 5) {
    const end = offset + (wireType === 1 ? 8 : 4);
    return end <= bytes.length ? end : undefined;
  }
  if (wireType !== 2) return undefined;
  const length = readUvarint(bytes, offset);
  if (!length || length.value > BigInt(bytes.length - length.next)) return undefined;
  const end = length.next + Number(length.value);
  visit(bytes.subarray(length.next, end));
  return end;
}

/** Level by level, so that the depth of the input never becomes the depth of our stack. */
function checkDepth(bytes: Uint8Array, maxDepth: number): string | undefined {
  let level: Uint8Array[] = [bytes];
  for (let depth = 0; level.length > 0; depth++) {
    if (depth > maxDepth) return `fields nest deeper than ${maxDepth} levels`;
    const next: Uint8Array[] = [];
    for (const message of level) {
      const inside: Uint8Array[] = [];
      const problem = walk(message, (content) => inside.push(content));
      if (problem === undefined) next.push(...inside.filter((content) => content.length > 0));
    }
    level = next;
  }
  return undefined;
}

/** Decodes foreign bytes, or undefined when they are malformed or break a limit. Never throws. */
export function decodeTotal<T>(
  codec: { decode(bytes: Uint8Array): T },
  bytes: Uint8Array,
  limits: WireLimits,
): T | undefined {
  if (checkWire(bytes, limits) !== undefined) return undefined;
  try {
    return codec.decode(bytes);
  } catch {
    return undefined; // Nested malformation: the decoder's own errors carry nothing to act on.
  }
}
