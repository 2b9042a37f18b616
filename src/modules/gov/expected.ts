/** What governance needs from others. abci/app.ts joins them. */
import type { Any } from "cosmjs-types/google/protobuf/any";
import type { Coin } from "../../encoding/coins.ts";
import type { Context, MsgHandler } from "../module.ts";

/** Deposits are kept in gov's own account. */
export interface Bank {
  balance(ctx: Context, owner: Uint8Array, denom: string): bigint;
  /** Whether an account of a module that accounts for every coin: nothing may be sent there. */
  isBlocked(address: Uint8Array): boolean;
  send(ctx: Context, from: Uint8Array, to: Uint8Array, coins: readonly Coin[]): void;
  burn(ctx: Context, from: Uint8Array, coins: readonly Coin[]): void;
}

/** Who decides: the weight that each account has in the current epoch. */
export interface VotingPower {
  powerOf(ctx: Context, account: Uint8Array): bigint;
  total(ctx: Context): bigint;
}

/** The messages of all modules. */
export interface MessageRouter {
  /** Throws ModuleError on an unknown type and on malformed bytes. */
  decode(message: Any): { readonly handler: MsgHandler; readonly message: unknown };
}

/** The parameters that messages replace. */
export interface ParamGuards {
  /** Hash of the parameters that this MsgUpdateParams replaces; undefined for other messages. */
  hash(ctx: Context, typeUrl: string): Uint8Array | undefined;
}
