/** MWC-1 over model files (spec/sprint.md, clause 12): the addon where built, else the twin. */
import { concat } from "../encoding/bytes.ts";
import {
  answerChallenge,
  type ChallengeAnswer,
  type ChallengeId,
  firstSeed,
} from "../sprint/mwc/challenge.ts";
import {
  openWeights,
  type RowSample,
  verifyWeights,
  type WeightOpening,
} from "../sprint/mwc/opening.ts";
import { modelRoot, type RowSource } from "../sprint/mwc/rows.ts";
import { fileDigests, ModelFileError, type ModelPart, modelFileRows } from "../sprint/mwc-files.ts";
import { type Addon, type AddonChallenge, type AddonFiles, loadAddon } from "./addon.ts";
import { EngineError, type JobOptions } from "./engine.ts";
import { runJob } from "./run-job.ts";

/** Who computes weight challenges here. */
export type WeightImplementation = "native" | "typescript";

/** How to compute: with the addon if it is built, unless the twin is asked for. */
export interface WeightOptions extends JobOptions {
  readonly implementation?: WeightImplementation | undefined;
}

/** A model on disk and how many threads may read it; 0, the default, one for each processor. */
export interface ModelSource extends WeightOptions {
  readonly files: readonly ModelPart[];
  readonly threads?: number | undefined;
}

/** What a registry entry says of a model's bytes. */
export interface ModelDigest {
  readonly root: Uint8Array;
  readonly rows: number;
  /** In the files' order. */
  readonly sha256: readonly Uint8Array[];
}

const hashBytes = 32;

/** Which implementation computes with these options; throws when the addon is not there. */
export function weightImplementation({ implementation }: WeightOptions = {}): WeightImplementation {
  if (implementation === "typescript") return "typescript";
  const loaded = loadAddon();
  if (!("missing" in loaded)) return "native";
  if (implementation === "native") throw new EngineError("UNKNOWN_BACKEND", loaded.missing);
  return "typescript";
}

/** model_root, n_rows, and the SHA-256 of each file. */
export async function computeModelRoot(source: ModelSource): Promise<ModelDigest> {
  const addon = addonFor(source);
  if (!addon) {
    return byTwin(source, 2, async (rows, watch) => {
      return { ...(await modelRoot(rows)), sha256: await fileDigests(source.files, watch) };
    });
  }
  const found = await runJob(() => addon.modelRoot(filesOf(source)), source);
  return { root: found.root, rows: Number(found.rows), sha256: found.fileSha256 };
}

/** Answers a challenge: reads the model once for each pass. */
export async function computeAnswer(
  id: ChallengeId,
  source: ModelSource,
): Promise<ChallengeAnswer> {
  requireId(id);
  const addon = addonFor(source);
  if (!addon) return byTwin(source, id.passes, (rows) => answerChallenge(id, rows));
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
  requireId(id);
  const outside = samples.some(({ pass, row }) => pass >= id.passes || row >= id.rows);
  if (outside || answer.passRoots.length !== id.passes) {
    throw new EngineError("BAD_ARGUMENT", "samples or pass roots are not of this challenge");
  }
  const addon = addonFor(source);
  if (!addon) {
    const passes = 1 + new Set(samples.map(({ pass }) => pass)).size;
    return byTwin(source, passes, (rows) => openWeights(id, answer, { samples, source: rows }));
  }
  const given = { ...filesOf(source), ...challengeOf(id), ...answerOf(answer) };
  const start = () => addon.mwcOpen({ ...given, samples: samplesOf(samples) });
  const opening = await runJob(start, source);
  const passes = opening.passes.map(({ groups, proof }) => ({ groups, proof: hashesOf(proof) }));
  return { rows: opening.rows, proof: hashesOf(opening.proof), passes };
}

/** undefined when answer and opening hold; else what is wrong. Needs no model. */
export async function verifyOpening(
  id: ChallengeId,
  {
    answer,
    samples,
    opening,
  }: {
    readonly answer: ChallengeAnswer;
    readonly samples: readonly RowSample[];
    readonly opening: WeightOpening;
  },
  options: WeightOptions = {},
): Promise<string | undefined> {
  requireId(id);
  const addon = addonFor(options);
  if (!addon) return verifyWeights(id, answer, { samples, opening });
  // Lists of hashes are joined for the addon, which could not see a short one among them.
  const proofs = [answer.passRoots, opening.proof, ...opening.passes.map(({ proof }) => proof)];
  if ([answer.finalSeed, ...proofs.flat()].some(({ length }) => length !== hashBytes)) {
    return "a hash has not 32 bytes";
  }
  const passes = opening.passes.map(({ groups, proof }) => ({ groups, proof: concat(...proof) }));
  const packed = { rows: opening.rows, proof: concat(...opening.proof), passes };
  const given = { ...challengeOf(id), ...answerOf(answer), samples: samplesOf(samples) };
  const fault = await runJob(() => addon.mwcVerify({ ...given, opening: packed }), options);
  return fault === "" ? undefined : fault;
}

/** The twin's part: progress, cancellation and typed errors around its streams. */
async function byTwin<T>(
  { files, signal, onProgress }: ModelSource,
  passes: number,
  run: (rows: RowSource, watch: (bytes: number) => void) => Promise<T>,
): Promise<T> {
  const modelBytes = files.reduce((sum, { lengthBytes }) => sum + lengthBytes, 0);
  if (modelBytes === 0) throw new EngineError("MODEL_FILE", "a model has at least one byte");
  const total = BigInt(modelBytes) * BigInt(passes);
  let done = 0n;
  const watch = (bytes: number): void => {
    if (signal?.aborted) throw new EngineError("CANCELLED", "cancelled");
    done += BigInt(bytes);
    onProgress?.(done, total);
  };
  try {
    return await run(modelFileRows(files, watch), watch);
  } catch (error) {
    if (error instanceof ModelFileError) throw new EngineError(error.code, error.message);
    if (error instanceof RangeError) throw new EngineError("BAD_ARGUMENT", error.message);
    throw error;
  }
}

/** Refuses a challenge that no chain could have given as BAD_ARGUMENT. */
function requireId(id: ChallengeId): void {
  try {
    firstSeed(id);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new EngineError("BAD_ARGUMENT", error.message);
  }
}

function addonFor(options: WeightOptions): Addon | undefined {
  const loaded = loadAddon();
  const isNative = weightImplementation(options) === "native";
  return isNative && !("missing" in loaded) ? loaded.addon : undefined;
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

function answerOf({ passRoots, finalSeed }: ChallengeAnswer) {
  return { passRoots: concat(...passRoots), finalSeed };
}

function samplesOf(samples: readonly RowSample[]) {
  return samples.map(({ pass, row }) => ({ pass, row: BigInt(row) }));
}

function hashesOf(joined: Uint8Array): Uint8Array[] {
  return Array.from({ length: joined.length / hashBytes }, (_, at) =>
    joined.slice(at * hashBytes, (at + 1) * hashBytes),
  );
}
