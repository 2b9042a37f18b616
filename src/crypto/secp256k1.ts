/**
 * ECDSA over secp256k1 for account keys. Signatures are verified by the addon of native/signatures
 * where it is built, else by the npm package's binding of an older libsecp256k1, else by noble; all
 * give the same answers (docs/adr/001, 091).
 */
import { createRequire } from "node:module";
import { secp256k1 } from "@noble/curves/secp256k1.js";
import { loadCompiled } from "./compiled.ts";
import { ripemd160, sha256 } from "./hash.ts";

const publicKeyBytes = 33;
const digestBytes = 32;
const signatureBytes = 64;
const checkBytes = publicKeyBytes + digestBytes + signatureBytes;

/** What we use of the npm package's binding. */
interface Binding {
  ecdsaVerify(signature: Uint8Array, digest: Uint8Array, publicKey: Uint8Array): boolean;
  ecdsaSign(digest: Uint8Array, privateKey: Uint8Array): { signature: Uint8Array };
  publicKeyCreate(privateKey: Uint8Array, isCompressed: boolean): Uint8Array;
}

/** native/signatures/binding.cpp. */
interface Addon {
  /** Which library, with its version. */
  readonly library: string;
  verify(publicKey: Uint8Array, digest: Uint8Array, signature: Uint8Array): boolean;
  /** Items are key, digest and signature one after the other; the result has a byte for each. */
  verifyBatch(items: Uint8Array): Promise<Uint8Array>;
}

/** A signature (r, s) of a SHA-256 digest, to be verified. */
export interface SignatureCheck {
  readonly publicKey: Uint8Array;
  readonly digest: Uint8Array;
  readonly signature: Uint8Array;
}

/**
 * The package's main file silently falls back to slow JavaScript, so its binding is loaded by
 * name: this is either native code or an exception.
 */
function loadBinding(): Binding | undefined {
  try {
    return createRequire(import.meta.url)("secp256k1/bindings") as Binding;
  } catch {
    return undefined;
  }
}

const binding = loadBinding();
const compiled = loadCompiled("gonka_signatures");
const addon = "missing" in compiled ? undefined : (compiled.exports as Addon);

/** What verifies signatures, and why it is nothing faster. Shown when a node starts. */
export const secp256k1Library: string = addon
  ? `${addon.library}, on threads`
  : `${binding ? "the npm package secp256k1" : "noble"}: ${missing()}`;

function missing(): string {
  return "missing" in compiled ? compiled.missing : "";
}

/** Whether the sizes fit; what does not is invalid, whoever verifies. */
function fits({ publicKey, digest, signature }: SignatureCheck): boolean {
  if (publicKey.length !== publicKeyBytes || digest.length !== digestBytes) return false;
  return signature.length === signatureBytes;
}

/**
 * Whether the compact signature (r, s) of a SHA-256 digest is valid. s must be in the lower half
 * of the order, as Cosmos demands: otherwise every signature would have a second form. Total.
 */
export function secp256k1Verify(
  publicKey: Uint8Array,
  digest: Uint8Array,
  signature: Uint8Array,
): boolean {
  if (!fits({ publicKey, digest, signature })) return false;
  if (addon) return addon.verify(publicKey, digest, signature);
  try {
    // libsecp256k1 itself refuses the upper half.
    if (binding) return binding.ecdsaVerify(signature, digest, publicKey);
    return secp256k1.verify(signature, digest, publicKey, { prehash: false, lowS: true });
  } catch {
    return false; // Both throw on bytes that are no key or no signature.
  }
}

/**
 * As secp256k1Verify, for many signatures on other threads, one for each processor. undefined where
 * the addon is not built.
 */
export const secp256k1VerifyBatch = addon && batchBy(addon);

function batchBy({ verifyBatch }: Addon) {
  return async (checks: readonly SignatureCheck[]): Promise<boolean[]> => {
    const fitting = checks.filter(fits);
    if (fitting.length === 0) return checks.map(() => false);
    const items = new Uint8Array(fitting.length * checkBytes);
    let at = 0;
    for (const { publicKey, digest, signature } of fitting) {
      items.set(publicKey, at);
      items.set(digest, at + publicKeyBytes);
      items.set(signature, at + publicKeyBytes + digestBytes);
      at += checkBytes;
    }
    const verdicts = await verifyBatch(items);
    let next = 0;
    return checks.map((check) => fits(check) && verdicts[next++] === 1);
  };
}

/** The compact low-S signature with the nonce of RFC 6979: the same for the same input. */
export function secp256k1Sign(privateKey: Uint8Array, digest: Uint8Array): Uint8Array {
  if (binding) return binding.ecdsaSign(digest, privateKey).signature;
  return secp256k1.sign(digest, privateKey, { prehash: false, lowS: true });
}

/** The compressed 33-byte public key. Throws when the 32 bytes are no private key. */
export function secp256k1PublicKey(privateKey: Uint8Array): Uint8Array {
  if (binding) return binding.publicKeyCreate(privateKey, true);
  return secp256k1.getPublicKey(privateKey, true);
}

/** The 20-byte address: RIPEMD-160 of the SHA-256 of the compressed key. */
export function secp256k1Address(publicKey: Uint8Array): Uint8Array {
  return ripemd160(sha256(publicKey));
}
