/** Bytes as text with one char for each. */

// Works on any Uint8Array and saves wrapping it in a Buffer; the typings leave it out.
const { latin1Slice } = Buffer.prototype as unknown as {
  latin1Slice(this: Uint8Array, start: number, end: number): string;
};

/** As latin1, of a part. */
export function latin1Range(bytes: Uint8Array, start: number, end: number): string {
  return latin1Slice.call(bytes, start, end);
}

/** A string of one char 0..255 per byte: what a Map needs for a key; its order is that of bytes. */
export function latin1(bytes: Uint8Array): string {
  return latin1Slice.call(bytes, 0, bytes.length);
}
