/**
 * The JSON of the model commands: a registry entry, an answer, an opening. Hashes are hex, longer
 * bytes base64, numbers that may be large are strings. Reading names the field that is wrong.
 */
import { readFileSync, statSync } from "node:fs";
import path from "node:path";
import { parseBase64, parseHex, toBase64, toHex } from "../../encoding/bytes.ts";
import type { ModelDigest } from "../../native/weight-engine.ts";
import type { ChallengeAnswer } from "../../sprint/mwc/challenge.ts";
import type { WeightOpening } from "../../sprint/mwc/opening.ts";
import type { ModelFile, ModelPart } from "../../sprint/mwc-files.ts";
import { CliError } from "../errors.ts";

/** A model as a registry holds it: what its files are, and the root over their rows. */
export interface RegistryEntry {
  readonly modelRoot: Uint8Array;
  readonly rows: number;
  /** Names are relative to the model's folder. */
  readonly files: readonly (Omit<ModelFile, "path"> & { readonly name: string })[];
}

const hashBytes = 32;

/** Files by name in a folder, with the lengths that they have now. */
export function filesNow(folder: string, names: readonly string[]): ModelPart[] {
  return names.map((name) => {
    const file = path.resolve(folder, name);
    try {
      return { path: file, lengthBytes: statSync(file).size };
    } catch (error) {
      throw badFile(file, error instanceof Error ? error.message : String(error));
    }
  });
}

/** The files of an entry as they must be in a folder. */
export function filesOf({ files }: RegistryEntry, folder: string): ModelFile[] {
  return files.map(({ name, ...rest }) => ({ ...rest, path: path.resolve(folder, name) }));
}

export function registryJson(
  names: readonly string[],
  files: readonly ModelPart[],
  { root, rows, sha256 }: ModelDigest,
) {
  return {
    model_root: toHex(root),
    n_rows: String(rows),
    files: files.map(({ lengthBytes }, at) => ({
      file: names[at],
      length: String(lengthBytes),
      sha256: toHex(sha256[at] ?? new Uint8Array()),
    })),
  };
}

export function readRegistry(file: string): RegistryEntry {
  const read = reader(file);
  return {
    modelRoot: read.hash("model_root"),
    rows: read.whole("n_rows"),
    files: read.list("files").map((entry) => ({
      name: entry.text("file"),
      lengthBytes: entry.whole("length"),
      sha256: entry.hash("sha256"),
    })),
  };
}

export function answerJson({ passRoots, finalSeed }: ChallengeAnswer) {
  return { pass_roots: passRoots.map(toHex), final_seed: toHex(finalSeed) };
}

export function readAnswer(file: string): ChallengeAnswer {
  const read = reader(file);
  return { passRoots: read.hashes("pass_roots"), finalSeed: read.hash("final_seed") };
}

export function openingJson({ rows, proof, passes }: WeightOpening) {
  return {
    rows: rows.map(toBase64),
    proof: proof.map(toHex),
    passes: passes.map((pass) => ({
      groups: pass.groups.map(toBase64),
      proof: pass.proof.map(toHex),
    })),
  };
}

export function readOpening(file: string): WeightOpening {
  const read = reader(file);
  return {
    rows: read.base64("rows"),
    proof: read.hashes("proof"),
    passes: read.list("passes").map((pass) => ({
      groups: pass.base64("groups"),
      proof: pass.hashes("proof"),
    })),
  };
}

interface Reader {
  text(name: string): string;
  whole(name: string): number;
  hash(name: string): Uint8Array;
  hashes(name: string): Uint8Array[];
  base64(name: string): Uint8Array[];
  list(name: string): Reader[];
}

function reader(file: string): Reader {
  let value: unknown;
  try {
    value = JSON.parse(readFileSync(file, "utf8"));
  } catch (error) {
    throw badFile(file, error instanceof Error ? error.message : String(error));
  }
  return fieldsOf(value, file);
}

/** Fields of an object; `where` is its place for a refusal. */
function fieldsOf(value: unknown, where: string): Reader {
  const isObject = typeof value === "object" && value !== null && !Array.isArray(value);
  if (!isObject) throw badFile(where, "no JSON object");
  const fields = value as Readonly<Record<string, unknown>>;
  const wrong = (name: string, wanted: string) => badFile(`${where}: ${name}`, `not ${wanted}`);
  const text = (name: string): string => {
    const found = fields[name];
    if (typeof found === "string") return found;
    if (typeof found === "number") return String(found);
    throw wrong(name, "a string");
  };
  const items = (name: string): unknown[] => {
    const found = fields[name];
    if (Array.isArray(found)) return found;
    throw wrong(name, "a list");
  };
  const hashOf = (item: unknown, name: string): Uint8Array => {
    const bytes = typeof item === "string" ? parseHex(item) : undefined;
    if (bytes?.length === hashBytes) return bytes;
    throw wrong(name, `${hashBytes} bytes of hex`);
  };
  return {
    text,
    whole: (name) => {
      const number = /^[0-9]{1,16}$/.test(text(name)) ? Number(text(name)) : Number.NaN;
      if (Number.isSafeInteger(number)) return number;
      throw wrong(name, "a whole number");
    },
    hash: (name) => hashOf(text(name), name),
    hashes: (name) => items(name).map((item, at) => hashOf(item, `${name}[${at}]`)),
    base64: (name) =>
      items(name).map((item, at) => {
        const bytes = typeof item === "string" ? parseBase64(item) : undefined;
        if (bytes) return bytes;
        throw wrong(`${name}[${at}]`, "base64");
      }),
    list: (name) => items(name).map((item, at) => fieldsOf(item, `${where}: ${name}[${at}]`)),
  };
}

function badFile(where: string, cause: string): CliError {
  return new CliError("config", "bad_file", {
    cause: `${where}: ${cause}`,
    fix: "name a file that the model commands have written",
  });
}
