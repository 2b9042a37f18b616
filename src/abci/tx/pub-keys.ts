/** Public keys of accounts: decoding, addresses, amino form, signature checks. */
import { PubKey as Ed25519Proto } from "cosmjs-types/cosmos/crypto/ed25519/keys";
import { LegacyAminoPubKey } from "cosmjs-types/cosmos/crypto/multisig/keys";
import { PubKey as Secp256k1Proto } from "cosmjs-types/cosmos/crypto/secp256k1/keys";
import type { Any } from "cosmjs-types/google/protobuf/any";
import { ed25519Address } from "../../crypto/ed25519.ts";
import { sha256 } from "../../crypto/hash.ts";
import { secp256k1Address } from "../../crypto/secp256k1.ts";
import { concat, fromHex } from "../../encoding/bytes.ts";
import { latin1 } from "../../encoding/runtime/latin1.ts";
import { uvarint } from "../../encoding/varint.ts";
import { sdkErrors } from "../../modules/errors.ts";
import type { Codec } from "../../modules/module.ts";
import { decodeStrict } from "./strict-reader.ts";

/** A key or a tree of keys. */
export type PubKey =
  | { readonly type: "secp256k1" | "ed25519"; readonly key: Uint8Array }
  | { readonly type: "multisig"; readonly threshold: number; readonly keys: readonly PubKey[] };

const maxPubKeyBytes = 16_384;
const maxNestingDepth = 4;
const addressBytes = 20;

/** Single keys by their encoding, and addresses by key: signers come again and again. */
const knownKeys = new Map<string, PubKey>();
const knownAddresses = new WeakMap<PubKey, Uint8Array>();
const maxKnownKeys = 50_000;

/** The key of an Any. Throws sdk code 8. */
export function decodePubKey({ typeUrl, value }: Any, depth = 0): PubKey {
  if (typeUrl === Secp256k1Proto.typeUrl) return secp256k1Key(value);
  if (typeUrl === Ed25519Proto.typeUrl) {
    return { type: "ed25519", key: ofLength(read(Ed25519Proto, value).key, 32) };
  }
  if (typeUrl !== LegacyAminoPubKey.typeUrl) {
    throw sdkErrors.invalidPubKey(`unknown key type ${typeUrl.slice(0, 200)}`);
  }
  if (depth >= maxNestingDepth) throw sdkErrors.invalidPubKey("keys nest too deeply");
  const { threshold, publicKeys } = read(LegacyAminoPubKey, value);
  if (threshold < 1 || threshold > publicKeys.length) {
    throw sdkErrors.invalidPubKey(`threshold ${threshold} of ${publicKeys.length} keys`);
  }
  const keys = publicKeys.map((key) => decodePubKey(key, depth + 1));
  return { type: "multisig", threshold, keys };
}

function secp256k1Key(encoded: Uint8Array): PubKey {
  const name = latin1(encoded);
  const known = knownKeys.get(name);
  if (known) return known;
  const key = ofLength(read(Secp256k1Proto, encoded).key, 33);
  const pubKey: PubKey = { type: "secp256k1", key };
  if (knownKeys.size >= maxKnownKeys) knownKeys.clear();
  knownKeys.set(name, pubKey);
  return pubKey;
}

/** The account address that a key controls. Do not write into it. */
export function pubKeyAddress(pubKey: PubKey): Uint8Array {
  const known = knownAddresses.get(pubKey);
  if (known) return known;
  const address = addressOf(pubKey);
  knownAddresses.set(pubKey, address);
  return address;
}

function addressOf(pubKey: PubKey): Uint8Array {
  if (pubKey.type === "secp256k1") return secp256k1Address(pubKey.key);
  if (pubKey.type === "ed25519") return ed25519Address(pubKey.key);
  return sha256(aminoPubKey(pubKey)).slice(0, addressBytes);
}

/** How many single keys there are. */
export function countKeys(pubKey: PubKey): number {
  if (pubKey.type !== "multisig") return 1;
  return pubKey.keys.reduce((sum, key) => sum + countKeys(key), 0);
}

const aminoPrefixes = {
  secp256k1: fromHex("eb5ae98721"),
  ed25519: fromHex("1624de6420"),
  multisig: fromHex("22c1f7e2"),
} as const;

/** The legacy amino binary of a key, which a multisig address hashes. */
function aminoPubKey(pubKey: PubKey): Uint8Array {
  if (pubKey.type !== "multisig") return concat(aminoPrefixes[pubKey.type], pubKey.key);
  const parts = [aminoPrefixes.multisig, Uint8Array.of(0x08), uvarint(pubKey.threshold)];
  for (const key of pubKey.keys) {
    const amino = aminoPubKey(key);
    parts.push(Uint8Array.of(0x12), uvarint(amino.length), amino);
  }
  return concat(...parts);
}

function read<T>(codec: Codec<T>, bytes: Uint8Array): T {
  const decoded = decodeStrict(codec, bytes, { unknown: "refuse", maxBytes: maxPubKeyBytes });
  if (typeof decoded === "string") throw sdkErrors.invalidPubKey(decoded);
  return decoded.message;
}

function ofLength(key: Uint8Array, length: number): Uint8Array {
  if (key.length !== length) throw sdkErrors.invalidPubKey(`${key.length} bytes, not ${length}`);
  return key;
}
