/**
 * The Sprint by the compiled engine, which has threads of its own; by the TypeScript twin in a
 * thread of ours when nothing compiled works. The event loop only asks and takes results.
 */
import { type Claim, type SprintEngine as Engine, EngineError } from "../../native/engine.ts";
import { attestationTag, isHit } from "../../sprint/digest.ts";
import type { Hit } from "../../sprint/hits.ts";
import { targetOf } from "../../sprint/nonce.ts";
import { deriveKeys } from "../../sprint/seeds.ts";
import type {
  Log,
  Mining,
  MiningJob,
  MiningListener,
  Recomputed,
  RecomputeJob,
  SprintEngine,
} from "../expected.ts";
import type { NativeSessions, WeightsOf } from "./native-sessions.ts";

/** A stretch between two batches takes about this long: what a crash or a stop loses. */
const stretchMs = 1000;
/** Leaves scored between two turns of the event loop: well below 5 ms. */
const leavesPerTurn = 4;

export class NativeEngine implements SprintEngine {
  readonly #sessions: NativeSessions;
  readonly #twin: SprintEngine;
  readonly #log: Log;
  readonly #closing = new AbortController();

  /** twin computes when no session can. */
  constructor(sessions: NativeSessions, twin: SprintEngine, log: Log) {
    this.#sessions = sessions;
    this.#twin = twin;
    this.#log = log;
  }

  get batch(): number {
    return this.#sessions.isUsable ? this.#sessions.batch : this.#twin.batch;
  }

  prepare(network: WeightsOf): void {
    if (!this.#sessions.isUsable) return;
    this.#sessions
      .use(network, async () => {})
      .catch((error) => this.#log.warn("weights not prepared", { error: String(error) }));
  }

  mine(job: MiningJob, listener: MiningListener): Mining {
    const stopping = new AbortController();
    const signal = AbortSignal.any([stopping.signal, this.#closing.signal]);
    let rest: Mining | undefined;
    const search = async (): Promise<void> => {
      let next = job.from;
      const onBatch = (batch: { next: bigint; hits: readonly Hit[] }): void => {
        next = batch.next;
        listener.onBatch(batch);
      };
      try {
        await this.#search(job, onBatch, signal);
      } catch (error) {
        if (signal.aborted) return;
        if (this.#sessions.isUsable) return listener.onError(toError(error));
        rest = this.#twin.mine({ ...job, from: next }, listener);
      }
    };
    const ended = search();
    const stop = async (): Promise<void> => {
      stopping.abort();
      await ended;
      await rest?.stop();
    };
    return { stop };
  }

  async #search(
    { sprint, c, from, end }: MiningJob,
    onBatch: MiningListener["onBatch"],
    signal: AbortSignal,
  ): Promise<void> {
    const { beacon2, hostKey } = sprint;
    let [next, batches] = [from, 1n];
    while (next < end && !signal.aborted) {
      const startedMs = performance.now();
      const { hits, count } = await this.#sessions.use(sprint, async (engine) => {
        const stretch = batches * BigInt(engine.batch);
        const size = end - next < stretch ? end - next : stretch;
        const request = { beacon2, hostKey, first: next, count: size, c };
        return { ...(await engine.mine(request, { signal })), count: size };
      });
      await this.#confirm({ sprint, c }, hits, signal);
      next += count;
      onBatch({ next, hits });
      const tookMs = performance.now() - startedMs;
      if (tookMs < stretchMs / 2) batches *= 2n;
      else if (tookMs > stretchMs * 2 && batches > 1n) batches /= 2n;
    }
  }

  /** Every hit a second time: one wrong leaf would cost the host its whole Sprint. */
  async #confirm(
    { sprint, c }: Pick<MiningJob, "sprint" | "c">,
    hits: readonly Hit[],
    signal: AbortSignal,
  ): Promise<void> {
    if (hits.length === 0) return;
    const { beacon2, hostKey } = sprint;
    const claims: Claim[] = hits.map((hit) => ({ ...hit, hostKey, c }));
    const { verdicts, backendFaults } = await this.#sessions.useWitness(sprint, (witness) =>
      witness.verify({ beacon2, claims }, { signal }),
    );
    if (backendFaults > 0) {
      this.#log.error("a backend refused what the reference confirms", { backendFaults });
      await this.#sessions.forget();
    }
    const bad = verdicts.findIndex((verdict) => verdict !== "valid");
    if (bad < 0) return;
    await this.#sessions.forget();
    const nonce = hits[bad]?.nonce;
    throw new Error(`nonce ${nonce} came out both ways: this machine is not to be trusted`);
  }

  async recompute(job: RecomputeJob): Promise<readonly Recomputed[]> {
    if (!this.#sessions.isUsable) return this.#twin.recompute(job);
    const { network, by } = job;
    if (by === "reference") return this.#byReference(job);
    try {
      return await this.#sessions.use(network, (engine) => this.#answers(job, engine));
    } catch (error) {
      if (this.#sessions.isUsable || this.#closing.signal.aborted) throw error;
      return this.#twin.recompute(job);
    }
  }

  async #byReference(job: RecomputeJob): Promise<readonly Recomputed[]> {
    let engine: Engine;
    try {
      engine = await this.#sessions.reference(job.network);
    } catch (error) {
      if (!(error instanceof EngineError) || error.code === "BAD_ARGUMENT") throw error;
      return this.#twin.recompute(job);
    }
    try {
      return await this.#answers(job, engine);
    } finally {
      await engine.close();
    }
  }

  async #answers({ network, verifierKey, leaves }: RecomputeJob, engine: Engine) {
    const { beacon2 } = network;
    const items = leaves.map(({ hostKey, nonce }) => ({ hostKey, nonce }));
    const { signal } = this.#closing;
    const computed = await engine.compute({ beacon2, items }, { signal });
    const [first] = leaves;
    if (!first) return [];
    // All hosts of a network share the target.
    const target = targetOf(deriveKeys({ ...network, hostKey: first.hostKey }).target);
    const answers: Recomputed[] = [];
    for (const [at, { nonce, c }] of leaves.entries()) {
      const result = computed[at];
      if (!result) throw new Error(`no result for nonce ${nonce}`);
      const { digest, output } = result;
      const tag = attestationTag({ verifierKey, digest, output });
      answers.push({ nonce, digest, isHit: isHit({ digest, output, target, c }), tag });
      if (answers.length % leavesPerTurn === 0) await new Promise((turn) => setImmediate(turn));
    }
    return answers;
  }

  /** Stops what is under way and frees all weights. */
  async close(): Promise<void> {
    this.#closing.abort();
    await this.#sessions.forget();
    await this.#twin.close();
  }
}

function toError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}
