/** The four sizes of ISP-1 (spec/sprint.md, clause 3). All numbers are consensus data. */

/** Name of a profile: T tests, C CPU networks, M GPU networks, L 80 GB cards. */
export type ProfileName = "T" | "C" | "M" | "L";

/** The dimensions of one profile. Shifts are the n of Q(x, n) after each kind of product. */
export interface Profile {
  readonly name: ProfileName;
  /** The byte that stands for the profile in every seed: the ASCII code of its name. */
  readonly id: number;
  /** Channels of a token, d. */
  readonly width: number;
  /** Attention heads of 128 channels. */
  readonly heads: number;
  /** Channels of the feed-forward sublayer, f. */
  readonly inner: number;
  readonly layers: number;
  /** Tokens of a nonce, S. */
  readonly tokens: number;
  readonly shift: {
    readonly dense: number;
    readonly pair: number;
    readonly mix: number;
    readonly gate: number;
    readonly down: number;
  };
}

/** Channels of one attention head. */
export const headWidth = 128;
/** Channels of the output O, and of the target. */
export const outputWidth = 256;

/** Every profile, by name. */
export const profiles: Readonly<Record<ProfileName, Profile>> = {
  T: {
    name: "T",
    id: 0x54,
    width: 256,
    heads: 2,
    inner: 768,
    layers: 2,
    tokens: 16,
    shift: { dense: 10, pair: 9, mix: 7, gate: 5, down: 11 },
  },
  C: {
    name: "C",
    id: 0x43,
    width: 1024,
    heads: 8,
    inner: 3072,
    layers: 8,
    tokens: 32,
    shift: { dense: 11, pair: 9, mix: 8, gate: 5, down: 12 },
  },
  M: {
    name: "M",
    id: 0x4d,
    width: 4096,
    heads: 32,
    inner: 12288,
    layers: 16,
    tokens: 64,
    shift: { dense: 12, pair: 9, mix: 8, gate: 5, down: 13 },
  },
  L: {
    name: "L",
    id: 0x4c,
    width: 8192,
    heads: 64,
    inner: 24576,
    layers: 64,
    tokens: 64,
    shift: { dense: 13, pair: 8, mix: 7, gate: 4, down: 13 },
  },
};

/** The profile of this name, or undefined when there is none. */
export function profileNamed(name: string): Profile | undefined {
  return Object.values(profiles).find((profile) => profile.name === name);
}
