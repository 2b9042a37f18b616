/**
 * A secret under a passphrase: scrypt stretches it, XChaCha20-Poly1305 seals. The address and name
 * are bound as associated data, so files cannot be swapped.
 */
import { scryptSync } from "node:crypto";
import { xchacha20poly1305 } from "@noble/ciphers/chacha.js";
import { randomBytes } from "@noble/ciphers/utils.js";
import { fromBase64, parseBase64, toBase64, utf8 } from "../../encoding/bytes.ts";

/** scrypt cost: 32 MiB and about 0.1 s. Stored beside the secret, so it can grow later. */
const cost = { n: 32768, r: 8, p: 1 };
/** A file may not ask for more than that: 1 GiB. */
const maxScryptBytes = 1024 * 1024 * 1024;

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
export function seal(secret: Uint8Array, passphrase: string, label: string): SealedKey {
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
export function open(sealed: SealedKey, passphrase: string, label: string): Uint8Array | undefined {
  const { n, r, p, salt } = sealed.kdf;
  if (128 * n * r * p > maxScryptBytes || !parseBase64(salt)) return undefined;
  const key = stretch(passphrase, fromBase64(salt), { n, r, p });
  try {
    const nonce = fromBase64(sealed.nonce);
    return xchacha20poly1305(key, nonce, utf8(label)).decrypt(fromBase64(sealed.ciphertext));
  } catch {
    return undefined; // The tag does not fit: there is nothing more to tell.
  }
}

function stretch(
  passphrase: string,
  salt: Uint8Array,
  { n, r, p }: { readonly n: number; readonly r: number; readonly p: number },
): Uint8Array {
  const maxmem = maxScryptBytes + 1024 * 1024;
  const secret = passphrase.normalize("NFKC");
  return new Uint8Array(scryptSync(secret, salt, 32, { N: n, r, p, maxmem }));
}
