/** Reads the JSON in which CometBFT answers: blocks, headers, commits and validators. */
import type { Block } from "cosmjs-types/tendermint/types/block";
import type { Evidence } from "cosmjs-types/tendermint/types/evidence";
import type { BlockID, Commit, Header, Vote } from "cosmjs-types/tendermint/types/types";
import { fromBase64, fromHex } from "../../src/encoding/bytes.ts";
import { parseTime, type Time } from "../../src/encoding/time.ts";
import { zeroBlockId } from "../../src/types/block-id.ts";
import type { Validator } from "../../src/types/validators/validator.ts";
import { newValidator } from "../../src/types/validators/validator.ts";

/** JSON whose shape the reader knows. */
// biome-ignore lint/suspicious/noExplicitAny: fixtures are trusted and read in one place.
export type Json = any;

const empty = new Uint8Array(0);

export function cometTime(text: string): Time {
  const time = parseTime(text);
  if (!time) throw new Error(`not a time: ${text}`);
  return time;
}

export function cometBlockId(json: Json): BlockID {
  if (!json) return zeroBlockId();
  const parts = json.parts ?? json.part_set_header;
  return {
    hash: fromHex(json.hash),
    partSetHeader: { total: parts.total, hash: fromHex(parts.hash) },
  };
}

export function cometHeader(json: Json): Header {
  return {
    version: { block: BigInt(json.version.block), app: BigInt(json.version.app ?? 0) },
    chainId: json.chain_id,
    height: BigInt(json.height),
    time: cometTime(json.time),
    lastBlockId: cometBlockId(json.last_block_id),
    lastCommitHash: fromHex(json.last_commit_hash),
    dataHash: fromHex(json.data_hash),
    validatorsHash: fromHex(json.validators_hash),
    nextValidatorsHash: fromHex(json.next_validators_hash),
    consensusHash: fromHex(json.consensus_hash),
    appHash: fromHex(json.app_hash),
    lastResultsHash: fromHex(json.last_results_hash),
    evidenceHash: fromHex(json.evidence_hash),
    proposerAddress: fromHex(json.proposer_address),
  };
}

export function cometCommit(json: Json): Commit {
  return {
    height: BigInt(json.height),
    round: json.round,
    blockId: cometBlockId(json.block_id),
    signatures: (json.signatures ?? []).map((each: Json) => ({
      blockIdFlag: each.block_id_flag,
      validatorAddress: fromHex(each.validator_address),
      timestamp: cometTime(each.timestamp),
      signature: each.signature ? fromBase64(each.signature) : empty,
    })),
  };
}

export function cometBlock(json: Json): Block {
  return {
    header: cometHeader(json.header),
    data: { txs: json.data.txs.map(fromBase64) },
    evidence: { evidence: json.evidence.evidence.map(cometEvidence) },
    lastCommit: cometCommit(json.last_commit),
  };
}

function cometEvidence({ type, value }: Json): Evidence {
  if (type !== "tendermint/DuplicateVoteEvidence") throw new Error(`evidence of type ${type}`);
  return {
    duplicateVoteEvidence: {
      voteA: cometVote(value.vote_a),
      voteB: cometVote(value.vote_b),
      totalVotingPower: BigInt(value.total_voting_power),
      validatorPower: BigInt(value.validator_power),
      timestamp: cometTime(value.timestamp),
    },
  };
}

function cometVote(json: Json): Vote {
  return {
    type: json.type,
    height: BigInt(json.height),
    round: json.round,
    blockId: cometBlockId(json.block_id),
    timestamp: cometTime(json.timestamp),
    validatorAddress: fromHex(json.validator_address),
    validatorIndex: json.validator_index,
    signature: fromBase64(json.signature),
    extension: empty,
    extensionSignature: empty,
  };
}

export function cometValidators(json: Json): Validator[] {
  return (json.validators ?? []).map((each: Json) =>
    newValidator(
      { type: "ed25519", key: fromBase64(each.pub_key.value) },
      BigInt(each.voting_power),
    ),
  );
}
