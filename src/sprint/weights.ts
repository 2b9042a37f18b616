/**
 * The weights of a Sprint (spec/sprint.md, clause 4): every tensor is a stretch of the stream of
 * K_w. They depend on beacon 1 alone, so all hosts and verifiers of a Sprint share them.
 */
import { signedStream } from "./chacha8.ts";
import { outputWidth, type Profile } from "./profiles.ts";

/** Place of a tensor in its layer; the tensor id is 8 * layer + place. */
export const tensorPlace = { qkv: 0, attentionOut: 1, gate: 2, up: 3, down: 4 } as const;
type TensorPlace = (typeof tensorPlace)[keyof typeof tensorPlace];
/** The tensor id of Wout. */
const outputTensor = 0xffffffff;
/** Third nonce word of the weight streams. */
const weightDomain = 0x57;
/** Profiles up to this size keep their weights; larger ones expand a tensor whenever it is used. */
const keptWeightsMaxBytes = 256 * 1024 * 1024;

/** The tensors of one Sprint, row-major [outputs][inputs] s8; expanded on first use. */
export class Weights {
  readonly profile: Profile;
  readonly #key: Uint8Array;
  readonly #kept = new Map<number, Int8Array>();

  /** key is K_w, 32 bytes. */
  constructor(profile: Profile, key: Uint8Array) {
    this.profile = profile;
    this.#key = key;
  }

  /** A tensor of a layer. */
  layer(index: number, place: TensorPlace): Int8Array {
    const { width: d, inner: f } = this.profile;
    const size = { 0: 3 * d * d, 1: d * d, 2: f * d, 3: f * d, 4: d * f }[place];
    return this.#tensor(8 * index + place, size);
  }

  /** Wout, [256][d]. */
  output(): Int8Array {
    return this.#tensor(outputTensor, outputWidth * this.profile.width);
  }

  #tensor(id: number, size: number): Int8Array {
    const kept = this.#kept.get(id);
    if (kept) return kept;
    const tensor = signedStream({ key: this.#key, n0: id, n1: 0, n2: weightDomain }, size);
    if (weightBytes(this.profile) <= keptWeightsMaxBytes) this.#kept.set(id, tensor);
    return tensor;
  }
}

function weightBytes({ width: d, inner: f, layers }: Profile): number {
  return layers * (4 * d * d + 3 * d * f) + outputWidth * d;
}
