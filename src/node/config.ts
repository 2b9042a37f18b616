/** Reading and writing config.toml and app.toml: every problem at once, with file, key and fix. */
import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { parse } from "smol-toml";
import { type ConfigKey, configKeys } from "./config-schema.ts";

/** Values by "section.name", or "name" at the top; durations in milliseconds. */
export type ConfigValues = ReadonlyMap<string, string | boolean | number>;

/** What is wrong with the configuration, one line each. */
export class ConfigError extends Error {
  readonly problems: readonly string[];
  constructor(problems: readonly string[]) {
    super(problems.join("\n"));
    this.name = "ConfigError";
    this.problems = problems;
  }
}

/** Host and port of tcp://host:port. */
export interface HostPort {
  readonly host: string;
  readonly port: number;
}

/** A configuration file may be this long, in bytes. */
const maxFileBytes = 1024 * 1024;

/** The whole configuration of a home directory. */
export class Config {
  readonly #values: ConfigValues;
  /** Keys that no version of this program knows, with the nearest known one. */
  readonly warnings: readonly string[];
  constructor(values: ConfigValues, warnings: readonly string[]) {
    this.#values = values;
    this.warnings = warnings;
  }

  string(key: string): string {
    return String(this.#get(key));
  }
  number(key: string): number {
    return Number(this.#get(key));
  }
  boolean(key: string): boolean {
    return this.#get(key) === true;
  }
  list(key: string): readonly string[] {
    const texts = this.string(key).split(",");
    return texts.map((text) => text.trim()).filter((text) => text !== "");
  }
  address(key: string): HostPort {
    const parsed = parseAddress(this.string(key));
    if (!parsed) throw new ConfigError([`${key}: not an address`]);
    return parsed;
  }

  #get(key: string): string | boolean | number {
    const value = this.#values.get(key);
    if (value === undefined) throw new Error(`${key} is not in the configuration schema`);
    return value;
  }
}

const keyOf = ({ section, name }: ConfigKey): string =>
  section === "" ? name : `${section}.${name}`;

/**
 * Reads config/config.toml and config/app.toml; a file that is missing means its defaults.
 * overrides: values by key that flags put in the place of the files'.
 */
export function loadConfig(home: string, overrides: ConfigValues = new Map()): Config {
  const problems: string[] = [];
  const warnings: string[] = [];
  const values = new Map<string, string | boolean | number>();
  for (const file of ["config", "app"] as const) {
    const where = path.join(home, "config", `${file}.toml`);
    const table = readToml(where, problems);
    const keys = configKeys.filter((key) => key.file === file);
    for (const key of keys) readKey(key, table, { where, values, problems });
    for (const key of keys) {
      const given = overrides.get(keyOf(key));
      if (given !== undefined) take(key, given, { where: "command line", values, problems });
    }
    problems.push(...notSections(table, keys, where));
    warnings.push(...unknownKeys(table, keys, where));
  }
  if (problems.length > 0) throw new ConfigError(problems);
  return new Config(values, warnings);
}

type Table = Readonly<Record<string, unknown>>;

function readToml(where: string, problems: string[]): Table {
  if (!existsSync(where)) return {};
  try {
    const text = readFileSync(where, "utf8");
    if (text.length > maxFileBytes) throw new Error(`longer than ${maxFileBytes} bytes`);
    return parse(text);
  } catch (error) {
    problems.push(`${where}: ${error instanceof Error ? error.message : String(error)}`);
    return {};
  }
}

interface Reading {
  readonly where: string;
  readonly values: Map<string, string | boolean | number>;
  readonly problems: string[];
}

function readKey(key: ConfigKey, table: Table, reading: Reading): void {
  const section = key.section === "" ? table : sectionOf(table, key.section);
  take(key, section[key.name] ?? key.fallback, reading);
}

function take(key: ConfigKey, given: unknown, { where, values, problems }: Reading): void {
  const value = convert(key, given);
  if (value === undefined) {
    const shown = JSON.stringify(given);
    problems.push(`${where}: ${keyOf(key)} = ${shown} cannot be used; write ${expected(key)}`);
  } else {
    values.set(keyOf(key), value);
  }
}

/** A section that is no table is told of once, by notSections. */
function sectionOf(table: Table, name: string): Table {
  const section = table[name];
  return isTable(section) ? section : {};
}

const isTable = (value: unknown): value is Table =>
  typeof value === "object" && value !== null && !Array.isArray(value);

function notSections(table: Table, keys: readonly ConfigKey[], where: string): string[] {
  const sections = new Set(keys.map(({ section }) => section).filter((name) => name !== ""));
  return [...sections]
    .filter((name) => table[name] !== undefined && !isTable(table[name]))
    .map((name) => `${where}: ${name} is not a section; write [${name}] above its keys`);
}

function convert(key: ConfigKey, given: unknown): string | boolean | number | undefined {
  switch (key.kind) {
    case "bool":
      return typeof given === "boolean" ? given : undefined;
    case "integer": {
      // The SDK writes some numbers in quotes.
      const number = typeof given === "string" && /^\d+$/.test(given) ? Number(given) : given;
      return typeof number === "number" && Number.isSafeInteger(number)
        ? inBounds(key, number)
        : undefined;
    }
    case "list": {
      const texts = Array.isArray(given) ? (given as unknown[]) : [given];
      return texts.every((text) => typeof text === "string") ? texts.join(",") : undefined;
    }
    case "duration": {
      const ms = typeof given === "string" ? parseDuration(given) : undefined;
      return ms === undefined ? undefined : inBounds(key, ms);
    }
    case "address":
      return typeof given === "string" && parseAddress(given) ? given : undefined;
    case "coins":
      return typeof given === "string" && gasPrices.test(given) ? given : undefined;
    case "string":
      return typeof given === "string" ? given : undefined;
    case "choice":
      return typeof given === "string" && key.choices?.includes(given) ? given : undefined;
  }
}

const gasPrices = /^(\d+(\.\d{1,18})?[a-zA-Z][a-zA-Z0-9/:._-]{2,127}(,(?=\d)|$))*$/;

const inBounds = ({ min, max }: ConfigKey, value: number): number | undefined =>
  value < (min ?? Number.NEGATIVE_INFINITY) || value > (max ?? Number.POSITIVE_INFINITY)
    ? undefined
    : value;

const kinds: Readonly<Record<ConfigKey["kind"], string>> = {
  string: "a string in quotes",
  choice: "one of",
  bool: "true or false",
  integer: "a whole number",
  duration: 'a duration such as "500ms" or "3s"',
  address: 'an address such as "tcp://127.0.0.1:26657"',
  list: 'texts such as ["https://example.org"]',
  coins: 'gas prices such as "0.025ngonka"',
};

function expected({ kind, min, max, choices }: ConfigKey): string {
  if (choices) return `${kinds[kind]} ${choices.map((each) => JSON.stringify(each)).join(", ")}`;
  if (min === undefined) return kinds[kind];
  const unit = kind === "duration" ? " ms" : "";
  return `${kinds[kind]} between ${min}${unit} and ${max}${unit}`;
}

const unitMs: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };

/** Milliseconds of Go's duration notation, such as 1m30s; undefined when it is not that. */
export function parseDuration(text: string): number | undefined {
  if (text === "0") return 0;
  if (!/^(\d+(\.\d+)?(ms|s|m|h))+$/.test(text)) return undefined;
  let total = 0;
  for (const [, number, , unit] of text.matchAll(/(\d+(\.\d+)?)(ms|s|m|h)/g)) {
    total += Number(number) * (unitMs[unit ?? ""] ?? 0);
  }
  return total;
}

/** Host and port of tcp://host:port; undefined when it is not that. */
export function parseAddress(text: string): HostPort | undefined {
  const match = /^(?:tcp:\/\/)?(\[[0-9a-fA-F:]+\]|[^:/\s]+):(\d{1,5})$/.exec(text);
  const port = Number(match?.[2]);
  if (!match || port > 65_535) return undefined;
  return { host: (match[1] ?? "").replace(/^\[|\]$/g, ""), port };
}

function unknownKeys(table: Table, keys: readonly ConfigKey[], where: string): string[] {
  const known = keys.map(keyOf);
  const sections = new Set(keys.map(({ section }) => section));
  const given = Object.entries(table).flatMap(([name, value]) =>
    isTable(value) ? Object.keys(value).map((inner) => `${name}.${inner}`) : [name],
  );
  return given
    .filter((name) => !known.includes(name) && !sections.has(name))
    .map((name) => `${where}: unknown key ${name}; did you mean ${nearest(name, known)}?`);
}

function nearest(name: string, known: readonly string[]): string {
  const distances = known.map((key) => [editDistance(name, key), key] as const);
  return distances.sort(([a], [b]) => a - b)[0]?.[1] ?? "";
}

/** Levenshtein distance. */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const change = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min((row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1, change));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}

/** The text of a file with these values; keys that are not given get their default. */
export function formatConfig(
  file: "config" | "app",
  values: Readonly<Record<string, string | boolean | number>>,
): string {
  const lines: string[] = [];
  let section = "";
  for (const key of configKeys.filter((candidate) => candidate.file === file)) {
    if (key.section !== section) {
      section = key.section;
      lines.push(`[${section}]`, "");
    }
    const value = values[keyOf(key)] ?? key.fallback;
    lines.push(`# ${key.about}`, `${key.name} = ${JSON.stringify(value)}`, "");
  }
  return lines.join("\n");
}
