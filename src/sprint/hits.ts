/**
 * A host's commitment to its hits, and its opening: consensus data (spec/sprint.md, clauses 6
 * and 7). A leaf is LE64(nonce) ‖ D, and leaves are strictly increasing by nonce.
 */
import { leafHash, merkleRoot } from "../crypto/merkle.ts";
import { concat, equalBytes, toHex, u64le } from "../encoding/bytes.ts";
import { hashBytes, openedRoot, ProofCollector } from "./multiproof.ts";

/** A nonce that passed the hit rule (0 <= nonce < 2^64), and its digest D of 32 bytes. */
export interface Hit {
  readonly nonce: bigint;
  readonly digest: Uint8Array;
}

/** What a host commits to: the RFC 6962 root over its leaves, and how many there are. */
export interface Commitment {
  readonly root: Uint8Array;
  readonly count: number;
}

/** The opened leaves by increasing position, and the hashes that complete the tree. */
export interface Multiproof {
  readonly leaves: readonly Hit[];
  readonly proof: readonly Uint8Array[];
}

/** The most hits a commitment may count. */
export const maxHits = 0xffffffff;
const nonceEnd = 1n << 64n;

/** The commitment to hits, which must be strictly increasing by nonce (RangeError otherwise). */
export function commitmentOf(hits: readonly Hit[]): Commitment {
  const disorder = findDisorder(hits);
  if (disorder) throw new RangeError(disorder);
  return { root: merkleRoot(hits.map(leafOf)), count: hits.length };
}

/**
 * The leaves that an opening of these samples shows: every sampled index and its successor, by
 * increasing position, each once. Of the last leaf there is no successor: count says so.
 */
export function openedPositions(count: number, indices: readonly number[]): number[] {
  const positions = new Set<number>();
  for (const index of indices) {
    positions.add(index);
    if (index + 1 < count) positions.add(index + 1);
  }
  return [...positions].sort((a, b) => a - b);
}

/** Opens sampled indices (each below the number of hits; any order, repetition allowed). */
export function openLeaves(hits: readonly Hit[], indices: readonly number[]): Multiproof {
  const positions = openedPositions(hits.length, indices);
  const leaves = positions.map((position) => hitAt(hits, position));
  if (leaves.length === 0) return { leaves, proof: [] };
  const collector = new ProofCollector(hits.length, positions);
  for (const hit of hits) collector.add(leafOf(hit));
  return { leaves, proof: collector.proof() };
}

/** An opening as it arrives from a stranger, with what the chain knows. */
export interface Opening extends Multiproof {
  readonly root: Uint8Array;
  readonly count: number;
  /** The sampled indices: each below count; any order, repetition allowed. */
  readonly indices: readonly number[];
}

/** undefined when the opening is the one valid opening of these indices, else what is wrong. */
export function verifyOpening(opening: Opening): string | undefined {
  const { root, count, indices, leaves, proof } = opening;
  if (!Number.isInteger(count) || count < 0 || count > maxHits) return `count ${count}`;
  const outside = indices.find((index) => !Number.isInteger(index) || index < 0 || index >= count);
  if (outside !== undefined) return `index ${outside} is outside of 0..${count - 1}`;
  const positions = openedPositions(count, indices);
  if (leaves.length !== positions.length) {
    return `${leaves.length} leaves opened, ${positions.length} asked for`;
  }
  if (positions.length === 0) return proof.length === 0 ? undefined : "nothing to prove";
  const disorder = findDisorder(leaves);
  if (disorder) return disorder;
  const opened = positions.map((position, at) => ({
    position,
    hash: leafHash(leafOf(leaves[at]!)),
  }));
  const computed = openedRoot({ count, leaves: opened, proof });
  if (computed === undefined) return "the proof has not the hashes that these leaves need";
  return equalBytes(computed, root) ? undefined : `root ${toHex(computed)} is not the committed`;
}

/** The bytes of a leaf: LE64(nonce) ‖ D, 40 bytes. */
function leafOf({ nonce, digest }: Hit): Uint8Array {
  return concat(u64le(nonce), digest);
}

/** What is wrong with a list of hits: a value out of range, or not strictly increasing nonces. */
function findDisorder(hits: readonly Hit[]): string | undefined {
  let previous = -1n;
  for (const { nonce, digest } of hits) {
    if (nonce < 0n || nonce >= nonceEnd) return `nonce ${nonce} does not fit u64`;
    if (digest.length !== hashBytes) return `a digest of ${digest.length} bytes`;
    if (nonce <= previous) return `nonce ${nonce} follows ${previous}`;
    previous = nonce;
  }
  return undefined;
}

function hitAt(hits: readonly Hit[], position: number): Hit {
  const hit = hits[position];
  if (!hit) throw new RangeError(`no hit at ${position}: there are ${hits.length}`);
  return hit;
}
