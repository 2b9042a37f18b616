/**
 * A secret under a passphrase: scrypt stretches it, XChaCha20-Poly1305 seals. The address and name
 * are bound as associated data, so files cannot be swapped.
 */
import { scryptSync } from "node:crypto";
import { xchacha20poly1305 } from "@noble/ciphers/chacha.js";
import { randomBytes } from "@noble/ciphers/utils.js";
import { fromBase64, toBase64, utf8 } from "../../encoding/bytes.ts";

interface ScryptCost {
  readonly n: number;
  readonly r: number;
  readonly p: number;
}

/** 32 MiB and about 0.1 s. Stored beside the secret, so it can grow later. */
export const strongCost: ScryptCost = { n: 32768, r: 8, p: 1 };
/** For passphrases that are no secret: there is nothing to be slow for. */
export const tokenCost: ScryptCost = { n: 16, r: 8, p: 1 };
/** A file may not ask for more than that: 1 GiB. */
const maxScryptBytes = 1024 * 1024 * 1024;

interface Lock {
  readonly passphrase: string;
  /** Bound into the seal: the name and address of the key. */
  readonly label: string;
}

/** What stands in the key file. */
export interface SealedKey {
  readonly kdf: {
    readonly name: "scrypt";
    readonly n: number;
    readonly r: number;
    readonly p: number;
    readonly salt: string;
  };
  readonly cipher: "xchacha20-poly1305";
  readonly nonce: string;
  readonly ciphertext: string;
}

/** Seals the secret; label is what the file claims to be. */
export function seal(
  secret: Uint8Array,
  { passphrase, label, cost }: Lock & { readonly cost: ScryptCost },
): SealedKey {
  const salt = randomBytes(16);
  const nonce = randomBytes(24);
  const key = stretch(passphrase, salt, cost);
  const ciphertext = xchacha20poly1305(key, nonce, utf8(label)).encrypt(secret);
  return {
    kdf: { name: "scrypt", ...cost, salt: toBase64(salt) },
    cipher: "xchacha20-poly1305",
    nonce: toBase64(nonce),
    ciphertext: toBase64(ciphertext),
  };
}

/** The secret; undefined when the passphrase is wrong or the file was changed. */
export function open(sealed: SealedKey, { passphrase, label }: Lock): Uint8Array | undefined {
  try {
    const { n, r, p, salt } = sealed.kdf;
    if (!(128 * n * r * p <= maxScryptBytes)) return undefined;
    const key = stretch(passphrase, fromBase64(salt), { n, r, p });
    const nonce = fromBase64(sealed.nonce);
    return xchacha20poly1305(key, nonce, utf8(label)).decrypt(fromBase64(sealed.ciphertext));
  } catch {
    return undefined; // Not a sealed key, or the tag does not fit: there is nothing more to tell.
  }
}

function stretch(passphrase: string, salt: Uint8Array, { n, r, p }: ScryptCost): Uint8Array {
  const maxmem = maxScryptBytes + 1024 * 1024;
  const secret = passphrase.normalize("NFKC");
  return new Uint8Array(scryptSync(secret, salt, 32, { N: n, r, p, maxmem }));
}
