/** Evidence of misbehaviour: its order, bytes and hash (CometBFT types/evidence.go). */
import type { Misbehavior } from "cosmjs-types/tendermint/abci/types";
import {
  DuplicateVoteEvidence,
  type Evidence,
  LightClientAttackEvidence,
} from "cosmjs-types/tendermint/types/evidence";
import type { Vote } from "cosmjs-types/tendermint/types/types";
import { sha256 } from "../crypto/hash.ts";
import { merkleRoot } from "../crypto/merkle.ts";
import { concat } from "../encoding/bytes.ts";
import { isTime, type Time } from "../encoding/time.ts";
import { zigzagVarint } from "../encoding/varint.ts";
import { blockIdKey } from "./block-id.ts";
import { hashHeader, validateHeaderBasic } from "./header.ts";
import type { ValidatorSet } from "./validator-set.ts";
import { validateVoteBasic } from "./vote.ts";

/** MisbehaviorType of ABCI. */
const duplicateVoteMisbehavior = 1;
const lightClientAttackMisbehavior = 2;

const hashBytes = 32;

/**
 * Evidence that one validator signed both votes. time is the header time of the votes' height,
 * validators the set of that height. The votes are put in order of their block ids. Throws when the
 * voter is not in the set: the votes must have been verified.
 */
export function duplicateVoteEvidence(found: {
  a: Vote;
  b: Vote;
  time: Time;
  validators: ValidatorSet;
}): DuplicateVoteEvidence {
  const { a, b, time, validators } = found;
  const member = validators.byAddress(a.validatorAddress);
  if (!member) throw new Error("evidence against a validator that is not in the set");
  const isOrdered = blockIdKey(a.blockId) < blockIdKey(b.blockId);
  return {
    voteA: isOrdered ? a : b,
    voteB: isOrdered ? b : a,
    totalVotingPower: validators.totalPower,
    validatorPower: member.validator.power,
    timestamp: { ...time },
  };
}

/**
 * The same evidence without vote extensions. No signature that evidence stands on covers them, so
 * anybody can make any number of pieces of one by them.
 */
export function withoutExtensions(evidence: Evidence): Evidence {
  const found = evidence.duplicateVoteEvidence;
  if (!found?.voteA || !found.voteB) return evidence;
  const none = { extension: new Uint8Array(0), extensionSignature: new Uint8Array(0) };
  const [voteA, voteB] = [
    { ...found.voteA, ...none },
    { ...found.voteB, ...none },
  ];
  return { duplicateVoteEvidence: { ...found, voteA, voteB } };
}

/** The bytes that the evidence hash covers: the inner message, without the oneof around it. */
export function evidenceBytes(evidence: Evidence): Uint8Array {
  const { duplicateVoteEvidence: duplicate, lightClientAttackEvidence: attack } = evidence;
  if (duplicate) return DuplicateVoteEvidence.encode(duplicate).finish();
  if (attack) return LightClientAttackEvidence.encode(attack).finish();
  throw new Error("evidence of no kind"); // decodeBlock lets none in.
}

/** The evidence hash of headers: the Merkle root over the evidence's bytes. */
export function hashEvidence(evidence: readonly Evidence[]): Uint8Array {
  return merkleRoot(evidence.map(evidenceBytes));
}

/** The hash by which one piece of evidence is known. */
export function evidenceHash(evidence: Evidence): Uint8Array {
  const attack = evidence.lightClientAttackEvidence;
  const header = attack?.conflictingBlock?.signedHeader?.header;
  if (!attack || !header) return sha256(evidenceBytes(evidence));
  // CometBFT drops the last byte of the block hash here, and leaves a zero in its place.
  const padded = new Uint8Array(hashBytes);
  padded.set(hashHeader(header).subarray(0, hashBytes - 1));
  return sha256(concat(padded, zigzagVarint(attack.commonHeight)));
}

/** The height of the misbehaviour. */
export function evidenceHeight(evidence: Evidence): bigint {
  const attack = evidence.lightClientAttackEvidence;
  return attack?.commonHeight ?? evidence.duplicateVoteEvidence?.voteA?.height ?? 0n;
}

/** What the application is told: one entry per misbehaving validator. */
export function evidenceToMisbehavior(evidence: Evidence): Misbehavior[] {
  const { duplicateVoteEvidence: duplicate, lightClientAttackEvidence: attack } = evidence;
  const height = evidenceHeight(evidence);
  if (duplicate?.voteA) {
    const validator = {
      address: duplicate.voteA.validatorAddress,
      power: duplicate.validatorPower,
    };
    const { timestamp: time, totalVotingPower } = duplicate;
    return [{ type: duplicateVoteMisbehavior, validator, height, time, totalVotingPower }];
  }
  return (attack?.byzantineValidators ?? []).map((each) => ({
    type: lightClientAttackMisbehavior,
    validator: { address: each.address, power: each.votingPower },
    height,
    time: attack?.timestamp ?? { seconds: 0n, nanos: 0 },
    totalVotingPower: attack?.totalVotingPower ?? 0n,
  }));
}

/** Why evidence is malformed, or undefined (Evidence.ValidateBasic). Knows no state. */
export function validateEvidenceBasic(evidence: Evidence): string | undefined {
  const { duplicateVoteEvidence: duplicate, lightClientAttackEvidence: attack } = evidence;
  if (duplicate && !attack) return validateDuplicateBasic(duplicate);
  if (attack && !duplicate) return validateAttackBasic(attack);
  return "evidence must be of exactly one kind";
}

function validateDuplicateBasic(evidence: DuplicateVoteEvidence): string | undefined {
  const { voteA, voteB } = evidence;
  if (!voteA || !voteB) return "a vote is missing";
  const problem = validateVoteBasic(voteA) ?? validateVoteBasic(voteB);
  if (problem !== undefined) return problem;
  if (!isTime(evidence.timestamp)) return "time is none";
  const isOrdered = blockIdKey(voteA.blockId) < blockIdKey(voteB.blockId);
  return isOrdered ? undefined : "the votes are not in order of their block ids";
}

function validateAttackBasic(evidence: LightClientAttackEvidence): string | undefined {
  const header = evidence.conflictingBlock?.signedHeader?.header;
  if (!header || !evidence.conflictingBlock?.signedHeader?.commit) return "no conflicting header";
  if (!isTime(evidence.timestamp)) return "time is none";
  if (evidence.totalVotingPower <= 0n) return "total voting power is not positive";
  if (evidence.commonHeight <= 0n) return "common height is not positive";
  if (evidence.commonHeight > header.height) return "common height is after the conflicting block";
  return validateHeaderBasic(header);
}
