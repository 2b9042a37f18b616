/** A Buffer with the fast way to write a string of one char per byte; the typings lack it. */
export type Latin1Buffer = Buffer & {
  latin1Write(text: string, offset: number, length: number): number;
};

export function latin1Buffer(memory: ArrayBufferLike): Latin1Buffer {
  return Buffer.from(memory) as Latin1Buffer;
}
