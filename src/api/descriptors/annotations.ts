/**
 * What descriptors say beyond names and numbers, taken from the tables that the node runs on:
 * REST paths of methods (google.api.http), signers and amino names of messages. So reflection
 * cannot contradict what the node does.
 */
import { create } from "@bufbuild/protobuf";
import {
  type FileDescriptorProto,
  type FileDescriptorSet,
  MessageOptionsSchema,
  MethodOptionsSchema,
} from "@bufbuild/protobuf/wkt";
import { HttpRule as HttpRuleCodec } from "cosmjs-types/google/api/http";
import { concat, utf8 } from "../../encoding/bytes.ts";
import { uvarint } from "../../encoding/varint.ts";
import type { HttpRule, MsgHandler } from "../../modules/module.ts";

/** Numbers of the options (google/api/annotations, cosmos/msg/v1/msg, amino/amino). */
const httpOption = 72_295_728;
const signerOption = 11_110_000;
const aminoNameOption = 11_110_001;

/** The REST doors of a method, by path "/package.Service/Method". */
interface Annotated {
  readonly path: string;
  readonly http: readonly HttpRule[];
}

/** Writes the annotations into the descriptors. */
export function annotate(
  set: FileDescriptorSet,
  methods: readonly Annotated[],
  messages: readonly MsgHandler[],
): void {
  const http = new Map(methods.map((method) => [method.path, method.http]));
  const handlers = new Map(messages.map((handler) => [handler.typeUrl, handler]));
  for (const file of set.file) {
    annotateMethods(file, http);
    annotateMessages(file, handlers);
  }
}

function annotateMethods(
  file: FileDescriptorProto,
  http: ReadonlyMap<string, readonly HttpRule[]>,
): void {
  for (const { name, method: methods } of file.service) {
    for (const method of methods) {
      const rules = http.get(`/${file.package}.${name}/${method.name}`);
      if (!rules || rules.length === 0) continue;
      method.options ??= create(MethodOptionsSchema);
      addOption(method.options, httpOption, encodeRules(rules));
      addImport(file, "google/api/annotations.proto");
    }
  }
}

/** The first door, and the others as its additional bindings. */
function encodeRules(rules: readonly HttpRule[]): Uint8Array {
  const [first, ...others] = rules.map(({ method, path }) =>
    HttpRuleCodec.fromPartial(method === "GET" ? { get: path } : { post: path, body: "*" }),
  );
  return HttpRuleCodec.encode(
    HttpRuleCodec.fromPartial({ ...first, additionalBindings: others }),
  ).finish();
}

function annotateMessages(
  file: FileDescriptorProto,
  handlers: ReadonlyMap<string, MsgHandler>,
): void {
  for (const message of file.messageType) {
    const handler = handlers.get(`/${file.package}.${message.name}`);
    if (!handler) continue;
    message.options ??= create(MessageOptionsSchema);
    const names = message.field.map(({ name, jsonName }) => ({ name, property: jsonName }));
    for (const signer of signerFields(handler, names)) {
      addOption(message.options, signerOption, utf8(signer));
      addImport(file, "cosmos/msg/v1/msg.proto");
    }
    addOption(message.options, aminoNameOption, utf8(handler.amino.name));
    addImport(file, "amino/amino.proto");
  }
}

/** The fields whose text the handler takes for signers: it is asked with the names as values. */
function signerFields(
  { codec, signers }: MsgHandler,
  names: readonly { readonly name: string; readonly property: string }[],
): readonly string[] {
  try {
    const message = codec.decode(new Uint8Array()) as Record<string, unknown>;
    for (const { name, property } of names) {
      if (typeof message[property] === "string") message[property] = name;
    }
    return signers(message).filter((signer) => names.some(({ name }) => name === signer));
  } catch {
    return []; // Signers that stand in nested messages cannot be named by one field.
  }
}

interface Options {
  $unknown?:
    | undefined
    | { readonly no: number; readonly wireType: number; readonly data: Uint8Array }[];
}

/** Extensions live among the unknown fields: a number, a wire type, and bytes with their length. */
function addOption(options: Options, no: number, value: Uint8Array): void {
  options.$unknown ??= [];
  options.$unknown.push({ no, wireType: 2, data: concat(uvarint(value.length), value) });
}

function addImport(file: FileDescriptorProto, name: string): void {
  if (!file.dependency.includes(name)) file.dependency.push(name);
}
