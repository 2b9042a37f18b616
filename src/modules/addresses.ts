/** Account addresses as text: bech32 with the chain's prefix. */

import { sha256 } from "../crypto/hash.ts";
import { parseBech32, toBech32 } from "../encoding/bech32.ts";
import { utf8 } from "../encoding/bytes.ts";
import { latin1 } from "../encoding/runtime/latin1.ts";
import { sdkErrors } from "./errors.ts";

const maxAddressBytes = 255;
const moduleAddressBytes = 20;
/** Texts and addresses kept at hand: the same accounts come again and again. */
const cacheLimit = 50_000;

/** Reads and writes addresses of one chain. */
export class Addresses {
  readonly prefix: string;
  readonly #texts = new Map<string, string>();
  /** Of the arrays that parse returned. */
  readonly #textOf = new WeakMap<Uint8Array, string>();
  readonly #parsed = new Map<string, Uint8Array>();
  constructor(prefix: string) {
    this.prefix = prefix;
  }

  /**
   * The bytes of an address; do not write into them. Throws sdk code 7 with the field's name when
   * it is not one.
   */
  parse(text: string, field = "address"): Uint8Array {
    const known = this.#parsed.get(text);
    if (known) return known;
    const address = this.#parse(text, field);
    if (this.#parsed.size >= cacheLimit) this.#parsed.clear();
    this.#parsed.set(text, address);
    this.#textOf.set(address, text);
    return address;
  }

  #parse(text: string, field: string): Uint8Array {
    if (text.trim() === "") throw sdkErrors.invalidAddress(`${field}: empty address string`);
    const parsed = parseBech32(text);
    if (!parsed) throw sdkErrors.invalidAddress(`${field} ${shown(text)}: decoding bech32 failed`);
    if (parsed.prefix !== this.prefix) {
      const detail = `expected ${this.prefix}, got ${shown(parsed.prefix)}`;
      throw sdkErrors.invalidAddress(`${field}: invalid Bech32 prefix; ${detail}`);
    }
    const { length } = parsed.bytes;
    if (length === 0 || length > maxAddressBytes || text !== text.toLowerCase()) {
      throw sdkErrors.invalidAddress(`${field} ${shown(text)}: ${length} bytes`);
    }
    return parsed.bytes;
  }

  /** The text of an address. */
  text(address: Uint8Array): string {
    const parsed = this.#textOf.get(address);
    if (parsed !== undefined) return parsed;
    const key = latin1(address);
    const known = this.#texts.get(key);
    if (known !== undefined) return known;
    const text = toBech32(this.prefix, address);
    if (this.#texts.size >= cacheLimit) this.#texts.clear();
    this.#texts.set(key, text);
    return text;
  }
}

/** The address of a module's own account: the first 20 bytes of SHA-256 of its name. */
export function moduleAddress(name: string): Uint8Array {
  return sha256(utf8(name)).slice(0, moduleAddressBytes);
}

function shown(text: string): string {
  return JSON.stringify(text.slice(0, 100));
}
