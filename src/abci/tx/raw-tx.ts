/**
 * The outer message of a transaction, read directly: it has three fields, and only its canonical
 * form (ADR-027 of the SDK) is a transaction at all.
 */
import { copyRange } from "../../encoding/runtime/slab.ts";

/** TxRaw, in memory of its own. */
export interface RawTx {
  readonly bodyBytes: Uint8Array;
  readonly authInfoBytes: Uint8Array;
  readonly signatures: readonly Uint8Array[];
}

const [bodyTag, authInfoTag, signatureTag] = [0x0a, 0x12, 0x1a];

/** Undefined when the bytes are not what the SDK's encoder writes for what they mean. */
export function readRawTx(bytes: Uint8Array): RawTx | undefined {
  const reader = new Fields(copyRange(bytes, 0, bytes.length));
  const bodyBytes = reader.single(bodyTag);
  const authInfoBytes = reader.single(authInfoTag);
  if (!bodyBytes || !authInfoBytes) return undefined;
  const signatures: Uint8Array[] = [];
  while (!reader.isAtEnd) {
    const signature = reader.next(signatureTag);
    if (!signature) return undefined;
    signatures.push(signature);
  }
  return { bodyBytes, authInfoBytes, signatures };
}

/** Fields of bytes, one after the other. */
class Fields {
  readonly #bytes: Uint8Array;
  #at = 0;
  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get isAtEnd(): boolean {
    return this.#at === this.#bytes.length;
  }

  /** A field that is left out when it is empty; undefined when it is there and malformed. */
  single(tag: number): Uint8Array | undefined {
    if (this.#bytes[this.#at] !== tag) return new Uint8Array(0);
    const content = this.next(tag);
    return content?.length === 0 ? undefined : content;
  }

  /** The content of a field with this tag, undefined when it is another or malformed. */
  next(tag: number): Uint8Array | undefined {
    const bytes = this.#bytes;
    if (bytes[this.#at] !== tag) return undefined;
    let [length, shift, at] = [0, 0, this.#at + 1];
    for (;;) {
      const byte = bytes[at++];
      if (byte === undefined || shift > 21) return undefined;
      length |= (byte & 0x7f) << shift;
      if (byte < 0x80) {
        if (byte === 0 && shift > 0) return undefined; // Longer than it need be.
        break;
      }
      shift += 7;
    }
    if (length > bytes.length - at) return undefined;
    this.#at = at + length;
    return bytes.subarray(at, this.#at);
  }
}
