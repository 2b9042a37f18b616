/**
 * Requests from outside as protobuf messages: JSON bodies in snake or camel case with "@type" Anys,
 * and REST query strings. Total: a GrpcError that names the field, or the message.
 */
import { PageRequest } from "cosmjs-types/cosmos/base/query/v1beta1/pagination";
import { fromBase64, fromUtf8, toBase64, utf8 } from "../encoding/bytes.ts";
import { parseDecimal } from "../encoding/decimal.ts";
import { camelCase, pathsBelow, snakeCase } from "../encoding/proto-json.ts";
import { parseDuration, parseTime } from "../encoding/time.ts";
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
  return fromFields(codec, body, any, 0);
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

/** What is known of the message around a value. */
interface Around {
  readonly any: AnyCodecs;
  /** Its decimals, named from the value on. */
  readonly decimals: readonly string[];
}

/** The message of an object whose names and values are those of the SDK's JSON. */
function fromFields<T>(codec: Codec<T>, body: object, any: AnyCodecs, depth: number): T {
  const { decimals = [] } = codec;
  const fields = normalize(body, { any, decimals }, depth) as object;
  const message = fromJson(codec, fields);
  restore(message, fields, decimals);
  return message;
}

/** Names to camel case, an object with "@type" to {typeUrl, value}, decimals to whole numbers. */
function normalize(value: unknown, around: Around, depth: number): unknown {
  if (depth > maxDepth) throw invalid(`the body is nested deeper than ${maxDepth} levels`);
  if (Array.isArray(value)) return value.map((item) => normalize(item, around, depth + 1));
  if (around.decimals.includes("")) return wholeNumber(value);
  if (typeof value !== "object" || value === null) return value;
  const { "@type": typeUrl, ...rest } = value as Record<string, unknown>;
  if (typeUrl !== undefined) {
    const codec = typeof typeUrl === "string" ? around.any(typeUrl) : undefined;
    if (!codec) throw invalid(`unable to resolve type URL ${JSON.stringify(typeUrl)}`);
    const message = fromFields(codec, rest, around.any, depth + 1);
    return { typeUrl, value: toBase64(codec.encode(message).finish()) };
  }
  return Object.fromEntries(
    Object.entries(rest)
      .filter(([, field]) => field !== null)
      .map(([name, field]) => {
        const decimals = pathsBelow(around.decimals, snakeCase(name));
        return [camelCase(name), normalize(field, { ...around, decimals }, depth + 1)];
      }),
  );
}

/**
 * A decimal with its point as the wire has it: the digits of a whole number of 10^-18, in base64.
 * Whether they are a text or bytes there, only the decoded message shows.
 */
function wholeNumber(value: unknown): string {
  const whole = typeof value === "string" ? parseDecimal(value) : undefined;
  if (whole === undefined) throw invalid("type mismatch: not a decimal with at most 18 digits");
  return toBase64(utf8(String(whole)));
}

/**
 * What generated code does not read from the SDK's JSON: decimals that are texts on the wire, which
 * are in base64 by now, and durations such as "1.5s".
 */
function restore(message: unknown, json: unknown, decimals: readonly string[]): void {
  if (typeof message !== "object" || message === null || message instanceof Uint8Array) return;
  const [values, given] = [message, json ?? {}] as Record<string, unknown>[];
  for (const [name, value] of Object.entries(values ?? {})) {
    const inside = Array.isArray(message) ? decimals : pathsBelow(decimals, snakeCase(name));
    const text = given?.[name];
    if (inside.includes("") && typeof value === "string") {
      if (values) values[name] = fromUtf8(fromBase64(value));
    } else if (isTime(value) && typeof text === "string") restoreDuration(value, text, name);
    else restore(value, text, inside);
  }
}

const isTime = (value: unknown): value is { seconds: bigint; nanos: number } =>
  typeof value === "object" &&
  value !== null &&
  Object.keys(value).sort().join() === "nanos,seconds";

/** Where a text stands for seconds and nanoseconds, it is a time, which has been read, or these. */
function restoreDuration(read: { seconds: bigint; nanos: number }, text: string, name: string) {
  const duration = parseDuration(text);
  if (duration) Object.assign(read, duration);
  else if (!parseTime(text)) throw mismatch(name, text, "is neither a time nor a duration");
}
