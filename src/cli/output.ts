/** What commands print: data on stdout as JSON or as YAML-like text, everything else on stderr. */
import { stringify } from "yaml";

export type OutputFormat = "json" | "text";

/** Prints a result. Bigints become strings, as everywhere in JSON of this chain. */
export function print(value: unknown, format: OutputFormat): void {
  const plain: unknown = JSON.parse(toJson(value));
  const text = format === "json" ? toJson(plain) : stringify(plain, { lineWidth: 0 }).trimEnd();
  process.stdout.write(`${text}\n`);
}

/** Prints one value: bare for people and shell scripts, as {"name": value} for JSON. */
export function printValue(name: string, value: string, format: OutputFormat): void {
  if (format === "json") print({ [name]: value }, format);
  else process.stdout.write(`${value}\n`);
}

/** For people, while the command works; never data. */
export function note(text: string): void {
  process.stderr.write(`${text}\n`);
}

export function toJson(value: unknown): string {
  return JSON.stringify(value, (_, field: unknown) =>
    typeof field === "bigint" ? String(field) : field,
  );
}
