/**
 * Messages on a socket: an unsigned varint, the number of bytes, then so many bytes of protobuf
 * (cometbft abci/types/messages.go, WriteMessage and ReadMessage).
 */
import { concat } from "../encoding/bytes.ts";
import { readUvarint, uvarint } from "../encoding/varint.ts";

const maxPrefixBytes = 10;

/** A stream that cannot be cut into messages: nothing after this point can be read. */
export class FrameError extends Error {
  override readonly name = "FrameError";
}

/** Cuts a stream of bytes into messages, however it comes in pieces. */
export class FrameReader {
  readonly #maxBytes: number;
  #pieces: Uint8Array[] = [];
  #held = 0;

  /** maxBytes: of one message. */
  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  push(piece: Uint8Array): void {
    this.#pieces.push(piece);
    this.#held += piece.length;
  }

  /** The next complete message; undefined until more has come in. Throws FrameError. */
  next(): Uint8Array | undefined {
    const prefix = this.#prefix();
    if (!prefix) return undefined;
    const end = prefix.next + prefix.length;
    if (this.#held < end) return undefined;
    const all = this.#joined();
    const rest = all.subarray(end);
    this.#pieces = rest.length > 0 ? [rest] : [];
    this.#held = rest.length;
    return all.subarray(prefix.next, end);
  }

  #prefix(): { readonly length: number; readonly next: number } | undefined {
    const first = this.#pieces[0];
    if (!first) return undefined;
    // A prefix in two pieces is rare; then everything is one piece, which is short.
    const bytes = first.length < maxPrefixBytes ? this.#joined() : first;
    const head = bytes.subarray(0, maxPrefixBytes);
    const read = readUvarint(head, 0);
    if (!read) {
      if (head.length < maxPrefixBytes && head.every((byte) => byte >= 0x80)) return undefined;
      throw new FrameError("the length of a message is no varint of 64 bits");
    }
    if (read.value > BigInt(this.#maxBytes)) {
      throw new FrameError(`a message of ${read.value} bytes, at most ${this.#maxBytes} allowed`);
    }
    return { length: Number(read.value), next: read.next };
  }

  #joined(): Uint8Array {
    const [first, ...more] = this.#pieces;
    const all = first && more.length === 0 ? first : concat(...this.#pieces);
    this.#pieces = [all];
    return all;
  }
}

/** The bytes of a message on the wire. */
export function frame(message: Uint8Array): Uint8Array {
  return concat(uvarint(message.length), message);
}
