/** What blockstore/ needs of the rest of the node: one ordered database of its own. */

/** A durable ordered map of bytes (store/db.ts). */
export interface Db {
  get(key: Uint8Array): Uint8Array | undefined;
  /** All writes or none. With sync, resolves after the disk has them. */
  batch(
    writes: readonly { readonly key: Uint8Array; readonly value: Uint8Array | undefined }[],
    options: { readonly sync: boolean },
  ): Promise<void>;
}
