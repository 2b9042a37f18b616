/**
 * Fixed-size sets of small numbers: which parts or votes a node has. What peers tell each other,
 * in the wire form and the text form of CometBFT (libs/bits).
 */

const wordBits = 32;

/** tendermint.libs.bits.BitArray. */
export interface ProtoBitArray {
  bits: bigint;
  elems: bigint[];
}

/** Returns a whole number in 0..below-1. The caller owns the randomness. */
export type PickBelow = (below: number) => number;

/** A fixed number of bits. Bits outside the size read as false and cannot be set. */
export class BitArray {
  readonly size: number;
  readonly #words: Uint32Array;

  constructor(size: number) {
    this.size = size;
    this.#words = new Uint32Array(Math.ceil(size / wordBits));
  }

  /** As many bits as there are flags. */
  static from(flags: readonly boolean[]): BitArray {
    const array = new BitArray(flags.length);
    for (const [index, flag] of flags.entries()) if (flag) array.set(index, true);
    return array;
  }

  get(index: number): boolean {
    if (!this.#isInside(index)) return false;
    return ((this.#word(index) >>> (index % wordBits)) & 1) === 1;
  }

  /** False when the index is outside: nothing was set. */
  set(index: number, value: boolean): boolean {
    if (!this.#isInside(index)) return false;
    const mask = 1 << (index % wordBits);
    const word = this.#word(index);
    this.#words[Math.floor(index / wordBits)] = value ? word | mask : word & ~mask;
    return true;
  }

  copy(): BitArray {
    return this.#combine(this, this.size, (own) => own);
  }

  /** Set in either; as long as the longer one. */
  or(other: BitArray): BitArray {
    return this.#combine(other, Math.max(this.size, other.size), (own, its) => own | its);
  }

  /** Set in both; as long as the shorter one. */
  and(other: BitArray): BitArray {
    return this.#combine(other, Math.min(this.size, other.size), (own, its) => own & its);
  }

  /** Set here and not there; as long as this one. */
  sub(other: BitArray): BitArray {
    return this.#combine(other, this.size, (own, its) => own & ~its);
  }

  /** The complement, within the size. */
  not(): BitArray {
    return this.#combine(this, this.size, (own) => ~own);
  }

  /** How many bits are set. */
  count(): number {
    return this.indices().length;
  }

  isEmpty(): boolean {
    return this.#words.every((word) => word === 0);
  }

  isFull(): boolean {
    return this.count() === this.size;
  }

  equals(other: BitArray): boolean {
    return this.size === other.size && this.sub(other).isEmpty() && other.sub(this).isEmpty();
  }

  /** The positions of the set bits, ascending. */
  indices(): number[] {
    const found: number[] = [];
    for (let index = 0; index < this.size; index++) if (this.get(index)) found.push(index);
    return found;
  }

  /** A set bit chosen by the caller's randomness; undefined when none is set. */
  pickRandom(pickBelow: PickBelow): number | undefined {
    const candidates = this.indices();
    return candidates.length === 0 ? undefined : candidates[pickBelow(candidates.length)];
  }

  /** "x" for a set bit, "_" for a clear one. */
  bits(): string {
    let text = "";
    for (let index = 0; index < this.size; index++) text += this.get(index) ? "x" : "_";
    return text;
  }

  /** CometBFT's text form, such as BA{4:x_x_}. */
  toString(): string {
    return this.size === 0 ? "nil-BitArray" : `BA{${this.size}:${this.bits()}}`;
  }

  toProto(): ProtoBitArray {
    const elems: bigint[] = [];
    for (let i = 0; i < this.#words.length; i += 2) {
      elems.push(BigInt(this.#words[i] ?? 0) | (BigInt(this.#words[i + 1] ?? 0) << 32n));
    }
    return { bits: BigInt(this.size), elems };
  }

  /**
   * The array of a message; undefined when it claims more than maxBits, or a number of words that
   * does not fit its bits. Bits beyond the size are dropped.
   */
  static fromProto(proto: ProtoBitArray, maxBits: number): BitArray | undefined {
    if (proto.bits < 0n || proto.bits > BigInt(maxBits)) return undefined;
    const array = new BitArray(Number(proto.bits));
    if (proto.elems.length !== Math.ceil(array.size / 64)) return undefined;
    for (const [i, elem] of proto.elems.entries()) {
      array.#words[2 * i] = Number(BigInt.asUintN(32, elem));
      const high = 2 * i + 1;
      if (high < array.#words.length) array.#words[high] = Number(BigInt.asUintN(32, elem >> 32n));
    }
    array.#clearBeyondSize();
    return array;
  }

  #combine(other: BitArray, size: number, merge: (own: number, its: number) => number): BitArray {
    const merged = new BitArray(size);
    for (let i = 0; i < merged.#words.length; i++) {
      merged.#words[i] = merge(this.#words[i] ?? 0, other.#words[i] ?? 0);
    }
    merged.#clearBeyondSize();
    return merged;
  }

  #clearBeyondSize(): void {
    const used = this.size % wordBits;
    const last = this.#words.length - 1;
    if (used > 0) this.#words[last] = (this.#words[last] ?? 0) & ((1 << used) - 1);
  }

  #word(index: number): number {
    return this.#words[Math.floor(index / wordBits)] ?? 0;
  }

  #isInside(index: number): boolean {
    return Number.isInteger(index) && index >= 0 && index < this.size;
  }
}
