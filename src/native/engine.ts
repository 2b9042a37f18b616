/**
 * What a Sprint engine can do, whoever computes: the compiled addon or its TypeScript twin. Both
 * give the same bytes (spec/sprint.md); they differ in speed alone.
 */
import type { ProfileName } from "../sprint/profiles.ts";

/** Watches and stops a computation. */
export interface JobOptions {
  readonly signal?: AbortSignal;
  /** Hears of progress a few times a second. Units: nonces, or bytes of a model. */
  readonly onProgress?: (done: bigint, total: bigint) => void;
}

/** A network after beacon 1. */
export interface EngineOptions {
  readonly chainId: string;
  readonly profile: ProfileName;
  /** 32 bytes. */
  readonly beacon1: Uint8Array;
  /** A backend's name; "auto" takes the fastest that passes its self-test. */
  readonly backend?: string;
  /** 0, the default, means one for each processor. */
  readonly threads?: number;
  /** Nonces computed at once; 0, the default, means the profile's own choice. */
  readonly batch?: number;
}

/** Nonces first .. first + count - 1 of a host. */
export interface MineRequest {
  /** 32 bytes. */
  readonly beacon2: Uint8Array;
  /** 33 bytes. */
  readonly hostKey: Uint8Array;
  readonly first: bigint;
  readonly count: bigint;
  /** The tier's threshold, 0 .. 2^20. */
  readonly c: number;
}

/** A nonce that passed the hit rule, and its digest of 32 bytes. */
export interface EngineHit {
  readonly nonce: bigint;
  readonly digest: Uint8Array;
}

/** Hits by increasing nonce, and the root that commits to them. */
export interface MineResult {
  readonly hits: readonly EngineHit[];
  readonly root: Uint8Array;
}

/** What a host says of one nonce. */
export interface Claim extends EngineHit {
  readonly hostKey: Uint8Array;
  readonly c: number;
}

/** valid, or what recomputation says against a claim. */
export type Verdict = "valid" | "digest-differs" | "not-a-hit";

/** Verdicts in the claims' order. */
export interface VerifyResult {
  readonly verdicts: readonly Verdict[];
  /** Claims that the fast backend refused and the scalar one accepted: faulty hardware. */
  readonly backendFaults: number;
}

/** One nonce of one host. */
export interface HostNonce {
  readonly hostKey: Uint8Array;
  readonly nonce: bigint;
}

/** Digest of 32 bytes, and O as [tokens][256]. */
export interface ComputedNonce {
  readonly digest: Uint8Array;
  readonly output: Int8Array;
}

/** The hashes of every state of a nonce, its digest and its score. */
export interface TracedNonce {
  readonly trace: readonly Uint8Array[];
  readonly digest: Uint8Array;
  readonly hit: boolean;
  readonly dot: bigint;
  readonly v2: bigint;
  readonly t2: bigint;
}

/** A network's Sprint, ready to compute. Calls on one engine run one after the other. */
export interface SprintEngine {
  readonly implementation: "native" | "typescript";
  readonly backend: string;
  /** Nonces that one batch carries. */
  readonly batch: number;
  /** What it holds between two calls, weights above all. */
  readonly memoryBytes: number;
  /** What was tried and left aside on the way to this engine, one line each. */
  readonly log: readonly string[];
  mine(request: MineRequest, options?: JobOptions): Promise<MineResult>;
  /** Claims of any hosts of the network in one batch: they share the weights. */
  verify(
    request: { readonly beacon2: Uint8Array; readonly claims: readonly Claim[] },
    options?: JobOptions,
  ): Promise<VerifyResult>;
  compute(
    request: { readonly beacon2: Uint8Array; readonly items: readonly HostNonce[] },
    options?: JobOptions,
  ): Promise<readonly ComputedNonce[]>;
  trace(
    request: Omit<MineRequest, "first" | "count"> & { readonly nonce: bigint },
    options?: JobOptions,
  ): Promise<TracedNonce>;
  /** Frees its memory when the calls under way have ended; later calls are refused. */
  close(): Promise<void>;
}

/** Why an engine refused or failed. */
export type EngineErrorCode =
  | "BAD_ARGUMENT"
  | "UNKNOWN_BACKEND"
  | "NO_BACKEND"
  | "GPU_LOST"
  | "MODEL_FILE"
  | "MODEL_CHANGED"
  | "CANCELLED"
  | "OUT_OF_MEMORY"
  | "ENGINE_FAILURE";

/** A refusal or a failure of an engine, told apart by its code. */
export class EngineError extends Error {
  override readonly name = "EngineError";
  readonly code: EngineErrorCode;

  constructor(code: EngineErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}

/** The largest threshold: the scale of c. */
export const maxThreshold = 1 << 20;
const [beaconBytes, hostKeyBytes, digestBytes] = [32, 33, 32];
const nonceEnd = 1n << 64n;

/** Refuses bytes of the wrong length as BAD_ARGUMENT. */
export function requireLength(what: string, bytes: Uint8Array, length: number): void {
  if (bytes.length === length) return;
  throw new EngineError("BAD_ARGUMENT", `${what} has ${bytes.length} bytes, not ${length}`);
}

/** Refuses a window that no chain could have given. */
export function requireWindow(window: {
  readonly beacon2: Uint8Array;
  readonly hostKey: Uint8Array;
  readonly c: number;
}): void {
  requireLength("beacon 2", window.beacon2, beaconBytes);
  requireLength("host key", window.hostKey, hostKeyBytes);
  requireThreshold(window.c);
}

/** Refuses a claim whose parts have the wrong length or size. */
export function requireClaim(claim: Claim): void {
  requireLength("host key", claim.hostKey, hostKeyBytes);
  requireLength("digest", claim.digest, digestBytes);
  requireNonce(claim.nonce);
  requireThreshold(claim.c);
}

/** Refuses a host key of the wrong length, or a number that is no u64. */
export function requireHostNonce({ hostKey, nonce }: HostNonce): void {
  requireLength("host key", hostKey, hostKeyBytes);
  requireNonce(nonce);
}

/** Refuses a range of nonces that leaves u64. */
export function requireRange(first: bigint, count: bigint): void {
  requireNonce(first);
  if (count < 0n || first + count > nonceEnd) {
    throw new EngineError("BAD_ARGUMENT", `${count} nonces from ${first} leave u64`);
  }
}

/** Refuses a number that is no u64. */
export function requireNonce(nonce: bigint): void {
  if (nonce < 0n || nonce >= nonceEnd) {
    throw new EngineError("BAD_ARGUMENT", `nonce ${nonce} does not fit u64`);
  }
}

function requireThreshold(c: number): void {
  if (!Number.isInteger(c) || c < 0 || c > maxThreshold) {
    throw new EngineError("BAD_ARGUMENT", `threshold ${c} is not an integer from 0 to 2^20`);
  }
}
