/**
 * SHA-256 and RIPEMD-160. node:crypto's one-shot hash into a Latin-1 string is the fastest SHA-256
 * of Node for short inputs (docs/adr/001); its answers are tested equal to @noble/hashes.
 */
import { hash } from "node:crypto";
import { ripemd160 as nobleRipemd160 } from "@noble/hashes/legacy.js";
import { concat } from "../encoding/bytes.ts";

const digestBytes = 32;
// Written and read within one synchronous call, so sharing it is safe.
const scratch = Buffer.alloc(digestBytes);

/** SHA-256: 32 bytes. */
export function sha256(bytes: Uint8Array): Uint8Array {
  scratch.write(hash("sha256", bytes, "binary"), 0, digestBytes, "latin1");
  return new Uint8Array(scratch);
}

/** SHA-256 as a string of one char per byte: a key for a Map. */
export function sha256Text(bytes: Uint8Array): string {
  return hash("sha256", bytes, "binary");
}

/** SHA-256 of the parts joined. */
export function sha256Parts(...parts: readonly Uint8Array[]): Uint8Array {
  return sha256(concat(...parts));
}

/** RIPEMD-160: 20 bytes. Not from node:crypto: OpenSSL 3 may be built without it. */
export function ripemd160(bytes: Uint8Array): Uint8Array {
  return nobleRipemd160(bytes);
}
