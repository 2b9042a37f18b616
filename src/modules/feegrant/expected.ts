/** What feegrant needs from the others. */
import type { Any } from "cosmjs-types/google/protobuf/any";
import type { Codec, Context } from "../module.ts";

export interface Accounts {
  has(ctx: Context, address: Uint8Array): boolean;
  /** Gives an address an account if it has none. */
  ensure(ctx: Context, address: Uint8Array): void;
}

export interface Bank {
  /** Whether an account of a module that accounts for every coin. */
  isBlocked(address: Uint8Array): boolean;
}

/** The types that stand in an Any. */
export interface AnyTypes {
  /** Decodes strictly. Throws sdk code 2 on an unknown type and on malformed bytes. */
  unpack(any: Any): { readonly codec: Codec<unknown>; readonly message: unknown };
}
