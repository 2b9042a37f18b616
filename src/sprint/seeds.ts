/**
 * Every seed of a Sprint comes from the chain, two beacons and the host's worker key
 * (spec/sprint.md, clauses 1 and 2).
 */
import { blake3 } from "@noble/hashes/blake3.js";
import { concat, u32le, utf8 } from "../encoding/bytes.ts";
import type { Profile } from "./profiles.ts";

/** Bytes of a beacon, of a key and of a digest. */
export const seedBytes = 32;
/** Bytes of a compressed secp256k1 public key. */
export const hostKeyBytes = 33;

/** What a Sprint is bound to. */
export interface SprintId {
  readonly chainId: string;
  readonly profile: Profile;
  /** 32 bytes; from here on the weights may be expanded. */
  readonly beacon1: Uint8Array;
  /** 32 bytes; with it the window opens. */
  readonly beacon2: Uint8Array;
  /** The host's worker key: 33 bytes, compressed. */
  readonly hostKey: Uint8Array;
}

/** K_w, K_t and K_x, 32 bytes each. All hosts of a Sprint share the first two. */
export interface SprintKeys {
  readonly weights: Uint8Array;
  readonly target: Uint8Array;
  readonly input: Uint8Array;
}

/** The three keys of one host's Sprint. Throws when a beacon or the key has the wrong length. */
export function deriveKeys(id: SprintId): SprintKeys {
  checkLength("beacon 2", id.beacon2, seedBytes);
  checkLength("host key", id.hostKey, hostKeyBytes);
  const beacons = concat(chainTag(id), id.beacon1, id.beacon2);
  return {
    weights: deriveWeightsKey(id),
    target: deriveKey("isp1 target v1", beacons),
    input: deriveKey("isp1 input v1", concat(beacons, id.hostKey)),
  };
}

/** K_w alone: known from beacon 1 on, so that a host can prepare before the window opens. */
export function deriveWeightsKey(id: Pick<SprintId, "chainId" | "profile" | "beacon1">) {
  checkLength("beacon 1", id.beacon1, seedBytes);
  return deriveKey("isp1 weights v1", concat(chainTag(id), id.beacon1));
}

/** CHAIN of clause 1: what binds every seed to one network and one profile. */
export function chainTag({ chainId, profile }: Pick<SprintId, "chainId" | "profile">): Uint8Array {
  const name = utf8(chainId);
  return concat(u32le(name.length), name, Uint8Array.of(profile.id));
}

/** BLAKE3 in key derivation mode, 32 bytes. */
export function deriveKey(context: string, material: Uint8Array): Uint8Array {
  return blake3(material, { context: utf8(context) });
}

/** BLAKE3 keyed with 32 bytes, 32 bytes out. */
export function keyedHash(key: Uint8Array, message: Uint8Array): Uint8Array {
  return blake3(message, { key });
}

/** Throws a RangeError: a caller passed something that no chain could have given it. */
export function checkLength(what: string, bytes: Uint8Array, length: number): void {
  if (bytes.length !== length) {
    throw new RangeError(`${what} has ${bytes.length} bytes, not ${length}`);
  }
}
