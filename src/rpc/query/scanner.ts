/**
 * The words of CometBFT's event query language (cometbft libs/pubsub/query/syntax/doc.go):
 * tags, strings in single quotes, numbers, DATE and TIME values, and the operators. Offsets count
 * UTF-8 bytes, as CometBFT's error texts do.
 */
import { parseTime } from "../../encoding/time.ts";

/** Kinds of words; the values are the names that error texts use. */
export type TokenKind =
  | "tag"
  | "string"
  | "number"
  | "timestamp"
  | "datestamp"
  | "AND operator"
  | "CONTAINS operator"
  | "EXISTS operator"
  | "= operator"
  | "< operator"
  | "<= operator"
  | "> operator"
  | ">= operator";

/** One word: its kind, its text without quotes or labels, where it starts in bytes. */
export interface Token {
  readonly kind: TokenKind;
  readonly text: string;
  readonly offset: number;
}

/** A query that is not one; the message is CometBFT's, without "failed to parse query: ". */
export class QuerySyntaxError extends Error {}

const words: Readonly<Record<string, TokenKind>> = {
  AND: "AND operator",
  CONTAINS: "CONTAINS operator",
  EXISTS: "EXISTS operator",
};
const comparisons = ["<=", ">=", "<", ">", "="] as const;
const tagPattern = /[\p{L}\p{Nd}_][\p{L}\p{Nd}._-]*/uy;
const numberPattern = /[0-9]+(\.[0-9]*)?/y;

/** All words of the text, or a QuerySyntaxError. */
export function scan(text: string): Token[] {
  const tokens: Token[] = [];
  let at = 0;
  for (;;) {
    at += (/^\s*/u.exec(text.slice(at))?.[0] ?? "").length;
    if (at >= text.length) return tokens;
    const { token, next } = scanOne(text, at);
    tokens.push(token);
    at = next;
  }
}

const bytesBefore = (text: string, at: number): number => Buffer.byteLength(text.slice(0, at));

function scanOne(text: string, at: number): { token: Token; next: number } {
  const offset = bytesBefore(text, at);
  const made = (kind: TokenKind, value: string, length: number) => ({
    token: { kind, text: value, offset },
    next: at + length,
  });
  const number = matchAt(numberPattern, text, at);
  if (number !== undefined) return made("number", number, number.length);
  const tag = matchAt(tagPattern, text, at);
  if (tag !== undefined) return scanTagLike(text, at, tag, made);
  if (text[at] === "'") {
    const end = text.indexOf("'", at + 1);
    if (end < 0) throw new QuerySyntaxError(`offset ${offset}: EOF`);
    return made("string", text.slice(at + 1, end), end + 1 - at);
  }
  const operator = comparisons.find((candidate) => text.startsWith(candidate, at));
  if (operator) return made(`${operator} operator`, operator, operator.length);
  const bad = String.fromCodePoint(text.codePointAt(at) ?? 0);
  const end = offset + Buffer.byteLength(bad);
  throw new QuerySyntaxError(`offset ${offset}: invalid input ${bad} at offset ${end}`);
}

function matchAt(pattern: RegExp, text: string, at: number): string | undefined {
  pattern.lastIndex = at;
  return pattern.exec(text)?.[0];
}

type Made = (kind: TokenKind, value: string, length: number) => { token: Token; next: number };

function scanTagLike(text: string, at: number, tag: string, made: Made) {
  const isLabel = (tag === "TIME" || tag === "DATE") && text[at + tag.length] === " ";
  if (!isLabel) return made(words[tag] ?? "tag", tag, tag.length);
  const isTime = tag === "TIME";
  const pattern = isTime ? /[-T:+Z0-9]*/y : /[-0-9]*/y;
  const value = matchAt(pattern, text, at + 5) ?? "";
  const time = parseTime(isTime ? value : `${value}T00:00:00Z`);
  const offset = bytesBefore(text, at);
  if (!time) throw new QuerySyntaxError(`offset ${offset}: invalid ${tag} value: "${value}"`);
  const year = Number(value.slice(0, 4));
  if (year < 1900 || year > 2999) {
    const label = isTime ? "timestamp" : "datestamp";
    throw new QuerySyntaxError(`offset ${offset}: ${label} year ${year} out of range`);
  }
  return made(isTime ? "timestamp" : "datestamp", value, 5 + value.length);
}
