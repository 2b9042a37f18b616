/** MWC-1 against its known answers (test/vectors/isp1.json) and spec/sprint.md, clause 12. */
import { rmSync, writeFileSync } from "node:fs";
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import t from "tap";
import { sha256 } from "../../../src/crypto/hash.ts";
import { concat, fromHex, toHex } from "../../../src/encoding/bytes.ts";
import { streamBytes } from "../../../src/sprint/chacha8.ts";
import {
  answerChallenge,
  type ChallengeId,
  challengeMatrix,
  firstSeed,
  nextSeed,
  rowSums,
} from "../../../src/sprint/mwc/challenge.ts";
import {
  openWeights,
  type RowSample,
  sampleRows,
  verifyWeights,
  type WeightOpening,
} from "../../../src/sprint/mwc/opening.ts";
import { modelRoot, type RowSource, rowBytes, rowsOf } from "../../../src/sprint/mwc/rows.ts";
import { checkModelFiles, modelFileRows } from "../../../src/sprint/mwc-files.ts";
import { profiles } from "../../../src/sprint/profiles.ts";
import { sprintVectors } from "../../support/sprint-vectors.ts";

async function* inChunks(bytes: Uint8Array, size: number): AsyncIterable<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}
const sourceOf = (bytes: Uint8Array, chunk = 1000): RowSource => {
  return () => rowsOf(inChunks(bytes, chunk));
};
async function collect(source: RowSource): Promise<Uint8Array[]> {
  const rows = [];
  for await (const row of source()) rows.push(row.slice());
  return rows;
}
const noise = (length: number, n0 = 0): Uint8Array =>
  streamBytes({ key: new Uint8Array(32).fill(5), n0, n1: 0, n2: 0 }, 0, length);

t.test("vectors: model root, seeds, sums, pass roots, final seed", async (t) => {
  for (const vector of sprintVectors.mwc) {
    const files = vector.files.map(({ stream, fill, len }) =>
      stream
        ? streamBytes({ ...stream, key: fromHex(stream.key) }, 0, len)
        : new Uint8Array(len).fill(fill ?? 0),
    );
    t.same(
      files.map((file) => toHex(sha256(file))),
      vector.files.map((file) => file.sha256),
    );
    const source = sourceOf(concat(...files));
    const { root, rows } = await modelRoot(source);
    t.same([toHex(root), rows], [vector.model_root, vector.n_rows]);
    const id: ChallengeId = {
      chainId: vector.chain_id,
      profile: profiles[vector.profile],
      beacon: fromHex(vector.beacon),
      hostKey: fromHex(vector.host),
      modelRoot: root,
      rows,
      passes: vector.passes,
    };
    const { passRoots, finalSeed } = await answerChallenge(id, source);
    t.same(passRoots.map(toHex), vector.F);
    t.equal(toHex(finalSeed), vector.s_passes);
    const all = await collect(source);
    let seed = firstSeed(id);
    for (let pass = 0; pass < vector.passes; pass++) {
      t.equal(toHex(seed), vector.s[pass]);
      const sums = [all[0]!, all.at(-1)!].map((row) => [...rowSums(row, challengeMatrix(seed))]);
      t.same(sums, vector.y_first_last[pass]);
      seed = nextSeed(seed, passRoots[pass]!);
    }
  }
});

t.test("rows are the same however the bytes arrive; the last one is padded", async (t) => {
  for (const length of [1, 4095, 4096, 4097, 12_288, 20_000]) {
    const bytes = noise(length);
    const rows = Math.ceil(length / rowBytes);
    const padded = concat(bytes, new Uint8Array(rows * rowBytes - length));
    for (const chunk of [1, 7, 4096, 5000, 100_000]) {
      if (chunk === 1 && length > 4097) continue;
      const found = await collect(sourceOf(bytes, chunk));
      t.equal(found.length, rows);
      t.equal(toHex(sha256(concat(...found))), toHex(sha256(padded)), `${length} by ${chunk}`);
    }
  }
  await t.rejects(modelRoot(sourceOf(new Uint8Array(0))), { message: "a model of 0 rows" });
});

t.test("a sum is exact at the extremes", async (t) => {
  const matrix = new Int8Array(rowBytes * 8).fill(-128);
  t.same([...rowSums(new Uint8Array(rowBytes).fill(0x80), matrix)], Array(8).fill(1 << 26));
  t.same([...rowSums(new Uint8Array(rowBytes).fill(0x7f), matrix)], Array(8).fill(-66_584_576));
});

/** A model of 300 rows: two full groups and one of 44. */
async function challenge() {
  const source = sourceOf(noise(300 * rowBytes - 100), 1 << 20);
  const { root, rows } = await modelRoot(source);
  const id: ChallengeId = {
    chainId: "mwc-test-1",
    profile: profiles.T,
    beacon: new Uint8Array(32).fill(1),
    hostKey: new Uint8Array(33).fill(2),
    modelRoot: root,
    rows,
    passes: 3,
  };
  return { id, source, answer: await answerChallenge(id, source) };
}

t.test("an opening convinces who has no weights, and only as it is", async (t) => {
  const { id, source, answer } = await challenge();
  const drawn = sampleRows({ ...id, beacon: new Uint8Array(32).fill(9), samples: 5 });
  const samples: RowSample[] = [...drawn, { pass: 0, row: 0 }, { pass: 0, row: 299 }, drawn[0]!];
  const opening = await openWeights(id, answer, { samples, source });
  t.equal(verifyWeights(id, answer, { samples, opening }), undefined);

  const flip = (bytes: Uint8Array, at = 0): Uint8Array =>
    Uint8Array.from(bytes, (byte, i) => (i === at ? byte ^ 1 : byte));
  const [first, ...others] = opening.passes;
  const forged: [Partial<WeightOpening>, RegExp][] = [
    [{ rows: opening.rows.slice(1) }, /^\d rows opened, not \d$/],
    [{ rows: [new Uint8Array(4095), ...opening.rows.slice(1)] }, /^a row has not 4096 bytes$/],
    [{ rows: [flip(opening.rows[0]!), ...opening.rows.slice(1)] }, /^the rows are not of this/],
    [{ proof: opening.proof.slice(1) }, /^the rows are not of this model$/],
    [{ passes: others }, /^\d passes opened$/],
    [{ passes: [{ ...first!, groups: [] }, ...others] }, /^pass 0: 0 groups opened$/],
    [
      { passes: [{ ...first!, groups: first!.groups.map((g) => g.slice(4)) }, ...others] },
      /^pass 0: a group of wrong size$/,
    ],
    [
      { passes: [{ ...first!, groups: first!.groups.map((g) => flip(g)) }, ...others] },
      /^pass 0: the groups are not of this answer$/,
    ],
    [
      { passes: [{ ...first!, proof: [...first!.proof, new Uint8Array(32)] }, ...others] },
      /^pass 0: the groups are not of this answer$/,
    ],
  ];
  for (const [change, reason] of forged) {
    t.match(verifyWeights(id, answer, { samples, opening: { ...opening, ...change } }), reason);
  }
  const check = (change: Partial<typeof answer>) =>
    verifyWeights(id, { ...answer, ...change }, { samples, opening });
  t.equal(check({ passRoots: [] }), "0 passes answered");
  t.equal(
    check({ passRoots: answer.passRoots.map(() => new Uint8Array(3)) }),
    "a pass root is no hash",
  );
  t.equal(check({ finalSeed: new Uint8Array(32) }), "the final seed does not follow");
  const beyond = [{ pass: 0, row: 300 }];
  t.equal(verifyWeights(id, answer, { samples: beyond, opening }), "sample of pass 0, row 300");
});

t.test("sums that were not computed from the row are found", async (t) => {
  const { id, source } = await challenge();
  // A host that has lost row 10 answers with zeros in its place, and opens the right row later.
  const lossy: RowSource = async function* () {
    let index = 0;
    for await (const row of source()) yield index++ === 10 ? new Uint8Array(rowBytes) : row;
  };
  const answer = await answerChallenge(id, lossy);
  const samples = [{ pass: 1, row: 10 }];
  const { passes } = await openWeights(id, answer, { samples, source: lossy });
  const honest = await openWeights(id, answer, { samples, source });
  const opening = { ...honest, passes };
  t.equal(verifyWeights(id, answer, { samples, opening }), "pass 1: row 10 sums wrongly");
});

t.test("another host, beacon or chain has another chain of seeds", async (t) => {
  const { id } = await challenge();
  const changes: Partial<ChallengeId>[] = [
    {},
    { chainId: "mwc-test-2" },
    { profile: profiles.C },
    { beacon: new Uint8Array(32) },
    { hostKey: new Uint8Array(33) },
    { modelRoot: new Uint8Array(32) },
    { rows: 301 },
    { passes: 4 },
  ];
  const seeds = changes.map((change) => toHex(firstSeed({ ...id, ...change })));
  t.equal(new Set(seeds).size, changes.length);
  for (const bad of [{ rows: 0 }, { passes: 0 }, { passes: 1.5 }, { rows: 2 ** 32 }]) {
    t.throws(() => firstSeed({ ...id, ...bad }), RangeError);
  }
  await t.rejects(answerChallenge({ ...id, rows: 2 }, sourceOf(noise(rowBytes))), {
    message: "the model has 1 rows, not 2",
  });
});

t.test("model files: read in order, and checked against the registry", async (t) => {
  const folder = await mkdtemp(path.join(tmpdir(), "mwc-"));
  t.teardown(() => rmSync(folder, { recursive: true }));
  const contents = [noise(5000, 1), noise(3000, 2)];
  const files = contents.map((bytes, at) => {
    const file = path.join(folder, `${at}.bin`);
    writeFileSync(file, bytes);
    return { path: file, lengthBytes: bytes.length, sha256: sha256(bytes) };
  });
  const [a, b] = files as [(typeof files)[0], (typeof files)[0]];
  t.same(await modelRoot(modelFileRows(files)), await modelRoot(sourceOf(concat(...contents))));
  t.equal(await checkModelFiles(files), undefined);
  t.match(
    await checkModelFiles([a, { ...b, sha256: a.sha256 }]),
    /1\.bin has SHA-256 [0-9a-f]{64}$/,
  );
  t.match(await checkModelFiles([{ ...a, lengthBytes: 4999 }]), /0\.bin has 5000 bytes, not 4999$/);
  t.match(await checkModelFiles([{ ...a, path: `${a.path}.gone` }]), /ENOENT/);
  await t.rejects(modelRoot(modelFileRows([{ ...a, lengthBytes: 5001 }])), /has 5000 bytes/);
});
