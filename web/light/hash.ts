/** src/crypto/hash.ts without node:crypto. */
import { ripemd160 as nobleRipemd160 } from "@noble/hashes/legacy.js";
import { sha256 as nobleSha256 } from "@noble/hashes/sha2.js";
import { concat } from "../../src/encoding/bytes.ts";

export const sha256 = (bytes: Uint8Array): Uint8Array => nobleSha256(bytes);
export const ripemd160 = (bytes: Uint8Array): Uint8Array => nobleRipemd160(bytes);
export const sha256Parts = (...parts: readonly Uint8Array[]): Uint8Array =>
  sha256(concat(...parts));
