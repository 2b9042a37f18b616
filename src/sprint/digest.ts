/** Digest, target and the hit rule of ISP-1, in exact integers (spec/sprint.md, clause 5). */
import { concat, u64le } from "../encoding/bytes.ts";
import { streamBytes } from "./chacha8.ts";
import { outputWidth } from "./profiles.ts";
import { deriveKey, keyedHash } from "./seeds.ts";

/** The scale of c: 2^20 stands for a cosine of 1. */
export const maxThreshold = 1 << 20;

const signDomain = 0x53;

/** D = keyed(K_x, LE64(nonce) ‖ O), 32 bytes. */
export function leafDigest(inputKey: Uint8Array, nonce: bigint, output: Int8Array): Uint8Array {
  return keyedHash(inputKey, concat(u64le(nonce), asBytes(output)));
}

/** The three integers of the hit rule. dot < 2^28, v2 < 2^34, t2 <= 2^22. */
export interface Score {
  readonly dot: bigint;
  readonly v2: bigint;
  readonly t2: bigint;
}

/** What is scored: D, O as [tokens][256], and T, 256 channels. */
export interface ScoredOutput {
  readonly digest: Uint8Array;
  readonly output: Int8Array;
  readonly target: Int8Array;
}

/** How close the sign-flipped output is to the target. Exact: each sum stays below 2^53. */
export function scoreOutput({ digest, output, target }: ScoredOutput): Score {
  const tokens = output.length / outputWidth;
  const signs = streamBytes({ key: digest, n0: 0, n1: 0, n2: signDomain }, 0, output.length / 8);
  let [dot, v2, t2] = [0, 0, 0];
  for (let j = 0; j < outputWidth; j++) {
    let v = 0;
    for (let i = 0; i < tokens; i++) {
      const place = i * outputWidth + j;
      const isNegative = (signs[place >> 3]! >> (place & 7)) & 1;
      v += isNegative ? -output[place]! : output[place]!;
    }
    const t = target[j]!;
    dot += v * t;
    v2 += v * v;
    t2 += t * t;
  }
  return { dot: BigInt(dot), v2: BigInt(v2), t2: BigInt(t2) };
}

/** Whether a score is a hit at threshold c, 0 <= c <= 2^20: dot > 0 and dot²·2^40 >= c²·V2·T2. */
export function isHitScore({ dot, v2, t2 }: Score, c: number): boolean {
  const threshold = BigInt(c);
  return dot > 0n && (dot * dot) << 40n >= threshold * threshold * v2 * t2;
}

/** Whether a computed nonce is a hit at threshold c. */
export function isHit({ c, ...scored }: ScoredOutput & { readonly c: number }): boolean {
  return isHitScore(scoreOutput(scored), c);
}

/**
 * The tag of an attestation (spec/sprint.md, clause 9): a verifier's proof that it holds O, which
 * the public digest does not reveal. Any other holder of O can check it.
 */
export function attestationTag(tagged: {
  /** The verifier's worker key, 33 bytes. */
  readonly verifierKey: Uint8Array;
  /** D of the recomputed leaf: it binds chain, beacons, host and nonce. */
  readonly digest: Uint8Array;
  readonly output: Int8Array;
}): Uint8Array {
  const { verifierKey, digest, output } = tagged;
  return deriveKey("isp1 attestation v1", concat(verifierKey, digest, asBytes(output)));
}

function asBytes(values: Int8Array): Uint8Array {
  return new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
}
