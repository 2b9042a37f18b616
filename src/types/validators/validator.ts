/** One validator, and the public keys that consensus accepts. */
import type { PublicKey as ProtoPublicKey } from "cosmjs-types/tendermint/crypto/keys";
import {
  type Validator as ProtoValidator,
  SimpleValidator,
} from "cosmjs-types/tendermint/types/validator";
import { ed25519Address, ed25519Verify } from "../../crypto/ed25519.ts";
import { sha256 } from "../../crypto/hash.ts";
import { secp256k1Address, secp256k1Verify } from "../../crypto/secp256k1.ts";
import { equalBytes } from "../../encoding/bytes.ts";

/** A consensus key: 32 bytes for ed25519, 33 (compressed) for secp256k1. */
export interface PublicKey {
  readonly type: "ed25519" | "secp256k1";
  readonly key: Uint8Array;
}

const keyBytes = { ed25519: 32, secp256k1: 33 } as const;

/** A member of a validator set. Powers and priorities are int64. */
export interface Validator {
  /** 20 bytes, derived from the key. */
  readonly address: Uint8Array;
  readonly pubKey: PublicKey;
  readonly power: bigint;
  /** Proposer priority: the highest proposes next. Never hashed. */
  readonly priority: bigint;
}

/** A validator that has not proposed yet. */
export function newValidator(pubKey: PublicKey, power: bigint): Validator {
  return { address: publicKeyAddress(pubKey), pubKey, power, priority: 0n };
}

/** The 20-byte address of a consensus key. */
export function publicKeyAddress(pubKey: PublicKey): Uint8Array {
  return pubKey.type === "ed25519" ? ed25519Address(pubKey.key) : secp256k1Address(pubKey.key);
}

/** Whether the key signed the message. secp256k1 signs the SHA-256 of it. Total. */
export function verifySignature(
  pubKey: PublicKey,
  message: Uint8Array,
  signature: Uint8Array,
): boolean {
  if (pubKey.type === "ed25519") return ed25519Verify(pubKey.key, message, signature);
  return secp256k1Verify(pubKey.key, sha256(message), signature);
}

export function publicKeyToProto(pubKey: PublicKey): ProtoPublicKey {
  return pubKey.type === "ed25519" ? { ed25519: pubKey.key } : { secp256k1: pubKey.key };
}

/** The key of a message; undefined when it has none, both, or a wrong length. */
export function publicKeyFromProto(proto: ProtoPublicKey): PublicKey | undefined {
  const { ed25519, secp256k1 } = proto;
  if (ed25519 && !secp256k1 && ed25519.length === keyBytes.ed25519) {
    return { type: "ed25519", key: ed25519 };
  }
  if (secp256k1 && !ed25519 && secp256k1.length === keyBytes.secp256k1) {
    return { type: "secp256k1", key: secp256k1 };
  }
  return undefined;
}

export function validatorToProto(validator: Validator): ProtoValidator {
  return {
    address: validator.address,
    pubKey: publicKeyToProto(validator.pubKey),
    votingPower: validator.power,
    proposerPriority: validator.priority,
  };
}

/** The validator of a message; undefined when key, address or power is malformed. */
export function validatorFromProto(proto: ProtoValidator): Validator | undefined {
  const pubKey = publicKeyFromProto(proto.pubKey);
  if (!pubKey || proto.votingPower < 0n) return undefined;
  if (!equalBytes(publicKeyAddress(pubKey), proto.address)) return undefined;
  const { address, votingPower: power, proposerPriority: priority } = proto;
  return { address, pubKey, power, priority };
}

/** The leaf of the validators hash: key and power only. */
export function simpleValidatorBytes(validator: Validator): Uint8Array {
  const pubKey = publicKeyToProto(validator.pubKey);
  return SimpleValidator.encode({ pubKey, votingPower: validator.power }).finish();
}
