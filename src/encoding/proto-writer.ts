/**
 * Writes protobuf messages whose bytes are hashed or signed and which cosmjs-types cannot encode:
 * canonical votes, wrapped header fields. Fields must be written in ascending order of their
 * numbers; zero values are left out, as proto3 and gogoproto do, except embedded messages.
 */
import protobuf from "protobufjs/minimal.js";

const wireVarint = 0;
const wireFixed64 = 1;
const wireBytes = 2;

/** A 64-bit number as protobufjs takes it without a dependency on Long. */
function halves(value: bigint) {
  return {
    low: Number(BigInt.asIntN(32, value)),
    high: Number(BigInt.asIntN(32, value >> 32n)),
    unsigned: false,
  };
}

/** One protobuf message in the making. */
export class ProtoWriter {
  readonly #writer = protobuf.Writer.create();

  /** uint32, uint64, bool and enum fields. The value must not be negative. */
  uint(field: number, value: bigint | number): this {
    return this.int64(field, BigInt(value));
  }

  /** int32 and int64 fields: a negative value takes ten bytes. */
  int64(field: number, value: bigint): this {
    if (value !== 0n) this.#tag(field, wireVarint).int64(halves(value));
    return this;
  }

  sfixed64(field: number, value: bigint): this {
    if (value !== 0n) this.#tag(field, wireFixed64).sfixed64(halves(value));
    return this;
  }

  bytes(field: number, value: Uint8Array): this {
    if (value.length > 0) this.#tag(field, wireBytes).bytes(value);
    return this;
  }

  string(field: number, value: string): this {
    if (value !== "") this.#tag(field, wireBytes).string(value);
    return this;
  }

  /** An embedded message, written even when it is empty (gogoproto: nullable=false). */
  message(field: number, encoded: Uint8Array): this {
    this.#tag(field, wireBytes).bytes(encoded);
    return this;
  }

  /** The finished message. The writer must not be used afterwards. */
  finish(): Uint8Array {
    return new Uint8Array(this.#writer.finish());
  }

  #tag(field: number, wireType: number) {
    return this.#writer.uint32(field * 8 + wireType);
  }
}
