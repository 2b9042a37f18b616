/** What a light client needs of src/crypto/ed25519.ts, without node:crypto. */
import { ed25519 } from "@noble/curves/ed25519.js";
import { sha256 } from "./hash.ts";

/** Whether the signature of the message is valid by ZIP-215. Total. */
export function ed25519Verify(
  publicKey: Uint8Array,
  message: Uint8Array,
  signature: Uint8Array,
): boolean {
  if (publicKey.length !== 32 || signature.length !== 64) return false;
  try {
    return ed25519.verify(signature, message, publicKey, { zip215: true });
  } catch {
    return false; // noble throws on encodings that are no point.
  }
}

export const ed25519Address = (publicKey: Uint8Array): Uint8Array =>
  sha256(publicKey).subarray(0, 20);
