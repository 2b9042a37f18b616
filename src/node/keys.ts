/** The keys of a node: its identity among peers, and its consensus key. CometBFT's file formats. */
import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { ed25519PublicKey, nodeId } from "../crypto/ed25519.ts";
import { concat, parseBase64, toBase64 } from "../encoding/bytes.ts";
import { loadOrCreateKey } from "../privval/files.ts";
import type { ValidatorKey } from "../privval/key-file.ts";
import { ConfigError } from "./config.ts";
import { homePaths } from "./home.ts";

export interface NodeKeys {
  /** 32-byte seed of the ed25519 node key. */
  readonly nodeSeed: Uint8Array;
  /** Lower-case hex of the first 20 bytes of SHA-256 of the node's public key. */
  readonly nodeId: string;
  readonly validator: ValidatorKey;
}

/** Reads the keys of a home directory, and makes those that are missing. */
export function loadOrCreateKeys(home: string): NodeKeys {
  const paths = homePaths(home);
  const nodeSeed = loadOrCreateNodeSeed(paths.nodeKey);
  const validator = loadOrCreateKey(paths.privValidatorKey);
  return { nodeSeed, nodeId: nodeId(ed25519PublicKey(nodeSeed)), validator };
}

/** Writes node_key.json with this seed. */
export function writeNodeKey(file: string, seed: Uint8Array): void {
  const value = toBase64(concat(seed, ed25519PublicKey(seed)));
  const text = JSON.stringify({ priv_key: { type: "tendermint/PrivKeyEd25519", value } });
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(file, text, { mode: 0o600 });
}

function loadOrCreateNodeSeed(file: string): Uint8Array {
  if (existsSync(file)) return parseNodeKey(file, readFileSync(file, "utf8"));
  const seed = new Uint8Array(randomBytes(32));
  writeNodeKey(file, seed);
  return seed;
}

function parseNodeKey(file: string, text: string): Uint8Array {
  const bytes = keyBytes(text);
  if (bytes?.length === 64) return bytes.slice(0, 32);
  throw new ConfigError([`${file}: priv_key.value must be 64 bytes in base64 (ed25519)`]);
}

function keyBytes(text: string): Uint8Array | undefined {
  try {
    const json = JSON.parse(text) as { priv_key?: { value?: unknown } };
    const value = json.priv_key?.value;
    return typeof value === "string" ? parseBase64(value) : undefined;
  } catch {
    return undefined;
  }
}
