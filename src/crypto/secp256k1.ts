/**
 * ECDSA over secp256k1 for account keys. The native libsecp256k1 binding verifies 30 times faster
 * than JavaScript; when it cannot be loaded, noble gives the same answers (docs/adr/001).
 */
import { createRequire } from "node:module";
import { secp256k1 } from "@noble/curves/secp256k1.js";
import { ripemd160, sha256 } from "./hash.ts";

const publicKeyBytes = 33;
const digestBytes = 32;
const signatureBytes = 64;

/** What we use of the binding. */
interface Native {
  ecdsaVerify(signature: Uint8Array, digest: Uint8Array, publicKey: Uint8Array): boolean;
  ecdsaSign(digest: Uint8Array, privateKey: Uint8Array): { signature: Uint8Array };
  publicKeyCreate(privateKey: Uint8Array, isCompressed: boolean): Uint8Array;
}

/**
 * The package's main file silently falls back to slow JavaScript, so its binding is loaded by
 * name: this is either native code or an exception.
 */
function loadNative(): Native | undefined {
  try {
    return createRequire(import.meta.url)("secp256k1/bindings") as Native;
  } catch {
    return undefined;
  }
}

const native = loadNative();

/** Whether the native library is in use; `gonkad status` shows it. */
export const isSecp256k1Native: boolean = native !== undefined;

/**
 * Whether the compact signature (r, s) of a SHA-256 digest is valid. s must be in the lower half
 * of the order, as Cosmos demands: otherwise every signature would have a second form. Total.
 */
export function secp256k1Verify(
  publicKey: Uint8Array,
  digest: Uint8Array,
  signature: Uint8Array,
): boolean {
  if (publicKey.length !== publicKeyBytes || digest.length !== digestBytes) return false;
  if (signature.length !== signatureBytes) return false;
  try {
    // libsecp256k1 itself refuses the upper half.
    if (native) return native.ecdsaVerify(signature, digest, publicKey);
    return secp256k1.verify(signature, digest, publicKey, { prehash: false, lowS: true });
  } catch {
    return false; // Both throw on bytes that are no key or no signature.
  }
}

/** The compact low-S signature with the nonce of RFC 6979: the same for the same input. */
export function secp256k1Sign(privateKey: Uint8Array, digest: Uint8Array): Uint8Array {
  if (native) return native.ecdsaSign(digest, privateKey).signature;
  return secp256k1.sign(digest, privateKey, { prehash: false, lowS: true });
}

/** The compressed 33-byte public key. Throws when the 32 bytes are no private key. */
export function secp256k1PublicKey(privateKey: Uint8Array): Uint8Array {
  if (native) return native.publicKeyCreate(privateKey, true);
  return secp256k1.getPublicKey(privateKey, true);
}

/** The 20-byte address: RIPEMD-160 of the SHA-256 of the compressed key. */
export function secp256k1Address(publicKey: Uint8Array): Uint8Array {
  return ripemd160(sha256(publicKey));
}
