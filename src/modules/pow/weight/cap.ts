/** The largest share of one host: spec/modules/pow.md, "Weight". Pure. */
import { one } from "../../../encoding/decimal.ts";

/**
 * The weights with every one of them at most `maxShare` (18 decimals) of their new sum: the largest
 * ones come down to the same bound, the others stay. Fewer hosts than 1 / maxShare with weight
 * cannot all stay below it; then nothing is capped. The bound is rounded down.
 */
export function capWeights(weights: readonly bigint[], maxShare: bigint): bigint[] {
  const bound = capBound(weights, maxShare);
  return weights.map((weight) => (bound !== undefined && weight > bound ? bound : weight));
}

/** The bound of capWeights; undefined when nothing is capped. */
export function capBound(weights: readonly bigint[], maxShare: bigint): bigint | undefined {
  const falling = weights.filter((weight) => weight > 0n).sort(fallingOrder);
  if (BigInt(falling.length) * maxShare < one) return undefined;
  let rest = falling.reduce((sum, weight) => sum + weight, 0n);
  for (const [capped, weight] of falling.entries()) {
    // With `capped` hosts at the bound b and `rest` below it: b = maxShare * (capped * b + rest).
    // The room is never used up: before that the bound is at least `rest`, which no weight exceeds.
    const bound = (maxShare * rest) / (one - maxShare * BigInt(capped));
    if (weight <= bound) return capped === 0 ? undefined : bound;
    rest -= weight;
  }
  return undefined;
}

function fallingOrder(a: bigint, b: bigint): number {
  if (a === b) return 0;
  return a > b ? -1 : 1;
}
