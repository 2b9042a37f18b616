/** What the kvstore needs of the rest of the node. */

/** A durable ordered map of bytes (store/db.ts). */
export interface Db {
  get(key: Uint8Array): Uint8Array | undefined;
  iterate(range: {
    readonly start?: Uint8Array | undefined;
    readonly end?: Uint8Array | undefined;
  }): AsyncIterable<readonly [key: Uint8Array, value: Uint8Array]>;
  /** All writes or none. With sync, resolves after the disk has them. */
  batch(
    writes: readonly { readonly key: Uint8Array; readonly value: Uint8Array | undefined }[],
    options: { readonly sync: boolean },
  ): Promise<void>;
}
