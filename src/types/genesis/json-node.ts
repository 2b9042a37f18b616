/** Reads JSON that people wrote, and says where it is wrong and what to write instead. */
import { parseBase64, parseHex } from "../../encoding/bytes.ts";

/** A genesis document that cannot be used. */
export class GenesisDocError extends Error {
  /** Such as "validators[2].power"; "genesis" for the document as a whole. */
  readonly path: string;
  /** What to do about it. */
  readonly fix: string;
  constructor(path: string, problem: string, fix: string) {
    super(`${path}: ${problem}; ${fix}`);
    this.name = "GenesisDocError";
    this.path = path;
    this.fix = fix;
  }
}

const maxInt64 = (1n << 63n) - 1n;

/** A value in a parsed JSON document, with its place. */
export class JsonNode {
  readonly path: string;
  readonly value: unknown;

  constructor(path: string, value: unknown) {
    this.path = path;
    this.value = value;
  }

  /** Refuses this value. */
  fail(problem: string, fix: string): never {
    throw new GenesisDocError(this.path === "" ? "genesis" : this.path, problem, fix);
  }

  /** This value as an object that has no other members than these. */
  object(known: readonly string[]): JsonObject {
    const { value } = this;
    if (typeof value !== "object" || value === null || Array.isArray(value)) {
      this.fail(`expected an object, found ${describe(value)}`, "write {...}");
    }
    const unknown = Object.keys(value).find((name) => !known.includes(name));
    if (unknown !== undefined) {
      memberNode(this, unknown, undefined).fail(
        "unknown member",
        `remove it or correct its name; known are ${known.join(", ")}`,
      );
    }
    return new JsonObject(this, new Map(Object.entries(value)));
  }

  /** This value as an array of at most so many elements. */
  array(maxLength: number): JsonNode[] {
    if (!Array.isArray(this.value)) {
      this.fail(`expected an array, found ${describe(this.value)}`, "write [...]");
    }
    if (this.value.length > maxLength) {
      this.fail(`${this.value.length} elements`, `list at most ${maxLength}`);
    }
    return this.value.map((each: unknown, i) => new JsonNode(`${this.path}[${i}]`, each));
  }

  string(): string {
    if (typeof this.value !== "string") {
      this.fail(`expected a string, found ${describe(this.value)}`, 'write it in quotes: "..."');
    }
    return this.value;
  }

  /** An int64 in quotes, as CometBFT writes them; a plain integer is accepted too. */
  int64(range: { min: bigint; max?: bigint }): bigint {
    const { min, max = maxInt64 } = range;
    const text = Number.isSafeInteger(this.value) ? String(this.value) : this.value;
    if (typeof text !== "string" || !/^-?\d{1,20}$/.test(text)) {
      this.fail(`expected an integer, found ${describe(this.value)}`, 'write digits: "123"');
    }
    const value = BigInt(text);
    if (value < min || value > max) {
      this.fail(`${value} is out of range`, `write a number from ${min} to ${max}`);
    }
    return value;
  }

  base64(length: number): Uint8Array {
    const bytes = parseBase64(this.string());
    if (bytes?.length !== length) {
      this.fail(`not base64 of ${length} bytes`, `write the ${length} bytes in padded base64`);
    }
    return bytes;
  }

  /** Hex of either case; undefined length means any. */
  hex(length?: number): Uint8Array {
    const bytes = parseHex(this.string());
    if (!bytes || (length !== undefined && bytes.length !== length)) {
      const size = length === undefined ? "" : ` of ${length} bytes`;
      this.fail(`not hex${size}`, `write two hex digits per byte${size}`);
    }
    return bytes;
  }
}

/** An object whose member names have been checked. */
export class JsonObject {
  readonly #node: JsonNode;
  readonly #members: ReadonlyMap<string, unknown>;

  constructor(node: JsonNode, members: ReadonlyMap<string, unknown>) {
    this.#node = node;
    this.#members = members;
  }

  /** A member that must be there; the example shows how to write it. */
  required(name: string, example: string): JsonNode {
    const found = this.optional(name);
    if (found) return found;
    return memberNode(this.#node, name, undefined).fail("missing", `add "${name}": ${example}`);
  }

  /** A member, or undefined when it is missing or null. */
  optional(name: string): JsonNode | undefined {
    const value = this.#members.get(name) ?? undefined;
    return value === undefined ? undefined : memberNode(this.#node, name, value);
  }
}

function memberNode(parent: JsonNode, name: string, value: unknown): JsonNode {
  return new JsonNode(parent.path === "" ? name : `${parent.path}.${name}`, value);
}

function describe(value: unknown): string {
  if (value === null) return "null";
  if (Array.isArray(value)) return "an array";
  if (typeof value === "object") return "an object";
  if (value === undefined) return "nothing";
  return `${typeof value} ${JSON.stringify(value).slice(0, 60)}`;
}
