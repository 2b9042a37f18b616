/** JSON of the public keys that an account may have: {"@type": ..., "key": base64}. */
import { PubKey as Ed25519PubKey } from "cosmjs-types/cosmos/crypto/ed25519/keys";
import { LegacyAminoPubKey } from "cosmjs-types/cosmos/crypto/multisig/keys";
import { PubKey as Secp256k1PubKey } from "cosmjs-types/cosmos/crypto/secp256k1/keys";
import type { Any } from "cosmjs-types/google/protobuf/any";
import { parseBase64, toBase64 } from "../../encoding/bytes.ts";
import type { GenesisValue } from "../genesis-json.ts";

const singleKeys = {
  [Secp256k1PubKey.typeUrl]: { codec: Secp256k1PubKey, keyBytes: 33 },
  [Ed25519PubKey.typeUrl]: { codec: Ed25519PubKey, keyBytes: 32 },
};
const maxNestingDepth = 4;

/** The types an account's key may have, by type URL. */
export const pubKeyTypes = {
  [Secp256k1PubKey.typeUrl]: Secp256k1PubKey,
  [Ed25519PubKey.typeUrl]: Ed25519PubKey,
  [LegacyAminoPubKey.typeUrl]: LegacyAminoPubKey,
};

/** JSON of a stored key. */
export function pubKeyToJson({ typeUrl, value }: Any): unknown {
  const single = singleKeys[typeUrl];
  if (single) return { "@type": typeUrl, key: toBase64(single.codec.decode(value).key) };
  if (typeUrl !== LegacyAminoPubKey.typeUrl) throw new Error(`stored key of type ${typeUrl}`);
  const { threshold, publicKeys } = LegacyAminoPubKey.decode(value);
  return { "@type": typeUrl, threshold, public_keys: publicKeys.map(pubKeyToJson) };
}

/** Reads what pubKeyToJson writes. */
export function pubKeyFromJson(json: GenesisValue, depth = 0): Any {
  const typeUrl = json.at("@type").text();
  const single = singleKeys[typeUrl];
  if (single) {
    const key = parseBase64(json.at("key").text());
    if (key?.length !== single.keyBytes) {
      throw json.at("key").error(`must be ${single.keyBytes} bytes in base64`);
    }
    return { typeUrl, value: single.codec.encode({ key }).finish() };
  }
  if (typeUrl !== LegacyAminoPubKey.typeUrl) throw json.at("@type").error("unknown key type");
  if (depth >= maxNestingDepth) throw json.error("keys nest too deeply");
  const threshold = Number(json.at("threshold").uint64());
  const publicKeys = json
    .at("public_keys")
    .list()
    .map((key) => pubKeyFromJson(key, depth + 1));
  if (threshold < 1 || threshold > publicKeys.length) {
    throw json.at("threshold").error(`must be from 1 to ${publicKeys.length}`);
  }
  return { typeUrl, value: LegacyAminoPubKey.encode({ threshold, publicKeys }).finish() };
}
