/** The address book on disk: JSON, replaced whole. A file that cannot be read is an empty book. */
import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  statSync,
  writeFileSync,
} from "node:fs";
import path from "node:path";
import type { BookEntry } from "./address-book.ts";
import { isAddress } from "./pex-messages.ts";

/** Longest file that is read: twice what a full book takes. */
const maxFileBytes = 4_194_304;

/** The entries in that file; none when there is no file, and why when it is none of ours. */
export function readBook(file: string): readonly BookEntry[] | { readonly refused: string } {
  if (!existsSync(file)) return [];
  if (statSync(file).size > maxFileBytes) return { refused: "too long" };
  try {
    const { addrs }: { addrs?: unknown } = JSON.parse(readFileSync(file, "utf8"));
    if (!Array.isArray(addrs)) return { refused: "no addrs" };
    const entries = addrs.map(entryOf);
    const isWhole = entries.every((entry) => entry !== undefined);
    return isWhole ? entries : { refused: "an entry is malformed" };
  } catch (error) {
    return { refused: String(error) };
  }
}

/** Replaces the file; after a crash it is the old one or the new one. */
export function writeBook(file: string, entries: readonly BookEntry[]): void {
  const text = JSON.stringify({ addrs: entries }, undefined, 1);
  mkdirSync(path.dirname(file), { recursive: true });
  writeSynced(`${file}.new`, text);
  renameSync(`${file}.new`, file);
  const folder = openSync(path.dirname(file), "r");
  fsyncSync(folder);
  closeSync(folder);
}

function writeSynced(file: string, text: string): void {
  const handle = openSync(file, "w", 0o600);
  try {
    writeFileSync(handle, text);
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}

function entryOf(value: unknown): BookEntry | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  const { address, source, attempts, lastAttemptMs, lastSuccessMs } = value as BookEntry;
  const { id, ip, port } = address ?? {};
  const numbers = [attempts, lastAttemptMs, lastSuccessMs, port];
  const isCounted = numbers.every((number) => Number.isSafeInteger(number) && number >= 0);
  const isNamed = [id, ip, source].every((text) => typeof text === "string");
  if (!isCounted || !isNamed || !isAddress({ id, ip, port })) return undefined;
  return { address: { id, ip, port }, source, attempts, lastAttemptMs, lastSuccessMs };
}
