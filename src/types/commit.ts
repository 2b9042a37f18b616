/** Commits: the precommits that decided a block, and their verification (types/validation.go). */
import type { BlockID, Commit, CommitSig, Vote } from "cosmjs-types/tendermint/types/types";
import { equalBytes, toHex, toUpperHex } from "../encoding/bytes.ts";
import { compareTime, isTime, type Time, zeroTime } from "../encoding/time.ts";
import { equalBlockId, isNilBlockId, validateBlockIdBasic, zeroBlockId } from "./block-id.ts";
import type { ValidatorSet } from "./validator-set.ts";
import type { Validator } from "./validators/validator.ts";
import { verifySignature } from "./validators/validator.ts";
import { maxSignatureBytes, precommitType, voteSignBytes } from "./vote.ts";

/** BlockIDFlag of the wire: the validator sent nothing, voted for the block, voted for nil. */
export const blockIdFlagAbsent = 1;
export const blockIdFlagCommit = 2;
export const blockIdFlagNil = 3;

const addressBytes = 20;

/** The commit before the first block: of height 0, signed by nobody. */
export function emptyCommit(): Commit {
  return { height: 0n, round: 0, blockId: zeroBlockId(), signatures: [] };
}

/** The entry of a validator whose precommit did not arrive. */
export function absentCommitSig(): CommitSig {
  return {
    blockIdFlag: blockIdFlagAbsent,
    validatorAddress: new Uint8Array(0),
    timestamp: { ...zeroTime },
    signature: new Uint8Array(0),
  };
}

/** The entry of a precommit: for the block or for nil. */
export function commitSigOf(vote: Vote): CommitSig {
  const { validatorAddress, timestamp, signature } = vote;
  const blockIdFlag = isNilBlockId(vote.blockId) ? blockIdFlagNil : blockIdFlagCommit;
  return { blockIdFlag, validatorAddress, timestamp, signature };
}

/** The precommit behind an entry; undefined for an absent or missing one. No extension. */
export function commitVote(commit: Commit, index: number): Vote | undefined {
  const entry = commit.signatures[index];
  if (!entry || isFlagged(entry, blockIdFlagAbsent)) return undefined;
  return {
    type: precommitType,
    height: commit.height,
    round: commit.round,
    blockId: isFlagged(entry, blockIdFlagCommit) ? commit.blockId : zeroBlockId(),
    timestamp: entry.timestamp,
    validatorAddress: entry.validatorAddress,
    validatorIndex: index,
    signature: entry.signature,
    extension: new Uint8Array(0),
    extensionSignature: new Uint8Array(0),
  };
}

/** What was signed for an entry that is not absent. */
function commitSignBytes(chainId: string, commit: Commit, entry: CommitSig): Uint8Array {
  const blockId = isFlagged(entry, blockIdFlagCommit) ? commit.blockId : zeroBlockId();
  const { height, round } = commit;
  const { timestamp } = entry;
  return voteSignBytes(chainId, { type: precommitType, height, round, blockId, timestamp });
}

/** Why a commit is malformed, or undefined (Commit.ValidateBasic). Knows no state. */
export function validateCommitBasic(commit: Commit): string | undefined {
  if (commit.height < 0n) return `height ${commit.height} is negative`;
  if (commit.round < 0) return `round ${commit.round} is negative`;
  if (commit.height === 0n) return undefined;
  const badId = validateBlockIdBasic(commit.blockId);
  if (badId !== undefined) return badId;
  if (isNilBlockId(commit.blockId)) return "a commit cannot be for nil";
  if (commit.signatures.length === 0) return "no signatures";
  for (const [index, entry] of commit.signatures.entries()) {
    const problem = validateCommitSigBasic(entry);
    if (problem !== undefined) return `signature ${index}: ${problem}`;
  }
  return undefined;
}

function validateCommitSigBasic(entry: CommitSig): string | undefined {
  const flag: number = entry.blockIdFlag;
  if (flag === blockIdFlagAbsent) {
    if (entry.validatorAddress.length > 0) return "absent with an address";
    if (compareTime(entry.timestamp, zeroTime) !== 0) return "absent with a time";
    return entry.signature.length > 0 ? "absent with a signature" : undefined;
  }
  if (flag !== blockIdFlagCommit && flag !== blockIdFlagNil) return `block id flag ${flag}`;
  if (entry.validatorAddress.length !== addressBytes) {
    return `address of ${entry.validatorAddress.length} bytes`;
  }
  if (!isTime(entry.timestamp)) return "time is none";
  if (entry.signature.length === 0) return "signature is missing";
  return entry.signature.length > maxSignatureBytes ? "signature is too long" : undefined;
}

/**
 * Why the commit does not decide the block, or undefined: more than 2/3 of the power must have
 * signed for it, and every signature that is there, also for nil, must be valid.
 */
export function verifyCommit(
  chainId: string,
  validators: ValidatorSet,
  blockId: BlockID,
  height: bigint,
  commit: Commit,
): string | undefined {
  const problem = checkShape(validators, blockId, height, commit);
  if (problem !== undefined) return problem;
  let tallied = 0n;
  for (const [index, entry] of commit.signatures.entries()) {
    if (isFlagged(entry, blockIdFlagAbsent)) continue;
    const signer = validators.at(index);
    const bad = checkSignature({ chainId, commit, index, signer });
    if (bad !== undefined) return bad;
    if (isFlagged(entry, blockIdFlagCommit)) tallied += signer?.power ?? 0n;
  }
  return enough(tallied, twoThirds(validators));
}

/**
 * How many signatures for the block a light client checks: until they are enough, or all of them.
 * Evidence needs "all": whoever is accused by an entry must have signed it.
 */
export type Extent = "until enough" | "all";

/**
 * As verifyCommit, but looks only at signatures for the block, and only until more than 2/3 have
 * signed: enough for a light client. Whoever passes the commit on must verify it in full.
 */
export function verifyCommitLight(
  chainId: string,
  validators: ValidatorSet,
  blockId: BlockID,
  height: bigint,
  commit: Commit,
  extent: Extent = "until enough",
): string | undefined {
  const problem = checkShape(validators, blockId, height, commit);
  if (problem !== undefined) return problem;
  const needed = twoThirds(validators);
  let tallied = 0n;
  for (const [index, entry] of commit.signatures.entries()) {
    if (!isFlagged(entry, blockIdFlagCommit)) continue;
    const signer = validators.at(index);
    const bad = checkSignature({ chainId, commit, index, signer });
    if (bad !== undefined) return bad;
    tallied += signer?.power ?? 0n;
    if (tallied > needed && extent === "until enough") return undefined;
  }
  return enough(tallied, needed);
}

/** A share of the voting power, such as 1/3. */
export interface TrustLevel {
  readonly numerator: bigint;
  readonly denominator: bigint;
}

/** "insufficient" is no sign of a fault: the sets may have nothing to do with each other. */
export type TrustVerdict = "trusted" | "insufficient" | { readonly refused: string };

/**
 * Whether more than that share of an older set signed the commit. Signers are found by address,
 * strangers are skipped.
 */
export function verifyCommitLightTrusting(
  chainId: string,
  validators: ValidatorSet,
  commit: Commit,
  trust: TrustLevel,
  extent: Extent = "until enough",
): TrustVerdict {
  if (trust.denominator <= 0n) {
    return { refused: `trust level with denominator ${trust.denominator}` };
  }
  const needed = (validators.totalPower * trust.numerator) / trust.denominator; // Floors.
  const seen = new Set<string>();
  let tallied = 0n;
  for (const [index, entry] of commit.signatures.entries()) {
    if (!isFlagged(entry, blockIdFlagCommit)) continue;
    const signer = validators.byAddress(entry.validatorAddress)?.validator;
    if (!signer) continue;
    const name = toHex(signer.address);
    if (seen.has(name)) return { refused: `validator ${name.toUpperCase()} signed twice` };
    seen.add(name);
    const bad = checkSignature({ chainId, commit, index, signer });
    if (bad !== undefined) return { refused: bad };
    tallied += signer.power;
    if (tallied > needed && extent === "until enough") return "trusted";
  }
  return tallied > needed ? "trusted" : "insufficient";
}

function checkShape(
  validators: ValidatorSet,
  blockId: BlockID,
  height: bigint,
  commit: Commit,
): string | undefined {
  if (validators.size !== commit.signatures.length) {
    return `${commit.signatures.length} signatures for ${validators.size} validators`;
  }
  if (commit.height !== height) return `commit of height ${commit.height} instead of ${height}`;
  return equalBlockId(commit.blockId, blockId) ? undefined : "commit is for another block";
}

/** Whether the entry is this validator's: well-formed, its address, its signature. */
function checkSignature(claim: {
  chainId: string;
  commit: Commit;
  index: number;
  signer: Validator | undefined;
}): string | undefined {
  const { chainId, commit, index, signer } = claim;
  const entry = commit.signatures[index];
  if (!entry || !signer) return `signature ${index}: no such validator`;
  const malformed = validateCommitSigBasic(entry);
  if (malformed !== undefined) return `signature ${index}: ${malformed}`;
  if (!equalBytes(signer.address, entry.validatorAddress)) {
    const other = toUpperHex(entry.validatorAddress);
    return `signature ${index} is of ${other}, not of validator ${index}`;
  }
  const message = commitSignBytes(chainId, commit, entry);
  const isValid = verifySignature(signer.pubKey, message, entry.signature);
  return isValid ? undefined : `signature ${index} is wrong`;
}

function twoThirds(validators: ValidatorSet): bigint {
  return (validators.totalPower * 2n) / 3n; // Floors: more than this is needed.
}

function enough(tallied: bigint, needed: bigint): string | undefined {
  return tallied > needed
    ? undefined
    : `insufficient voting power: ${tallied}, needed more than ${needed}`;
}

function isFlagged(entry: CommitSig, flag: number): boolean {
  const actual: number = entry.blockIdFlag;
  return actual === flag;
}

/**
 * BFT time: the median of the commit's times, weighted by power; votes for nil count. Throws when a
 * signer is not in the set: the commit must have been verified against it.
 */
export function medianTime(commit: Commit, validators: ValidatorSet): Time {
  const weighted: { time: Time; power: bigint }[] = [];
  let total = 0n;
  for (const entry of commit.signatures) {
    if (isFlagged(entry, blockIdFlagAbsent)) continue;
    const member = validators.byAddress(entry.validatorAddress);
    if (!member) throw new Error(`${toUpperHex(entry.validatorAddress)} is not in the set`);
    weighted.push({ time: entry.timestamp, power: member.validator.power });
    total += member.validator.power;
  }
  weighted.sort((a, b) => compareTime(a.time, b.time));
  let rest = total / 2n; // Floors.
  for (const { time, power } of weighted) {
    if (rest <= power) return time;
    rest -= power;
  }
  return zeroTime; // Nobody signed.
}
