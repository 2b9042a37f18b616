/** Reads evidence that a client sends as JSON: the inverse of evidenceJson, total. */
import type { Evidence } from "cosmjs-types/tendermint/types/evidence";
import { Vote } from "cosmjs-types/tendermint/types/types";
import type {
  Validator as ProtoValidator,
  ValidatorSet as ProtoValidatorSet,
} from "cosmjs-types/tendermint/types/validator";
import { validatorToProto } from "../validators/validator.ts";
import {
  type Fields,
  readBase64,
  readFields,
  readHex,
  readInt64,
  readList,
  readSmall,
  readTime,
} from "./fields.ts";
import { readBlockId, readCommit, readHeader, readValidator } from "./light-block.ts";

const duplicateVote = "tendermint/DuplicateVoteEvidence";
const lightClientAttack = "tendermint/LightClientAttackEvidence";
const notAnObject = "evidence.value: expected an object";

/** The evidence, or what is wrong with the JSON. */
export function evidenceFromJson(input: unknown): Evidence | string {
  const { type, value } = readFields(input) ?? {};
  const parts = readFields(value);
  if (type === duplicateVote) return parts ? readDuplicate(parts) : notAnObject;
  if (type === lightClientAttack) return parts ? readAttack(parts) : notAnObject;
  const got = typeof type === "string" ? type.slice(0, 80) : typeof type;
  return `evidence.type: expected "${duplicateVote}" or "${lightClientAttack}", got ${got}`;
}

function readDuplicate(parts: Fields): Evidence | string {
  const voteA = vote(parts.vote_a);
  const voteB = vote(parts.vote_b);
  const totalVotingPower = readInt64(parts.TotalVotingPower);
  const validatorPower = readInt64(parts.ValidatorPower);
  const timestamp = readTime(parts.Timestamp);
  if (!voteA) return "evidence.value.vote_a: not a vote";
  if (!voteB) return "evidence.value.vote_b: not a vote";
  if (totalVotingPower === undefined) return "evidence.value.TotalVotingPower: not an int64 string";
  if (validatorPower === undefined) return "evidence.value.ValidatorPower: not an int64 string";
  if (!timestamp) return "evidence.value.Timestamp: not an RFC 3339 time";
  return {
    duplicateVoteEvidence: { voteA, voteB, totalVotingPower, validatorPower, timestamp },
  };
}

function readAttack(parts: Fields): Evidence | string {
  const block = readFields(parts.ConflictingBlock);
  const signed = readFields(block?.signed_header);
  const header = readHeader(signed?.header);
  const commit = readCommit(signed?.commit);
  const validatorSet = readSet(readFields(block?.validator_set));
  const byzantine = readList(parts.ByzantineValidators)?.map(readValidator);
  const commonHeight = readInt64(parts.CommonHeight);
  const totalVotingPower = readInt64(parts.TotalVotingPower);
  const timestamp = readTime(parts.Timestamp);
  const conflicting = "evidence.value.ConflictingBlock";
  if (!header) return `${conflicting}.signed_header.header: not a header`;
  if (!commit) return `${conflicting}.signed_header.commit: not a commit`;
  if (!validatorSet) return `${conflicting}.validator_set: no validators with a proposer`;
  const byzantineValidators: ProtoValidator[] = [];
  for (const each of byzantine ?? [undefined]) {
    if (!each) return "evidence.value.ByzantineValidators: not a list of validators";
    byzantineValidators.push(validatorToProto(each));
  }
  if (commonHeight === undefined) return "evidence.value.CommonHeight: not an int64 string";
  if (totalVotingPower === undefined) return "evidence.value.TotalVotingPower: not an int64 string";
  if (!timestamp) return "evidence.value.Timestamp: not an RFC 3339 time";
  const conflictingBlock = { signedHeader: { header, commit }, validatorSet };
  return {
    lightClientAttackEvidence: {
      conflictingBlock,
      commonHeight,
      byzantineValidators,
      totalVotingPower,
      timestamp,
    },
  };
}

/** The members as they are, priorities included: the bytes of the evidence depend on them. */
function readSet(value: Fields | undefined): ProtoValidatorSet | undefined {
  const proposer = readValidator(value?.proposer);
  const validators: ProtoValidator[] = [];
  for (const each of readList(value?.validators)?.map(readValidator) ?? []) {
    if (!each) return undefined;
    validators.push(validatorToProto(each));
  }
  if (!proposer || validators.length === 0) return undefined;
  return { validators, proposer: validatorToProto(proposer), totalVotingPower: 0n };
}

function vote(value: unknown): Vote | undefined {
  const f = readFields(value);
  if (!f) return undefined;
  const height = readInt64(f.height);
  const timestamp = readTime(f.timestamp);
  const validatorAddress = readHex(f.validator_address);
  const blockId = readBlockId(f.block_id);
  const type = readSmall(f.type);
  const round = readSmall(f.round);
  const validatorIndex = readSmall(f.validator_index);
  const signature = readBase64(f.signature);
  if (type === undefined || round === undefined || validatorIndex === undefined) return undefined;
  if (height === undefined || !timestamp || !validatorAddress || !blockId || !signature) {
    return undefined;
  }
  const point = { type, height, round, blockId, timestamp };
  return Vote.fromPartial({ ...point, validatorAddress, validatorIndex, signature });
}
