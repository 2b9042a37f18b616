/**
 * Transactions that were decoded, by their bytes: CheckTx, PrepareProposal, ProcessProposal and
 * FinalizeBlock see the same bytes. With a transaction stays what only depends on its bytes, and
 * which signatures were found valid for which account (docs/adr/067). Leaving a transaction out
 * or forgetting it changes no result.
 */
import { sha256Text } from "../../crypto/hash.ts";
import { latin1 } from "../../encoding/runtime/latin1.ts";
import { type DecodedTx, decodeTx } from "./decode.ts";
import type { Registry } from "./registry.ts";

/** Bounds of one generation; two are kept. */
const [maxTxs, maxBytes] = [10_000, 16_777_216];

/**
 * Transactions of these lengths are found by their own bytes, as text, which takes a quarter of the
 * time of a hash; others by their hash, whose text is shorter than any of those.
 */
const [minTextBytes, maxTextBytes] = [65, 1_024];

function nameOf(bytes: Uint8Array): string {
  const isText = bytes.length >= minTextBytes && bytes.length <= maxTextBytes;
  return isText ? latin1(bytes) : sha256Text(bytes);
}

export class TxCache {
  readonly #registry: Registry;
  #recent = new Map<string, DecodedTx>();
  #older = new Map<string, DecodedTx>();
  #recentBytes = 0;
  constructor(registry: Registry) {
    this.#registry = registry;
  }

  /** The transaction of these bytes, decoded if it is not known. Throws ModuleError. */
  decode(bytes: Uint8Array): DecodedTx {
    const name = nameOf(bytes);
    return this.#recent.get(name) ?? this.#older.get(name) ?? decodeTx(this.#registry, bytes);
  }

  /** As decode, and keeps it: for transactions that will come again. */
  remember(bytes: Uint8Array): DecodedTx {
    const name = nameOf(bytes);
    const known = this.#recent.get(name);
    if (known) return known;
    const tx = this.#older.get(name) ?? decodeTx(this.#registry, bytes);
    if (this.#recent.size >= maxTxs || this.#recentBytes + bytes.length > maxBytes) {
      this.#older = this.#recent;
      this.#recent = new Map();
      this.#recentBytes = 0;
    }
    this.#recent.set(name, tx);
    this.#recentBytes += bytes.length;
    return tx;
  }
}
