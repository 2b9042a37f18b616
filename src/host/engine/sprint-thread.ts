/**
 * The thread that computes nonces (thread-engine.ts starts it). It takes jobs as messages, works
 * on one nonce at a time and looks at its messages between two, so a stop is never further away
 * than one nonce. It asks the system for less CPU time than the threads that must be prompt.
 */
import { setPriority } from "node:os";
import { parentPort } from "node:worker_threads";
import { equalBytes } from "../../encoding/bytes.ts";
import { attestationTag, isHit } from "../../sprint/digest.ts";
import type { Hit } from "../../sprint/hits.ts";
import { computeNonce, type PreparedSprint, prepareSprint } from "../../sprint/nonce.ts";
import { deriveWeightsKey, type SprintId } from "../../sprint/seeds.ts";
import { Weights } from "../../sprint/weights.ts";
import type { MiningBatch, MiningJob, Recomputed, RecomputeJob } from "../expected.ts";

/** To the thread. Ids are the caller's; an answer repeats the id. */
export type ThreadRequest =
  | { readonly kind: "mine"; readonly id: number; readonly job: MiningJob }
  | { readonly kind: "stop"; readonly id: number }
  | { readonly kind: "recompute"; readonly id: number; readonly job: RecomputeJob };

/** From the thread. `ended` follows the last batch of a search. */
export type ThreadReply =
  | { readonly kind: "batch"; readonly id: number; readonly batch: MiningBatch }
  | { readonly kind: "ended"; readonly id: number }
  | { readonly kind: "recomputed"; readonly id: number; readonly answers: Recomputed[] }
  | { readonly kind: "failed"; readonly id: number; readonly error: string };

/** Nice value of this thread: Linux sets it for the calling thread alone. */
const niceness = 10;
/** Milliseconds of mining between two batches. */
const batchIntervalMs = 1000;

const stopped = new Set<number>();
let kept: { readonly key: Uint8Array; readonly weights: Weights } | undefined;

function send(reply: ThreadReply): void {
  parentPort?.postMessage(reply);
}

/** Lets messages in. */
function pause(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** A Sprint on the weights that this thread keeps for its beacon. */
function prepare(id: SprintId): PreparedSprint {
  const key = deriveWeightsKey(id);
  const weights = kept && equalBytes(kept.key, key) ? kept.weights : new Weights(id.profile, key);
  kept = { key, weights };
  return prepareSprint(id, weights);
}

async function mine(id: number, { sprint: sprintId, c, from, end }: MiningJob): Promise<void> {
  const sprint = prepare(sprintId);
  const witness = prepareSprint(sprintId); // Weights of its own: a flipped bit is in one of them.
  let [next, hits, spokenMs] = [from, [] as Hit[], Date.now()];
  const speak = () => {
    send({ kind: "batch", id, batch: { next, hits } });
    [hits, spokenMs] = [[], Date.now()];
  };
  while (next < end && !stopped.has(id)) {
    const hit = hitOf(sprint, next, c);
    if (hit) hits.push(confirm(hit, hitOf(witness, next, c)));
    next++;
    if (Date.now() - spokenMs >= batchIntervalMs) speak();
    await pause();
  }
  speak();
  stopped.delete(id);
  send({ kind: "ended", id });
}

function hitOf(sprint: PreparedSprint, nonce: bigint, c: number): Hit | undefined {
  const { digest, output } = computeNonce(sprint, nonce);
  return isHit({ digest, output, target: sprint.target, c }) ? { nonce, digest } : undefined;
}

/** A hit that came out twice. One wrong leaf would cost the host its whole Sprint. */
function confirm(hit: Hit, again: Hit | undefined): Hit {
  if (again && equalBytes(again.digest, hit.digest)) return hit;
  kept = undefined;
  throw new Error(`nonce ${hit.nonce} came out both ways: memory is not to be trusted`);
}

async function recompute(id: number, job: RecomputeJob): Promise<void> {
  const { network, verifierKey, leaves, by } = job;
  const key = deriveWeightsKey(network); // Refuses what no chain could have given.
  const fresh = by === "reference" ? new Weights(network.profile, key) : undefined;
  const answers: Recomputed[] = [];
  for (const { hostKey, nonce, c } of leaves) {
    const sprintId = { ...network, hostKey };
    const sprint = fresh ? prepareSprint(sprintId, fresh) : prepare(sprintId);
    const { digest, output } = computeNonce(sprint, nonce);
    const tag = attestationTag({ verifierKey, digest, output });
    answers.push({
      nonce,
      digest,
      isHit: isHit({ digest, output, target: sprint.target, c }),
      tag,
    });
    await pause();
  }
  send({ kind: "recomputed", id, answers });
}

function take(request: ThreadRequest): void {
  const { id } = request;
  const fail = (error: unknown) => send({ kind: "failed", id, error: String(error) });
  if (request.kind === "stop") stopped.add(id);
  else if (request.kind === "mine") mine(id, request.job).catch(fail);
  else recompute(id, request.job).catch(fail);
}

try {
  setPriority(niceness);
} catch {
  // Not allowed here: the work is the same, only less polite.
}
parentPort?.on("message", take);
