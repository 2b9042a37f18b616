/** Weight challenges: addon and twin give the same roots, answers, openings; errors have codes. */
import { mkdtempSync, rmSync, truncateSync, writeFileSync } from "node:fs";
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
} from "../../../src/native/weight-engine.ts";
import { answerChallenge } from "../../../src/sprint/mwc/challenge.ts";
import { openWeights, sampleRows, verifyWeights } from "../../../src/sprint/mwc/opening.ts";
import { modelRoot } from "../../../src/sprint/mwc/rows.ts";
import { modelFileRows } from "../../../src/sprint/mwc-files.ts";
import { profiles } from "../../../src/sprint/profiles.ts";

const loaded = loadAddon();
const withAddon = "missing" in loaded ? { skip: loaded.missing } : {};
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
  return { path, lengthBytes, sha256: new Uint8Array(32) };
}
const codeOf = async (run: () => Promise<unknown>): Promise<unknown> => {
  try {
    await run();
  } catch (error) {
    return error instanceof EngineError ? error.code : error;
  }
  return "no error";
};

t.test("roots, answers and openings equal the twin's, and verify", withAddon, async (t) => {
  const files = [write("a", 300_001), write("b", 1), write("c", 260_000)];
  const source = modelFileRows(files);
  const { root, rows } = await computeModelRoot({ files });
  t.same({ root, rows }, await modelRoot(source), "model root");
  const hostKey = new Uint8Array(33).fill(2);
  const id = {
    chainId: "isp1-public-1",
    profile: profiles.T,
    hostKey,
    beacon: new Uint8Array(32).fill(9),
    modelRoot: root,
    rows,
    passes: 3,
  };
  const answer = await computeAnswer(id, { files, threads: 2 });
  t.same(answer, await answerChallenge(id, source), "answer");
  const beacon = new Uint8Array(32).fill(7);
  const samples = sampleRows({ beacon, hostKey, samples: 24, passes: 3, rows });
  const opening = await computeOpening(id, { answer, samples }, { files, threads: 2 });
  const hexed = (value: unknown) =>
    JSON.stringify(value, (_, part) => (part instanceof Uint8Array ? toHex(part) : part));
  t.equal(hexed(opening), hexed(await openWeights(id, answer, { samples, source })), "opening");
  t.equal(verifyWeights(id, answer, { samples, opening }), undefined, "verdict");
});

t.test("missing, truncated and empty models are refused by code", withAddon, async (t) => {
  const file = write("d", 5000);
  const rootOf = (path: string, lengthBytes: number) =>
    codeOf(() => computeModelRoot({ files: [{ path, lengthBytes }] }));
  t.equal(await rootOf(`${file.path}x`, 5000), "MODEL_FILE", "missing");
  t.equal(await rootOf(file.path, 5001), "MODEL_FILE", "shorter than registered");
  t.equal(await codeOf(() => computeModelRoot({ files: [] })), "MODEL_FILE", "no file");
  truncateSync(file.path, 4000);
  t.equal(await rootOf(file.path, 5000), "MODEL_FILE", "truncated");
  t.equal(await rootOf(file.path, 4000), "no error", "as registered");
});
