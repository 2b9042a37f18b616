/**
 * Protobuf messages as the SDK's REST gateway writes them (gogogateway JSONPb with EmitDefaults and
 * OrigName): snake_case names, 64-bit integers as strings, enums by name, bytes in base64, unset
 * messages and empty bytes as null, an Any as its content with "@type".
 *
 * Generated toJSON knows which numbers are enums; the decoded message knows which fields are unset
 * and keeps nanoseconds. The two are walked side by side. Decimals are whole numbers on the wire,
 * of 10^-18, and have a point in JSON: a codec names its own, nothing in a message shows them.
 */
import { toBase64 } from "./bytes.ts";
import { formatDecimal } from "./decimal.ts";
import { formatDuration, formatTime } from "./time.ts";

/** The part of a generated codec that shows messages. */
export interface JsonCodec<T> {
  decode(bytes: Uint8Array): T;
  toJSON(message: T): unknown;
  /** Fields that are decimals, as dotted paths of JSON names: "validators.commission.rate". */
  readonly decimals?: readonly string[];
}

/** A codec that names its decimals. Lists have no level of their own in the paths. */
export function withDecimals<T extends object>(codec: T, ...decimals: readonly string[]): T {
  return { ...codec, decimals };
}

/** Codec of the message with this type URL. */
export type AnyJsonCodecs = (typeUrl: string) => JsonCodec<object> | undefined;

/** Depth of messages within messages that is shown; deeper ones are refused. */
const maxDepth = 64;

/** Members of protobuf oneofs: an unset one is left out, not null. */
const oneofs: readonly ReadonlySet<string>[] = [
  new Set(["single", "multi"]),
  new Set(["ed25519", "secp256k1"]),
  new Set(["duplicateVoteEvidence", "lightClientAttackEvidence"]),
];

/** The JSON of a message. */
export function protoJson<T extends object>(
  codec: JsonCodec<T>,
  message: T,
  any: AnyJsonCodecs,
): unknown {
  return show(message, codec.toJSON(message), { any, decimals: codec.decimals ?? [] }, 0);
}

/** What is known about the message around a value; decimals are named from that value on. */
interface Around {
  readonly any: AnyJsonCodecs;
  readonly decimals: readonly string[];
}

function show(value: unknown, json: unknown, around: Around, depth: number): unknown {
  if (depth > maxDepth) throw new Error(`a message is nested deeper than ${maxDepth} levels`);
  if (value === undefined || value === null) return null;
  if (around.decimals.includes("")) return showDecimals(value);
  if (typeof value === "bigint") return String(value);
  // Go decodes an absent field of bytes as nil, and writes that as null.
  if (value instanceof Uint8Array) return value.length === 0 ? null : toBase64(value);
  if (Array.isArray(value)) {
    const list = Array.isArray(json) ? json : [];
    return value.map((item, index) =>
      item instanceof Uint8Array ? toBase64(item) : show(item, list[index], around, depth + 1),
    );
  }
  if (typeof value !== "object") return json ?? value;
  if (isTime(value)) return showTime(value, json);
  if (isAny(value)) return showAny(value, around.any, depth);
  return showFields(value, json, around, depth);
}

function showFields(value: object, json: unknown, around: Around, depth: number): object {
  const names = Object.keys(value);
  const isOneof = oneofs.some((members) => names.every((name) => members.has(name)));
  const jsonFields = (typeof json === "object" && json !== null ? json : {}) as Record<
    string,
    unknown
  >;
  const entries = Object.entries(value)
    .filter(([, field]) => !(isOneof && field === undefined))
    .map(([name, field]) => {
      const inside = { any: around.any, decimals: pathsBelow(around.decimals, snakeCase(name)) };
      return [snakeCase(name), show(field, jsonFields[name], inside, depth + 1)];
    });
  return Object.fromEntries(entries);
}

/** The paths that go on from this field, without it; "" for the field itself. */
export function pathsBelow(paths: readonly string[], name: string): readonly string[] {
  if (paths.length === 0) return paths;
  return paths.flatMap((path) => {
    if (path === name) return [""];
    return path.startsWith(`${name}.`) ? [path.slice(name.length + 1)] : [];
  });
}

/** A decimal, as text or as the bytes of a text; an empty one is zero, as in Go. */
function showDecimals(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(showDecimals);
  const isBytes = value instanceof Uint8Array;
  const text = isBytes ? Buffer.from(value).toString("latin1") : String(value);
  if (text === "") return formatDecimal(0n);
  return /^-?\d{1,100}$/.test(text) ? formatDecimal(BigInt(text)) : text.slice(0, 100);
}

interface SecondsAndNanos {
  readonly seconds: bigint;
  readonly nanos: number;
}

function isTime(value: object): value is SecondsAndNanos {
  return (
    Object.keys(value).length === 2 &&
    typeof (value as SecondsAndNanos).seconds === "bigint" &&
    typeof (value as SecondsAndNanos).nanos === "number"
  );
}

/** A Timestamp's toJSON is a string, a Duration's an object. */
function showTime(value: SecondsAndNanos, json: unknown): string {
  if (typeof json === "string") return formatTime(value);
  return formatDuration(value);
}

interface AnyMessage {
  readonly typeUrl: string;
  readonly value: Uint8Array;
}

function isAny(value: object): value is AnyMessage {
  return (
    Object.keys(value).length === 2 &&
    typeof (value as AnyMessage).typeUrl === "string" &&
    (value as AnyMessage).value instanceof Uint8Array
  );
}

function showAny({ typeUrl, value }: AnyMessage, any: AnyJsonCodecs, depth: number): object {
  const codec = any(typeUrl);
  if (!codec) return { "@type": typeUrl, value: toBase64(value) };
  const message = codec.decode(value);
  const around = { any, decimals: codec.decimals ?? [] };
  const fields = show(message, codec.toJSON(message), around, depth + 1);
  return { "@type": typeUrl, ...(fields as object) };
}

/** proto names: votingPower is voting_power. */
export function snakeCase(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

/** Generated names: voting_power is votingPower. */
export function camelCase(name: string): string {
  return name.replace(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
}
