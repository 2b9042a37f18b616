/**
 * From weights to consensus power: spec/modules/pow.md, "Power". Power is a share of one million
 * that always adds up, so an epoch moves shares from some hosts to others and nothing else. Pure.
 */
import { one } from "../../../encoding/decimal.ts";

/** The sum of all power: what a share is counted in. */
export const totalPower = 1_000_000n;

/** A host before the step. */
export interface Contender {
  readonly power: bigint;
  /** Confirmed and capped weight of the epoch; zero moves the host out. */
  readonly weight: bigint;
}

/** How far one epoch goes. factor and maxStep have 18 decimals, in 0..1. */
export interface StepRule {
  /** Part of the way from the old share to the share of the weight. */
  readonly factor: bigint;
  /** Largest part of all power that changes hands. */
  readonly maxStep: bigint;
  /** A host without weight whose power falls below this has none, as far as maxStep allows. */
  readonly minPower: bigint;
  /** Seats: the hosts with most power keep theirs. */
  readonly maxSeats: number;
}

/**
 * The power of each contender after the epoch: new share = old share + f * (share of the weight -
 * old share), where f is the factor, or less where more than maxStep of all power would change
 * hands. Shares are exact rationals; only the last step, to whole units, rounds (largest
 * remainder, ties to the first in order). Without any weight nothing moves. The sum of the old
 * powers must be totalPower, and so is the sum of the new.
 */
export function stepPowers(contenders: readonly Contender[], rule: StepRule): bigint[] {
  const total = contenders.reduce((sum, { weight }) => sum + weight, 0n);
  if (total === 0n) return contenders.map(({ power }) => power);
  // Shares times totalPower * total, so that both sides are whole.
  const old = contenders.map(({ power }) => power * total);
  const wanted = contenders.map(({ weight }) => weight * totalPower);
  const gains = wanted.map((share, i) => share - (old[i] ?? 0n));
  const moved = gains.reduce((sum, gain) => (gain > 0n ? sum + gain : sum), 0n);
  const limit = rule.maxStep * totalPower * total;
  const [part, whole] = rule.factor * moved <= limit ? [rule.factor, one] : [limit, one * moved];
  const next = gains.map((gain, i) => (old[i] ?? 0n) * whole + gain * part);
  const unit = total * whole; // One unit of power in the terms of `next`.
  const spent = next.map(
    (share, i) => contenders[i]?.weight === 0n && share < rule.minPower * unit,
  );
  const kept = dropSmallest(next, spent, (limit * whole) / one - moved * part);
  return apportion(totalPower, keepLargest(kept, rule.maxSeats));
}

/** Zero for those that are spent, the smallest first, while they stay within the budget. */
function dropSmallest(shares: readonly bigint[], spent: boolean[], budget: bigint): bigint[] {
  const kept = [...shares];
  let left = budget;
  for (const { share, index } of ranked(shares).reverse()) {
    if (!spent[index] || share > left) continue;
    kept[index] = 0n;
    left -= share;
  }
  return kept;
}

/** The largest share first; ties in their order. */
function ranked(shares: readonly bigint[]): { share: bigint; index: number }[] {
  return shares
    .map((share, index) => ({ share, index }))
    .sort((a, b) => (a.share === b.share ? a.index - b.index : a.share > b.share ? -1 : 1));
}

/**
 * Divides `amount` whole units in proportion to the shares (largest remainder; ties to the first in
 * order). All zero shares give all zero units.
 */
export function apportion(amount: bigint, shares: readonly bigint[]): bigint[] {
  const sum = shares.reduce((total, share) => total + share, 0n);
  if (sum === 0n) return shares.map(() => 0n);
  const units = shares.map((share) => (amount * share) / sum);
  const missing = amount - units.reduce((total, unit) => total + unit, 0n);
  const byRemainder = shares
    .map((share, index) => ({ index, remainder: (amount * share) % sum }))
    .sort((a, b) =>
      a.remainder === b.remainder ? a.index - b.index : a.remainder > b.remainder ? -1 : 1,
    );
  for (const { index } of byRemainder.slice(0, Number(missing))) {
    units[index] = (units[index] ?? 0n) + 1n;
  }
  return units;
}

/** The largest `seats` shares, the others zero; ties to the first in order. */
function keepLargest(shares: readonly bigint[], seats: number): bigint[] {
  const largest = ranked(shares).slice(0, seats);
  const kept = new Set(largest.map(({ index }) => index));
  return shares.map((share, index) => (kept.has(index) ? share : 0n));
}
