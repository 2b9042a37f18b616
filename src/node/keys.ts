/** The keys of a node: its identity among peers, and its consensus key. CometBFT's file formats. */
import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import path from "node:path";
import { ed25519PublicKey, nodeId } from "../crypto/ed25519.ts";
import { concat, equalBytes, parseBase64, toBase64 } from "../encoding/bytes.ts";
import { peerIdText } from "../p2p/comet/addresses.ts";
import { loadOrCreateKey } from "../privval/files.ts";
import {
  formatKeyFile,
  PrivvalFileError,
  type ValidatorKey,
  validatorKey,
} from "../privval/key-file.ts";
import { ConfigError } from "./config.ts";
import { homePaths } from "./home.ts";

export interface NodeKeys {
  /** 32-byte seed of the ed25519 node key. */
  readonly nodeSeed: Uint8Array;
  /** Lower-case hex of the first 20 bytes of SHA-256 of the node's public key. */
  readonly nodeId: string;
  /** The same key as a libp2p peer id, 12D3KooW...: so CometBFT's bootstrap_peers name a node. */
  readonly peerId: string;
  readonly validator: ValidatorKey;
}

/** Reads the keys of a home directory, and makes those that are missing. */
export function loadOrCreateKeys(home: string): NodeKeys {
  const paths = homePaths(home);
  const nodeSeed = loadOrCreateNodeSeed(paths.nodeKey);
  const validator = loadValidatorKey(paths.privValidatorKey);
  const publicKey = ed25519PublicKey(nodeSeed);
  return { nodeSeed, nodeId: nodeId(publicKey), peerId: peerIdText(publicKey), validator };
}

/** Writes both key files of a home from their seeds, where there are none yet. */
export function writeKeys(
  home: string,
  {
    nodeSeed,
    validatorSeed,
  }: { readonly nodeSeed: Uint8Array; readonly validatorSeed: Uint8Array },
): void {
  const paths = homePaths(home);
  if (!existsSync(paths.nodeKey)) writeNodeKey(paths.nodeKey, nodeSeed);
  if (existsSync(paths.privValidatorKey)) return;
  writeSecret(paths.privValidatorKey, formatKeyFile(validatorKey(validatorSeed)));
}

function writeNodeKey(file: string, seed: Uint8Array): void {
  const value = toBase64(concat(seed, ed25519PublicKey(seed)));
  const priv_key = { type: "tendermint/PrivKeyEd25519", value };
  writeSecret(file, JSON.stringify({ priv_key }));
}

/** Whole or not at all, and readable by the owner only. */
function writeSecret(file: string, text: string): void {
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(`${file}.new`, text, { mode: 0o600, flush: true });
  renameSync(`${file}.new`, file);
}

function loadValidatorKey(file: string): ValidatorKey {
  try {
    return loadOrCreateKey(file);
  } catch (error) {
    if (!(error instanceof PrivvalFileError)) throw error;
    throw new ConfigError([`${file}: ${error.message}`]);
  }
}

function loadOrCreateNodeSeed(file: string): Uint8Array {
  if (existsSync(file)) return parseNodeKey(file, readFileSync(file, "utf8"));
  const seed = new Uint8Array(randomBytes(32));
  writeNodeKey(file, seed);
  return seed;
}

function parseNodeKey(file: string, text: string): Uint8Array {
  const bytes = keyBytes(text);
  const seed = bytes?.slice(0, 32);
  if (bytes?.length !== 64 || !seed) {
    throw new ConfigError([`${file}: priv_key.value must be 64 bytes in base64 (ed25519)`]);
  }
  if (equalBytes(ed25519PublicKey(seed), bytes.slice(32))) return seed;
  throw new ConfigError([`${file}: the halves of priv_key.value do not belong together`]);
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
