/**
 * The nodes of one tree as cells of a typed array, laid out in cell.ts. A node is a cell number;
 * 0 is no node. Committed nodes never change: an edit works on copies (edit.ts). Most comparisons
 * on the way down end at the first eight bytes of the search key, which the cell holds.
 */
import {
  cellWords,
  hashBytes,
  hashedBit,
  hashWord,
  heightMask,
  setVersionAt,
  versionAt,
} from "./cell.ts";
import { GrowingMemory } from "./growing-memory.ts";
import { NodeBatch } from "./node-batch.ts";
import { nodeHasher } from "./node-hasher.ts";
import { type RecordAddress, Records } from "./records.ts";

/** A cell number. The empty tree is noNode. */
export type NodeId = number;
export const noNode: NodeId = 0;

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
  readonly #batch: NodeBatch;

  constructor(hashNodes = nodeHasher()) {
    this.#batch = new NodeBatch(hashNodes);
  }

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
    return versionAt(this.#words, id * cellWords);
  }
  /** How many leaves are below; 1 for a leaf. */
  size(id: NodeId): number {
    return this.#words[id * cellWords + 4] as number;
  }
  /** 0 for a leaf. */
  height(id: NodeId): number {
    return (this.#words[id * cellWords + 5] as number) & heightMask;
  }
  /** The order of a key relative to the search key, or a leaf's own: negative, zero or positive. */
  order(probe: Probe, id: NodeId): number {
    const words = this.#words;
    const at = id * cellWords;
    const high = probe.high - (words[at + 6] as number);
    if (high !== 0) return high;
    const low = probe.low - (words[at + 7] as number);
    return low !== 0 ? low : this.records.compare(probe.key, words[at + 2] as number);
  }
  /** The leaf at which the search for a key ends. */
  leafFor(probe: Probe, root: NodeId): NodeId {
    // order(), with what stays the same taken out of the loop: reads of the state end up here.
    const { high, low, key } = probe;
    const words = this.#words;
    let id = root;
    for (;;) {
      const at = id * cellWords;
      if (((words[at + 5] as number) & heightMask) === 0) return id;
      let order = high - (words[at + 6] as number);
      if (order === 0) order = low - (words[at + 7] as number);
      if (order === 0) order = this.records.compare(key, words[at + 2] as number);
      id = words[order < 0 ? at : at + 1] as number;
    }
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
    setVersionAt(this.#words, id * cellWords, version, this.height(id));
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
    if (!this.#isHashed(id)) {
      this.#collect(id);
      this.#batch.hash(this.#words);
    }
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

  /** Collects a node that is not hashed yet, after what is not hashed below it. */
  #collect(id: NodeId): void {
    const words = this.#words;
    const at = id * cellWords;
    if (((words[at + 5] as number) & heightMask) === 0) {
      this.#batch.addLeaf(id, this.records.raw(words[at + 2] as number));
    } else {
      const left = words[at] as number;
      const right = words[at + 1] as number;
      if (!this.#isHashed(left)) this.#collect(left);
      if (!this.#isHashed(right)) this.#collect(right);
      this.#batch.addInner(id);
    }
    if (this.#batch.isFull) this.#batch.hash(words);
  }

  /** A cell with this version, height 0 and no hash; the rest is what was there before. */
  #add(version: number): NodeId {
    const id = this.#free.pop() ?? this.#used++;
    if (id * cellWords >= this.#words.length) this.#grow();
    setVersionAt(this.#words, id * cellWords, version);
    return id;
  }

  #grow(): void {
    this.#memory.grow();
    this.#words = this.#memory.words;
    this.#bytes = this.#memory.bytes;
  }
}
