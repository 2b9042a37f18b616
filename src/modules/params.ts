/**
 * Parameters that change only between epochs: a change is scheduled, and takes effect at the start
 * of the next epoch (spec/abci.md, "Parameters"). A later change before that replaces it.
 */
import { sha256 } from "../crypto/hash.ts";
import { equalBytes } from "../encoding/bytes.ts";
import type { StoreKey } from "../store/kv.ts";
import type { Codec, Context } from "./module.ts";

/** Where the parameters of one module are kept, and how they are written. */
export interface ParamPlace<T> {
  readonly store: StoreKey;
  readonly codec: Codec<T>;
  readonly activeKey: Uint8Array;
  readonly scheduledKey: Uint8Array;
}

/** The parameters of one module. */
export class ParamStore<T> {
  readonly #place: ParamPlace<T>;
  #decoded: { readonly bytes: Uint8Array; readonly value: T } | undefined;
  constructor(place: ParamPlace<T>) {
    this.#place = place;
  }

  /** The active parameters. Do not write into them: the decoded value is shared. */
  get(ctx: Context): T {
    const bytes = ctx.kv(this.#place.store).get(this.#place.activeKey);
    if (!bytes) throw new Error(`the parameters of ${this.#place.store.name} were never set`);
    const known = this.#decoded;
    if (known?.bytes === bytes) return known.value;
    const isSame = known !== undefined && equalBytes(known.bytes, bytes);
    const value = isSame ? known.value : this.#place.codec.decode(bytes);
    this.#decoded = { bytes, value }; // Within a block, the same array comes again.
    return value;
  }

  /** What the next epoch starts with unless it is changed again, if that differs from now. */
  scheduled(ctx: Context): T | undefined {
    const bytes = ctx.kv(this.#place.store).get(this.#place.scheduledKey);
    return bytes && this.#place.codec.decode(bytes);
  }

  /** Lets these parameters take effect at the next epoch start. The caller has validated them. */
  schedule(ctx: Context, params: T): void {
    const bytes = this.#place.codec.encode(params).finish();
    ctx.kv(this.#place.store).set(this.#place.scheduledKey, bytes);
  }

  /** At an epoch start: what was scheduled becomes active. True when something was. */
  activate(ctx: Context): boolean {
    const kv = ctx.kv(this.#place.store);
    const bytes = kv.get(this.#place.scheduledKey);
    if (!bytes) return false;
    kv.set(this.#place.activeKey, bytes);
    kv.delete(this.#place.scheduledKey);
    return true;
  }

  /** At genesis. */
  init(ctx: Context, params: T): void {
    const bytes = this.#place.codec.encode(params).finish();
    ctx.kv(this.#place.store).set(this.#place.activeKey, bytes);
  }

  /** SHA-256 of the encoding of what is scheduled, or else active. */
  hash(ctx: Context): Uint8Array {
    const kv = ctx.kv(this.#place.store);
    const bytes = kv.get(this.#place.scheduledKey) ?? kv.get(this.#place.activeKey);
    return sha256(bytes ?? new Uint8Array());
  }
}
