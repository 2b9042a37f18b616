/**
 * Parameters of RPC methods: each has a name and a kind, and comes in as JSON (by name or by
 * position) or as text in a URI. The two spell values differently (cometbft
 * rpc/jsonrpc/server/http_uri_handler.go, libs/json/decoder.go).
 */
import { parseBase64, parseHex } from "../encoding/bytes.ts";
import { RpcError } from "./jsonrpc.ts";

/**
 * int64: 64-bit, a string in JSON. uint: plain number. bytes: base64 in JSON. hex: hex in JSON.
 * json: any JSON value (typed evidence). strings: a list of texts.
 */
export type ParamKind = "int64" | "uint" | "bool" | "string" | "strings" | "bytes" | "hex" | "json";

/** A parsed value; undefined when the caller left it out. */
export type ParamValue = bigint | number | boolean | string | Uint8Array | object | undefined;
export type Params = Readonly<Record<string, ParamValue>>;
export type ParamSpec = readonly (readonly [name: string, kind: ParamKind])[];

/** Reads the params of a JSON request. */
export function readJsonParams(spec: ParamSpec, params: unknown): Params {
  if (params === undefined) return {};
  if (Array.isArray(params)) {
    if (params.length !== spec.length) {
      const names = spec.map(([name]) => name).join(" ");
      throw invalidJson(`expected ${spec.length} parameters ([${names}]), got ${params.length}`);
    }
    return collect(spec, (_, index) => params[index]);
  }
  if (typeof params !== "object" || params === null) {
    throw invalidJson(`unknown type for JSON params: ${typeof params}. Expected map or array`);
  }
  const named = params as Readonly<Record<string, unknown>>;
  return collect(spec, (name) => (Object.hasOwn(named, name) ? named[name] : undefined));
}

function collect(spec: ParamSpec, read: (name: string, index: number) => unknown): Params {
  const entries = spec.map(([name, kind], index) => {
    const value = read(name, index);
    return [name, value === undefined || value === null ? undefined : fromJson(kind, value)];
  });
  return Object.fromEntries(entries) as Params;
}

const invalidJson = (reason: string): RpcError =>
  new RpcError(-32602, `error converting json params to arguments: ${reason}`);

function fromJson(kind: ParamKind, value: unknown): ParamValue {
  switch (kind) {
    case "int64":
      return int64FromJson(value);
    case "uint":
      return uintFromJson(value);
    case "bool":
      if (typeof value === "boolean") return value;
      break;
    case "string":
      if (typeof value === "string") return value;
      break;
    case "strings":
      if (isTexts(value)) return value;
      break;
    case "bytes":
    case "hex": {
      const bytes = typeof value === "string" ? parseBytes(kind, value) : undefined;
      if (bytes) return bytes;
      break;
    }
    case "json":
      if (typeof value === "object" && value !== null) return value;
      break;
  }
  throw invalidJson(`${shown(value)} is not a ${kindText[kind]}`);
}

/** A bad value in an error text: its beginning. Never walks into what the caller nested. */
const shown = (value: unknown): string =>
  typeof value === "object" ? "an object or array" : JSON.stringify(value).slice(0, 80);

const kindText: Readonly<Record<ParamKind, string>> = {
  int64: "64-bit integer",
  uint: "non-negative integer",
  bool: "boolean",
  string: "string",
  strings: "list of strings",
  bytes: "base64 string",
  hex: "hex string",
  json: "JSON object",
};

const isTexts = (value: unknown): value is readonly string[] =>
  Array.isArray(value) && value.every((item) => typeof item === "string");

const parseBytes = (kind: "bytes" | "hex", text: string): Uint8Array | undefined =>
  kind === "bytes" ? parseBase64(text) : parseHex(text);

function int64FromJson(value: unknown): bigint {
  if (typeof value !== "string") {
    throw invalidJson(`invalid 64-bit integer encoding ${shown(value)}, expected string`);
  }
  return int64(value, invalidJson);
}

function uintFromJson(value: unknown): number {
  const number = typeof value === "string" ? Number(value) : value;
  if (typeof number === "number" && Number.isSafeInteger(number) && number >= 0) return number;
  throw invalidJson(`${shown(value)} is not a ${kindText.uint}`);
}

function int64(text: string, refuse: (reason: string) => RpcError): bigint {
  if (/^-?\d{1,19}$/.test(text)) {
    const value = BigInt(text);
    if (BigInt.asIntN(64, value) === value) return value;
  }
  throw refuse(`"${text.slice(0, 40)}" is not a ${kindText.int64}`);
}

const invalidUri = (reason: string): RpcError =>
  new RpcError(-32602, `error converting http params to arguments: ${reason}`);

/** Reads the params of a URI: 0x hex for bytes and strings, quotes for raw text, bare integers. */
export function readUriParams(spec: ParamSpec, query: URLSearchParams): Params {
  const entries = spec.map(([name, kind]) => {
    const text = query.get(name) ?? "";
    return [name, text === "" ? undefined : fromUri(kind, text)];
  });
  return Object.fromEntries(entries) as Params;
}

function fromUri(kind: ParamKind, text: string): ParamValue {
  if (/^0x/i.test(text)) return fromUriHex(kind, text);
  const quoted = unquote(text);
  switch (kind) {
    case "int64":
      return int64(quoted ?? text, invalidUri);
    case "uint": {
      const value = int64(quoted ?? text, invalidUri);
      if (value < 0n) throw invalidUri(`${text} is not a ${kindText.uint}`);
      return Number(value);
    }
    case "bool":
      if (text === "true" || text === "false") return text === "true";
      break;
    case "string":
      if (quoted !== undefined) return quoted;
      break;
    case "bytes":
    case "hex":
      if (quoted !== undefined) return new Uint8Array(Buffer.from(quoted));
      break;
    case "strings": {
      const list = jsonObject(text);
      if (isTexts(list)) return list;
      break;
    }
    case "json":
      return jsonObject(text);
  }
  throw invalidUri(`${JSON.stringify(text.slice(0, 80))} is not a ${kindText[kind]}`);
}

function fromUriHex(kind: ParamKind, text: string): ParamValue {
  if (kind !== "string" && kind !== "bytes" && kind !== "hex") {
    throw invalidUri(`got a hex string arg, but expected '${kind}'`);
  }
  const bytes = parseHex(text.slice(2));
  if (!bytes) throw invalidUri(`${text.slice(0, 80)} is not hex`);
  return kind === "string" ? Buffer.from(bytes).toString("utf8") : bytes;
}

function jsonObject(text: string): object {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === "object" && value !== null) return value;
  } catch {
    // Answered below: the text is not JSON.
  }
  throw invalidUri(`${text.slice(0, 80)} is not a JSON object`);
}

function unquote(text: string): string | undefined {
  if (!text.startsWith('"') || !text.endsWith('"') || text.length < 2) return undefined;
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "string" ? value : undefined;
  } catch {
    return undefined;
  }
}
