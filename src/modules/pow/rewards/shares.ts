/** Who earns what of an epoch's emission: spec/modules/pow.md, "Rewards". Pure. */
import { one } from "../../../encoding/decimal.ts";
import { ForfeitDestination } from "../../../gen/gonka/pow/v1/params.ts";

/** One host at settlement. */
export interface Earner {
  /** Counts in the denominator, whatever became of the host. */
  readonly registered: bigint;
  /** What the host is paid for: at most its registered weight. */
  readonly pay: bigint;
  /** Hosts that it was assigned to verify, and those that it attested or abstained on. */
  readonly assigned: number;
  readonly attested: number;
}

/** The rule of a settlement. missedPenalty: 18 decimals in 0..1. */
export interface ShareRule {
  readonly emission: bigint;
  readonly forfeitDestination: ForfeitDestination;
  readonly missedPenalty: bigint;
}

/**
 * The reward of each earner, in the unit of the emission, rounded down; what is left of the
 * emission is the community pool's. With the community pool as destination the denominator is the
 * registered weight of all, so no failure changes what others get. With peers as destination (the
 * rule that history refuted) the failed are left out of it.
 */
export function rewardShares(earners: readonly Earner[], rule: ShareRule): bigint[] {
  const toPeers = rule.forfeitDestination === ForfeitDestination.FORFEIT_DESTINATION_PEERS;
  const denominator = earners.reduce(
    (sum, { registered, pay }) => sum + (toPeers ? pay : registered),
    0n,
  );
  if (denominator === 0n) return earners.map(() => 0n);
  return earners.map(({ pay, assigned, attested }) => {
    const share = (rule.emission * pay) / denominator;
    const missed = BigInt(assigned - attested);
    if (missed === 0n) return share;
    const whole = one * BigInt(assigned);
    return (share * (whole - rule.missedPenalty * missed)) / whole;
  });
}
