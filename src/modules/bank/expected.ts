/** What bank needs from the other modules. */
import type { Coin } from "../../encoding/coins.ts";
import type { Context } from "../module.ts";

export interface Accounts {
  /** Gives an address an account if it has none. */
  ensure(ctx: Context, address: Uint8Array): void;
  /** The coins of an account that may not be spent yet; none for most. */
  locked(ctx: Context, address: Uint8Array): readonly Coin[];
}
