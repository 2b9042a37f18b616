/** What delegations need of other modules. abci/simapp.ts joins them. */
import type { Coin } from "../../encoding/coins.ts";
import type { Context } from "../module.ts";

export interface Bank {
  balance(ctx: Context, owner: Uint8Array, denom: string): bigint;
  supply(ctx: Context, denom: string): bigint;
  send(ctx: Context, from: Uint8Array, to: Uint8Array, coins: readonly Coin[]): void;
}
