/**
 * Legacy amino of whole transactions (cosmos-sdk x/auth/migrations/legacytx, go-amino): a StdTx as
 * JSON and as bytes. For messages whose amino encoding is their protobuf encoding behind four bytes
 * that name the type; others are refused.
 */
import { decodeAminoPubkey, encodeAminoPubkey, type Pubkey } from "@cosmjs/amino";
import { sha256 } from "../../crypto/hash.ts";
import {
  concat,
  equalBytes,
  fromUtf8,
  parseBase64,
  toBase64,
  toHex,
  utf8,
} from "../../encoding/bytes.ts";
import { canonicalJson } from "../../encoding/canonical-json.ts";
import { ProtoWriter } from "../../encoding/proto-writer.ts";
import { readUvarint } from "../../encoding/varint.ts";
import { decodeTotal } from "../../encoding/wire.ts";
import type { MsgHandler } from "../../modules/module.ts";
import type { ApiBackend } from "../expected.ts";
import { GrpcError, grpcCode } from "../grpc-error.ts";
import { messageFromJson } from "../request-json.ts";

const stdTxName = "cosmos-sdk/StdTx";
const limits = { maxBytes: 1_048_576, maxDepth: 32 };
/**
 * Messages of texts, numbers and coins whose fields are numbered in order: go-amino numbers a
 * struct by position, so only these have the same bytes in both. What holds an Any, a duration or
 * parameters has others.
 */
const sameInBoth: ReadonlySet<string> = new Set(
  [
    ...["MsgSend", "MsgMultiSend", "MsgSetSendEnabled"],
    ...["MsgVote", "MsgDeposit", "v1/MsgVote", "v1/MsgDeposit", "v1/MsgVoteWeighted"],
    ...["v1/MsgCancelProposal", "MsgRevoke", "MsgRevokeAllowance", "MsgCancelUpgrade", "MsgUnjail"],
    ...["MsgCreateVestingAccount", "MsgCreatePermLockedAccount", "MsgCreatePeriodVestAccount"],
    ...["MsgDelegate", "MsgUndelegate", "MsgBeginRedelegate"],
    ...["MsgWithdrawDelegationReward", "MsgModifyWithdrawAddress", "MsgWithdrawValCommission"],
    "MsgFundCommunityPool",
  ].map((name) => `cosmos-sdk/${name}`),
);

/** The four bytes before a registered type: of the hash of its name, without its zeros. */
export function aminoPrefix(name: string): Uint8Array {
  const hash = sha256(utf8(name));
  const afterZeros = (from: number): number => {
    let at = from;
    while (hash[at] === 0) at += 1;
    return at;
  };
  const start = afterZeros(afterZeros(0) + 3);
  return hash.subarray(start, start + 4);
}

/** Bytes of the StdTx that this JSON spells. Throws GrpcError. */
export function encodeAminoTx(backend: ApiBackend, json: string): Uint8Array {
  const { type, value } = record(parse(json), "the transaction");
  if (type !== stdTxName) throw invalid(`expected the type ${stdTxName}`);
  const { msg, fee, signatures, memo, timeout_height } = record(value, "value");
  const writer = new ProtoWriter();
  for (const each of list(msg, "msg")) writer.message(1, encodeMessage(backend, each));
  writer.message(2, encodeFee(record(fee, "fee")));
  for (const each of list(signatures, "signatures")) {
    writer.message(3, encodeSignature(record(each, "a signature")));
  }
  writer.string(4, text(memo, "memo"));
  writer.uint(5, number(timeout_height, "timeout_height"));
  return concat(aminoPrefix(stdTxName), writer.finish());
}

/** JSON of the StdTx in these bytes. Throws GrpcError. */
export function decodeAminoTx(backend: ApiBackend, bytes: Uint8Array): string {
  const fields = fieldsOf(withoutPrefix(stdTxName, bytes));
  const fee = fieldsOf(bytesOf(fields, 2)[0] ?? new Uint8Array());
  const value = {
    msg: bytesOf(fields, 1).map((each) => decodeMessage(backend, each)),
    fee: {
      amount: bytesOf(fee, 1).map((coin) => {
        const parts = fieldsOf(coin);
        return { denom: textOf(parts, 1), amount: textOf(parts, 2) };
      }),
      gas: String(numberOf(fee, 2)),
      ...(textOf(fee, 3) === "" ? {} : { payer: textOf(fee, 3) }),
      ...(textOf(fee, 4) === "" ? {} : { granter: textOf(fee, 4) }),
    },
    signatures: bytesOf(fields, 3).map((each) => decodeSignature(fieldsOf(each))),
    memo: textOf(fields, 4),
    timeout_height: String(numberOf(fields, 5)),
  };
  return JSON.stringify({ type: stdTxName, value });
}

const invalid = (problem: string): GrpcError => new GrpcError(grpcCode.invalidArgument, problem);

function encodeMessage(backend: ApiBackend, json: unknown): Uint8Array {
  const { type, value } = record(json, "a message");
  const handler = backend.messages.find(({ amino }) => amino.name === type);
  if (!handler) throw invalid(`unknown message ${String(type).slice(0, 100)}`);
  refuseOther(handler);
  const message = messageFromJson(handler.codec, value, (url) => backend.anyType(url));
  // What is not read back the same was not understood: the signature would not fit either.
  if (canonicalJson(handler.amino.toJson(message)) !== canonicalJson(value)) {
    throw invalid(`${handler.amino.name}: the value is not this message's legacy amino JSON`);
  }
  return concat(aminoPrefix(handler.amino.name), handler.codec.encode(message).finish());
}

function decodeMessage(backend: ApiBackend, bytes: Uint8Array): object {
  const isOf = ({ amino }: MsgHandler) => equalBytes(aminoPrefix(amino.name), bytes.subarray(0, 4));
  const handler = backend.messages.find(isOf);
  if (!handler) throw invalid(`unknown message, prefix ${toHex(bytes.subarray(0, 4))}`);
  refuseOther(handler);
  const content = bytes.subarray(4);
  const message = decodeTotal(handler.codec, content, limits);
  if (message === undefined || !equalBytes(handler.codec.encode(message).finish(), content)) {
    throw invalid(`${handler.amino.name}: not this message`);
  }
  return { type: handler.amino.name, value: handler.amino.toJson(message) };
}

function refuseOther({ amino }: MsgHandler): void {
  if (sameInBoth.has(amino.name)) return;
  throw new GrpcError(grpcCode.unimplemented, `legacy amino of ${amino.name} is not served`);
}

function encodeFee({ amount, gas, payer, granter }: Fields): Uint8Array {
  const writer = new ProtoWriter();
  for (const each of list(amount, "fee.amount")) {
    const coin = record(each, "a coin");
    const parts = new ProtoWriter().string(1, text(coin.denom, "denom"));
    writer.message(1, parts.string(2, text(coin.amount, "amount")).finish());
  }
  writer.uint(2, number(gas, "fee.gas"));
  writer.string(3, text(payer, "fee.payer"));
  return writer.string(4, text(granter, "fee.granter")).finish();
}

function encodeSignature({ pub_key, signature }: Fields): Uint8Array {
  const bytes = parseBase64(text(signature, "signature"));
  if (!bytes) throw invalid("signature: not base64");
  const writer = new ProtoWriter();
  if (pub_key !== undefined && pub_key !== null) writer.bytes(1, encodeKey(pub_key));
  return writer.bytes(2, bytes).finish();
}

function encodeKey(key: unknown): Uint8Array {
  try {
    return encodeAminoPubkey(key as Pubkey); // Checks the type itself.
  } catch (error) {
    throw invalid(`pub_key: ${error instanceof Error ? error.message : String(error)}`);
  }
}

function decodeSignature(fields: readonly WireField[]): object {
  const [key] = bytesOf(fields, 1);
  const signature = toBase64(bytesOf(fields, 2)[0] ?? new Uint8Array());
  if (key === undefined) return { pub_key: null, signature };
  try {
    return { pub_key: decodeAminoPubkey(key), signature };
  } catch (error) {
    throw invalid(`pub_key: ${error instanceof Error ? error.message : String(error)}`);
  }
}

function withoutPrefix(name: string, bytes: Uint8Array): Uint8Array {
  if (equalBytes(bytes.subarray(0, 4), aminoPrefix(name))) return bytes.subarray(4);
  throw invalid(`the bytes are no ${name}`);
}

type Fields = Readonly<Record<string, unknown>>;

function parse(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch (error) {
    throw invalid(error instanceof Error ? error.message : String(error));
  }
}

function record(value: unknown, name: string): Fields {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Fields;
  throw invalid(`${name}: expected an object`);
}

function list(value: unknown, name: string): readonly unknown[] {
  if (value === undefined || value === null) return [];
  if (Array.isArray(value)) return value;
  throw invalid(`${name}: expected a list`);
}

function text(value: unknown, name: string): string {
  if (value === undefined || value === null) return "";
  if (typeof value === "string") return value;
  throw invalid(`${name}: expected a text`);
}

function number(value: unknown, name: string): bigint {
  const digits = text(value, name);
  if (digits === "") return 0n;
  if (/^\d{1,20}$/.test(digits) && BigInt(digits) < 1n << 64n) return BigInt(digits);
  throw invalid(`${name}: expected a 64-bit number in a text`);
}

/** A field of the bytes: a number, or bytes. */
interface WireField {
  readonly number: number;
  readonly value: bigint | Uint8Array;
}

/** The fields of a message of numbers and bytes. Throws GrpcError. */
function fieldsOf(bytes: Uint8Array): readonly WireField[] {
  const fields: WireField[] = [];
  const read = (at: number) => {
    const found = readUvarint(bytes, at);
    if (!found) throw invalid("the bytes break off");
    return found;
  };
  for (let at = 0; at < bytes.length; ) {
    const tag = read(at);
    const head = read(tag.next);
    const [field, wire] = [Number(tag.value >> 3n), Number(tag.value & 7n)];
    if (wire !== 0 && wire !== 2) throw invalid(`field ${field}: unexpected wire type ${wire}`);
    const end = wire === 0 ? head.next : head.next + Number(head.value);
    if (end > bytes.length) throw invalid("the bytes break off");
    fields.push({ number: field, value: wire === 0 ? head.value : bytes.subarray(head.next, end) });
    at = end;
  }
  return fields;
}

function bytesOf(fields: readonly WireField[], number: number): Uint8Array[] {
  return fields.flatMap(({ number: own, value }) =>
    own === number && value instanceof Uint8Array ? [value] : [],
  );
}

function numberOf(fields: readonly WireField[], number: number): bigint {
  const found = fields.find((field) => field.number === number)?.value;
  return typeof found === "bigint" ? found : 0n;
}

function textOf(fields: readonly WireField[], number: number): string {
  const [bytes] = bytesOf(fields, number);
  if (!bytes) return "";
  try {
    return fromUtf8(bytes);
  } catch {
    throw invalid(`field ${number}: not UTF-8`);
  }
}
