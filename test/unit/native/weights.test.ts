/** Weight challenges: addon and twin give the same roots, answers, openings; errors have codes. */
import { createHash } from "node:crypto";
import {
  appendFileSync,
  mkdtempSync,
  renameSync,
  rmSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import t from "tap";
import { toHex } from "../../../src/encoding/bytes.ts";
import { loadAddon } from "../../../src/native/addon.ts";
import { EngineError } from "../../../src/native/engine.ts";
import {
  computeAnswer,
  computeModelRoot,
  computeOpening,
  type ModelSource,
  verifyOpening,
} from "../../../src/native/weight-engine.ts";
import type { ChallengeAnswer, ChallengeId } from "../../../src/sprint/mwc/challenge.ts";
import { type RowSample, sampleRows, type WeightOpening } from "../../../src/sprint/mwc/opening.ts";
import { profiles } from "../../../src/sprint/profiles.ts";

const loaded = loadAddon();
const folder = mkdtempSync(join(tmpdir(), "gonka-weights-"));
t.teardown(() => rmSync(folder, { recursive: true }));

/** A file of pseudo-random bytes: full range, -128 included. */
function write(name: string, lengthBytes: number) {
  const bytes = new Uint8Array(lengthBytes);
  let state = lengthBytes;
  for (let i = 0; i < lengthBytes; i++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    bytes[i] = state >>> 24;
  }
  const path = join(folder, name);
  writeFileSync(path, bytes);
  return { path, lengthBytes, sha256: toHex(createHash("sha256").update(bytes).digest()) };
}
const implementations =
  "missing" in loaded ? (["typescript"] as const) : (["native", "typescript"] as const);
const hostKey = new Uint8Array(33).fill(2);
const beacon = new Uint8Array(32).fill(9);
const later = new Uint8Array(32).fill(7);
const hexed = (value: unknown) =>
  JSON.stringify(value, (_, part) => (part instanceof Uint8Array ? toHex(part) : part));
const challenge = (modelRoot: Uint8Array, rows: number, passes: number): ChallengeId => ({
  ...{ chainId: "isp1-public-1", profile: profiles.T, hostKey, beacon },
  ...{ modelRoot, rows, passes },
});

/** Root, answer and opening of a model by one implementation, and both verdicts on them. */
async function roundTrip(source: ModelSource, passes: number, count: number) {
  const { root, rows, sha256 } = await computeModelRoot(source);
  const id = challenge(root, rows, passes);
  const answer = await computeAnswer(id, source);
  const samples = sampleRows({ beacon: later, hostKey, samples: count, passes, rows });
  const opening = await computeOpening(id, { answer, samples }, source);
  for (const implementation of implementations) {
    const fault = await verifyOpening(id, { answer, samples, opening }, { implementation });
    if (fault !== undefined) throw new Error(`${implementation}: ${fault}`);
  }
  return { id, answer, samples, opening, sha256: sha256.map(toHex) };
}

t.test("a model of several MB: addon and twin give the same bytes at every step", async (t) => {
  const files = [write("m0", 3_000_001), write("m1", 1), write("m2", 2_600_000)];
  const results = [];
  for (const implementation of implementations) {
    const result = await roundTrip({ files, implementation, threads: 2 }, 3, 24);
    t.same(
      result.sha256,
      files.map(({ sha256 }) => sha256),
      `${implementation}: file hashes`,
    );
    results.push(hexed(result));
  }
  for (const result of results) t.equal(result, results[0]);
});

t.test("files of every awkward length: padding comes once, at the end", async (t) => {
  const row = 4096;
  const models: [lengths: number[], rows: number][] = [
    [[1], 1],
    [[row], 1],
    [[row + 1], 2],
    [[row - 1, 1], 1],
    [[row - 1, 2], 2],
    [[1, 1, 1, row], 2],
    [[2 * row, 0, row], 3],
    [[0, 5, 0], 1],
    [[128 * row], 128],
    [[128 * row + 1], 129],
    [[100, 127 * row, row - 100, 1], 129],
    [[4096 * row + 3], 4097],
  ];
  for (const [at, [lengths, rows]] of models.entries()) {
    const files = lengths.map((length, part) => write(`p${at}-${part}`, length));
    const whole = write(`p${at}`, 1);
    const results = [];
    for (const implementation of implementations) {
      const result = await roundTrip({ files, implementation }, 2, 6);
      t.equal(result.id.rows, rows, `${lengths}: ${implementation}`);
      results.push(hexed(result));
    }
    for (const result of results) t.equal(result, results[0], `${lengths}`);
    rmSync(whole.path);
  }
});

for (const implementation of implementations) {
  const rootOf = (path: string, lengthBytes: number) =>
    refusalOf(() => computeModelRoot({ files: [{ path, lengthBytes }], implementation }));

  t.test(
    `${implementation}: missing, truncated and empty models are refused by code`,
    async (t) => {
      const file = write("d", 5000);
      t.match(
        await rootOf(`${file.path}x`, 5000),
        { code: "MODEL_FILE", message: /dx/ },
        "missing",
      );
      t.match(await rootOf(file.path, 5001), { code: "MODEL_FILE", message: /5000.*5001/ });
      t.match(await rootOf(file.path, 4999), { code: "MODEL_FILE", message: /5000.*4999/ });
      t.match(await rootOf(folder, 4096), { code: /MODEL_FILE/ }, "a folder");
      const none = await refusalOf(() => computeModelRoot({ files: [], implementation }));
      t.match(none, { code: "MODEL_FILE" }, "no file");
      truncateSync(file.path, 4000);
      t.match(await rootOf(file.path, 5000), { code: "MODEL_FILE", message: /4000.*5000/ });
      t.equal(await rootOf(file.path, 4000), undefined, "as registered");
    },
  );

  t.test(`${implementation}: a file that changes during an answer is named`, async (t) => {
    const changes: [what: string, change: (path: string) => void][] = [
      ["written to", (path) => writeFileSync(path, "x", { flag: "r+" })],
      ["longer", (path) => appendFileSync(path, "x")],
      ["cut short", (path) => truncateSync(path, 100)],
      ["replaced", (path) => renameSync(write("other", 9_000_000).path, path)],
      ["touched", (path) => utimesSync(path, 1, 1)],
      ["gone", (path) => rmSync(path)],
    ];
    for (const [what, change] of changes) {
      const files = [write("idle", 5000), write("busy", 9_000_000)];
      const { root, rows } = await computeModelRoot({ files, implementation });
      const id = challenge(root, rows, 1000); // More passes than it will ever come to.
      let hasChanged = false;
      const onProgress = (): void => {
        if (!hasChanged) change(files[1]!.path);
        hasChanged = true;
      };
      const source = { files, implementation, onProgress };
      const refusal = await refusalOf(() => computeAnswer(id, source));
      t.match(refusal, { code: "MODEL_CHANGED", message: /busy/ }, what);
    }
  });

  t.test(`${implementation}: bad challenges, samples and openings`, async (t) => {
    const files = [write("e", 600_000)];
    const good = await roundTrip({ files, implementation }, 2, 5);
    const answered = (change: Partial<ChallengeId>) =>
      refusalOf(() => computeAnswer({ ...good.id, ...change }, { files, implementation }));
    const bad: [change: Partial<ChallengeId>, what: string][] = [
      [{ hostKey: hostKey.subarray(1) }, "a short host key"],
      [{ beacon: beacon.subarray(1) }, "a short beacon"],
      [{ modelRoot: new Uint8Array(31) }, "a short root"],
      [{ passes: 0 }, "no pass"],
      [{ passes: 1025 }, "too many passes"],
      [{ passes: 1.5 }, "half a pass"],
      [{ rows: 0 }, "no row"],
      [{ rows: good.id.rows + 1 }, "rows that the files have not"],
    ];
    for (const [change, what] of bad)
      t.match(await answered(change), { code: "BAD_ARGUMENT" }, what);
    const outside = { answer: good.answer, samples: [{ pass: 2, row: 0 }] };
    const opened = () => computeOpening(good.id, outside, { files, implementation });
    t.match(await refusalOf(opened), { code: "BAD_ARGUMENT" }, "a pass that was not asked for");
    interface Shown {
      answer: ChallengeAnswer;
      samples: readonly RowSample[];
      opening: WeightOpening;
    }
    const { answer, opening } = good;
    const forged: [change: Partial<Shown>, what: string][] = [
      [{ answer: { ...answer, finalSeed: new Uint8Array(32) } }, "another final seed"],
      [{ answer: { ...answer, finalSeed: new Uint8Array(31) } }, "a short final seed"],
      [{ answer: { ...answer, passRoots: answer.passRoots.slice(1) } }, "too few passes"],
      [{ opening: { ...opening, rows: opening.rows.slice(1) } }, "too few rows"],
      [{ opening: { ...opening, proof: opening.proof.slice(1) } }, "a short proof"],
      [{ opening: { ...opening, proof: [new Uint8Array(31), ...opening.proof] } }, "a short hash"],
      [{ opening: { ...opening, passes: [] } }, "no passes"],
      [{ samples: good.samples.slice(1) }, "other samples"],
      [{ samples: [{ pass: 0, row: good.id.rows }] }, "a row beyond the model"],
    ];
    for (const [change, what] of forged) {
      const shown = { answer, samples: good.samples, opening, ...change };
      t.ok(await verifyOpening(good.id, shown, { implementation }), what);
    }
  });

  t.test(`${implementation}: an answer tells of progress and stops on abort`, async (t) => {
    const files = [write("f", 3_000_000)];
    const { root, rows } = await computeModelRoot({ files, implementation });
    const controller = new AbortController();
    const heard: bigint[] = [];
    const onProgress = (done: bigint, total: bigint): void => {
      heard.push(done);
      t.ok(total >= 3_000_000_000n);
      if (heard.length === 2) controller.abort();
    };
    const source = { files, implementation, signal: controller.signal, onProgress };
    const refusal = await refusalOf(() => computeAnswer(challenge(root, rows, 1000), source));
    t.match(refusal, { code: "CANCELLED" });
    t.ok(heard.length >= 2 && heard[1]! > heard[0]!, "progress grows");
  });
}

/** The EngineError that a call ends with; undefined when it succeeds. */
async function refusalOf(run: () => Promise<unknown>): Promise<EngineError | undefined> {
  try {
    await run();
  } catch (error) {
    if (error instanceof EngineError) return error;
    throw error;
  }
  return undefined;
}
