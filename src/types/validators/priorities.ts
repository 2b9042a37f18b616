/**
 * The arithmetic of proposer selection, integer for integer as CometBFT does it in int64
 * (types/validator_set.go; spec/types.md, "Proposer selection"). All functions are pure.
 */
import { compareBytes } from "../../encoding/bytes.ts";
import type { Validator } from "./validator.ts";

const maxInt64 = (1n << 63n) - 1n;
const minInt64 = -(1n << 63n);

/** Largest total power of a set: an eighth of int64, so that nothing below can overflow. */
export const maxTotalPower = maxInt64 / 8n;
/** Priorities may lie apart at most this many times the total power. */
const windowSizeFactor = 2n;

/** Sum, clipped to int64. */
export function addClipped(a: bigint, b: bigint): bigint {
  return clip(a + b);
}

/** Difference, clipped to int64. */
export function subtractClipped(a: bigint, b: bigint): bigint {
  return clip(a - b);
}

function clip(value: bigint): bigint {
  if (value > maxInt64) return maxInt64;
  return value < minInt64 ? minInt64 : value;
}

/** The validator that goes first: higher priority, then lower address. */
export function byPriority(a: Validator, b: Validator): Validator {
  if (a.priority !== b.priority) return a.priority > b.priority ? a : b;
  return compareBytes(a.address, b.address) <= 0 ? a : b;
}

/** Scales the priorities down into the window of the total power. Truncates toward zero. */
export function rescalePriorities(
  validators: readonly Validator[],
  totalPower: bigint,
): readonly Validator[] {
  const limit = windowSizeFactor * totalPower;
  const spread = prioritySpread(validators);
  if (limit <= 0n || spread <= limit) return validators;
  const ratio = (spread + limit - 1n) / limit;
  return validators.map((each) => ({ ...each, priority: each.priority / ratio }));
}

/** Highest minus lowest priority. Wraps like Go's int64 where a foreign set exceeds the window. */
function prioritySpread(validators: readonly Validator[]): bigint {
  let [highest, lowest] = [minInt64, maxInt64];
  for (const { priority } of validators) {
    if (priority > highest) highest = priority;
    if (priority < lowest) lowest = priority;
  }
  const spread = BigInt.asIntN(64, highest - lowest);
  return spread < 0n ? -spread : spread;
}

/** Moves the priorities so that their average, rounded down, becomes zero. */
export function centerPriorities(validators: readonly Validator[]): readonly Validator[] {
  const average = averagePriority(validators);
  if (average === 0n) return validators;
  return validators.map((each) => ({
    ...each,
    priority: subtractClipped(each.priority, average),
  }));
}

/** The average priority, rounded toward minus infinity (Go's big.Int.Div by a positive number). */
export function averagePriority(validators: readonly Validator[]): bigint {
  const count = BigInt(validators.length);
  const sum = validators.reduce((total, each) => total + each.priority, 0n);
  return (sum - (((sum % count) + count) % count)) / count;
}

/** One turn: everyone gains their power, the first in line proposes and pays the total. */
export function takeTurn(
  validators: readonly Validator[],
  totalPower: bigint,
): { validators: Validator[]; proposer: Validator } {
  const raised = validators.map((each) => ({
    ...each,
    priority: addClipped(each.priority, each.power),
  }));
  const chosen = raised.reduce<Validator | undefined>(
    (best, each) => (best ? byPriority(best, each) : each),
    undefined,
  );
  if (!chosen) throw new Error("an empty set has no proposer");
  const proposer = { ...chosen, priority: subtractClipped(chosen.priority, totalPower) };
  return { validators: raised.map((each) => (each === chosen ? proposer : each)), proposer };
}
