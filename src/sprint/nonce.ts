/**
 * One nonce of ISP-1 (spec/sprint.md, clause 4): a small transformer in exact integers. This is
 * the reference: every faster backend must give the same bytes.
 */
import { blake3 } from "@noble/hashes/blake3.js";
import { signedStream } from "./chacha8.ts";
import { leafDigest } from "./digest.ts";
import { normalize, requantize } from "./kernels/arithmetic.ts";
import { attend } from "./kernels/attention.ts";
import { denseProduct } from "./kernels/gemm.ts";
import { outputWidth, type Profile } from "./profiles.ts";
import { checkLength, deriveKeys, type SprintId, type SprintKeys, seedBytes } from "./seeds.ts";
import { tensorPlace, Weights } from "./weights.ts";

/** One host's Sprint, ready to compute. */
export interface PreparedSprint {
  readonly profile: Profile;
  readonly keys: SprintKeys;
  readonly weights: Weights;
  /** T of clause 5: 256 channels. */
  readonly target: Int8Array;
}

/** What a nonce gives: D of 32 bytes, and O as [tokens][256]. */
export interface NonceResult {
  readonly digest: Uint8Array;
  readonly output: Int8Array;
}

const inputDomain = 0x58;
const targetDomain = 0x54;

/** The largest nonce. */
export const maxNonce = (1n << 64n) - 1n;

/** Prepares a Sprint. `shared` are weights of the same K_w that another host's check expanded. */
export function prepareSprint(id: SprintId, shared?: Weights): PreparedSprint {
  const keys = deriveKeys(id);
  return {
    profile: id.profile,
    keys,
    weights: shared ?? new Weights(id.profile, keys.weights),
    target: targetOf(keys.target),
  };
}

/** T of clause 5 from K_t. */
export function targetOf(key: Uint8Array): Int8Array {
  checkLength("target key", key, seedBytes);
  return signedStream({ key, n0: 0, n1: 0, n2: targetDomain }, outputWidth);
}

/** Digest and output of a nonce, 0 <= nonce < 2^64. */
export function computeNonce(sprint: PreparedSprint, nonce: bigint): NonceResult {
  return forward(sprint, nonce, () => {});
}

/**
 * As computeNonce, with the trace: BLAKE3 of x after each sublayer, then of O (2L + 2 values).
 * onState hears how many of them there are so far.
 */
export function traceNonce(
  sprint: PreparedSprint,
  nonce: bigint,
  onState: (done: number) => void = () => {},
): NonceResult & { readonly trace: readonly Uint8Array[] } {
  const trace: Uint8Array[] = [];
  const result = forward(sprint, nonce, (state) => onState(trace.push(blake3(asBytes(state)))));
  return { ...result, trace };
}

/** Runs the nonce and shows each state in passing; the array shown is overwritten afterwards. */
function forward(
  sprint: PreparedSprint,
  nonce: bigint,
  show: (state: Int8Array) => void,
): NonceResult {
  if (nonce < 0n || nonce > maxNonce) throw new RangeError(`nonce ${nonce} does not fit u64`);
  const { profile, weights } = sprint;
  const x = embed(profile, sprint.keys.input, nonce);
  show(x);
  for (let layer = 0; layer < profile.layers; layer++) {
    attentionSublayer(weights, layer, x);
    show(x);
    feedForwardSublayer(weights, layer, x);
    show(x);
  }
  const output = new Int8Array(profile.tokens * outputWidth);
  dense(profile, { x, w: weights.output(), outputs: outputWidth }, output);
  show(output);
  return { digest: leafDigest(sprint.keys.input, nonce, output), output };
}

/** N(e): the input of every token, each byte of its own. */
function embed({ tokens, width }: Profile, key: Uint8Array, nonce: bigint): Int8Array {
  const n0 = Number(nonce & 0xffffffffn);
  const n1 = Number(nonce >> 32n);
  const x = signedStream({ key, n0, n1, n2: inputDomain }, tokens * width);
  const row = new Int32Array(width);
  for (let token = 0; token < tokens; token++) {
    const place = x.subarray(token * width, (token + 1) * width);
    for (let k = 0; k < width; k++) row[k] = place[k]! >> 1;
    normalize(row, place);
  }
  return x;
}

function attentionSublayer(weights: Weights, layer: number, x: Int8Array): void {
  const { profile } = weights;
  const { tokens, width } = profile;
  const qkv = new Int8Array(tokens * 3 * width);
  const wQkv = weights.layer(layer, tensorPlace.qkv);
  dense(profile, { x, w: wQkv, outputs: 3 * width }, qkv);
  const mixed = attend(profile, qkv);
  const y = new Int8Array(tokens * width);
  const wOut = weights.layer(layer, tensorPlace.attentionOut);
  dense(profile, { x: mixed, w: wOut, outputs: width }, y);
  addAndNormalize(profile, x, y);
}

function feedForwardSublayer(weights: Weights, layer: number, x: Int8Array): void {
  const { profile } = weights;
  const { tokens, width, inner, shift } = profile;
  const gate = new Int8Array(tokens * inner);
  const up = new Int8Array(tokens * inner);
  dense(profile, { x, w: weights.layer(layer, tensorPlace.gate), outputs: inner }, gate);
  dense(profile, { x, w: weights.layer(layer, tensorPlace.up), outputs: inner }, up);
  for (let i = 0; i < gate.length; i++) {
    const g = gate[i]!;
    gate[i] = requantize(Math.imul(g >= 0 ? g : g >> 2, up[i]!), shift.gate);
  }
  const z = new Int8Array(tokens * width);
  const w = weights.layer(layer, tensorPlace.down);
  denseProduct({ x: gate, w, tokens, inputs: inner, outputs: width, shift: shift.down }, z);
  addAndNormalize(profile, x, z);
}

/** A product over the d channels of x, shifted by n_d. */
function dense(
  profile: Profile,
  { x, w, outputs }: { x: Int8Array; w: Int8Array; outputs: number },
  out: Int8Array,
): void {
  const { tokens, width: inputs, shift } = profile;
  denseProduct({ x, w, tokens, inputs, outputs, shift: shift.dense }, out);
}

/** x = N(x + y), token by token; the sum is not saturated before N. */
function addAndNormalize({ tokens, width }: Profile, x: Int8Array, y: Int8Array): void {
  const row = new Int32Array(width);
  for (let token = 0; token < tokens; token++) {
    const at = token * width;
    for (let k = 0; k < width; k++) row[k] = x[at + k]! + y[at + k]!;
    normalize(row, x.subarray(at, at + width));
  }
}

function asBytes(state: Int8Array): Uint8Array {
  return new Uint8Array(state.buffer, state.byteOffset, state.byteLength);
}
