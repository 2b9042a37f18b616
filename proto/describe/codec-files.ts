/**
 * The .proto files behind cosmjs-types, read back from its codecs: field numbers and wire types from
 * encode, enums from fromJSON, methods from the clients. So the descriptors that reflection shows
 * are of exactly the messages that the node encodes.
 */
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";

const require = createRequire(import.meta.url);
/** The package forbids its package.json, so its folder is found from one of its modules. */
const root = path.resolve(require.resolve("cosmjs-types/google/protobuf/any"), "../../..");

interface Codec {
  readonly typeUrl: string;
  readonly encode: unknown;
}
type CodecModule = Readonly<Record<string, unknown>> & { readonly protobufPackage: string };

/** Members of protobuf oneofs: generated codecs do not say which fields exclude each other. */
const oneofs: Readonly<Record<string, readonly [name: string, members: readonly string[]]>> = {
  "tendermint.crypto.PublicKey": ["sum", ["ed25519", "secp256k1"]],
  "tendermint.types.Evidence": [
    "sum",
    ["duplicate_vote_evidence", "light_client_attack_evidence"],
  ],
  "tendermint.abci.Request": ["value", []],
  "tendermint.abci.Response": ["value", []],
  "cosmos.tx.v1beta1.ModeInfo": ["sum", ["single", "multi"]],
  "cosmos.tx.signing.v1beta1.SignatureDescriptor.Data": ["sum", ["single", "multi"]],
  "cosmos.staking.v1beta1.StakeAuthorization": ["validators", ["allow_list", "deny_list"]],
};

/** One line of a message: a field as .proto writes it. */
interface Field {
  readonly name: string;
  readonly text: string;
}

/** Text of the .proto file that the codecs in this module were made of. file: "cosmos/…/query". */
export function protoOf(file: string): string {
  const source = readFileSync(path.join(root, `${file}.js`), "utf8");
  const module = require(`cosmjs-types/${file}`) as CodecModule;
  const reader = new FileReader(file, source, module);
  return reader.text();
}

class FileReader {
  readonly #file: string;
  readonly #source: string;
  readonly #types: string;
  readonly #module: CodecModule;
  /** Name in the source to the file that it stands for. */
  readonly #aliases: ReadonlyMap<string, string>;
  readonly #imports = new Set<string>();

  constructor(file: string, source: string, module: CodecModule) {
    this.#file = file;
    this.#source = source;
    this.#types = readFileSync(path.join(root, `${file}.d.ts`), "utf8");
    this.#module = module;
    const requires = source.matchAll(/const (\w+) = require\("(\.[^"]+)"\)/g);
    this.#aliases = new Map(
      [...requires].map(([, alias = "", target = ""]) => [
        alias,
        path.posix.join(path.posix.dirname(file), target),
      ]),
    );
  }

  text(): string {
    const names = Object.keys(this.#module);
    const blocks = this.#block(names, "", "");
    const services = names.filter((name) => name.endsWith("ClientImpl"));
    const body = [...blocks, ...services.map((name) => this.#service(name))];
    const imports = [...this.#imports].sort().map((name) => `import "${name}.proto";`);
    return [
      'syntax = "proto3";',
      `package ${this.#module.protobufPackage};`,
      ...imports,
      ...body,
      "",
    ].join("\n");
  }

  /** Messages and enums whose parent has this name; generated names of nested ones are A_B. */
  #block(names: readonly string[], parent: string, indent: string): string[] {
    const prefix = parent === "" ? "" : `${parent}_`;
    return names.flatMap((name) => {
      if (!name.startsWith(prefix) || name.slice(prefix.length).includes("_")) return [];
      const own = name.slice(prefix.length);
      const value = this.#module[name];
      if (isCodec(value)) {
        const nested = this.#block(names, name, `${indent}  `);
        const fields = this.#fields(name).map((line) => `${indent}  ${line}`);
        return [`${indent}message ${own} {`, ...nested, ...fields, `${indent}}`];
      }
      return isEnum(value) ? enumLines(own, value).map((line) => `${indent}${line}`) : [];
    });
  }

  #fields(name: string): string[] {
    const encode = between(this.#source, `exports.${name} = {`, "decode(input");
    const fields = this.#readEncode(name, encode.split("\n"));
    const oneof = oneofs[`${this.#module.protobufPackage}.${name.replaceAll("_", ".")}`];
    if (!oneof) return fields.map(({ text }) => text);
    const [label, members] = oneof;
    const inside = (field: Field) => members.length === 0 || members.includes(field.name);
    return [
      `oneof ${label} {`,
      ...fields.filter(inside).map(({ text }) => `  ${text}`),
      "}",
      ...fields.filter((field) => !inside(field)).map(({ text }) => text),
    ];
  }

  /** An encode function, line by line: which member, then how it is written. */
  #readEncode(owner: string, lines: readonly string[]): Field[] {
    const fields: Field[] = [];
    let [property, isList, packedTag] = ["", false, 0];
    for (const line of lines) {
      const member = /^\s*(if \(|for \(const v of )message\.(\w+)/.exec(line);
      if (member) [property, isList] = [member[2] ?? "", member[1] !== "if ("];
      const packed = /^\s*writer\.uint32\((\d+)\)\.fork\(\);/.exec(line);
      if (packed) packedTag = Number(packed[1]);
      const message = /([\w.]+)\.encode\(.*writer\.uint32\((\d+)\)/.exec(line);
      const scalar = /writer(?:\.uint32\((\d+)\))?\.(\w+)\((?:message\.\w+|v)\);/.exec(line);
      if (message) {
        const [, codec = "", tag] = message;
        fields.push(this.#field(owner, { property, isList, tag: Number(tag), codec }));
      } else if (scalar) {
        const [, tag = packedTag, kind = ""] = scalar;
        fields.push(this.#field(owner, { property, isList, tag: Number(tag), kind }));
      }
    }
    return fields;
  }

  #field(owner: string, written: Written): Field {
    const { property, isList, tag, codec, kind = "" } = written;
    const number = tag >>> 3;
    const type = codec === undefined ? this.#scalar(owner, property, kind) : this.#type(codec);
    const name = snakeCase(property);
    const isRequired = codec !== undefined && !isList && this.#isRequired(owner, property);
    if (isRequired) this.#imports.add("gogoproto/gogo");
    const options = isRequired ? " [(gogoproto.nullable) = false]" : "";
    return { name, text: `${isList ? "repeated " : ""}${type} ${name} = ${number}${options};` };
  }

  /** Enums are encoded as int32; fromJSON names the enum. */
  #scalar(owner: string, property: string, kind: string): string {
    if (kind !== "int32") return kind;
    const json = between(this.#source, `exports.${owner} = {`, "toJSON(");
    const field = `object\\??\\.${property}`;
    const reading = new RegExp(`obj\\.${property} = (?:${field}\\.map\\(\\(e\\) => )?(?:\\(0, )?([\\w.]+)FromJSON`);
    const [, name] = reading.exec(json) ?? [];
    if (name === undefined) return "int32";
    const [alias, own = alias] = name.split(".");
    const type = `${own?.charAt(0).toUpperCase()}${own?.slice(1)}`;
    return this.#type(alias === own ? `exports.${type}` : `${alias}.${type}`);
  }

  /** Full name of "alias.Type" or "exports.Type", its file imported. */
  #type(reference: string): string {
    const [alias = "", name = ""] = reference.split(".");
    const own = name.replaceAll("_", ".");
    if (alias === "exports") return `.${this.#module.protobufPackage}.${own}`;
    const file = this.#aliases.get(alias);
    if (file === undefined) throw new Error(`${this.#file}: ${alias} is not imported`);
    this.#imports.add(file);
    const { protobufPackage } = require(`cosmjs-types/${file}`) as CodecModule;
    return `.${protobufPackage}.${own}`;
  }

  /** Whether the type says that the message is always there: gogoproto.nullable = false. */
  #isRequired(owner: string, property: string): boolean {
    const members = between(this.#types, `export interface ${owner} {`, "\n}");
    return new RegExp(`^ {4}${property}: `, "m").test(members);
  }

  #service(client: string): string {
    const own = client.replace(/ClientImpl$/, "");
    const body = between(this.#source, `class ${client} {`, "\n}\n");
    const call =
      /exports\.(\w+)\.encode\(request\)[\s\S]*?request\("([\w.]+)", "(\w+)"[\s\S]*?exports\.(\w+)\.decode/g;
    const methods = [...body.matchAll(call)].map(
      ([, request, , name, response]) => `  rpc ${name}(${request}) returns (${response});`,
    );
    const isMsg = own === "Msg";
    if (isMsg) this.#imports.add("cosmos/msg/v1/msg");
    const option = isMsg ? ["  option (cosmos.msg.v1.service) = true;"] : [];
    return [`service ${own} {`, ...option, ...methods, "}"].join("\n");
  }
}

/** A member as an encode function writes it: a message by its codec, or a scalar by its kind. */
interface Written {
  readonly property: string;
  readonly isList: boolean;
  readonly tag: number;
  readonly codec?: string;
  readonly kind?: string;
}

const isCodec = (value: unknown): value is Codec =>
  typeof value === "object" && value !== null && "encode" in value;

/** A compiled enum: names to numbers and back. */
const isEnum = (value: unknown): value is Readonly<Record<string, number>> =>
  typeof value === "object" && value !== null && "UNRECOGNIZED" in value;

function enumLines(name: string, values: Readonly<Record<string, number>>): string[] {
  const members = Object.entries(values).filter(
    ([key, value]) => typeof value === "number" && key !== "UNRECOGNIZED",
  );
  const numbers = members.map(([, value]) => value);
  const hasAliases = new Set(numbers).size < numbers.length;
  const alias = hasAliases ? ["  option allow_alias = true;"] : [];
  return [`enum ${name} {`, ...alias, ...members.map(([k, v]) => `  ${k} = ${v};`), "}"];
}

/** The text after the first marker, up to the second. */
function between(text: string, start: string, end: string): string {
  const from = text.indexOf(start);
  if (from < 0) throw new Error(`no ${JSON.stringify(start)}`);
  const to = text.indexOf(end, from + start.length);
  return text.slice(from + start.length, to < 0 ? undefined : to);
}

const snakeCase = (name: string): string =>
  name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
