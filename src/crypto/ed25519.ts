/**
 * Ed25519 for consensus keys and node keys. node:crypto verifies fast; it is stricter than the
 * ZIP-215 rules by which CometBFT verifies, so what it rejects is checked again with noble: two
 * engines must never disagree about a crafted signature.
 */
import { createPrivateKey, createPublicKey, type KeyObject, sign, verify } from "node:crypto";
import { ed25519 } from "@noble/curves/ed25519.js";
import { concat, fromHex, toHex } from "../encoding/bytes.ts";
import { sha256 } from "./hash.ts";

const keyBytes = 32;
const signatureBytes = 64;
const addressBytes = 20;
/** Key objects kept: more than any validator set plus its signers of the recent past. */
const cacheLimit = 4096;

// The DER headers of an Ed25519 key (RFC 8410); the 32 key bytes follow.
const spkiHeader = fromHex("302a300506032b6570032100");
const pkcs8Header = fromHex("302e020100300506032b657004220420");

const publicKeys = new Map<string, KeyObject>();

/**
 * Signatures found valid, as hashes of key, signature and message: a validator's precommit is
 * checked when it arrives and again in the next block's commit. Two generations bound the memory.
 */
const verifiedPerGeneration = 8192;
let verified = new Set<string>();
let verifiedBefore = new Set<string>();

/** Whether the signature of the message is valid by ZIP-215. Total: wrong lengths are invalid. */
export function ed25519Verify(
  publicKey: Uint8Array,
  message: Uint8Array,
  signature: Uint8Array,
): boolean {
  if (publicKey.length !== keyBytes || signature.length !== signatureBytes) return false;
  const name = toHex(sha256(concat(publicKey, signature, message)));
  if (verified.has(name) || verifiedBefore.has(name)) return true;
  const isValid =
    verifyStrictly(publicKey, message, signature) || verifyZip215(publicKey, message, signature);
  if (isValid) remember(name);
  return isValid;
}

function remember(name: string): void {
  if (verified.size >= verifiedPerGeneration) {
    verifiedBefore = verified;
    verified = new Set();
  }
  verified.add(name);
}

function verifyZip215(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean {
  try {
    return ed25519.verify(signature, message, publicKey, { zip215: true });
  } catch {
    return false; // noble throws on encodings that are no point.
  }
}

function verifyStrictly(
  publicKey: Uint8Array,
  message: Uint8Array,
  signature: Uint8Array,
): boolean {
  try {
    return verify(null, message, publicKeyObject(publicKey), signature);
  } catch {
    return false; // OpenSSL does not import this key; ZIP-215 may.
  }
}

function publicKeyObject(publicKey: Uint8Array): KeyObject {
  const name = toHex(publicKey);
  let key = publicKeys.get(name);
  if (!key) {
    const der = Buffer.from(concat(spkiHeader, publicKey));
    key = createPublicKey({ key: der, format: "der", type: "spki" });
    if (publicKeys.size >= cacheLimit) publicKeys.clear();
    publicKeys.set(name, key);
  }
  return key;
}

/** The 64-byte signature by the private key with this 32-byte seed (RFC 8032: deterministic). */
export function ed25519Sign(seed: Uint8Array, message: Uint8Array): Uint8Array {
  return new Uint8Array(sign(null, message, privateKeyObject(seed)));
}

/** As ed25519Sign, for one key again and again: importing a key costs more than signing. */
export function ed25519Signer(seed: Uint8Array): (message: Uint8Array) => Uint8Array {
  const key = privateKeyObject(seed);
  return (message) => new Uint8Array(sign(null, message, key));
}

/** The 32-byte public key of a seed. */
export function ed25519PublicKey(seed: Uint8Array): Uint8Array {
  const der = createPublicKey(privateKeyObject(seed)).export({ format: "der", type: "spki" });
  return new Uint8Array(der.subarray(spkiHeader.length));
}

function privateKeyObject(seed: Uint8Array): KeyObject {
  if (seed.length !== keyBytes) throw new RangeError(`an ed25519 seed has ${keyBytes} bytes`);
  const der = Buffer.from(concat(pkcs8Header, seed));
  return createPrivateKey({ key: der, format: "der", type: "pkcs8" });
}

/** CometBFT's address of a key: the first 20 bytes of its SHA-256. */
export function ed25519Address(publicKey: Uint8Array): Uint8Array {
  return sha256(publicKey).subarray(0, addressBytes);
}

/** CometBFT's id of a node: the address of its key in lower-case hex. */
export function nodeId(publicKey: Uint8Array): string {
  return toHex(ed25519Address(publicKey));
}
