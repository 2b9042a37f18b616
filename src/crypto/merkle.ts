/**
 * RFC 6962 Merkle trees as CometBFT uses them (crypto/merkle): leaves are hashed with a 0x00
 * prefix, inner nodes with 0x01, and a tree splits at the largest power of two below its size.
 */
import { equalBytes } from "../encoding/bytes.ts";
import { sha256, sha256Parts } from "./hash.ts";

const leafPrefix = Uint8Array.of(0);
const innerPrefix = Uint8Array.of(1);
const empty = new Uint8Array(0);
const hashBytes = 32;
/** CometBFT's MaxAunts: no tree of up to 2^100 leaves needs more. */
const maxAunts = 100;

/** The way from one leaf to the root: its sibling's hash first, the root's child last. */
export interface MerkleProof {
  readonly total: bigint;
  readonly index: bigint;
  readonly leafHash: Uint8Array;
  /** Not readonly, so that it fits the generated tendermint.crypto.Proof. */
  readonly aunts: Uint8Array[];
}

/** SHA-256 of 0x00 and the leaf. */
export function leafHash(leaf: Uint8Array): Uint8Array {
  return sha256Parts(leafPrefix, leaf);
}

/** SHA-256 of 0x01 and both children. */
export function innerHash(left: Uint8Array, right: Uint8Array): Uint8Array {
  return sha256Parts(innerPrefix, left, right);
}

/** The largest power of two below size, which must be at least 2. */
export function splitPoint(size: number): number {
  let split = 1;
  while (split * 2 < size) split *= 2;
  return split;
}

/** The root over the leaves; SHA-256 of nothing when there are none. */
export function merkleRoot(leaves: readonly Uint8Array[]): Uint8Array {
  return leaves.length === 0 ? sha256(empty) : rootOf(leaves.map(leafHash));
}

function rootOf(hashes: readonly Uint8Array[]): Uint8Array {
  const [first] = hashes;
  if (first === undefined) throw new Error("a subtree has at least one leaf");
  if (hashes.length === 1) return first;
  const split = splitPoint(hashes.length);
  return innerHash(rootOf(hashes.slice(0, split)), rootOf(hashes.slice(split)));
}

/** The root and the proof of every leaf. */
export function merkleProofs(leaves: readonly Uint8Array[]): {
  root: Uint8Array;
  proofs: MerkleProof[];
} {
  if (leaves.length === 0) return { root: sha256(empty), proofs: [] };
  const hashes = leaves.map(leafHash);
  const trails: Uint8Array[][] = hashes.map(() => []);
  const root = collectTrails(hashes, trails);
  const total = BigInt(leaves.length);
  const proofs = hashes.map((hash, index) => ({
    total,
    index: BigInt(index),
    leafHash: hash,
    aunts: trails[index] ?? [],
  }));
  return { root, proofs };
}

/** The root of a subtree; adds each half's hash to the trails of the other half. */
function collectTrails(hashes: readonly Uint8Array[], trails: readonly Uint8Array[][]): Uint8Array {
  if (hashes.length === 1) return rootOf(hashes);
  const split = splitPoint(hashes.length);
  const left = collectTrails(hashes.slice(0, split), trails.slice(0, split));
  const right = collectTrails(hashes.slice(split), trails.slice(split));
  for (const trail of trails.slice(0, split)) trail.push(right);
  for (const trail of trails.slice(split)) trail.push(left);
  return innerHash(left, right);
}

/** Whether the proof shows that the leaf is in the tree of this root, at the proof's index. */
export function verifyMerkleProof(root: Uint8Array, leaf: Uint8Array, proof: MerkleProof): boolean {
  const { total, index, aunts } = proof;
  if (total <= 0n || index < 0n || index >= total || aunts.length > maxAunts) return false;
  if (aunts.some((aunt) => aunt.length !== hashBytes)) return false;
  const hash = leafHash(leaf);
  if (!equalBytes(hash, proof.leafHash)) return false;
  const computed = climb({ index, total, hash, aunts });
  return computed !== undefined && equalBytes(computed, root);
}

/** The root that the aunts lead to; undefined when there are too many or too few of them. */
function climb(from: {
  index: bigint;
  total: bigint;
  hash: Uint8Array;
  aunts: readonly Uint8Array[];
}): Uint8Array | undefined {
  const turns: boolean[] = []; // From the root down: whether the leaf is in the left half.
  let { index, total } = from;
  while (total > 1n) {
    const split = splitPointBig(total);
    const isLeft = index < split;
    turns.push(isLeft);
    if (!isLeft) index -= split;
    total = isLeft ? split : total - split;
  }
  if (turns.length !== from.aunts.length) return undefined;
  let hash = from.hash;
  for (const aunt of from.aunts) {
    hash = turns.pop() ? innerHash(hash, aunt) : innerHash(aunt, hash);
  }
  return hash;
}

/** As splitPoint, for the total that a foreign proof claims. */
function splitPointBig(size: bigint): bigint {
  const bits = (size - 1n).toString(2).length;
  return 1n << BigInt(bits - 1);
}
