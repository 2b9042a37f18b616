/**
 * Whether events satisfy a query. Numbers are compared exactly, as decimals of any length; the
 * number in a value is its leading digits, so that "8stake" is 8 (cometbft
 * libs/pubsub/query/query.go, which rounds to binary floats instead).
 */
import { compareTime, parseTime } from "../../encoding/time.ts";
import type { Condition, Operand, Operator, Query } from "./parser.ts";

/** Event type and key, joined by a dot, to the values seen. */
export type EventValues = ReadonlyMap<string, readonly string[]>;

/** Whether every condition is met by at least one value; never on no events at all. */
export function matches(query: Query, events: EventValues): boolean {
  return events.size > 0 && query.every((condition) => someValue(condition, events));
}

function someValue(condition: Condition, events: EventValues): boolean {
  const values = events.get(condition.tag);
  if (values?.some((value) => matchesValue(condition, value))) return true;
  // A tag that is the type of an event is compared with the empty string: "slash EXISTS".
  const isType = [...events.keys()].some(
    (key) => key.slice(0, key.lastIndexOf(".")) === condition.tag,
  );
  return isType && matchesValue(condition, "");
}

/** Whether one attribute value satisfies the condition. */
export function matchesValue({ operator, operand }: Condition, value: string): boolean {
  if (operator === "EXISTS" || !operand) return true;
  if (operator === "CONTAINS") return value.includes(operand.text);
  if (operand.kind === "string") return value === operand.text;
  const order = compareWith(operand, value);
  return order !== undefined && holds(operator, order);
}

function holds(operator: Operator, order: number): boolean {
  if (operator === "=") return order === 0;
  if (operator === "<") return order < 0;
  if (operator === "<=") return order <= 0;
  return operator === ">" ? order > 0 : order >= 0;
}

/** The order of the value relative to the operand; undefined when they cannot be compared. */
function compareWith(operand: Operand, value: string): number | undefined {
  if (operand.kind === "number") {
    const leading = /^\d+(\.\d+)?/.exec(value)?.[0];
    return leading === undefined ? undefined : compareDecimals(leading, operand.text);
  }
  const suffix = operand.kind === "datestamp" ? "T00:00:00Z" : "";
  const [a, b] = [parseTime(value + suffix), parseTime(operand.text + suffix)];
  return a && b ? compareTime(a, b) : undefined;
}

/** The order of two unsigned decimals of any length, such as "8.045" and "7". */
export function compareDecimals(a: string, b: string): number {
  const [wholeA = "", partA = ""] = a.split(".");
  const [wholeB = "", partB = ""] = b.split(".");
  const digits = Math.max(partA.length, partB.length);
  const scaledA = BigInt(wholeA + partA.padEnd(digits, "0"));
  const scaledB = BigInt(wholeB + partB.padEnd(digits, "0"));
  return scaledA < scaledB ? -1 : scaledA > scaledB ? 1 : 0;
}
