/**
 * Another reader and writer under the generated codecs of cosmjs-types, installed by importing this
 * file (docs/adr/065). Theirs writes 64-bit numbers from 2^31 to 2^32-1 wrong, takes a fresh 8 KiB
 * slab for every message, and binds a function for every varint it reads.
 */
import { BinaryReader, BinaryWriter } from "cosmjs-types/binary";
import { utf8Length, utf8Write } from "cosmjs-types/utf8";
import { varint32read, varint64read } from "cosmjs-types/varint";
import { latin1 } from "./latin1.ts";
import { copyRange } from "./slab.ts";

const initialBytes = 1024;
/** Larger buffers are not kept: one large message must not hold its memory for ever. */
const keptBytes = 65_536;
const keptBuffers = 16;
/** Messages being written can be inside one another, each with a buffer of its own. */
const buffers: Uint8Array[] = [];

/** Writes one message; the methods are those that generated code calls. */
class Writer {
  #buffer = buffers.pop() ?? new Uint8Array(initialBytes);
  #length = 0;
  /** Where the messages under way begin. */
  readonly #starts: number[] = [];

  uint32(value: number): this {
    this.#reserve(5);
    let rest = value >>> 0;
    while (rest >= 0x80) {
      this.#buffer[this.#length++] = (rest & 0x7f) | 0x80;
      rest >>>= 7;
    }
    this.#buffer[this.#length++] = rest;
    return this;
  }

  int32(value: number): this {
    return value < 0 ? this.int64(BigInt(value)) : this.uint32(value);
  }

  int64(value: bigint): this {
    if (value >= 0n && value <= 0xffff_ffffn) return this.uint32(Number(value));
    this.#reserve(10);
    let low = Number(BigInt.asUintN(32, value));
    let high = Number(BigInt.asUintN(32, value >> 32n));
    while (high > 0 || low >= 0x80) {
      this.#buffer[this.#length++] = (low & 0x7f) | 0x80;
      low = ((low >>> 7) | (high << 25)) >>> 0;
      high >>>= 7;
    }
    this.#buffer[this.#length++] = low;
    return this;
  }

  uint64(value: bigint): this {
    return this.int64(value);
  }

  bool(value: boolean): this {
    return this.uint32(value ? 1 : 0);
  }

  fixed32(value: number): this {
    this.#reserve(4);
    for (let shift = 0; shift < 32; shift += 8) {
      this.#buffer[this.#length++] = (value >>> shift) & 0xff;
    }
    return this;
  }

  fixed64(value: bigint): this {
    this.fixed32(Number(BigInt.asUintN(32, value)));
    return this.fixed32(Number(BigInt.asUintN(32, value >> 32n)));
  }

  sfixed64(value: bigint): this {
    return this.fixed64(value);
  }

  bytes(value: Uint8Array): this {
    this.uint32(value.length);
    this.#reserve(value.length);
    this.#buffer.set(value, this.#length);
    this.#length += value.length;
    return this;
  }

  string(value: string): this {
    const size = utf8Length(value);
    this.uint32(size);
    this.#reserve(size);
    if (size !== value.length) utf8Write(value, this.#buffer, this.#length);
    else for (let i = 0; i < size; i++) this.#buffer[this.#length + i] = value.charCodeAt(i);
    this.#length += size;
    return this;
  }

  /** Begins a message whose length comes before it. */
  fork(): this {
    this.#starts.push(this.#length);
    return this;
  }

  /** Ends the innermost message: makes room for its length where it began. */
  ldelim(): this {
    const start = this.#starts.pop();
    if (start === undefined) throw new Error("ldelim without fork");
    const size = this.#length - start;
    const sizeBytes =
      size < 0x80 ? 1 : size < 0x4000 ? 2 : size < 0x20_0000 ? 3 : size < 0x1000_0000 ? 4 : 5;
    this.#reserve(sizeBytes);
    this.#buffer.copyWithin(start + sizeBytes, start, this.#length);
    const end = this.#length + sizeBytes;
    this.#length = start;
    this.uint32(size);
    this.#length = end;
    return this;
  }

  /** The message. The writer must not be used afterwards. */
  finish(): Uint8Array {
    const buffer = this.#buffer;
    if (buffer.length <= keptBytes && buffers.length < keptBuffers) buffers.push(buffer);
    return copyRange(buffer, 0, this.#length);
  }

  #reserve(more: number): void {
    const needed = this.#length + more;
    if (needed <= this.#buffer.length) return;
    const larger = new Uint8Array(Math.max(needed, this.#buffer.length * 2));
    larger.set(this.#buffer.subarray(0, this.#length));
    this.#buffer = larger;
  }
}

type Reader = BinaryReader;
const slowString = BinaryReader.prototype.string;

/** One and two bytes, which nearly all tags and lengths have; the rest as before. */
function readUint32(this: Reader): number {
  const { buf, pos } = this;
  const first = buf[pos] ?? 0x80;
  if (first < 0x80) {
    this.pos = pos + 1;
    return first;
  }
  const second = buf[pos + 1] ?? 0x80;
  if (second >= 0x80) return varint32read.call(this);
  this.pos = pos + 2;
  return (first & 0x7f) | (second << 7);
}

function readUint64(this: Reader): bigint {
  const [low, high] = varint64read.call(this);
  return high === 0 ? BigInt(low >>> 0) : (BigInt(high >>> 0) << 32n) | BigInt(low >>> 0);
}

function readInt64(this: Reader): bigint {
  return BigInt.asIntN(64, readUint64.call(this));
}

function readBool(this: Reader): boolean {
  return readUint64.call(this) !== 0n;
}

function readString(this: Reader): string {
  const start = this.pos;
  const bytes = this.bytes();
  for (const byte of bytes) {
    if (byte < 0x80) continue;
    this.pos = start;
    return slowString.call(this);
  }
  return latin1(bytes);
}

BinaryWriter.create = () => new Writer() as unknown as BinaryWriter;
Object.assign(BinaryReader.prototype, {
  uint32: readUint32,
  uint64: readUint64,
  int64: readInt64,
  bool: readBool,
  string: readString,
});
