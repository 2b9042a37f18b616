/**
 * Time as the protocol knows it: seconds since the Unix epoch and nanoseconds, the shape of
 * google.protobuf.Timestamp. Nothing here reads a clock.
 */

import { utf8 } from "./bytes.ts";

/** A point in time. nanos is in 0..999,999,999. */
export interface Time {
  readonly seconds: bigint;
  readonly nanos: number;
}

/** Go's zero time.Time, 0001-01-01T00:00:00Z: the timestamp of an absent commit signature. */
export const zeroTime: Time = { seconds: -62_135_596_800n, nanos: 0 };

const nanosPerSecond = 1_000_000_000n;
const lastSecond = 253_402_300_799n; // 9999-12-31T23:59:59Z.

/**
 * Whether a decoded time is one: nanos within a second, the years 1 to 9999 (gogoproto
 * validateTimestamp). CometBFT cannot decode any other, and it has no RFC 3339 form.
 */
export function isTime({ seconds, nanos }: Time): boolean {
  return seconds >= zeroTime.seconds && seconds <= lastSecond && nanos >= 0 && nanos < 1e9;
}

/** Nanoseconds since the Unix epoch. */
export function toNanos(time: Time): bigint {
  return time.seconds * nanosPerSecond + BigInt(time.nanos);
}

/** The time of so many nanoseconds since the Unix epoch; the division floors. */
export function fromNanos(total: bigint): Time {
  const nanos = ((total % nanosPerSecond) + nanosPerSecond) % nanosPerSecond;
  return { seconds: (total - nanos) / nanosPerSecond, nanos: Number(nanos) };
}

/** The time of so many milliseconds since the Unix epoch, as a clock gives them. */
export function fromMillis(millis: number): Time {
  return fromNanos(BigInt(Math.floor(millis)) * 1_000_000n);
}

/** Negative, zero or positive as a is before, at or after b. */
export function compareTime(a: Time, b: Time): number {
  if (a.seconds !== b.seconds) return a.seconds < b.seconds ? -1 : 1;
  return a.nanos - b.nanos;
}

/** The time that many nanoseconds later. */
export function addNanos(time: Time, nanos: bigint): Time {
  return fromNanos(toNanos(time) + nanos);
}

/**
 * RFC 3339 in UTC with up to nine decimals, trailing zeros trimmed: Go's RFC3339Nano. Total, and no
 * two times give one text: those that no calendar has, which foreign messages may hold, are told in
 * numbers.
 */
export function formatTime(time: Time): string {
  if (!isTime(time)) return `${time.seconds} seconds ${time.nanos} nanos`;
  const whole = new Date(Number(time.seconds) * 1000).toISOString().slice(0, 19);
  const fraction = String(time.nanos).padStart(9, "0").replace(/0+$/, "");
  return `${whole}${fraction === "" ? "" : `.${fraction}`}Z`;
}

/** A duration, of one sign, as protobuf's JSON writes it: "1.5s". */
export function formatDuration({ seconds, nanos }: Time): string {
  const sign = seconds < 0n || nanos < 0 ? "-" : "";
  const whole = seconds < 0n ? -seconds : seconds;
  const fraction = String(Math.abs(nanos)).padStart(9, "0").replace(/0+$/, "");
  return `${sign}${whole}${fraction === "" ? "" : `.${fraction}`}s`;
}

/** The inverse; undefined when the text is no duration. */
export function parseDuration(text: string): Time | undefined {
  const [, sign = "", whole, fraction = ""] = /^(-?)(\d{1,12})(?:\.(\d{1,9}))?s$/.exec(text) ?? [];
  if (whole === undefined) return undefined;
  const nanos = Number(fraction.padEnd(9, "0"));
  return { seconds: BigInt(`${sign}${whole}`), nanos: sign === "-" && nanos > 0 ? -nanos : nanos };
}

/** 29 characters that sort as times do, as bytes of a key (cosmos-sdk types.FormatTimeBytes). */
export function sortableTime(time: Time): Uint8Array {
  const whole = new Date(Number(time.seconds) * 1000).toISOString().slice(0, 19);
  return utf8(`${whole}.${String(time.nanos).padStart(9, "0")}`);
}

const rfc3339 =
  /^(\d{4})-(\d{2})-(\d{2})T(\d{2}):(\d{2}):(\d{2})(?:\.(\d{1,9}))?(Z|[+-]\d{2}:\d{2})$/;

/** The time an RFC 3339 string names, or undefined when it is not one. */
export function parseTime(text: string): Time | undefined {
  const match = rfc3339.exec(text);
  if (!match) return undefined;
  const zone = match[8] ?? "Z";
  const base = `${text.slice(0, 19)}${zone}`;
  const millis = Date.parse(base);
  if (Number.isNaN(millis)) return undefined;
  const shown = new Date(Date.parse(`${text.slice(0, 19)}Z`)).toISOString().slice(0, 19);
  if (shown !== text.slice(0, 19)) return undefined; // 2023-02-30 would roll over to March.
  const nanos = Number((match[7] ?? "").padEnd(9, "0") || "0");
  return { seconds: BigInt(millis / 1000), nanos };
}
