/**
 * Which signatures were found valid, so that FinalizeBlock does not repeat the work of CheckTx.
 * An entry names key, digest and signature in full, and only valid ones are kept: a hit answers
 * exactly what the check would, so a cold cache and a warm one give the same results.
 */
import { concat } from "../../encoding/bytes.ts";

const maxEntries = 50_000;

export class SignatureCache {
  #recent = new Set<string>();
  #older = new Set<string>();

  /** Whether the signature is valid; check is only run when that is not yet known. */
  verify(
    signed: {
      readonly key: Uint8Array;
      readonly digest: Uint8Array;
      readonly signature: Uint8Array;
    },
    check: () => boolean,
  ): boolean {
    const { key, digest, signature } = signed;
    // Key and digest have fixed lengths, so the joined text names the three parts.
    const name = Buffer.from(concat(key, digest, signature)).toString("latin1");
    if (this.#recent.has(name) || this.#older.has(name)) return true;
    if (!check()) return false;
    if (this.#recent.size >= maxEntries) {
      this.#older = this.#recent;
      this.#recent = new Set();
    }
    this.#recent.add(name);
    return true;
  }
}
