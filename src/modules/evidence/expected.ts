/** What evidence needs from others. */
import type { Time } from "../../encoding/time.ts";
import type { Context } from "../module.ts";

/** slashing: who signs, and the jail that does not open again. */
export interface Jail {
  /** Who signs with this key, or did last. */
  signerOf(ctx: Context, consensus: Uint8Array): Uint8Array | undefined;
  isTombstoned(ctx: Context, operator: Uint8Array): boolean;
  tombstone(ctx: Context, consensus: Uint8Array): void;
}

/** consensus: how old evidence may be. */
export interface EvidenceAge {
  get(ctx: Context): {
    readonly evidence?:
      | { readonly maxAgeNumBlocks: bigint; readonly maxAgeDuration: Time }
      | undefined;
  };
}
