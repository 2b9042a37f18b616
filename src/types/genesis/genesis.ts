/**
 * The genesis document: the first state of a network, in the JSON of CometBFT (types/genesis.go).
 * A document that cannot be used is refused with the JSON path of the trouble and its fix.
 */
import { sha256 } from "../../crypto/hash.ts";
import { equalBytes, toBase64, toHex, toUpperHex, utf8 } from "../../encoding/bytes.ts";
import { compareTime, formatTime, parseTime, type Time, zeroTime } from "../../encoding/time.ts";
import { zeroBlockId } from "../block-id.ts";
import type { ChainState } from "../chain-state.ts";
import {
  type CompleteConsensusParams,
  defaultConsensusParams,
  durationNanos,
} from "../consensus-params.ts";
import { maxChainIdBytes } from "../header.ts";
import { ValidatorSet } from "../validator-set.ts";
import { maxTotalPower } from "../validators/priorities.ts";
import { newValidator, type PublicKey, publicKeyAddress } from "../validators/validator.ts";
import { checkAppState } from "./app-state.ts";
import { JsonNode, type JsonObject } from "./json-node.ts";
import { readConsensusParams } from "./params-json.ts";
import { findRepeatedMember } from "./repeated-members.ts";

/** What a network starts from. */
export interface GenesisDoc {
  /** The time of the first block. */
  readonly genesisTime: Time;
  readonly chainId: string;
  readonly initialHeight: bigint;
  readonly consensusParams: CompleteConsensusParams;
  readonly validators: readonly GenesisValidator[];
  /** The app hash before the first block; usually empty. */
  readonly appHash: Uint8Array;
  /** JSON for the application's InitChain; undefined when there is none. */
  readonly appState: unknown;
}

/** A validator of the first block. */
export interface GenesisValidator {
  /** 20 bytes, always that of the key. */
  readonly address: Uint8Array;
  readonly pubKey: PublicKey;
  readonly power: bigint;
  /** For people only. */
  readonly name: string;
}

/** Longest genesis document, in characters. */
const maxGenesisLength = 128 * 1024 * 1024;
/** CometBFT's MaxVotesCount: no commit holds more signatures. */
const maxValidators = 10_000;

const keyTypeNames = {
  "tendermint/PubKeyEd25519": "ed25519",
  "tendermint/PubKeySecp256k1": "secp256k1",
} as const;
const keyBytes = { ed25519: 32, secp256k1: 33 } as const;

const members = [
  "genesis_time",
  "chain_id",
  "initial_height",
  "consensus_params",
  "validators",
  "app_hash",
  "app_state",
];

/** The document of a JSON text. Throws GenesisDocError, which names the JSON path and the fix. */
export function parseGenesis(json: string): GenesisDoc {
  const root = new JsonNode("", parseJson(json));
  const doc = root.object(members);
  const paramsNode = doc.optional("consensus_params");
  const consensusParams = paramsNode ? readConsensusParams(paramsNode) : defaultConsensusParams();
  const validators = readValidators(doc, consensusParams.validator.pubKeyTypes);
  const appState = doc.optional("app_state");
  if (appState) checkAppState(appState);
  return {
    genesisTime: readTime(doc),
    chainId: readChainId(doc),
    initialHeight: doc.optional("initial_height")?.int64({ min: 0n }) || 1n,
    consensusParams,
    validators,
    appHash: doc.optional("app_hash")?.hex() ?? new Uint8Array(0),
    appState: appState?.value,
  };
}

function parseJson(json: string): unknown {
  const root = new JsonNode("", undefined);
  if (json.length > maxGenesisLength) {
    root.fail(`${json.length} characters`, `at most ${maxGenesisLength} are read`);
  }
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    root.fail(`not JSON (${reason})`, "correct the syntax there");
  }
  const repeated = findRepeatedMember(json);
  if (repeated !== undefined) {
    new JsonNode(repeated, undefined).fail("the same member twice", "keep one of them");
  }
  return value;
}

function readTime(doc: JsonObject): Time {
  const node = doc.required("genesis_time", '"2026-01-31T12:00:00Z"');
  const time = parseTime(node.string());
  if (!time) return node.fail("not an RFC 3339 time", 'write it as "2026-01-31T12:00:00Z"');
  // CometBFT would put its own clock here, and every node would start another chain.
  if (compareTime(time, zeroTime) === 0) node.fail("not set", "write the time of the first block");
  return time;
}

function readChainId(doc: JsonObject): string {
  const node = doc.required("chain_id", '"gonka-1"');
  const chainId = node.string();
  if (!/^[\x21-\x7e]+$/.test(chainId) || chainId.length > maxChainIdBytes) {
    node.fail(
      "not a chain id",
      `write 1 to ${maxChainIdBytes} printable ASCII characters without spaces`,
    );
  }
  return chainId;
}

function readValidators(doc: JsonObject, allowed: readonly string[]): GenesisValidator[] {
  const node = doc.optional("validators");
  if (!node) return [];
  const seen = new Map<string, number>();
  let total = 0n;
  const validators: GenesisValidator[] = [];
  for (const [index, each] of node.array(maxValidators).entries()) {
    const validator = readValidator(each, allowed);
    const name = toHex(validator.address);
    const first = seen.get(name);
    if (first !== undefined) {
      each.fail(`the same key as validators[${first}]`, "list every validator once");
    }
    seen.set(name, index);
    total += validator.power;
    validators.push(validator);
  }
  if (total > maxTotalPower) {
    node.fail(`voting power ${total} in all`, `keep the sum at most ${maxTotalPower}`);
  }
  return validators;
}

function readValidator(node: JsonNode, allowed: readonly string[]): GenesisValidator {
  const fields = node.object(["address", "pub_key", "power", "name"]);
  const keyNode = fields.required(
    "pub_key",
    '{"type": "tendermint/PubKeyEd25519", "value": "..."}',
  );
  const pubKey = readPublicKey(keyNode);
  if (!allowed.includes(pubKey.type)) {
    keyNode.fail(
      `keys of type ${pubKey.type} are not allowed`,
      "use another key or add the type to consensus_params.validator.pub_key_types",
    );
  }
  const address = publicKeyAddress(pubKey);
  const claimed = fields.optional("address");
  if (claimed && claimed.value !== "" && !equalBytes(claimed.hex(address.length), address)) {
    claimed.fail("not the address of the key", `write "${toUpperHex(address)}" or remove it`);
  }
  const power = fields.required("power", '"10"').int64({ min: 1n, max: maxTotalPower });
  return { address, pubKey, power, name: fields.optional("name")?.string() ?? "" };
}

function readPublicKey(node: JsonNode): PublicKey {
  const fields = node.object(["type", "value"]);
  const typeNode = fields.required("type", '"tendermint/PubKeyEd25519"');
  const name = typeNode.string();
  if (name !== "tendermint/PubKeyEd25519" && name !== "tendermint/PubKeySecp256k1") {
    return typeNode.fail(
      "unknown key type",
      `write one of ${Object.keys(keyTypeNames).join(", ")}`,
    );
  }
  const type = keyTypeNames[name];
  return { type, key: fields.required("value", '"<base64>"').base64(keyBytes[type]) };
}

/** The JSON of a document, byte for byte as CometBFT writes it, with a two-space indent. */
export function genesisToJson(doc: GenesisDoc): string {
  const { block, evidence, validator, version, abci } = doc.consensusParams;
  const shape = {
    genesis_time: formatTime(doc.genesisTime),
    chain_id: doc.chainId,
    initial_height: String(doc.initialHeight),
    consensus_params: {
      block: { max_bytes: String(block.maxBytes), max_gas: String(block.maxGas) },
      evidence: {
        max_age_num_blocks: String(evidence.maxAgeNumBlocks),
        max_age_duration: String(durationNanos(evidence.maxAgeDuration)),
        max_bytes: String(evidence.maxBytes),
      },
      validator: { pub_key_types: validator.pubKeyTypes },
      version: { app: String(version.app) },
      abci: { vote_extensions_enable_height: String(abci.voteExtensionsEnableHeight) },
    },
    validators: doc.validators.length === 0 ? undefined : doc.validators.map(validatorJson),
    app_hash: toUpperHex(doc.appHash),
    app_state: doc.appState,
  };
  // Go escapes these in every string; outside strings JSON has none of them.
  return JSON.stringify(shape, null, 2).replace(
    /[&<>\u2028\u2029]/g,
    (found) => `\\u${found.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

function validatorJson({ address, pubKey, power, name }: GenesisValidator) {
  const isEd25519 = pubKey.type === "ed25519";
  return {
    address: toUpperHex(address),
    pub_key: {
      type: isEd25519 ? "tendermint/PubKeyEd25519" : "tendermint/PubKeySecp256k1",
      value: toBase64(pubKey.key),
    },
    power: String(power),
    name,
  };
}

/** SHA-256 of genesisToJson: equal for documents that mean the same. */
export function genesisHash(doc: GenesisDoc): Uint8Array {
  return sha256(utf8(genesisToJson(doc)));
}

/**
 * The state before the first block (CometBFT MakeGenesisState). InitChain may still replace the
 * validators, the parameters and the app hash.
 */
export function genesisState(doc: GenesisDoc): ChainState {
  const changes = doc.validators.map(({ pubKey, power }) => newValidator(pubKey, power));
  const validators = ValidatorSet.from(changes);
  return {
    chainId: doc.chainId,
    initialHeight: doc.initialHeight,
    appVersion: doc.consensusParams.version.app,
    lastBlockHeight: 0n,
    lastBlockId: zeroBlockId(),
    lastBlockTime: doc.genesisTime,
    nextValidators: validators.size === 0 ? validators : validators.incrementPriority(1),
    validators,
    lastValidators: ValidatorSet.from([]),
    lastHeightValidatorsChanged: doc.initialHeight,
    consensusParams: doc.consensusParams,
    lastHeightConsensusParamsChanged: doc.initialHeight,
    lastResultsHash: new Uint8Array(0),
    appHash: doc.appHash,
  };
}
