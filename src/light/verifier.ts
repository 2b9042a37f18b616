/**
 * The steps of a light client, pure: may a block be trusted when another one is?
 * (CometBFT light/verifier.go; arXiv:2010.07031, section 3.)
 */
import type { Header } from "cosmjs-types/tendermint/types/types";
import { equalBytes } from "../encoding/bytes.ts";
import { addNanos, compareTime, type Time } from "../encoding/time.ts";
import { type TrustLevel, verifyCommitLight, verifyCommitLightTrusting } from "../types/commit.ts";
import { hashHeader, validateHeaderBasic } from "../types/header.ts";
import { type LightBlock, validateLightBlock } from "../types/light/light-block.ts";

/** What a light client assumes of a chain. */
export interface Assumptions {
  readonly chainId: string;
  /** How long more than 2/3 of a set stay honest after its block: below the unbonding time. */
  readonly trustingPeriodNanos: bigint;
  /** How far a block may be ahead of the own clock. */
  readonly maxClockDriftNanos: bigint;
  /** The share of a trusted set that must sign a later block; from 1/3 to 1. */
  readonly trustLevel: TrustLevel;
}

/** "untrusted": too few of the trusted set signed; a block in between may help. */
export type Verdict = "verified" | "untrusted" | { readonly refused: string };

/** Why these assumptions are none, or undefined. */
export function checkAssumptions(assumptions: Assumptions): string | undefined {
  const { trustLevel: trust, trustingPeriodNanos, maxClockDriftNanos } = assumptions;
  if (trust.denominator <= 0n) return "trust level: the denominator must be positive";
  if (trust.numerator * 3n < trust.denominator || trust.numerator > trust.denominator) {
    return "trust level: must be between 1/3 and 1";
  }
  if (trustingPeriodNanos <= 0n) return "trusting period: must be positive";
  return maxClockDriftNanos < 0n ? "clock drift: must not be negative" : undefined;
}

/** Whether a block is too old to say anything about others. */
export function isExpired(header: Header, assumptions: Assumptions, now: Time): boolean {
  return compareTime(addNanos(header.time, assumptions.trustingPeriodNanos), now) <= 0;
}

/** Judges a later block by a trusted one. Total. */
export function verifyForward(
  trusted: LightBlock,
  next: LightBlock,
  assumptions: Assumptions,
  now: Time,
): Verdict {
  if (isExpired(trusted.header, assumptions, now)) {
    return { refused: `the trusted block ${trusted.header.height} has expired` };
  }
  const problem = refuseNext(trusted.header, next, assumptions, now);
  if (problem !== undefined) return { refused: problem };
  const { chainId } = assumptions;
  if (next.header.height === trusted.header.height + 1n) {
    if (!equalBytes(next.header.validatorsHash, trusted.header.nextValidatorsHash)) {
      return { refused: "validators are not those that the block before announced" };
    }
  } else {
    const { trustLevel } = assumptions;
    const trust = verifyCommitLightTrusting(chainId, trusted.validators, next.commit, trustLevel);
    if (trust === "insufficient") return "untrusted";
    if (trust !== "trusted") return trust;
  }
  // Last, because whoever made the set up may have made it large.
  const { commit, header, validators } = next;
  const unsigned = verifyCommitLight(chainId, validators, commit.blockId, header.height, commit);
  return unsigned === undefined ? "verified" : { refused: unsigned };
}

function refuseNext(
  trusted: Header,
  next: LightBlock,
  { chainId, maxClockDriftNanos }: Assumptions,
  now: Time,
): string | undefined {
  const malformed = validateLightBlock(chainId, next);
  if (malformed !== undefined) return malformed;
  const { height, time } = next.header;
  if (height <= trusted.height) return `height ${height} is not after ${trusted.height}`;
  if (compareTime(time, trusted.time) <= 0) return "its time is not after the trusted block's";
  const latest = addNanos(now, maxClockDriftNanos);
  return compareTime(time, latest) < 0 ? undefined : "its time is in the future";
}

/** Why an older header is not the one before a trusted header; undefined when it is. Total. */
export function refuseBackward(older: Header, trusted: Header): string | undefined {
  const malformed = validateHeaderBasic(older);
  if (malformed !== undefined) return malformed;
  if (older.chainId !== trusted.chainId) return `header of chain ${older.chainId}`;
  if (compareTime(older.time, trusted.time) >= 0) return "its time is not before the trusted one's";
  const isNamed = equalBytes(hashHeader(older), trusted.lastBlockId.hash);
  return isNamed ? undefined : "the trusted header names another block before it";
}
