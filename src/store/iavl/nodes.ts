/**
 * The nodes of one tree as 64-byte cells of a typed array, one cache line each. A node is a cell
 * number; 0 is no node. Committed nodes never change: an edit works on copies (edit.ts).
 *
 * Words of a cell: 0 left, 1 right, 2 record, 3 version (low 32 bits), 4 size, 5 height (8 bits),
 * whether it is hashed (1 bit) and version (high 21 bits), 6 and 7 the first eight bytes of the
 * search key, 8..15 the hash. Most comparisons on the way down end at words 6 and 7.
 */
import { GrowingMemory } from "./growing-memory.ts";
import { Preimage } from "./preimage.ts";
import { type RecordAddress, Records } from "./records.ts";

/** A cell number. The empty tree is noNode. */
export type NodeId = number;
export const noNode: NodeId = 0;

const cellWords = 16;
const hashWord = 8;
const hashBytes = 32;
const twoTo32 = 2 ** 32;
const heightMask = 0xff;
const hashedBit = 0x100;
const versionShift = 9;

/** A key to look for, with its first eight bytes as two big-endian words, padded with zeros. */
export interface Probe {
  readonly key: Uint8Array;
  readonly high: number;
  readonly low: number;
}

export function probeOf(key: Uint8Array): Probe {
  return { key, high: wordAt(key, 0), low: wordAt(key, 4) };
}

function wordAt(key: Uint8Array, at: number): number {
  const high = ((key[at] ?? 0) << 8) | (key[at + 1] ?? 0);
  return ((high << 16) | ((key[at + 2] ?? 0) << 8) | (key[at + 3] ?? 0)) >>> 0;
}

export class Nodes {
  readonly records = new Records();
  readonly #memory = new GrowingMemory();
  #words = this.#memory.words;
  #bytes = this.#memory.bytes;
  #used = 1;
  #free: NodeId[] = [];
  readonly #preimage = new Preimage();

  left(id: NodeId): NodeId {
    return this.#words[id * cellWords] as number;
  }
  right(id: NodeId): NodeId {
    return this.#words[id * cellWords + 1] as number;
  }
  /** A leaf's own record; for an inner node that of the first leaf on its right: its search key. */
  record(id: NodeId): RecordAddress {
    return this.#words[id * cellWords + 2] as number;
  }
  /** The version in which the node came to be: part of its hash. Below 2^53. */
  version(id: NodeId): number {
    const at = id * cellWords;
    const high = (this.#words[at + 5] as number) >>> versionShift;
    return high * twoTo32 + (this.#words[at + 3] as number);
  }
  /** How many leaves are below; 1 for a leaf. */
  size(id: NodeId): number {
    return this.#words[id * cellWords + 4] as number;
  }
  /** 0 for a leaf. */
  height(id: NodeId): number {
    return (this.#words[id * cellWords + 5] as number) & heightMask;
  }
  /** The order of a key relative to the search key: negative, zero or positive. */
  order(probe: Probe, id: NodeId): number {
    const words = this.#words;
    const at = id * cellWords;
    const high = probe.high - (words[at + 6] as number);
    if (high !== 0) return high;
    const low = probe.low - (words[at + 7] as number);
    return low !== 0 ? low : this.records.compare(probe.key, words[at + 2] as number);
  }
  /** Height of the left subtree less that of the right one. */
  balance(id: NodeId): number {
    return this.height(this.left(id)) - this.height(this.right(id));
  }

  addLeaf(probe: Probe, value: Uint8Array, version: number): NodeId {
    const id = this.#add(version);
    const words = this.#words;
    const at = id * cellWords;
    words[at] = noNode;
    words[at + 1] = noNode;
    words[at + 2] = this.records.add(probe.key, value);
    words[at + 4] = 1;
    words[at + 6] = probe.high;
    words[at + 7] = probe.low;
    return id;
  }

  /** The search key is that of `first`: the first leaf on the right. */
  addInner(parts: { left: NodeId; right: NodeId; first: NodeId; version: number }): NodeId {
    const id = this.#add(parts.version);
    this.setLeft(id, parts.left);
    this.setRight(id, parts.right);
    this.setSearchKey(id, parts.first);
    this.update(id);
    return id;
  }

  /** A new node with the same children and search key, of this version, not yet hashed. */
  copy(id: NodeId, version: number): NodeId {
    const copy = this.#add(version);
    const words = this.#words;
    const from = id * cellWords;
    const to = copy * cellWords;
    words[to] = words[from] as number;
    words[to + 1] = words[from + 1] as number;
    words[to + 4] = words[from + 4] as number;
    words[to + 5] = (words[to + 5] as number) | ((words[from + 5] as number) & heightMask);
    this.setSearchKey(copy, id);
    return copy;
  }

  setLeft(id: NodeId, child: NodeId): void {
    this.#words[id * cellWords] = child;
  }
  setRight(id: NodeId, child: NodeId): void {
    this.#words[id * cellWords + 1] = child;
  }
  /** Takes over the search key of another node, or the key of a leaf. */
  setSearchKey(id: NodeId, from: NodeId): void {
    const words = this.#words;
    const to = id * cellWords;
    const at = from * cellWords;
    words[to + 2] = words[at + 2] as number;
    words[to + 6] = words[at + 6] as number;
    words[to + 7] = words[at + 7] as number;
  }
  /** Forgets the hash of a node that is about to change. */
  unhash(id: NodeId): void {
    const at = id * cellWords + 5;
    this.#words[at] = (this.#words[at] as number) & ~hashedBit;
  }

  /** Makes the node one of another version, not yet hashed. */
  renew(id: NodeId, version: number): void {
    const words = this.#words;
    const at = id * cellWords;
    const height = (words[at + 5] as number) & heightMask;
    words[at + 3] = version % twoTo32;
    words[at + 5] = (Math.floor(version / twoTo32) << versionShift) | height;
  }

  /** Computes size and height again from the children. */
  update(id: NodeId): void {
    const left = this.left(id);
    const right = this.right(id);
    const words = this.#words;
    const at = id * cellWords;
    words[at + 4] = this.size(left) + this.size(right);
    const height = Math.max(this.height(left), this.height(right)) + 1;
    words[at + 5] = ((words[at + 5] as number) & ~heightMask) | height;
  }

  /** Gives the cell back, and with a leaf its record. */
  free(id: NodeId): void {
    if (this.height(id) === 0) this.records.free(this.record(id));
    this.#free.push(id);
  }

  /** The hash of a node (32 bytes, a copy); hashes what is not hashed below it. */
  hash(id: NodeId): Uint8Array {
    if (!this.#isHashed(id)) this.#rehash(id);
    const at = (id * cellWords + hashWord) * 4;
    return new Uint8Array(this.#bytes.subarray(at, at + hashBytes));
  }

  /** Cells in use, for tests of pruning and for metrics. */
  get live(): number {
    return this.#used - 1 - this.#free.length;
  }

  #isHashed(id: NodeId): boolean {
    return ((this.#words[id * cellWords + 5] as number) & hashedBit) !== 0;
  }

  /** Hashes a node that is not hashed yet, and what is not hashed below it. */
  #rehash(id: NodeId): void {
    const words = this.#words;
    const preimage = this.#preimage;
    const at = id * cellWords;
    const state = words[at + 5] as number;
    const height = state & heightMask;
    if (height > 0) {
      const left = words[at] as number;
      const right = words[at + 1] as number;
      if (!this.#isHashed(left)) this.#rehash(left);
      if (!this.#isHashed(right)) this.#rehash(right);
      preimage.begin(height, words[at + 4] as number, this.version(id));
      preimage.child(words, left * cellWords + hashWord);
      preimage.child(words, right * cellWords + hashWord);
    } else {
      preimage.begin(0, 1, this.version(id));
      const { key, value } = this.records.view(words[at + 2] as number);
      preimage.leaf(key, value);
    }
    this.#bytes.latin1Write(preimage.digest(), (at + hashWord) * 4, hashBytes);
    words[at + 5] = state | hashedBit;
  }

  /** A cell with this version, height 0 and no hash; the rest is what was there before. */
  #add(version: number): NodeId {
    const id = this.#free.pop() ?? this.#used++;
    if (id * cellWords >= this.#words.length) this.#grow();
    this.#words[id * cellWords + 3] = version % twoTo32;
    this.#words[id * cellWords + 5] = Math.floor(version / twoTo32) << versionShift;
    return id;
  }

  #grow(): void {
    this.#memory.grow();
    this.#words = this.#memory.words;
    this.#bytes = this.#memory.bytes;
  }
}
