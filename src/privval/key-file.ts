/**
 * priv_validator_key.json, as CometBFT writes it (privval/file.go): the ed25519 key that signs
 * votes. Whoever has this file can vote for the validator.
 */
import { ed25519PublicKey } from "../crypto/ed25519.ts";
import { concat, equalBytes, parseBase64, toBase64, toUpperHex } from "../encoding/bytes.ts";
import { type PublicKey, publicKeyAddress } from "../types/validators/validator.ts";

const publicKeyType = "tendermint/PubKeyEd25519";
const privateKeyType = "tendermint/PrivKeyEd25519";
const seedBytes = 32;
const privateKeyBytes = 64;

/** A file of the private validator is not what this program or CometBFT writes. */
export class PrivvalFileError extends Error {
  override readonly name = "PrivvalFileError";
}

/** A consensus key pair. */
export interface ValidatorKey {
  /** The 32-byte seed of RFC 8032: the secret. */
  readonly seed: Uint8Array;
  readonly pubKey: PublicKey;
  readonly address: Uint8Array;
}

/** The key pair of a seed of 32 random bytes. */
export function validatorKey(seed: Uint8Array): ValidatorKey {
  const pubKey: PublicKey = { type: "ed25519", key: ed25519PublicKey(seed) };
  return { seed, pubKey, address: publicKeyAddress(pubKey) };
}

/** The file of a key: two-space indented JSON, as CometBFT writes it. */
export function formatKeyFile(key: ValidatorKey): string {
  const value = toBase64(key.pubKey.key);
  const file = {
    address: toUpperHex(key.address),
    pub_key: { type: publicKeyType, value },
    priv_key: { type: privateKeyType, value: toBase64(concat(key.seed, key.pubKey.key)) },
  };
  return JSON.stringify(file, undefined, 2);
}

/** Reads the file. Throws PrivvalFileError, which never repeats what the file says. */
export function parseKeyFile(text: string): ValidatorKey {
  const file = parseJson(text, "key file");
  const { priv_key: secret } = file;
  const { type, value } = isRecord(secret) ? secret : {};
  if (type !== privateKeyType) {
    throw new PrivvalFileError(`key file: priv_key.type must be ${privateKeyType}`);
  }
  const bytes = typeof value === "string" ? parseBase64(value) : undefined;
  if (bytes?.length !== privateKeyBytes) {
    throw new PrivvalFileError("key file: priv_key.value must be base64 of 64 bytes");
  }
  const key = validatorKey(bytes.slice(0, seedBytes));
  if (!equalBytes(key.pubKey.key, bytes.slice(seedBytes))) {
    throw new PrivvalFileError("key file: the halves of priv_key.value do not belong together");
  }
  return key;
}

/** The object in a JSON text. Throws PrivvalFileError. */
export function parseJson(text: string, what: string): Readonly<Record<string, unknown>> {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    throw new PrivvalFileError(`${what}: not JSON`);
  }
  if (!isRecord(parsed)) throw new PrivvalFileError(`${what}: not a JSON object`);
  return parsed;
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
