/**
 * Stands in for src/crypto/ed25519.ts in most seeds, where elliptic curves would be half of the
 * work: a signature is a hash of public key and message. It verifies for no other key and no other
 * message, as a real one does; anybody could forge it, and nothing in the simulation does.
 */
import { hash } from "node:crypto";
import { ed25519PublicKey as publicKeyOf } from "../../../src/crypto/ed25519.ts";
import { concat, equalBytes, toHex } from "../../../src/encoding/bytes.ts";

export { ed25519Address, nodeId } from "../../../src/crypto/ed25519.ts";

const [keyBytes, signatureBytes, digestBytes] = [32, 64, 32];
const publicKeys = new Map<string, Uint8Array>();

export function ed25519PublicKey(seed: Uint8Array): Uint8Array {
  const name = toHex(seed);
  const known = publicKeys.get(name) ?? publicKeyOf(seed);
  publicKeys.set(name, known);
  return known;
}

export function ed25519Signer(seed: Uint8Array): (message: Uint8Array) => Uint8Array {
  const publicKey = ed25519PublicKey(seed);
  return (message) => signatureOf(publicKey, message);
}

export function ed25519Sign(seed: Uint8Array, message: Uint8Array): Uint8Array {
  return signatureOf(ed25519PublicKey(seed), message);
}

export function ed25519Verify(
  publicKey: Uint8Array,
  message: Uint8Array,
  signature: Uint8Array,
): boolean {
  if (publicKey.length !== keyBytes || signature.length !== signatureBytes) return false;
  return equalBytes(signature, signatureOf(publicKey, message));
}

/** The hash, twice: real signatures are as long. */
function signatureOf(publicKey: Uint8Array, message: Uint8Array): Uint8Array {
  const digest = Buffer.from(hash("sha256", concat(publicKey, message), "binary"), "latin1");
  const signature = new Uint8Array(signatureBytes);
  signature.set(digest);
  signature.set(digest, digestBytes);
  return signature;
}
