/**
 * What a host's Sprint counts for, in pay and in consensus: spec/modules/pow.md, "Weight". Pure.
 */
import { mulFloor } from "../../../encoding/decimal.ts";
import { Outcome } from "../../../gen/gonka/pow/v1/types.ts";

/** How far a claim may go beyond what the host has proven, and what an absence costs. */
export interface WeightRule {
  /** Times the reference weight, 18 decimals. */
  readonly claimGrowth: bigint;
  /** What a host may claim without any history. */
  readonly unprovenWeight: bigint;
  /** What is left of the reference weight after an epoch without proof, 18 decimals in 0..1. */
  readonly absentDecay: bigint;
}

/** What a host claimed in an epoch. */
export interface Claim {
  /** Hits times 2^k; undefined without a commitment. */
  readonly claimed: bigint | undefined;
  readonly reference: bigint;
}

/** The claim, up to what the host may claim with its history; zero without a commitment. */
export function allowedClaim({ claimed, reference }: Claim, rule: WeightRule): bigint {
  const grown = mulFloor(reference, rule.claimGrowth);
  const isUnproven = grown < rule.unprovenWeight;
  return smaller(claimed ?? 0n, isUnproven ? rule.unprovenWeight : grown);
}

/**
 * The weight that counts in the denominator of every share: what the host may claim, but never less
 * than it proved before, or making a host find fewer hits would pay the others. It is settled when
 * the commitment window closes: nothing that happens later, to this host or to another, moves it.
 */
export function registeredWeight(claim: Claim, rule: WeightRule): bigint {
  const allowed = allowedClaim(claim, rule);
  const isBehind = allowed < claim.reference;
  return isBehind ? claim.reference : allowed;
}

/** The weight that the host has confirmed: of what it may claim, what its outcome leaves. */
export function confirmedWeight(
  outcome: Outcome,
  { allowed, reference }: { readonly allowed: bigint; readonly reference: bigint },
): bigint {
  if (outcome === Outcome.OUTCOME_VALID) return allowed;
  if (outcome !== Outcome.OUTCOME_UNVERIFIED) return 0n;
  return smaller(allowed, reference);
}

/** The reference weight of the next epoch. */
export function nextReference(
  outcome: Outcome,
  { confirmed, reference }: { readonly confirmed: bigint; readonly reference: bigint },
  rule: WeightRule,
): bigint {
  if (outcome === Outcome.OUTCOME_FORFEITED) return 0n;
  const isConfirmed = outcome === Outcome.OUTCOME_VALID || outcome === Outcome.OUTCOME_UNVERIFIED;
  return isConfirmed ? confirmed : mulFloor(reference, rule.absentDecay);
}

function smaller(a: bigint, b: bigint): bigint {
  return a < b ? a : b;
}
