/**
 * Reads values of CometBFT's JSON (libs/json): int64 as strings, hashes in hex, bytes in base64.
 * Everything is total: undefined for what is not of its form.
 */
import { parseBase64, parseHex } from "../../encoding/bytes.ts";
import { parseTime, type Time } from "../../encoding/time.ts";

export type Fields = Readonly<Record<string, unknown>>;

export function readFields(value: unknown): Fields | undefined {
  const isRecord = typeof value === "object" && value !== null && !Array.isArray(value);
  return isRecord ? (value as Fields) : undefined; // Just checked.
}

/** Go writes an empty list as null. */
export function readList(value: unknown): readonly unknown[] | undefined {
  if (value === null || value === undefined) return [];
  return Array.isArray(value) ? value : undefined;
}

export function readHex(value: unknown): Uint8Array | undefined {
  return typeof value === "string" ? parseHex(value) : undefined;
}

export function readBase64(value: unknown): Uint8Array | undefined {
  return typeof value === "string" ? parseBase64(value) : undefined;
}

export function readTime(value: unknown): Time | undefined {
  return typeof value === "string" ? parseTime(value) : undefined;
}

/** A number that is written as one: rounds, indices, flags. */
export function readSmall(value: unknown): number | undefined {
  const isSmall =
    typeof value === "number" && Number.isInteger(value) && value >= 0 && value < 2 ** 31;
  return isSmall ? value : undefined;
}

/** An int64, written as a string. */
export function readInt64(value: unknown): bigint | undefined {
  if (typeof value !== "string" || !/^-?\d{1,19}$/.test(value)) return undefined;
  const number = BigInt(value);
  return BigInt.asIntN(64, number) === number ? number : undefined;
}
