/** What bank needs from the other modules. */
import type { Context } from "../module.ts";

export interface Accounts {
  /** Gives an address an account if it has none. */
  ensure(ctx: Context, address: Uint8Array): void;
}
