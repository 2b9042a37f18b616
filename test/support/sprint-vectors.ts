/** Reads the known answers of ISP-1 and MWC-1, and names the inputs that several tests share. */
import { readFileSync } from "node:fs";
import { fromHex } from "../../src/encoding/bytes.ts";
import { profiles } from "../../src/sprint/profiles.ts";
import type { SprintId } from "../../src/sprint/seeds.ts";

export interface StreamVector {
  readonly key: string;
  readonly n0: number;
  readonly n1: number;
  readonly n2: number;
}

export interface SprintVectors {
  readonly sets: Record<
    string,
    { chain_id: string; beacon1: string; beacon2: string; pubkey: string }
  >;
  readonly keys: { set: string; profile: "T" | "C"; k_w: string; k_t: string; k_x: string }[];
  readonly stream: (StreamVector & { offset: number; len: number; bytes: string })[];
  readonly norm: {
    name: string;
    d: number;
    row_rle: [number, number][];
    ss: number;
    q: string;
    m: number;
    out_rle: [number, number][];
  }[];
  readonly isqrt: { n: string; isqrt: string }[];
  readonly hits: {
    set: string;
    profile: "T";
    from: string;
    to: string;
    c: number;
    hits: { nonce: string; digest: string }[];
    count: number;
    root: string;
  }[];
  readonly nonces: {
    set: string;
    profile: "T" | "C";
    nonce: string;
    c: number;
    digest: string;
    hit: boolean;
    dot: string;
    v2: string;
    t2: string;
    trace: string[];
  }[];
  readonly mwc: {
    name: string;
    profile: "T";
    chain_id: string;
    beacon: string;
    host: string;
    files: { stream?: StreamVector; fill?: number; len: number; sha256: string }[];
    model_root: string;
    passes: number;
    n_rows: number;
    s: string[];
    y_first_last: number[][][];
    F: string[];
    s_passes: string;
  }[];
}

/** The vectors of a file. */
export function readSprintVectors(file: string | URL): SprintVectors {
  return JSON.parse(readFileSync(file, "utf8")) as SprintVectors;
}

/** The project's own copy. */
export const sprintVectors = readSprintVectors(new URL("../vectors/isp1.json", import.meta.url));

/** The Sprint of a set of the vectors. */
export function sprintOf(vectors: SprintVectors, set: string, profile: "T" | "C"): SprintId {
  const inputs = vectors.sets[set]!;
  return {
    chainId: inputs.chain_id,
    profile: profiles[profile],
    beacon1: fromHex(inputs.beacon1),
    beacon2: fromHex(inputs.beacon2),
    hostKey: fromHex(inputs.pubkey),
  };
}
