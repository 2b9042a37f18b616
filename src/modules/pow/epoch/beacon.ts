/**
 * Public randomness, version 1: a hash chain over the hashes of all blocks. A proposer can choose
 * between proposing and not proposing, and among the blocks it can build; a threshold signature
 * will take that away behind the same interface. spec/modules/pow.md, "Beacon".
 */
import { sha256Parts } from "../../../crypto/hash.ts";
import { u64le, utf8 } from "../../../encoding/bytes.ts";
import type { StoreKey } from "../../../store/kv.ts";
import type { Context } from "../../module.ts";
import type { Beacon } from "../expected.ts";
import { beaconChainKey } from "../keys.ts";

const chainDomain = utf8("gonka beacon chain v1");
const drawDomain = utf8("gonka beacon draw v1");

/** The hash chain. It starts from the chain id, so that no two networks share a beacon. */
export class BlockHashBeacon implements Beacon {
  readonly #store: StoreKey;
  constructor(store: StoreKey) {
    this.#store = store;
  }

  advance(ctx: Context): void {
    const { height, hash } = ctx.block;
    const next = sha256Parts(chainDomain, this.state(ctx), u64le(height), hash);
    ctx.kv(this.#store).set(beaconChainKey, next);
  }

  draw(ctx: Context, purpose: string): Uint8Array {
    return sha256Parts(drawDomain, this.state(ctx), utf8(purpose));
  }

  /** The chain's last value, 32 bytes. */
  state(ctx: Context): Uint8Array {
    const known = ctx.kv(this.#store).get(beaconChainKey);
    return known ?? sha256Parts(chainDomain, utf8(ctx.chainId));
  }

  /** At genesis of a chain that goes on from an exported state. */
  restore(ctx: Context, state: Uint8Array): void {
    ctx.kv(this.#store).set(beaconChainKey, state);
  }
}
