/**
 * Somebody who computes, for the host agent's tests: every third nonce is a hit, digests and tags
 * are plain hashes, and the search goes as far as the test says.
 */
import { sha256Parts } from "../../src/crypto/hash.ts";
import { u64le } from "../../src/encoding/bytes.ts";
import type {
  Mining,
  MiningBatch,
  MiningJob,
  Recomputed,
  RecomputeJob,
  SprintEngine,
} from "../../src/host/expected.ts";
import type { Hit } from "../../src/sprint/hits.ts";

/** The digest of a nonce of this host. */
export function fakeDigest(hostKey: Uint8Array, nonce: bigint): Uint8Array {
  return sha256Parts(hostKey, u64le(nonce));
}

/** The hits of this host below a nonce. */
export function fakeHits(hostKey: Uint8Array, end: bigint, from = 0n): Hit[] {
  const hits: Hit[] = [];
  for (let nonce = from; nonce < end; nonce++) {
    if (nonce % 3n === 0n) hits.push({ nonce, digest: fakeDigest(hostKey, nonce) });
  }
  return hits;
}

export class FakeSprintEngine implements SprintEngine {
  /** Jobs that were begun. */
  readonly jobs: MiningJob[] = [];
  readonly recomputed: RecomputeJob[] = [];
  /** Beacons 1 for which weights were asked ahead of time. */
  readonly prepared: Uint8Array[] = [];
  batch = 1;
  /** Recomputations wait while this is a promise. */
  gate: Promise<void> = Promise.resolve();
  /** Recomputations that fail before one succeeds. */
  failures = 0;
  #active: { next: bigint; job: MiningJob; tell(batch: MiningBatch): void } | undefined;

  get isMining(): boolean {
    return this.#active !== undefined;
  }

  prepare({ beacon1 }: { readonly beacon1: Uint8Array }): void {
    this.prepared.push(beacon1);
  }

  mine(job: MiningJob, listener: { onBatch(batch: MiningBatch): void }): Mining {
    this.jobs.push(job);
    const active = { next: job.from, job, tell: listener.onBatch };
    this.#active = active;
    const stop = async () => {
      if (this.#active === active) this.#active = undefined;
    };
    return { stop };
  }

  /** Searches so many nonces, as far as the job goes. */
  search(nonces: bigint): void {
    const active = this.#active;
    if (!active) return;
    const { job, next } = active;
    const left = job.end - next;
    const end = next + (nonces > left ? left : nonces);
    active.next = end;
    active.tell({ next: end, hits: fakeHits(job.sprint.hostKey, end, next) });
  }

  async recompute(job: RecomputeJob): Promise<Recomputed[]> {
    await this.gate;
    this.recomputed.push(job);
    if (this.failures > 0) {
      this.failures--;
      throw new Error("out of memory");
    }
    return job.leaves.map(({ hostKey, nonce }) => {
      const digest = fakeDigest(hostKey, nonce);
      const tag = sha256Parts(job.verifierKey, digest);
      return { nonce, digest, isHit: nonce % 3n === 0n, tag };
    });
  }

  async close(): Promise<void> {
    this.#active = undefined;
  }
}
