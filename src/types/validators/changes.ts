/**
 * Changes of a validator set, in the order and with the refusals of CometBFT's
 * updateWithChangeSet (types/validator_set.go).
 */
import { compareBytes, equalBytes, toHex, toUpperHex } from "../../encoding/bytes.ts";
import { centerPriorities, maxTotalPower, rescalePriorities } from "./priorities.ts";
import type { Validator } from "./validator.ts";

/** A new or changed validator; power 0 removes it. */
export type ValidatorChange = Pick<Validator, "address" | "pubKey" | "power">;

/** What became of the changes. */
type Changed =
  | { readonly validators: readonly Validator[]; readonly totalPower: bigint }
  | { readonly refused: string };

/** The set after the changes: rescaled, centred and in set order; or why they were refused. */
export function applyChanges(
  current: readonly Validator[],
  changes: readonly ValidatorChange[],
): Changed {
  const ordered = [...changes].sort((a, b) => compareBytes(a.address, b.address));
  const problem = findProblem(ordered);
  if (problem !== undefined) return { refused: problem };
  const known = new Map(current.map((each) => [toHex(each.address), each] as const));
  const removals = ordered.filter((change) => change.power === 0n);
  const updates = ordered.filter((change) => change.power > 0n);
  const missing = removals.find((change) => !known.has(toHex(change.address)));
  const isGrowing = updates.some((change) => !known.has(toHex(change.address)));
  if (!isGrowing && current.length === removals.length) {
    return { refused: "the changes would leave an empty validator set" };
  }
  if (missing) return { refused: `no validator ${toUpperHex(missing.address)} to remove` };

  const removedPower = sum(removals.map((change) => known.get(toHex(change.address))?.power ?? 0n));
  const gained = updates.map((u) => u.power - (known.get(toHex(u.address))?.power ?? 0n));
  const totalPower = sum(current.map((each) => each.power)) - removedPower + sum(gained);
  if (totalPower > maxTotalPower) {
    return { refused: `total voting power ${totalPower} exceeds the maximum ${maxTotalPower}` };
  }
  // A newcomer starts far back, so that leaving and returning does not reset a low priority.
  const before = totalPower + removedPower;
  const newcomer = -(before + (before >> 3n));
  const merged = new Map(known);
  for (const update of updates) {
    const name = toHex(update.address);
    const { address, pubKey, power } = update;
    merged.set(name, { address, pubKey, power, priority: known.get(name)?.priority ?? newcomer });
  }
  for (const removal of removals) merged.delete(toHex(removal.address));
  const scaled = centerPriorities(rescalePriorities([...merged.values()], totalPower));
  return { validators: [...scaled].sort(setOrder), totalPower };
}

/** Set order: power descending, then address ascending. */
function setOrder(a: ValidatorChange, b: ValidatorChange): number {
  if (a.power !== b.power) return a.power > b.power ? -1 : 1;
  return compareBytes(a.address, b.address);
}

/** What is wrong with the changes alone, in address order. */
function findProblem(ordered: readonly ValidatorChange[]): string | undefined {
  for (const [index, change] of ordered.entries()) {
    const previous = ordered[index - 1];
    if (previous && equalBytes(previous.address, change.address)) {
      return `validator ${toUpperHex(change.address)} is changed twice`;
    }
    if (change.power < 0n) return `voting power ${change.power} is negative`;
    if (change.power > maxTotalPower) {
      return `voting power ${change.power} exceeds the maximum ${maxTotalPower}`;
    }
  }
  return undefined;
}

function sum(values: readonly bigint[]): bigint {
  return values.reduce((total, value) => total + value, 0n);
}
