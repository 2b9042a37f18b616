/**
 * Stands in for @bufbuild/protobuf/wire under the generated codecs of src/gen: the same bytes, with
 * one growing buffer for a message instead of an array for every piece. Only what that code calls.
 */
const initialBytes = 512;
const kept: Uint8Array[] = [];

export class BinaryWriter {
  #buffer = kept.pop() ?? new Uint8Array(initialBytes);
  #length = 0;
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

  bool(value: boolean): this {
    return this.uint32(value ? 1 : 0);
  }

  int64(value: bigint): this {
    if (value >= 0n && value <= 0xffff_ffffn) return this.uint32(Number(value));
    this.#reserve(10);
    let rest = BigInt.asUintN(64, value);
    for (; rest >= 0x80n; rest >>= 7n) {
      this.#buffer[this.#length++] = Number(rest & 0x7fn) | 0x80;
    }
    this.#buffer[this.#length++] = Number(rest);
    return this;
  }

  uint64(value: bigint): this {
    return this.int64(value);
  }

  bytes(value: Uint8Array): this {
    this.uint32(value.length);
    this.#reserve(value.length);
    this.#buffer.set(value, this.#length);
    this.#length += value.length;
    return this;
  }

  string(value: string): this {
    return this.bytes(Buffer.from(value, "utf8"));
  }

  fork(): this {
    this.#starts.push(this.#length);
    return this;
  }

  join(): this {
    const start = this.#starts.pop() ?? 0;
    const size = this.#length - start;
    const sizeBytes = size < 0x80 ? 1 : size < 0x4000 ? 2 : size < 0x20_0000 ? 3 : 4;
    this.#reserve(sizeBytes);
    this.#buffer.copyWithin(start + sizeBytes, start, this.#length);
    this.#length = start;
    this.uint32(size);
    this.#length = start + sizeBytes + size;
    return this;
  }

  finish(): Uint8Array {
    const message = this.#buffer.slice(0, this.#length);
    if (this.#buffer.length <= 65_536) kept.push(this.#buffer);
    return message;
  }

  #reserve(more: number): void {
    const needed = this.#length + more;
    if (needed <= this.#buffer.length) return;
    const larger = new Uint8Array(Math.max(needed, this.#buffer.length * 2));
    larger.set(this.#buffer.subarray(0, this.#length));
    this.#buffer = larger;
  }
}

export class BinaryReader {
  pos = 0;
  readonly len: number;
  readonly #bytes: Uint8Array;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.len = bytes.length;
  }

  uint32(): number {
    const first = this.#bytes[this.pos] ?? 0x80;
    if (first >= 0x80) return Number(BigInt.asUintN(32, this.uint64()));
    this.pos += 1;
    return first;
  }

  int32(): number {
    return this.uint32() | 0;
  }

  uint64(): bigint {
    let value = 0;
    for (let shift = 0; shift < 28; shift += 7) {
      const byte = this.#bytes[this.pos++];
      if (byte === undefined) throw new RangeError("premature end");
      value |= (byte & 0x7f) << shift;
      if (byte < 0x80) return BigInt(value);
    }
    let large = BigInt(value);
    for (let shift = 28n; shift < 70n; shift += 7n) {
      const byte = this.#bytes[this.pos++];
      if (byte === undefined) throw new RangeError("premature end");
      large |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return BigInt.asUintN(64, large);
    }
    throw new Error("invalid varint");
  }

  int64(): bigint {
    return BigInt.asIntN(64, this.uint64());
  }

  bool(): boolean {
    return this.uint64() !== 0n;
  }

  bytes(): Uint8Array {
    const length = this.uint32();
    const start = this.pos;
    this.pos += length;
    if (this.pos > this.len) throw new RangeError("premature end");
    return this.#bytes.subarray(start, this.pos);
  }

  string(): string {
    return Buffer.from(this.bytes()).toString("utf8");
  }

  skip(wireType: number): void {
    if (wireType === 0) this.uint64();
    else if (wireType === 1) this.pos += 8;
    else if (wireType === 5) this.pos += 4;
    else if (wireType === 2) this.bytes();
    else throw new Error(`wire type ${wireType}`);
    if (this.pos > this.len) throw new RangeError("premature end");
  }
}
