/** Which leaves of a commitment are looked at, from beacon 3 (spec/sprint.md, clause 8). */
import { concat, u32le, utf8 } from "../encoding/bytes.ts";
import { checkLength, hostKeyBytes, keyedHash, seedBytes } from "./seeds.ts";

/** The samples of one verifier slot in one host's commitment. */
export interface SampleRequest {
  /** 32 bytes, known at least two blocks after the commitment. */
  readonly beacon3: Uint8Array;
  /** Worker key of the host whose leaves are sampled, 33 bytes. */
  readonly hostKey: Uint8Array;
  /** Counts from 0. */
  readonly verifierSlot: number;
  /** How many samples a slot draws. */
  readonly samples: number;
  /** Committed number of hits, below 2^32. */
  readonly count: number;
}

const context = utf8("isp1 sample v1");

/** The sampled indices, increasing and each once (drawn with replacement); none of no hits. */
export function sampleIndices(request: SampleRequest): number[] {
  const { beacon3, hostKey, verifierSlot, samples, count } = request;
  checkLength("beacon 3", beacon3, seedBytes);
  checkLength("host key", hostKey, hostKeyBytes);
  if (count === 0) return [];
  const indices = new Set<number>();
  for (let j = 0; j < samples; j++) {
    const hash = keyedHash(beacon3, concat(context, hostKey, u32le(verifierSlot), u32le(j)));
    const draw = new DataView(hash.buffer, hash.byteOffset).getBigUint64(0, true);
    indices.add(Number(draw % BigInt(count)));
  }
  return [...indices].sort((a, b) => a - b);
}

/** What the host must open: the union over verifier slots 0 .. slots-1, increasing, each once. */
export function sampleAllSlots(
  request: Omit<SampleRequest, "verifierSlot"> & { readonly slots: number },
): number[] {
  const indices = new Set<number>();
  for (let verifierSlot = 0; verifierSlot < request.slots; verifierSlot++) {
    for (const index of sampleIndices({ ...request, verifierSlot })) indices.add(index);
  }
  return [...indices].sort((a, b) => a - b);
}
