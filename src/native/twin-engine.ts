/**
 * The Sprint by the TypeScript twin: for tests and for machines without a compiler. It computes on
 * the caller's thread and gives way between nonces; only profile T is practical.
 */
import { equalBytes } from "../encoding/bytes.ts";
import { isHitScore, scoreOutput } from "../sprint/digest.ts";
import { commitmentOf } from "../sprint/hits.ts";
import { computeNonce, type PreparedSprint, prepareSprint, traceNonce } from "../sprint/nonce.ts";
import { profiles } from "../sprint/profiles.ts";
import { deriveWeightsKey } from "../sprint/seeds.ts";
import { Weights } from "../sprint/weights.ts";
import {
  type Claim,
  type ComputedNonce,
  EngineError,
  type EngineHit,
  type EngineOptions,
  type HostNonce,
  type JobOptions,
  type MineRequest,
  type MineResult,
  requireClaim,
  requireHostNonce,
  requireLength,
  requireNonce,
  requireRange,
  requireWindow,
  type SprintEngine,
  type TracedNonce,
  type Verdict,
  type VerifyResult,
} from "./engine.ts";

/** Opens the twin. log says why it is not the addon. */
export function openTwinEngine(options: EngineOptions, log: readonly string[]): SprintEngine {
  const { backend = "auto", beacon1 } = options;
  requireLength("beacon 1", beacon1, 32);
  if (backend !== "auto" && backend !== "typescript") {
    throw new EngineError("UNKNOWN_BACKEND", `this machine has no backend ${backend}`);
  }
  return new TwinEngine(options, log);
}

class TwinEngine implements SprintEngine {
  readonly implementation = "typescript";
  readonly backend = "typescript";
  readonly batch = 1;
  readonly log: readonly string[];
  /** Weights are expanded as they are needed. */
  readonly memoryBytes = 0;
  readonly #options: EngineOptions;
  #weights: Weights | undefined;

  constructor(options: EngineOptions, log: readonly string[]) {
    this.log = log;
    this.#options = options;
    const { chainId, beacon1 } = options;
    const profile = profiles[options.profile];
    this.#weights = new Weights(profile, deriveWeightsKey({ chainId, profile, beacon1 }));
  }

  async mine(request: MineRequest, options: JobOptions = {}): Promise<MineResult> {
    requireWindow(request);
    requireRange(request.first, request.count);
    const sprint = this.#prepare(request);
    const hits: EngineHit[] = [];
    for (let done = 0n; done < request.count; done++) {
      await giveWay(done, request.count, options);
      const nonce = request.first + done;
      const { digest, output } = computeNonce(sprint, nonce);
      const score = scoreOutput({ digest, output, target: sprint.target });
      if (isHitScore(score, request.c)) hits.push({ nonce, digest });
    }
    options.onProgress?.(request.count, request.count);
    return { hits, root: commitmentOf(hits).root };
  }

  async verify(
    { beacon2, claims }: { readonly beacon2: Uint8Array; readonly claims: readonly Claim[] },
    options: JobOptions = {},
  ): Promise<VerifyResult> {
    requireLength("beacon 2", beacon2, 32);
    for (const claim of claims) requireClaim(claim);
    const verdicts: Verdict[] = [];
    for (const claim of claims) {
      await giveWay(BigInt(verdicts.length), BigInt(claims.length), options);
      verdicts.push(judge(this.#prepare({ beacon2, hostKey: claim.hostKey }), claim));
    }
    options.onProgress?.(BigInt(claims.length), BigInt(claims.length));
    return { verdicts, backendFaults: 0 };
  }

  async compute(
    { beacon2, items }: { readonly beacon2: Uint8Array; readonly items: readonly HostNonce[] },
    options: JobOptions = {},
  ): Promise<readonly ComputedNonce[]> {
    requireLength("beacon 2", beacon2, 32);
    for (const item of items) requireHostNonce(item);
    const results: ComputedNonce[] = [];
    for (const { hostKey, nonce } of items) {
      await giveWay(BigInt(results.length), BigInt(items.length), options);
      results.push(computeNonce(this.#prepare({ beacon2, hostKey }), nonce));
    }
    options.onProgress?.(BigInt(items.length), BigInt(items.length));
    return results;
  }

  async trace(
    request: Omit<MineRequest, "first" | "count"> & { readonly nonce: bigint },
    options: JobOptions = {},
  ): Promise<TracedNonce> {
    requireWindow(request);
    requireNonce(request.nonce);
    await giveWay(0n, 1n, options);
    const sprint = this.#prepare(request);
    const { trace, digest, output } = traceNonce(sprint, request.nonce);
    const score = scoreOutput({ digest, output, target: sprint.target });
    return { trace, digest, hit: isHitScore(score, request.c), ...score };
  }

  async close(): Promise<void> {
    this.#weights = undefined;
  }

  #prepare(window: { readonly beacon2: Uint8Array; readonly hostKey: Uint8Array }): PreparedSprint {
    const { chainId, beacon1 } = this.#options;
    const { beacon2, hostKey } = window;
    if (!this.#weights) throw new EngineError("BAD_ARGUMENT", "the session is closed");
    const id = { chainId, profile: this.#weights.profile, beacon1, beacon2, hostKey };
    return prepareSprint(id, this.#weights);
  }
}

function judge(sprint: PreparedSprint, claim: Claim): Verdict {
  const { digest, output } = computeNonce(sprint, claim.nonce);
  if (!equalBytes(digest, claim.digest)) return "digest-differs";
  const score = scoreOutput({ digest, output, target: sprint.target });
  return isHitScore(score, claim.c) ? "valid" : "not-a-hit";
}

/** Between two nonces: lets the event loop turn, tells of progress, heeds an abort. */
async function giveWay(done: bigint, total: bigint, { signal, onProgress }: JobOptions) {
  await new Promise((turn) => setImmediate(turn));
  if (signal?.aborted) throw new EngineError("CANCELLED", "cancelled");
  onProgress?.(done, total);
}
