/**
 * The nodes of one tree as 64-byte cells of a typed array, one cache line each. A node is a cell
 * number; 0 is no node. Committed nodes never change: an edit works on copies (edit.ts).
 *
 * Words of a cell: 0 left, 1 right, 2 record, 3 and 4 version (low, high), 5 size, 6 height,
 * 7 whether it is hashed, 8..15 the hash.
 */
import { hash } from "node:crypto";
import { type RecordAddress, Records } from "./records.ts";

/** A cell number. The empty tree is noNode. */
export type NodeId = number;
export const noNode: NodeId = 0;

const cellWords = 16;
const cellBytes = cellWords * 4;
const hashOffset = 32;
export const hashBytes = 32;
const firstCells = 64;
const twoTo32 = 2 ** 32;

export class Nodes {
  readonly records = new Records();
  #words = new Uint32Array(firstCells * cellWords);
  #bytes = Buffer.from(this.#words.buffer);
  #used = 1;
  #free: NodeId[] = [];
  readonly #scratch = new Scratch();

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
    return (this.#words[at + 4] as number) * twoTo32 + (this.#words[at + 3] as number);
  }
  /** How many leaves are below; 1 for a leaf. */
  size(id: NodeId): number {
    return this.#words[id * cellWords + 5] as number;
  }
  /** 0 for a leaf. */
  height(id: NodeId): number {
    return this.#words[id * cellWords + 6] as number;
  }
  /** Height of the left subtree less that of the right one. */
  balance(id: NodeId): number {
    return this.height(this.left(id)) - this.height(this.right(id));
  }

  addLeaf(key: Uint8Array, value: Uint8Array, version: number): NodeId {
    const record = this.records.add(key, value);
    return this.#add({ left: noNode, right: noNode, record, version, size: 1, height: 0 });
  }

  addInner(parts: { left: NodeId; right: NodeId; record: RecordAddress; version: number }): NodeId {
    const id = this.#add({ ...parts, size: 0, height: 0 });
    this.update(id);
    return id;
  }

  /** A new node with the same children and search key, of this version, not yet hashed. */
  copy(id: NodeId, version: number): NodeId {
    const [left, right, record] = [this.left(id), this.right(id), this.record(id)];
    return this.#add({
      left,
      right,
      record,
      version,
      size: this.size(id),
      height: this.height(id),
    });
  }

  setLeft(id: NodeId, child: NodeId): void {
    this.#words[id * cellWords] = child;
  }
  setRight(id: NodeId, child: NodeId): void {
    this.#words[id * cellWords + 1] = child;
  }
  setRecord(id: NodeId, record: RecordAddress): void {
    this.#words[id * cellWords + 2] = record;
  }
  /** Forgets the hash of a node that is about to change. */
  unhash(id: NodeId): void {
    this.#words[id * cellWords + 7] = 0;
  }

  /** Computes size and height again from the children. */
  update(id: NodeId): void {
    const [left, right] = [this.left(id), this.right(id)];
    const at = id * cellWords;
    this.#words[at + 5] = this.size(left) + this.size(right);
    this.#words[at + 6] = Math.max(this.height(left), this.height(right)) + 1;
  }

  /** Gives the cell back, and with a leaf its record. */
  free(id: NodeId): void {
    if (this.height(id) === 0) this.records.free(this.record(id));
    this.#free.push(id);
  }

  /** The hash of a node (32 bytes, a copy); hashes what is not hashed below it. */
  hash(id: NodeId): Uint8Array {
    this.#ensureHashed(id);
    const at = id * cellBytes + hashOffset;
    return new Uint8Array(this.#bytes.subarray(at, at + hashBytes));
  }

  /** Cells in use, for tests of pruning and for metrics. */
  get live(): number {
    return this.#used - 1 - this.#free.length;
  }

  #ensureHashed(id: NodeId): void {
    if (this.#words[id * cellWords + 7] === 1) return;
    const height = this.height(id);
    if (height > 0) {
      this.#ensureHashed(this.left(id));
      this.#ensureHashed(this.right(id));
    }
    const scratch = this.#scratch;
    scratch.begin(height, this.size(id), this.version(id));
    if (height === 0) {
      const { key, value } = this.records.view(this.record(id));
      scratch.leaf(key, value);
    } else {
      scratch.child(this.#bytes, this.left(id) * cellBytes + hashOffset);
      scratch.child(this.#bytes, this.right(id) * cellBytes + hashOffset);
    }
    this.#bytes.write(scratch.digest(), id * cellBytes + hashOffset, hashBytes, "latin1");
    this.#words[id * cellWords + 7] = 1;
  }

  #add(parts: {
    left: NodeId;
    right: NodeId;
    record: RecordAddress;
    version: number;
    size: number;
    height: number;
  }): NodeId {
    const id = this.#free.pop() ?? this.#used++;
    if (id * cellWords >= this.#words.length) this.#grow();
    const [words, at] = [this.#words, id * cellWords];
    words[at] = parts.left;
    words[at + 1] = parts.right;
    words[at + 2] = parts.record;
    words[at + 3] = parts.version % twoTo32;
    words[at + 4] = Math.floor(parts.version / twoTo32);
    words[at + 5] = parts.size;
    words[at + 6] = parts.height;
    words[at + 7] = 0;
    return id;
  }

  #grow(): void {
    const words = new Uint32Array(this.#words.length * 2);
    words.set(this.#words);
    this.#words = words;
    this.#bytes = Buffer.from(words.buffer);
  }
}

/**
 * The preimage of a node hash: cosmos/iavl v1 node.go writeHashBytes. Zig-zag varints of height,
 * size and version; then key and value hash, or both children's hashes, length-prefixed.
 */
class Scratch {
  #bytes = Buffer.alloc(128);
  #length = 0;

  begin(height: number, size: number, version: number): void {
    this.#length = 0;
    this.#uvarint(height * 2); // Zig-zag of a number that is not negative.
    this.#uvarint(size * 2);
    this.#uvarint(version * 2);
  }

  leaf(key: Uint8Array, value: Uint8Array): void {
    if (this.#length + key.length + 48 > this.#bytes.length) {
      const larger = Buffer.alloc((key.length + 96) * 2);
      this.#bytes.copy(larger);
      this.#bytes = larger;
    }
    this.#uvarint(key.length);
    this.#bytes.set(key, this.#length);
    this.#length += key.length;
    this.#bytes[this.#length++] = hashBytes;
    this.#bytes.write(hash("sha256", value, "binary"), this.#length, hashBytes, "latin1");
    this.#length += hashBytes;
  }

  child(source: Uint8Array, offset: number): void {
    const [bytes, at] = [this.#bytes, this.#length];
    bytes[at] = hashBytes;
    for (let i = 0; i < hashBytes; i++) bytes[at + 1 + i] = source[offset + i] as number;
    this.#length = at + 1 + hashBytes;
  }

  /** SHA-256 as a string of one char per byte: no allocation outside the young heap. */
  digest(): string {
    return hash("sha256", this.#bytes.subarray(0, this.#length), "binary");
  }

  #uvarint(value: number): void {
    let rest = value;
    while (rest >= 0x80) {
      this.#bytes[this.#length++] = (rest % 0x80) | 0x80;
      rest = Math.floor(rest / 0x80);
    }
    this.#bytes[this.#length++] = rest;
  }
}
