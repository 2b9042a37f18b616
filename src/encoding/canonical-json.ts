/**
 * JSON with one spelling per value: sorted keys, no spaces, and Go's HTML escaping. What amino
 * sign documents are made of (cosmos-sdk types.MustSortJSON).
 */
import { compareBytes, utf8 } from "./bytes.ts";

/** encoding/json of Go escapes these; JSON.stringify does not. */
const escapes: Readonly<Record<string, string>> = {
  "&": "\\u0026",
  "<": "\\u003c",
  ">": "\\u003e",
  "\u2028": "\\u2028",
  "\u2029": "\\u2029",
};

/**
 * The canonical JSON of plain data. Members that are undefined are dropped; a bigint must already
 * be a string. Throws a TypeError on values that JSON does not have.
 */
export function canonicalJson(value: unknown): string {
  if (value === null || typeof value === "boolean") return String(value);
  if (typeof value === "string") return quote(value);
  if (typeof value === "number" && Number.isFinite(value)) return String(value);
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(",")}]`;
  if (typeof value !== "object") throw new TypeError(`${String(value)} is not JSON`);
  const members = Object.entries(value)
    .filter(([, member]) => member !== undefined)
    .sort(([a], [b]) => compareBytes(utf8(a), utf8(b)))
    .map(([key, member]) => `${quote(key)}:${canonicalJson(member)}`);
  return `{${members.join(",")}}`;
}

function quote(text: string): string {
  return JSON.stringify(text).replace(/[&<>\u2028\u2029]/g, (found) => escapes[found] ?? found);
}
