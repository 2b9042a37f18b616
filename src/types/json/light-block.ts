/** Reads headers, commits and validators as CometBFT's RPC writes them. Total. */
import type { BlockID, Commit, CommitSig, Header } from "cosmjs-types/tendermint/types/types";
import { equalBytes } from "../../encoding/bytes.ts";
import { zeroBlockId } from "../block-id.ts";
import { absentCommitSig, blockIdFlagAbsent } from "../commit.ts";
import { ValidatorSet } from "../validator-set.ts";
import { byPriority } from "../validators/priorities.ts";
import {
  type PublicKey,
  publicKeyAddress,
  type Validator,
  validatorToProto,
} from "../validators/validator.ts";
import {
  readBase64,
  readFields,
  readHex,
  readInt64,
  readList,
  readSmall,
  readTime,
} from "./fields.ts";

/** More entries than a commit can have are not read. */
const maxSignatures = 10_000;

const keyTypes: Readonly<Record<string, { type: PublicKey["type"]; bytes: number }>> = {
  "tendermint/PubKeyEd25519": { type: "ed25519", bytes: 32 },
  "tendermint/PubKeySecp256k1": { type: "secp256k1", bytes: 33 },
};

/** A block id; the zero id for null and for one with empty hashes. */
export function readBlockId(value: unknown): BlockID | undefined {
  if (value === null) return zeroBlockId();
  const id = readFields(value);
  const parts = readFields(id?.parts);
  const hash = readHex(id?.hash);
  const partsHash = readHex(parts?.hash);
  const total = readSmall(parts?.total);
  if (!hash || !partsHash || total === undefined) return undefined;
  return { hash, partSetHeader: { total, hash: partsHash } };
}

export function readHeader(value: unknown): Header | undefined {
  const f = readFields(value) ?? {};
  const version = readFields(f.version);
  const [block, app] = [readInt64(version?.block), readInt64(version?.app ?? "0")];
  const height = readInt64(f.height);
  const time = readTime(f.time);
  const lastBlockId = readBlockId(f.last_block_id ?? null);
  const hashes = {
    lastCommitHash: readHex(f.last_commit_hash),
    dataHash: readHex(f.data_hash),
    validatorsHash: readHex(f.validators_hash),
    nextValidatorsHash: readHex(f.next_validators_hash),
    consensusHash: readHex(f.consensus_hash),
    appHash: readHex(f.app_hash),
    lastResultsHash: readHex(f.last_results_hash),
    evidenceHash: readHex(f.evidence_hash),
    proposerAddress: readHex(f.proposer_address),
  };
  if (block === undefined || app === undefined || height === undefined) return undefined;
  if (typeof f.chain_id !== "string" || !time || !lastBlockId || !isComplete(hashes)) {
    return undefined;
  }
  return { version: { block, app }, chainId: f.chain_id, height, time, lastBlockId, ...hashes };
}

function isComplete<T extends object>(value: T): value is { [K in keyof T]: NonNullable<T[K]> } {
  return Object.values(value).every((each) => each !== undefined);
}

export function readCommit(value: unknown): Commit | undefined {
  const f = readFields(value) ?? {};
  const [height, round] = [readInt64(f.height), readSmall(f.round)];
  const blockId = readBlockId(f.block_id);
  const list = readList(f.signatures);
  if (height === undefined || round === undefined || !blockId || !list) return undefined;
  if (list.length > maxSignatures) return undefined;
  const signatures = list.map(readCommitSig);
  return isComplete(signatures) ? { height, round, blockId, signatures } : undefined;
}

function readCommitSig(value: unknown): CommitSig | undefined {
  const f = readFields(value) ?? {};
  const flag = readSmall(f.block_id_flag);
  if (flag === blockIdFlagAbsent) return absentCommitSig();
  const address = readHex(f.validator_address);
  const signature = readBase64(f.signature);
  const timestamp = readTime(f.timestamp);
  if (flag === undefined || !address || !signature || !timestamp) return undefined;
  return { blockIdFlag: flag, validatorAddress: address, timestamp, signature };
}

/** A validator with its priority; its address must be its key's. */
export function readValidator(value: unknown): Validator | undefined {
  const f = readFields(value) ?? {};
  const key = readFields(f.pub_key);
  const known = typeof key?.type === "string" ? keyTypes[key.type] : undefined;
  const bytes = readBase64(key?.value);
  const power = readInt64(f.voting_power);
  const priority = readInt64(f.proposer_priority ?? "0");
  const address = readHex(f.address);
  if (!known || bytes?.length !== known.bytes || !address) return undefined;
  if (power === undefined || power < 0n || priority === undefined) return undefined;
  const pubKey: PublicKey = { type: known.type, key: bytes };
  return equalBytes(publicKeyAddress(pubKey), address)
    ? { address, pubKey, power, priority }
    : undefined;
}

/**
 * The set of these members; undefined where they are none. RPC does not say who proposed: it is the
 * next in turn, as in CometBFT's provider (light/provider/http).
 */
export function validatorSetOf(members: readonly Validator[]): ValidatorSet | undefined {
  if (members.length === 0) return undefined;
  const proposer = validatorToProto(members.reduce(byPriority));
  const validators = members.map(validatorToProto);
  return ValidatorSet.fromProto({ validators, proposer, totalVotingPower: 0n });
}
