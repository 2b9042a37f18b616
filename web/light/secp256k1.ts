/** What a light client needs of src/crypto/secp256k1.ts, without the native library. */
import { secp256k1 } from "@noble/curves/secp256k1.js";
import { ripemd160, sha256 } from "./hash.ts";

/** Whether the compact low-S signature of a SHA-256 digest is valid. Total. */
export function secp256k1Verify(
  publicKey: Uint8Array,
  digest: Uint8Array,
  signature: Uint8Array,
): boolean {
  if (publicKey.length !== 33 || digest.length !== 32 || signature.length !== 64) return false;
  try {
    return secp256k1.verify(signature, digest, publicKey, { prehash: false, lowS: true });
  } catch {
    return false; // noble throws on bytes that are no key or no signature.
  }
}

export const secp256k1Address = (publicKey: Uint8Array): Uint8Array => ripemd160(sha256(publicKey));
