/**
 * Decoding that refuses what it does not know. Generated decoders skip unknown fields and trust
 * wire types; a signed message must not carry fields that this node ignores and another obeys
 * (cosmos-sdk codec/unknownproto). Both decoder families pass one reader through all nested
 * messages, so a reader that refuses is enough.
 */
import { BinaryReader as ProtoReader } from "@bufbuild/protobuf/wire";
import { BinaryReader as CosmjsReader } from "cosmjs-types/binary";
import { fromUtf8 } from "../../encoding/bytes.ts";
import { latin1Range } from "../../encoding/runtime/latin1.ts";
import { copyRange } from "../../encoding/runtime/slab.ts";
import { checkWire } from "../../encoding/wire.ts";
import type { Codec } from "../../modules/module.ts";

/** Unknown fields whose number has bit 10 set may be ignored (ADR-020 of the SDK). */
export type UnknownFields = "refuse" | "refuse critical";

/** Whether somebody may still write into the bytes of a message. */
export type Memory = "foreign" | "owned";

/** A decoded message. */
export interface StrictDecoded<T> {
  readonly message: T;
  readonly hasUnknownFields: boolean;
}

const nothing = new Uint8Array(0);
const nonCriticalBit = 1 << 10;
/**
 * Messages within messages, fields of bytes included. A number, because decoders recurse: where
 * the stack ends differs from node to node, and with it the result of the transaction would.
 */
const maxDepth = 32;

/** A reader of cosmjs-types that checks wire types, the ends of nested messages, and UTF-8. */
class StrictCosmjsReader extends CosmjsReader {
  readonly #unknown: UnknownFields;
  /** Wire type of the tag whose value comes next; undefined where a tag comes next. */
  #wire: number | undefined;
  #field = 0;
  readonly #ends: number[] = [];
  hasUnknownFields = false;
  constructor(bytes: Uint8Array, unknown: UnknownFields) {
    super(nothing);
    this.buf = bytes;
    this.len = bytes.length;
    this.#unknown = unknown;
  }

  override uint32(): number {
    const wire = this.#wire;
    this.#wire = undefined;
    if (wire === undefined) return this.#tag();
    const value = super.uint32();
    if (wire === 2) this.#enter(value);
    else if (wire !== 0) throw new RangeError("wrong wire type");
    return value;
  }

  #tag(): number {
    this.closeMessages();
    const tag = super.uint32();
    this.#wire = tag & 7;
    this.#field = tag >>> 3;
    if (this.#field === 0 || this.#wire === 3 || this.#wire === 4) throw new RangeError("bad tag");
    return tag;
  }

  #enter(length: number): void {
    if (this.#ends.length >= maxDepth) throw new RangeError(`nests deeper than ${maxDepth} levels`);
    this.#ends.push(this.pos + length);
  }

  /** Whatever ended must have ended exactly here. */
  closeMessages(): void {
    for (;;) {
      const end = this.#ends.at(-1);
      if (end === undefined || end > this.pos) return;
      if (end < this.pos) throw new RangeError("a field runs over the end of its message");
      this.#ends.pop();
    }
  }

  get isAtEnd(): boolean {
    this.closeMessages();
    return this.pos === this.len && this.#ends.length === 0 && this.#wire === undefined;
  }

  override skipType(wireType: number): this {
    const isIgnorable = (this.#field & nonCriticalBit) !== 0;
    if (this.#unknown === "refuse" || !isIgnorable) {
      throw new RangeError(`unknown field ${this.#field}`);
    }
    this.hasUnknownFields = true;
    this.#wire = wireType === 2 ? 2 : undefined;
    return super.skipType(wireType);
  }

  override bytes(): Uint8Array {
    if (this.#wire !== 2) throw new RangeError("wrong wire type");
    return super.bytes();
  }

  override string(): string {
    if (this.#wire !== 2) throw new RangeError("wrong wire type");
    const length = this.uint32();
    const { buf, pos: start } = this;
    const end = start + length;
    if (end > this.len) throw new RangeError("premature EOF");
    this.pos = end;
    for (let i = start; i < end; i++) {
      if ((buf[i] as number) >= 0x80) return fromUtf8(buf.subarray(start, end)); // i < length
    }
    return latin1Range(buf, start, end);
  }

  override int32(): number {
    this.#scalar(0);
    this.#wire = 0; // super reads it through uint32.
    return super.int32();
  }

  override int64(): bigint {
    this.#scalar(0);
    return super.int64();
  }

  override uint64(): bigint {
    this.#scalar(0);
    return super.uint64();
  }

  override bool(): boolean {
    this.#scalar(0);
    return super.bool();
  }

  override sfixed64(): bigint {
    this.#scalar(1);
    return super.sfixed64();
  }

  /** Before a scalar: its tag has this wire type, or it is an element of a packed list. */
  #scalar(wire: number): void {
    if (this.#wire !== undefined && this.#wire !== wire) throw new RangeError("wrong wire type");
    this.#wire = undefined;
  }
}

/** A reader of src/gen, whose decoders check wire types themselves and skip what does not fit. */
class StrictProtoReader extends ProtoReader {
  constructor(bytes: Uint8Array) {
    super(bytes, fromUtf8);
  }

  override skip(): Uint8Array<ArrayBuffer> {
    throw new RangeError("unknown field");
  }
}

type Family = "cosmjs" | "gen";
const families = new WeakMap<Codec<unknown>, Family>();

/** Decodes a whole message. A string says why the bytes are refused. Never throws. */
export function decodeStrict<T>(
  codec: Codec<T>,
  bytes: Uint8Array,
  options: {
    readonly unknown: UnknownFields;
    readonly maxBytes: number;
    /** "foreign" unless it is said: the message then gets a copy. */
    readonly memory?: Memory;
  },
): StrictDecoded<T> | string {
  const problem = checkWire(bytes, { maxBytes: options.maxBytes });
  if (problem !== undefined) return problem;
  // Both generated decoders take a reader of their own family where Codec names only bytes.
  const decode = codec.decode.bind(codec) as (reader: unknown) => T;
  try {
    if (familyOf(codec) === "gen") {
      const reader = new StrictProtoReader(bytes);
      const message = decode(reader);
      return reader.pos === reader.len ? { message, hasUnknownFields: false } : "trailing bytes";
    }
    // What is handed out stays as it is, whatever the caller does.
    const own = options.memory === "owned" ? bytes : copyRange(bytes, 0, bytes.length);
    const reader = new StrictCosmjsReader(own, options.unknown);
    const message = decode(reader);
    if (!reader.isAtEnd) return "a field runs over the end of its message";
    return { message, hasUnknownFields: reader.hasUnknownFields };
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

/** Field 2,097,151, which no message has, as the number 0. */
const unknownField = Uint8Array.of(0xf8, 0xff, 0xff, 0x07, 0x00);

/** Which family of generated code this is: only its own reader meets the unknown field. */
function familyOf(codec: Codec<unknown>): Family {
  const known = families.get(codec);
  if (known) return known;
  const probe = new StrictCosmjsReader(unknownField, "refuse critical");
  let family: Family = "gen";
  try {
    (codec.decode.bind(codec) as (reader: unknown) => unknown)(probe);
    if (probe.hasUnknownFields) family = "cosmjs";
  } catch {
    // Generated code of the other family cannot read the probe at all.
  }
  families.set(codec, family);
  return family;
}
