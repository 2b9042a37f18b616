/**
 * Openings of several leaves of one RFC 6962 tree at once (spec/sprint.md, clause 7). The proof is
 * the minimal set of hashes: the root of every maximal subtree without an opened leaf, from left
 * to right. Count and positions fix how many there are, so an opening has exactly one encoding.
 */
import { innerHash, leafHash, splitPoint } from "../crypto/merkle.ts";

/** Bytes of every hash in a proof. */
export const hashBytes = 32;

/** Leaves start .. end-1 of a tree. */
interface LeafRange {
  readonly start: number;
  readonly end: number;
}

/** An opened leaf: where it is, and its leaf hash. */
export interface OpenedLeaf {
  readonly position: number;
  readonly hash: Uint8Array;
}

/**
 * The subtrees whose roots form the proof, from left to right. positions: strictly increasing,
 * each below count; none at all makes the whole tree one such subtree.
 */
export function siblingRanges(count: number, positions: readonly number[]): LeafRange[] {
  const ranges: LeafRange[] = [];
  const walk = (range: LeafRange, opened: readonly number[]): void => {
    if (opened.length === 0) ranges.push(range);
    else if (range.end - range.start > 1) {
      const middle = range.start + splitPoint(range.end - range.start);
      const cut = firstAtLeast(opened, middle);
      walk({ start: range.start, end: middle }, opened.slice(0, cut));
      walk({ start: middle, end: range.end }, opened.slice(cut));
    }
  };
  if (count > 0) walk({ start: 0, end: count }, positions);
  return ranges;
}

/**
 * The root that opened leaves (by increasing position, each below count) and the proof lead to;
 * undefined when the proof has not exactly the hashes that siblingRanges asks for.
 */
export function openedRoot(opening: {
  readonly count: number;
  readonly leaves: readonly OpenedLeaf[];
  readonly proof: readonly Uint8Array[];
}): Uint8Array | undefined {
  const { count, leaves, proof } = opening;
  let [nextLeaf, nextHash] = [0, 0];
  const walk = (start: number, end: number): Uint8Array | undefined => {
    const leaf = leaves[nextLeaf];
    if (leaf === undefined || leaf.position >= end) return proof[nextHash++];
    if (end - start === 1) {
      nextLeaf++;
      return leaf.hash;
    }
    const middle = start + splitPoint(end - start);
    const left = walk(start, middle);
    const right = left && walk(middle, end);
    return left && right && innerHash(left, right);
  };
  if (count <= 0 || proof.some((hash) => hash.length !== hashBytes)) return undefined;
  const root = walk(0, count);
  return nextHash === proof.length && nextLeaf === leaves.length ? root : undefined;
}

/** The root of an RFC 6962 tree whose leaves arrive one by one; memory grows with log2(count). */
export class StreamingTree {
  /** Roots of complete subtrees, larger ones first. */
  readonly #subtrees: { size: number; hash: Uint8Array }[] = [];

  /** Adds the next leaf, given as its bytes. */
  add(leaf: Uint8Array): void {
    let subtree = { size: 1, hash: leafHash(leaf) };
    for (let last = this.#subtrees.at(-1); last?.size === subtree.size; ) {
      this.#subtrees.pop();
      subtree = { size: 2 * last.size, hash: innerHash(last.hash, subtree.hash) };
      last = this.#subtrees.at(-1);
    }
    this.#subtrees.push(subtree);
  }

  /** The root over the leaves so far; undefined when there are none. */
  root(): Uint8Array | undefined {
    const right = this.#subtrees.at(-1)?.hash;
    return this.#subtrees
      .slice(0, -1)
      .reduceRight<Uint8Array | undefined>(
        (joined, { hash }) => joined && innerHash(hash, joined),
        right,
      );
  }
}

/** Makes the proof of an opening while all leaves of the tree pass by once, in order. */
export class ProofCollector {
  readonly #ranges: readonly LeafRange[];
  readonly #proof: Uint8Array[] = [];
  #position = 0;
  #subtree = new StreamingTree();

  /** positions as for siblingRanges. */
  constructor(count: number, positions: readonly number[]) {
    this.#ranges = siblingRanges(count, positions);
  }

  /** Takes the next leaf, given as its bytes; opened leaves pass by too. */
  add(leaf: Uint8Array): void {
    const range = this.#ranges[this.#proof.length];
    const position = this.#position++;
    if (range === undefined || position < range.start) return;
    this.#subtree.add(leaf);
    if (position + 1 < range.end) return;
    const root = this.#subtree.root();
    if (root) this.#proof.push(root);
    this.#subtree = new StreamingTree();
  }

  /** The proof, after the last leaf. Throws when leaves are missing. */
  proof(): readonly Uint8Array[] {
    if (this.#proof.length < this.#ranges.length) {
      throw new RangeError(`${this.#position} leaves passed by, and the tree has more`);
    }
    return this.#proof;
  }
}

/** How many of the sorted values are below the bound. */
function firstAtLeast(sorted: readonly number[], bound: number): number {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (sorted[middle]! < bound) low = middle + 1;
    else high = middle;
  }
  return low;
}
