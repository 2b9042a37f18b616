/**
 * Memory for short byte strings. An array of more than 64 bytes gets memory outside the heap of its
 * own, which takes most of a microsecond; here such arrays share slabs, as small Buffers do.
 */

const slabBytes = 8192;
/** Up to here an array is within the heap, and cheap. */
const inHeapBytes = 64;
/** Longer ones get their own: a slab lives as long as any array in it. */
const sharedBytes = 512;
let slab = new ArrayBuffer(slabBytes);
let used = 0;

/** Zeros that nobody else has; their buffer may be larger than they are. */
export function newBytes(length: number): Uint8Array {
  if (length <= inHeapBytes || length > sharedBytes) return new Uint8Array(length);
  if (used + length > slabBytes) {
    slab = new ArrayBuffer(slabBytes);
    used = 0;
  }
  const bytes = new Uint8Array(slab, used, length);
  used += length;
  return bytes;
}

/** A copy of a part that does not change with the original. */
export function copyRange(bytes: Uint8Array, start: number, end: number): Uint8Array {
  const copy = newBytes(end - start);
  // A view for set() costs more than a short loop.
  if (copy.length > inHeapBytes) copy.set(bytes.subarray(start, end));
  else for (let i = 0; i < copy.length; i++) copy[i] = bytes[start + i] as number;
  return copy;
}
