/** Records of one kind in a store: a prefix, then the key; the value is the protobuf encoding. */
import { concat } from "../../encoding/bytes.ts";
import { prefixRange, type StoreKey } from "../../store/kv.ts";
import type { Codec, Context } from "../module.ts";

/** Where the records of one kind are, and how they are written. */
export interface TablePlace<T> {
  readonly store: StoreKey;
  readonly prefix: Uint8Array;
  readonly codec: Codec<T>;
}

/** Reads and writes the records of one kind. */
export class Table<T> {
  readonly place: TablePlace<T>;
  constructor(place: TablePlace<T>) {
    this.place = place;
  }

  get(ctx: Context, key: Uint8Array): T | undefined {
    const bytes = ctx.kv(this.place.store).get(this.#key(key));
    return bytes && this.place.codec.decode(bytes);
  }

  has(ctx: Context, key: Uint8Array): boolean {
    return ctx.kv(this.place.store).has(this.#key(key));
  }

  set(ctx: Context, key: Uint8Array, record: T): void {
    ctx.kv(this.place.store).set(this.#key(key), this.place.codec.encode(record).finish());
  }

  delete(ctx: Context, key: Uint8Array): void {
    ctx.kv(this.place.store).delete(this.#key(key));
  }

  /** All records below a key prefix, in key order. Read whole, so that writing may follow. */
  list(ctx: Context, under: Uint8Array = new Uint8Array()): T[] {
    return this.#pairs(ctx, under).map(([, value]) => this.place.codec.decode(value));
  }

  /** Deletes all records below a key prefix. */
  clear(ctx: Context, under: Uint8Array = new Uint8Array()): void {
    for (const [key] of this.#pairs(ctx, under)) ctx.kv(this.place.store).delete(key);
  }

  #pairs(ctx: Context, under: Uint8Array) {
    return [...ctx.kv(this.place.store).iterate(prefixRange(this.#key(under)))];
  }

  #key(key: Uint8Array): Uint8Array {
    return concat(this.place.prefix, key);
  }
}
