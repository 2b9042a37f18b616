/**
 * Openings of an MWC-1 answer (spec/sprint.md, clause 12): sampled rows against the model root, and
 * their groups of sums against F. Anybody checks them without holding the weights.
 */
import { leafHash } from "../../crypto/merkle.ts";
import { concat, equalBytes, u32le, utf8 } from "../../encoding/bytes.ts";
import { hashBytes, openedRoot, ProofCollector } from "../multiproof.ts";
import { checkLength, hostKeyBytes, keyedHash, seedBytes } from "../seeds.ts";
import {
  type ChallengeAnswer,
  type ChallengeId,
  challengeMatrix,
  firstSeed,
  groupLeaf,
  groupRows,
  groupsOf,
  nextSeed,
  rowSumCount,
  rowSums,
  rowsInGroup,
  sumsBytes,
} from "./challenge.ts";
import { type RowSource, rowBytes, rowLeaf } from "./rows.ts";

/** A sampled row of a sampled pass. */
export interface RowSample {
  readonly pass: number;
  readonly row: number;
}

/** The opened groups of one pass: their sums by increasing group, and the hashes to F. */
export interface PassOpening {
  readonly groups: readonly Uint8Array[];
  readonly proof: readonly Uint8Array[];
}

/** The sampled rows by increasing index, the hashes to model_root, and each sampled pass. */
export interface WeightOpening {
  readonly rows: readonly Uint8Array[];
  readonly proof: readonly Uint8Array[];
  readonly passes: readonly PassOpening[];
}

const context = utf8("mwc1 sample v1");
const sumBytes = 4 * rowSumCount;

/** Which rows are opened, in the order drawn. beacon is the later one, 32 bytes. */
export function sampleRows(request: {
  readonly beacon: Uint8Array;
  readonly hostKey: Uint8Array;
  readonly samples: number;
  readonly passes: number;
  readonly rows: number;
}): RowSample[] {
  const { beacon, hostKey, samples, passes, rows } = request;
  checkLength("beacon", beacon, seedBytes);
  checkLength("host key", hostKey, hostKeyBytes);
  return Array.from({ length: samples }, (_, j) => {
    const hash = keyedHash(beacon, concat(context, hostKey, u32le(j)));
    const view = new DataView(hash.buffer, hash.byteOffset);
    return {
      pass: Number(view.getBigUint64(0, true) % BigInt(passes)),
      row: Number(view.getBigUint64(8, true) % BigInt(rows)),
    };
  });
}

/** What an opening of these samples shows, in its order. */
function layout(samples: readonly RowSample[]) {
  const rows = increasing(samples.map(({ row }) => row));
  const passes = increasing(samples.map(({ pass }) => pass)).map((pass) => {
    const own = samples.filter((sample) => sample.pass === pass).map(({ row }) => row);
    return { pass, rows: increasing(own), groups: increasing(own.map(groupOf)) };
  });
  return { rows, passes };
}

const increasing = (numbers: readonly number[]): number[] =>
  [...new Set(numbers)].sort((a, b) => a - b);
const groupOf = (row: number): number => Math.floor(row / groupRows);

/** Opens samples of one's own answer: reads the model once, and once per sampled pass. */
export async function openWeights(
  id: ChallengeId,
  answer: ChallengeAnswer,
  { samples, source }: { readonly samples: readonly RowSample[]; readonly source: RowSource },
): Promise<WeightOpening> {
  const { rows, passes } = layout(samples);
  const seeds = seedChain(id, answer.passRoots);
  const opened: PassOpening[] = [];
  for (const { pass, groups } of passes) {
    const wanted = new Set(groups);
    const collector = new ProofCollector(Math.ceil(id.rows / groupRows), groups);
    const shown: Uint8Array[] = [];
    for await (const { group, sums } of groupsOf(id.rows, seeds[pass]!, source)) {
      collector.add(groupLeaf(group, sums));
      if (wanted.has(group)) shown.push(sums);
    }
    opened.push({ groups: shown, proof: collector.proof() });
  }
  return { ...(await openRows(id.rows, rows, source)), passes: opened };
}

async function openRows(count: number, wantedRows: readonly number[], source: RowSource) {
  const wanted = new Set(wantedRows);
  const collector = new ProofCollector(count, wantedRows);
  const rows: Uint8Array[] = [];
  let index = 0;
  for await (const row of source()) {
    collector.add(rowLeaf(index, row));
    if (wanted.has(index)) rows.push(row.slice());
    index++;
  }
  return { rows, proof: collector.proof() };
}

/** undefined when the opening is the one valid opening of these samples, else what is wrong. */
export function verifyWeights(
  id: ChallengeId,
  answer: ChallengeAnswer,
  { samples, opening }: { samples: readonly RowSample[]; opening: WeightOpening },
): string | undefined {
  if (answer.passRoots.length !== id.passes) return `${answer.passRoots.length} passes answered`;
  if (answer.passRoots.some((root) => root.length !== hashBytes)) return "a pass root is no hash";
  const seeds = seedChain(id, answer.passRoots);
  if (!equalBytes(seeds[id.passes]!, answer.finalSeed)) return "the final seed does not follow";
  const outside = samples.find(
    ({ pass, row }) => !isBelow(pass, id.passes) || !isBelow(row, id.rows),
  );
  if (outside) return `sample of pass ${outside.pass}, row ${outside.row}`;
  const wanted = layout(samples);
  const rowProblem = verifyRows(id, wanted.rows, opening);
  if (rowProblem) return rowProblem;
  if (opening.passes.length !== wanted.passes.length)
    return `${opening.passes.length} passes opened`;
  const byIndex = new Map(wanted.rows.map((row, at) => [row, opening.rows[at]!]));
  for (const [at, { pass, rows, groups }] of wanted.passes.entries()) {
    const root = answer.passRoots[pass]!;
    const checked = { pass, root, rows, groups, seed: seeds[pass]!, count: id.rows };
    const problem = verifyPass(checked, opening.passes[at]!, byIndex);
    if (problem) return `pass ${pass}: ${problem}`;
  }
  return undefined;
}

/** s_0 .. s_passes from the list of F. */
function seedChain(id: ChallengeId, passRoots: readonly Uint8Array[]): Uint8Array[] {
  const seeds = [firstSeed(id)];
  for (const root of passRoots) seeds.push(nextSeed(seeds.at(-1)!, root));
  return seeds;
}

const isBelow = (value: number, bound: number): boolean =>
  Number.isInteger(value) && value >= 0 && value < bound;

function verifyRows(
  id: ChallengeId,
  indices: readonly number[],
  { rows, proof }: WeightOpening,
): string | undefined {
  if (rows.length !== indices.length) return `${rows.length} rows opened, not ${indices.length}`;
  if (rows.some((row) => row.length !== rowBytes)) return `a row has not ${rowBytes} bytes`;
  const leaves = indices.map((position, at) => ({
    position,
    hash: leafHash(rowLeaf(position, rows[at]!)),
  }));
  const root = openedRoot({ count: id.rows, leaves, proof });
  return root && equalBytes(root, id.modelRoot) ? undefined : "the rows are not of this model";
}

/** One pass as the checker expects it. count is n_rows. */
interface CheckedPass {
  readonly root: Uint8Array;
  readonly rows: readonly number[];
  readonly groups: readonly number[];
  readonly seed: Uint8Array;
  readonly count: number;
}

function verifyPass(
  { root, rows, groups, seed, count }: CheckedPass,
  opened: PassOpening,
  modelRows: ReadonlyMap<number, Uint8Array>,
): string | undefined {
  if (opened.groups.length !== groups.length) return `${opened.groups.length} groups opened`;
  const sizes = groups.map((group) => rowsInGroup(group, count) * sumBytes);
  if (opened.groups.some((sums, at) => sums.length !== sizes[at])) return "a group of wrong size";
  const leaves = groups.map((group, at) => ({
    position: group,
    hash: leafHash(groupLeaf(group, opened.groups[at]!)),
  }));
  const leafCount = Math.ceil(count / groupRows);
  const computed = openedRoot({ count: leafCount, leaves, proof: opened.proof });
  if (!computed || !equalBytes(computed, root)) return "the groups are not of this answer";
  const matrix = challengeMatrix(seed);
  for (const row of rows) {
    const sums = opened.groups[groups.indexOf(groupOf(row))]!;
    const at = (row % groupRows) * sumBytes;
    const expected = sumsBytes(rowSums(modelRows.get(row)!, matrix));
    if (!equalBytes(sums.subarray(at, at + sumBytes), expected)) return `row ${row} sums wrongly`;
  }
  return undefined;
}
