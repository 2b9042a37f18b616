/**
 * A block's bytes in parts of 64 KiB under a Merkle root, so that a block can travel from many
 * peers at once and each part is checked on its own.
 */
import type { Part, PartSetHeader } from "cosmjs-types/tendermint/types/types";
import { merkleProofs, verifyMerkleProof } from "../crypto/merkle.ts";
import { concat } from "../encoding/bytes.ts";
import { BitArray } from "./bit-array.ts";
import { maxBlockParts } from "./block-id.ts";

/** Size of every part but the last. */
export const blockPartSizeBytes = 65_536;

/** Why a part that arrived from outside is malformed, or undefined (Part.ValidateBasic). */
export function validatePartBasic(part: Part): string | undefined {
  const { length } = part.bytes;
  if (length > blockPartSizeBytes) return `part of ${length} bytes`;
  const isLast = BigInt(part.index) + 1n >= part.proof.total;
  if (!isLast && length !== blockPartSizeBytes) return `inner part of ${length} bytes`;
  if (BigInt(part.index) !== part.proof.index) {
    return `part ${part.index} has the proof of part ${part.proof.index}`;
  }
  return undefined; // The rest of the proof is checked against the header by PartSet.add.
}

/** The parts of one block, complete or filling up. */
export class PartSet {
  readonly header: PartSetHeader;
  readonly #parts: (Part | undefined)[];
  readonly #bits: BitArray;
  #count = 0;
  #byteSize = 0;

  private constructor(header: PartSetHeader) {
    this.header = header;
    this.#parts = Array.from({ length: header.total });
    this.#bits = new BitArray(header.total);
  }

  /** The complete set of an encoded block, which must not be empty. */
  static fromBytes(bytes: Uint8Array): PartSet {
    const pieces: Uint8Array[] = [];
    for (let start = 0; start < bytes.length; start += blockPartSizeBytes) {
      pieces.push(bytes.subarray(start, start + blockPartSizeBytes));
    }
    const { root, proofs } = merkleProofs(pieces);
    const set = new PartSet({ total: pieces.length, hash: root });
    for (const [index, piece] of pieces.entries()) {
      const proof = proofs[index];
      if (proof) set.#keep({ index, bytes: piece, proof });
    }
    return set;
  }

  /**
   * An empty set to be filled. Throws a RangeError when the header claims more parts than any
   * block has: validateBlockIdBasic keeps such headers out.
   */
  static fromHeader(header: PartSetHeader): PartSet {
    if (header.total > maxBlockParts) throw new RangeError(`a block of ${header.total} parts`);
    return new PartSet(header);
  }

  /** Takes a part if it belongs here: index, size and Merkle proof are checked. */
  add(part: Part): "added" | "duplicate" | "invalid" {
    if (part.index >= this.header.total || validatePartBasic(part) !== undefined) return "invalid";
    if (this.has(part.index)) return "duplicate";
    if (part.proof.total !== BigInt(this.header.total)) return "invalid";
    if (!verifyMerkleProof(this.header.hash, part.bytes, part.proof)) return "invalid";
    this.#keep(part);
    return "added";
  }

  part(index: number): Part | undefined {
    return this.#parts[index];
  }

  has(index: number): boolean {
    return this.#bits.get(index);
  }

  /** A copy: which parts are here. */
  get bits(): BitArray {
    return this.#bits.copy();
  }

  get count(): number {
    return this.#count;
  }

  /** Bytes of the parts that are here. */
  get byteSize(): number {
    return this.#byteSize;
  }

  get isComplete(): boolean {
    return this.#count === this.header.total;
  }

  /** The joined bytes. Throws while a part is missing: ask isComplete first. */
  bytes(): Uint8Array {
    const pieces = this.#parts.map((part) => {
      if (!part) throw new Error("the part set is incomplete");
      return part.bytes;
    });
    return concat(...pieces);
  }

  #keep(part: Part): void {
    this.#parts[part.index] = part;
    this.#bits.set(part.index, true);
    this.#count += 1;
    this.#byteSize += part.bytes.length;
  }
}
