/**
 * Handlers of this network's own messages. They share what the protobuf package fixes: type URLs,
 * amino names, an empty response, and one signer in the first field.
 */
import { toBase64 } from "../encoding/bytes.ts";
import { type Codec, type Context, type MsgHandler, msgHandler } from "./module.ts";

/** What is particular to one message. */
export interface GonkaMsg<T> {
  /** Module, as in gonka.<module>.v1. */
  readonly module: string;
  /** Such as "MsgCommitSprint". */
  readonly name: string;
  readonly codec: Codec<T>;
  signer(message: T): string;
  /** Reads the message alone; throws ModuleError. */
  validate(message: T): void;
  /** Takes full effect or throws ModuleError. */
  execute(ctx: Context, message: T): void;
}

/** The handler of such a message. */
export function gonkaMsg<T extends object>(msg: GonkaMsg<T>): MsgHandler {
  const typeUrl = `/gonka.${msg.module}.v1.${msg.name}`;
  return msgHandler<T>({
    typeUrl,
    responseTypeUrl: `${typeUrl}Response`,
    codec: msg.codec,
    amino: { name: `gonka/${msg.module}/${msg.name}`, toJson: aminoJson },
    signers: (message) => [msg.signer(message)],
    precheck: (message) => msg.validate(message),
    validate: () => {},
    execute: (ctx, message) => {
      msg.execute(ctx, message);
      return new Uint8Array(); // All responses are messages without fields.
    },
  });
}

/**
 * A message as legacy amino JSON: snake_case names, 64-bit integers as text, bytes as base64, enums
 * as numbers, and nothing for fields that hold their zero value.
 */
export function aminoJson(message: object): Record<string, unknown> {
  const fields = Object.entries(message)
    .filter(([, value]) => !isZero(value))
    .map(([name, value]) => [snakeCase(name), aminoValue(value)]);
  return Object.fromEntries(fields);
}

function aminoValue(value: unknown): unknown {
  if (typeof value === "bigint") return String(value);
  if (value instanceof Uint8Array) return toBase64(value);
  if (Array.isArray(value)) return value.map(aminoValue);
  return typeof value === "object" && value !== null ? aminoJson(value) : value;
}

function isZero(value: unknown): boolean {
  if (value === undefined || value === null || value === "" || value === false) return true;
  if (value === 0 || value === 0n) return true;
  const isList = Array.isArray(value) || value instanceof Uint8Array;
  return isList && value.length === 0;
}

/** Protobuf JSON with the names of the .proto file instead of camelCase: what genesis files use. */
export function snakeKeys(json: unknown): unknown {
  if (Array.isArray(json)) return json.map(snakeKeys);
  if (typeof json !== "object" || json === null) return json;
  const fields = Object.entries(json).map(([name, value]) => [snakeCase(name), snakeKeys(value)]);
  return Object.fromEntries(fields);
}

function snakeCase(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
