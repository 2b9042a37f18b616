/** Frames on a stream: an unsigned varint length, then that many bytes. spec/p2p.md, clause F. */
import { concat } from "../encoding/bytes.ts";
import { uvarint } from "../encoding/varint.ts";

/** Lengths are below 2^28, so a header has at most four bytes. */
const maxHeaderBytes = 4;

/** One frame of these bytes, joined. */
export function encodeFrame(...payload: readonly Uint8Array[]): Uint8Array {
  const length = payload.reduce((sum, part) => sum + part.length, 0);
  return concat(uvarint(length), ...payload);
}

/** The sender broke the framing; nothing after that can be understood. */
export interface BrokenFrame {
  readonly broken: string;
}

/**
 * Cuts a stream of chunks into frames. Keeps at most one unfinished frame, and of that only the
 * bytes that have arrived: an announced length reserves nothing.
 */
export class FrameReader {
  readonly #maxFrameBytes: number;
  readonly #header: number[] = [];
  /** Length of the frame being read; undefined while its header is. */
  #length: number | undefined;
  #pieces: Uint8Array[] = [];
  #have = 0;

  constructor(maxFrameBytes: number) {
    this.#maxFrameBytes = maxFrameBytes;
  }

  /** Bytes of the unfinished frame. */
  get pendingBytes(): number {
    return this.#have + this.#header.length;
  }

  /** The frames that this chunk completes, in order. */
  push(chunk: Uint8Array): Uint8Array[] | BrokenFrame {
    const frames: Uint8Array[] = [];
    let offset = 0;
    while (offset < chunk.length) {
      if (this.#length === undefined) {
        const problem = this.#takeHeader(chunk[offset]!); // The offset is below the length.
        if (problem !== undefined) return { broken: problem };
        offset++;
        continue;
      }
      const piece = chunk.subarray(offset, offset + this.#length - this.#have);
      offset += piece.length;
      this.#have += piece.length;
      this.#pieces.push(piece);
      if (this.#have === this.#length) frames.push(this.#finish());
    }
    return frames;
  }

  #takeHeader(byte: number): string | undefined {
    this.#header.push(byte);
    if (byte >= 0x80) {
      return this.#header.length < maxHeaderBytes ? undefined : "frame length of over 4 bytes";
    }
    const length = this.#header.reduce((sum, part, at) => sum + (part & 0x7f) * 2 ** (7 * at), 0);
    if (length === 0) return "empty frame";
    if (byte === 0) return "frame length with a needless byte";
    if (length > this.#maxFrameBytes)
      return `frame of ${length} bytes, at most ${this.#maxFrameBytes}`;
    this.#length = length;
    this.#header.length = 0;
    return undefined;
  }

  #finish(): Uint8Array {
    const frame = concat(...this.#pieces); // A copy: who keeps it must not keep the chunk.
    this.#pieces = [];
    this.#have = 0;
    this.#length = undefined;
    return frame;
  }
}
