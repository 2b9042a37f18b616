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

/** Told of every top-level length-delimited field; undefined where nobody wants to know. */
type Visit = ((content: Uint8Array) => void) | undefined;

const maxFieldNumber = (1n << 29n) - 1n;

/**
 * Why the bytes are not a well-formed protobuf message within the limits, or undefined when they
 * are. Groups are refused: no message of this network has any.
 */
export function checkWire(bytes: Uint8Array, limits: WireLimits): string | undefined {
  if (bytes.length > limits.maxBytes) {
    return `message of ${bytes.length} bytes exceeds the limit of ${limits.maxBytes}`;
  }
  const problem = walk(bytes, undefined);
  if (problem !== undefined || limits.maxDepth === undefined) return problem;
  return checkDepth(bytes, limits.maxDepth);
}

/** Visits every top-level length-delimited field; returns what is malformed. */
function walk(bytes: Uint8Array, visit: Visit): string | undefined {
  let offset = 0;
  while (offset < bytes.length) {
    const end = skipSmall(bytes, offset, visit) ?? skipField(bytes, offset, visit);
    if (typeof end === "string") return end;
    offset = end;
  }
  return undefined;
}

/**
 * The end of a field whose tag has one byte and whose number or length one or two, as most have;
 * undefined for any other field, well-formed or not. Without it, checking costs more than decoding.
 */
function skipSmall(bytes: Uint8Array, offset: number, visit: Visit): number | undefined {
  const tag = bytes[offset] ?? 0xff;
  if (tag >= 0x80 || tag < 8) return undefined;
  let value = bytes[offset + 1] ?? 0xff;
  let start = offset + 2;
  if (value >= 0x80) {
    const second = bytes[start++] ?? 0xff;
    if (second >= 0x80) return undefined;
    value = (value & 0x7f) | (second << 7);
  }
  if ((tag & 7) === 0) return start;
  const end = start + value;
  if ((tag & 7) !== 2 || end > bytes.length) return undefined;
  visit?.(bytes.subarray(start, end));
  return end;
}

/** The end of a field, or what is wrong with it. */
function skipField(bytes: Uint8Array, offset: number, visit: Visit): number | string {
  const tag = readUvarint(bytes, offset);
  if (!tag) return `bad tag at offset ${offset}`;
  const field = tag.value >> 3n;
  if (field === 0n || field > maxFieldNumber) return `bad field number at offset ${offset}`;
  const end = skipValue(bytes, tag.next, Number(tag.value & 7n), visit);
  return end ?? `bad value of field ${field} at offset ${tag.next}`;
}

function skipValue(
  bytes: Uint8Array,
  offset: number,
  wireType: number,
  visit: Visit,
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
  visit?.(bytes.subarray(length.next, end));
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

/**
 * The contents of the length-delimited fields of that number, in order, up to `count` of them: of
 * bytes that this program wrote. Throws on malformed ones.
 */
export function fieldsOf(bytes: Uint8Array, field: number, count: number): Uint8Array[] {
  const found: Uint8Array[] = [];
  for (let offset = 0; offset < bytes.length && found.length < count; ) {
    let content: Uint8Array | undefined;
    const visit = (inside: Uint8Array): void => {
      content = inside;
    };
    const tag = readUvarint(bytes, offset);
    const end = skipSmall(bytes, offset, visit) ?? skipField(bytes, offset, visit);
    if (typeof end === "string") throw new Error(end);
    if (content && tag?.value === BigInt(field * 8 + 2)) found.push(content);
    offset = end;
  }
  return found;
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
