/**
 * Requests from outside as protobuf messages: JSON bodies in snake or camel case with "@type" Anys,
 * and REST query strings. Total: a GrpcError that names the field, or the message.
 */
import { PageRequest } from "cosmjs-types/cosmos/base/query/v1beta1/pagination";
import { toBase64 } from "../encoding/bytes.ts";
import { camelCase } from "../encoding/proto-json.ts";
import type { Codec } from "../modules/module.ts";
import { GrpcError, grpcCode } from "./grpc-error.ts";

/** Codec of the message with this type URL. */
export type AnyCodecs = (typeUrl: string) => Codec<object> | undefined;

const maxDepth = 64;

/** The message that a JSON body spells. */
export function messageFromJson<T>(codec: Codec<T>, body: unknown, any: AnyCodecs): T {
  if (typeof body !== "object" || body === null || Array.isArray(body)) {
    throw invalid("the body must be a JSON object");
  }
  return fromJson(codec, normalize(body, any, 0) as object);
}

/** The message that path and query parameters spell; unknown names are ignored. */
export function messageFromParams<T extends object>(
  codec: Codec<T>,
  params: readonly (readonly [name: string, value: string])[],
): T {
  const shape = codec.fromJSON({}) as Record<string, unknown>;
  const fields: Record<string, unknown> = {};
  for (const [name, text] of params) setField(fields, shape, name.split(".").map(camelCase), text);
  const message = fromJson(codec, fields);
  for (const [name, value] of Object.entries(message)) {
    const isUnknownEnum = value === unknownEnum && String(fields[name]) !== String(unknownEnum);
    if (isUnknownEnum) throw mismatch(name, String(fields[name]), "is not a known value");
  }
  return message;
}

/** What generated code makes of the name of an enum value that it does not know. */
const unknownEnum = -1;

const invalid = (text: string): GrpcError => new GrpcError(grpcCode.invalidArgument, text);
const mismatch = (name: string, text: string, problem: string): GrpcError =>
  invalid(`type mismatch, parameter: ${name}, error: "${text.slice(0, 80)}" ${problem}`);

/** The message, which must survive its encoding: a number out of its field's range does not. */
function fromJson<T>(codec: Codec<T>, object: object): T {
  let message: T;
  let encoded: T;
  try {
    message = codec.fromJSON(object);
    encoded = codec.decode(codec.encode(message).finish());
  } catch (error) {
    throw invalid(`type mismatch: ${error instanceof Error ? error.message : String(error)}`);
  }
  const lost = lostNumber(message, encoded, "");
  if (lost !== undefined) throw invalid(`type mismatch, parameter: ${lost}, error: out of range`);
  return message;
}

/** The path of the first number that differs between the two. */
function lostNumber(a: unknown, b: unknown, path: string): string | undefined {
  if (typeof a === "bigint" || typeof a === "number") return a === b ? undefined : path;
  if (typeof a !== "object" || a === null || a instanceof Uint8Array) return undefined;
  const other = (b ?? {}) as Readonly<Record<string, unknown>>;
  for (const [name, value] of Object.entries(a)) {
    const lost = lostNumber(value, other[name], path === "" ? name : `${path}.${name}`);
    if (lost !== undefined) return lost;
  }
  return undefined;
}

/** The only message that stands in query strings: pagination.limit and so on. */
const pageShape = PageRequest.fromPartial({}) as unknown as Readonly<Record<string, unknown>>;

function setField(
  fields: Record<string, unknown>,
  shape: Readonly<Record<string, unknown>>,
  path: readonly string[],
  text: string,
): void {
  const [name, inner, ...rest] = path;
  if (name === undefined || rest.length > 0 || !Object.hasOwn(shape, name)) return;
  if (inner !== undefined) {
    if (name !== "pagination" || !Object.hasOwn(pageShape, inner)) return;
    const page = (fields.pagination ?? {}) as Record<string, unknown>;
    page[inner] = scalar(`${name}.${inner}`, pageShape[inner], text);
    fields.pagination = page;
    return;
  }
  const sample = shape[name];
  if (sample === undefined || sample === null) return; // A message is not spelled as one text.
  if (Array.isArray(sample)) fields[name] = [...((fields[name] as unknown[]) ?? []), text];
  else fields[name] = scalar(name, sample, text);
}

function scalar(name: string, sample: unknown, text: string): unknown {
  if (typeof sample === "boolean") return flag(name, text);
  if (typeof sample === "bigint") return integer(name, text);
  // Enums come by name or by number.
  if (typeof sample === "number") return /^-?\d+$/.test(text) ? Number(text) : text;
  if (sample instanceof Uint8Array) return base64(name, text);
  return text;
}

function flag(name: string, text: string): boolean {
  if (text === "true" || text === "1") return true;
  if (text === "false" || text === "0" || text === "") return false;
  throw mismatch(name, text, "is not a boolean");
}

function integer(name: string, text: string): string {
  if (/^-?\d{1,20}$/.test(text)) return text;
  throw mismatch(name, text, "is not an integer");
}

function base64(name: string, text: string): string {
  // Both alphabets, with or without padding, as encoding/base64 of the gateway accepts.
  if (!/^[A-Za-z0-9+/_-]*={0,2}$/.test(text)) {
    throw mismatch(name, text, "is not base64");
  }
  return Buffer.from(text.replace(/-/g, "+").replace(/_/g, "/"), "base64").toString("base64");
}

/** Names to camel case; an object with "@type" to {typeUrl, value}. */
function normalize(value: unknown, any: AnyCodecs, depth: number): unknown {
  if (depth > maxDepth) throw invalid(`the body is nested deeper than ${maxDepth} levels`);
  if (Array.isArray(value)) return value.map((item) => normalize(item, any, depth + 1));
  if (typeof value !== "object" || value === null) return value;
  const { "@type": typeUrl, ...rest } = value as Record<string, unknown>;
  const fields = Object.fromEntries(
    Object.entries(rest)
      .filter(([, field]) => field !== null)
      .map(([name, field]) => [camelCase(name), normalize(field, any, depth + 1)]),
  );
  if (typeUrl === undefined) return fields;
  const codec = typeof typeUrl === "string" ? any(typeUrl) : undefined;
  if (!codec) throw invalid(`unable to resolve type URL ${JSON.stringify(typeUrl)}`);
  return { typeUrl, value: toBase64(codec.encode(fromJson(codec, fields)).finish()) };
}
