/**
 * Unordered transactions that were used: an account may use each timeout once, and none that has
 * passed, so the list is as long as the longest timeout (cosmos-sdk 0.53 x/auth, unordered nonces).
 */
import { concat, fromU64be, u64be } from "../../encoding/bytes.ts";
import { compareTime, fromNanos, type Time, toNanos } from "../../encoding/time.ts";
import { prefixRange, type StoreKey } from "../../store/kv.ts";
import type { Context } from "../module.ts";
import { noncePrefix } from "./keys.ts";

/** A used timeout. */
export interface Nonce {
  readonly address: Uint8Array;
  readonly timeout: Time;
}

/** Removed at the beginning of a block at most; the others wait, and are refused all the same. */
const prunedPerBlock = 20_000;

export class UnorderedNonces {
  readonly #store: StoreKey;
  constructor(store: StoreKey) {
    this.#store = store;
  }

  /** Marks it as used; false when it was used before. The timeout is of this century or so. */
  tryAdd(ctx: Context, nonce: Nonce): boolean {
    const key = nonceKey(nonce);
    if (ctx.kv(this.#store).has(key)) return false;
    ctx.kv(this.#store).set(key, new Uint8Array());
    return true;
  }

  /** Forgets those whose timeout has passed. */
  prune(ctx: Context): void {
    const due: Uint8Array[] = [];
    for (const [key, { timeout }] of this.#keys(ctx)) {
      if (compareTime(timeout, ctx.block.time) >= 0 || due.length === prunedPerBlock) break;
      due.push(key);
    }
    for (const key of due) ctx.kv(this.#store).delete(key);
  }

  /** All of them, the earliest timeout first. */
  *all(ctx: Context): Iterable<Nonce> {
    for (const [, nonce] of this.#keys(ctx)) yield nonce;
  }

  *#keys(ctx: Context): Iterable<readonly [Uint8Array, Nonce]> {
    for (const [key] of ctx.kv(this.#store).iterate(prefixRange(noncePrefix))) {
      const timeout = fromNanos(fromU64be(key.subarray(noncePrefix.length)));
      yield [key, { timeout, address: key.slice(noncePrefix.length + 8) }];
    }
  }
}

function nonceKey({ timeout, address }: Nonce): Uint8Array {
  return concat(noncePrefix, u64be(toNanos(timeout)), address);
}
