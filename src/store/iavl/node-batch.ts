/**
 * Nodes to hash, collected so that one call hashes thousands of them: leaves with their records,
 * then inner nodes, children before parents.
 */
import type { NodeHasher } from "./node-hasher.ts";

/** A batch of more is hashed in pieces, so that opening a large tree needs little memory. */
const nodesMax = 1 << 15;
const recordBytesMax = 1 << 22;

export class NodeBatch {
  readonly #hashNodes: NodeHasher;
  #leaves = new Uint32Array(64);
  #inner = new Uint32Array(256);
  #records = new Uint8Array(4096);
  #leafCount = 0;
  #innerCount = 0;
  #recordBytes = 0;

  constructor(hashNodes: NodeHasher) {
    this.#hashNodes = hashNodes;
  }

  /** Whether it is time to hash what was collected. */
  get isFull(): boolean {
    return this.#leafCount + this.#innerCount >= nodesMax || this.#recordBytes >= recordBytesMax;
  }

  /** The record as Records.raw() gives it. */
  addLeaf(cell: number, record: Uint8Array): void {
    if (this.#leafCount === this.#leaves.length) this.#leaves = doubled(this.#leaves);
    this.#leaves[this.#leafCount++] = cell;
    const end = this.#recordBytes + record.length + (-record.length & 7);
    if (end > this.#records.length) this.#growRecords(end);
    this.#records.set(record, this.#recordBytes);
    this.#recordBytes = end;
  }

  /** Its children are hashed, or were added before. */
  addInner(cell: number): void {
    if (this.#innerCount === this.#inner.length) this.#inner = doubled(this.#inner);
    this.#inner[this.#innerCount++] = cell;
  }

  /** Hashes what was collected, and holds nothing afterwards. */
  hash(cells: Uint32Array): void {
    this.#hashNodes({
      cells,
      leaves: this.#leaves.subarray(0, this.#leafCount),
      records: this.#records.subarray(0, this.#recordBytes),
      inner: this.#inner.subarray(0, this.#innerCount),
    });
    this.#leafCount = 0;
    this.#innerCount = 0;
    this.#recordBytes = 0;
  }

  #growRecords(needed: number): void {
    const larger = new Uint8Array(needed * 2);
    larger.set(this.#records.subarray(0, this.#recordBytes));
    this.#records = larger;
  }
}

function doubled(ids: Uint32Array): Uint32Array<ArrayBuffer> {
  const larger = new Uint32Array(ids.length * 2);
  larger.set(ids);
  return larger;
}
