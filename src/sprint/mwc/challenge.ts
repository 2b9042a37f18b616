/**
 * The model-weight challenge MWC-1 (spec/sprint.md, clause 12): a chain of passes over all rows of
 * a model, which only somebody who holds every row at the time can compute.
 */
import { concat, u32le, u64le } from "../../encoding/bytes.ts";
import { signedStream } from "../chacha8.ts";
import { StreamingTree } from "../multiproof.ts";
import {
  chainTag,
  checkLength,
  deriveKey,
  hostKeyBytes,
  type SprintId,
  seedBytes,
} from "../seeds.ts";
import { maxRows, type RowSource, rowBytes } from "./rows.ts";

/** Rows whose sums form one leaf of F. */
export const groupRows = 128;
/** Sums of a row, s32 each. */
export const rowSumCount = 8;
/** The most passes a challenge may ask for. */
export const maxPasses = 1024;
const challengeDomain = 0x52;

/** What a challenge is bound to. */
export interface ChallengeId extends Pick<SprintId, "chainId" | "profile" | "hostKey"> {
  /** 32 bytes. */
  readonly beacon: Uint8Array;
  /** 32 bytes, as registered. */
  readonly modelRoot: Uint8Array;
  /** n_rows, 1 .. 2^32 - 1. */
  readonly rows: number;
  /** 1 .. 1024. */
  readonly passes: number;
}

/** What a host commits to before the deadline: F_0 .. F_{passes-1}, and s_passes. */
export interface ChallengeAnswer {
  readonly passRoots: readonly Uint8Array[];
  readonly finalSeed: Uint8Array;
}

/** s_0. Throws a RangeError on values that no chain could have given. */
export function firstSeed(id: ChallengeId): Uint8Array {
  checkLength("beacon", id.beacon, seedBytes);
  checkLength("host key", id.hostKey, hostKeyBytes);
  checkLength("model root", id.modelRoot, seedBytes);
  const isCount = (n: number, max: number) => Number.isInteger(n) && n >= 1 && n <= max;
  if (!isCount(id.rows, maxRows)) throw new RangeError(`a model of ${id.rows} rows`);
  if (!isCount(id.passes, maxPasses)) throw new RangeError(`${id.passes} passes`);
  const size = concat(u64le(BigInt(id.rows)), u32le(id.passes));
  const material = concat(chainTag(id), id.beacon, id.hostKey, id.modelRoot, size);
  return deriveKey("mwc1 v1", material);
}

/** s_{t+1} from s_t and F_t. */
export function nextSeed(seed: Uint8Array, passRoot: Uint8Array): Uint8Array {
  return deriveKey("mwc1 step v1", concat(seed, passRoot));
}

/** G_t from s_t: [4096][8] s8. */
export function challengeMatrix(seed: Uint8Array): Int8Array {
  return signedStream({ key: seed, n0: 0, n1: 0, n2: challengeDomain }, rowBytes * rowSumCount);
}

/** y of a row of 4096 bytes: its eight sums under G. Exact: |y| <= 2^26. */
export function rowSums(row: Uint8Array, matrix: Int8Array): Int32Array {
  const signed = new Int8Array(row.buffer, row.byteOffset, rowBytes);
  let [a, b, c, d, e, f, g, h] = [0, 0, 0, 0, 0, 0, 0, 0];
  for (let k = 0; k < rowBytes; k++) {
    const x = signed[k]!;
    const at = k * rowSumCount;
    a = (a + Math.imul(x, matrix[at]!)) | 0;
    b = (b + Math.imul(x, matrix[at + 1]!)) | 0;
    c = (c + Math.imul(x, matrix[at + 2]!)) | 0;
    d = (d + Math.imul(x, matrix[at + 3]!)) | 0;
    e = (e + Math.imul(x, matrix[at + 4]!)) | 0;
    f = (f + Math.imul(x, matrix[at + 5]!)) | 0;
    g = (g + Math.imul(x, matrix[at + 6]!)) | 0;
    h = (h + Math.imul(x, matrix[at + 7]!)) | 0;
  }
  return Int32Array.of(a, b, c, d, e, f, g, h);
}

/** The sums of a row as they stand in a leaf of F: eight LE32. */
export function sumsBytes(sums: Int32Array): Uint8Array {
  const bytes = new Uint8Array(4 * sums.length);
  const view = new DataView(bytes.buffer);
  for (let at = 0; at < sums.length; at++) view.setInt32(4 * at, sums[at]!, true);
  return bytes;
}

/** The leaf of a group: LE64(g) ‖ the sums of its rows. */
export function groupLeaf(group: number, sums: Uint8Array): Uint8Array {
  return concat(u64le(BigInt(group)), sums);
}

/** How many rows group g of a model of so many rows has. */
export function rowsInGroup(group: number, rows: number): number {
  return Math.min(groupRows, rows - group * groupRows);
}

/** Answers a challenge: reads the model once per pass. Throws when it has not id.rows rows. */
export async function answerChallenge(
  id: ChallengeId,
  source: RowSource,
): Promise<ChallengeAnswer> {
  const passRoots: Uint8Array[] = [];
  let seed = firstSeed(id);
  for (let pass = 0; pass < id.passes; pass++) {
    const tree = new StreamingTree();
    for await (const { group, sums } of groupsOf(id.rows, seed, source)) {
      tree.add(groupLeaf(group, sums));
    }
    const root = tree.root();
    if (!root) throw new RangeError("a model of 0 rows");
    passRoots.push(root);
    seed = nextSeed(seed, root);
  }
  return { passRoots, finalSeed: seed };
}

/** The groups of one pass, in order: the sums of their rows, concatenated. */
export async function* groupsOf(
  rows: number,
  seed: Uint8Array,
  source: RowSource,
): AsyncIterable<{ group: number; sums: Uint8Array }> {
  const matrix = challengeMatrix(seed);
  let parts: Uint8Array[] = [];
  let seen = 0;
  for await (const row of source()) {
    parts.push(sumsBytes(rowSums(row, matrix)));
    seen++;
    if (seen % groupRows !== 0 && seen !== rows) continue;
    yield { group: Math.ceil(seen / groupRows) - 1, sums: concat(...parts) };
    parts = [];
  }
  if (seen !== rows) throw new RangeError(`the model has ${seen} rows, not ${rows}`);
}
