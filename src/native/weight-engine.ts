/** MWC-1 over model files (spec/sprint.md, clause 12): the addon where built, else the twin. */
import { concat } from "../encoding/bytes.ts";
import type { ChallengeAnswer, ChallengeId } from "../sprint/mwc/challenge.ts";
import { answerChallenge } from "../sprint/mwc/challenge.ts";
import { openWeights, type RowSample, type WeightOpening } from "../sprint/mwc/opening.ts";
import { modelRoot } from "../sprint/mwc/rows.ts";
import { type ModelFile, modelFileRows } from "../sprint/mwc-files.ts";
import { type Addon, type AddonChallenge, type AddonFiles, loadAddon } from "./addon.ts";
import type { JobOptions } from "./engine.ts";
import { runJob } from "./run-job.ts";

/** A model on disk and how many threads may read it; 0, the default, one for each processor. */
export interface ModelSource extends JobOptions {
  readonly files: readonly Pick<ModelFile, "path" | "lengthBytes">[];
  readonly threads?: number;
}

const hashBytes = 32;

/** model_root and n_rows of files. */
export async function computeModelRoot(
  source: ModelSource,
): Promise<{ readonly root: Uint8Array; readonly rows: number }> {
  const addon = findAddon();
  if (!addon) return modelRoot(rowsOf(source));
  const { root, rows } = await runJob(() => addon.modelRoot(filesOf(source)), source);
  return { root, rows: Number(rows) };
}

/** Answers a challenge: reads the model once for each pass. */
export async function computeAnswer(
  id: ChallengeId,
  source: ModelSource,
): Promise<ChallengeAnswer> {
  const addon = findAddon();
  if (!addon) return answerChallenge(id, rowsOf(source));
  const start = () => addon.mwcAnswer({ ...filesOf(source), ...challengeOf(id) });
  const { passRoots, finalSeed } = await runJob(start, source);
  return { passRoots: hashesOf(passRoots), finalSeed };
}

/** Opens samples of one's own answer: reads the model once, and once for each sampled pass. */
export async function computeOpening(
  id: ChallengeId,
  { answer, samples }: { readonly answer: ChallengeAnswer; readonly samples: readonly RowSample[] },
  source: ModelSource,
): Promise<WeightOpening> {
  const addon = findAddon();
  if (!addon) return openWeights(id, answer, { samples, source: rowsOf(source) });
  const opening = await runJob(
    () =>
      addon.mwcOpen({
        ...filesOf(source),
        ...challengeOf(id),
        passRoots: concat(...answer.passRoots),
        finalSeed: answer.finalSeed,
        samples: samples.map(({ pass, row }) => ({ pass, row: BigInt(row) })),
      }),
    source,
  );
  const passes = opening.passes.map(({ groups, proof }) => ({ groups, proof: hashesOf(proof) }));
  return { rows: opening.rows, proof: hashesOf(opening.proof), passes };
}

function findAddon(): Addon | undefined {
  const loaded = loadAddon();
  return "missing" in loaded ? undefined : loaded.addon;
}

function rowsOf({ files }: ModelSource) {
  return modelFileRows(files.map((file) => ({ ...file, sha256: new Uint8Array(hashBytes) })));
}

function filesOf({ files, threads = 0 }: ModelSource): AddonFiles {
  return {
    files: files.map(({ path, lengthBytes }) => ({ path, lengthBytes: BigInt(lengthBytes) })),
    threads,
  };
}

function challengeOf({ profile, rows, ...id }: ChallengeId): AddonChallenge {
  return { ...id, profile: profile.name, rows: BigInt(rows) };
}

function hashesOf(joined: Uint8Array): Uint8Array[] {
  return Array.from({ length: joined.length / hashBytes }, (_, at) =>
    joined.slice(at * hashBytes, (at + 1) * hashBytes),
  );
}
