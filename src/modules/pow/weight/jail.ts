/** Jail takes power: spec/modules/pow.md, "Power". Pure. */
import { mulFloor, one } from "../../../encoding/decimal.ts";
import { apportion, type Contender, totalPower } from "./power.ts";

/**
 * Moves the power of jailed hosts to the others, in proportion to their weights and before the
 * usual step, as far as maxStep (18 decimals) of all power allows; several jailed hosts lose in
 * proportion to what they have. Returns the powers and what is left of the step. While nobody else
 * has weight nothing moves: the set is never empty.
 */
export function expelJailed(
  contenders: readonly Contender[],
  jailed: readonly boolean[],
  maxStep: bigint,
): { readonly powers: bigint[]; readonly maxStep: bigint } {
  const before = contenders.map(({ power }) => power);
  const held = before.map((power, i) => (jailed[i] ? power : 0n));
  const heirs = contenders.map(({ weight }, i) => (jailed[i] ? 0n : weight));
  let moved = sum(held);
  const budget = mulFloor(totalPower, maxStep);
  if (moved > budget) moved = budget;
  if (moved === 0n || sum(heirs) === 0n) return { powers: before, maxStep };
  const [lost, gained] = [apportion(moved, held), apportion(moved, heirs)];
  const powers = before.map((power, i) => power - (lost[i] ?? 0n) + (gained[i] ?? 0n));
  return { powers, maxStep: maxStep - (moved * one) / totalPower };
}

function sum(values: readonly bigint[]): bigint {
  return values.reduce((total, value) => total + value, 0n);
}
