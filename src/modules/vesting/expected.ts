/** What creating vesting accounts needs from auth and bank. */
import type { Coin } from "../../encoding/coins.ts";
import type { Context } from "../module.ts";

/** Coins that come free so many seconds after the period before. */
interface Period {
  readonly length: bigint;
  readonly amount: readonly Coin[];
}

interface Ground {
  readonly original: readonly Coin[];
  readonly delegatedFree: readonly Coin[];
  readonly delegatedVesting: readonly Coin[];
  readonly endTime: bigint;
}

/** The schedules that messages can ask for. Times are seconds since the Unix epoch. */
export type NewVesting = Ground &
  (
    | { readonly kind: "continuous"; readonly startTime: bigint }
    | { readonly kind: "delayed" }
    | { readonly kind: "periodic"; readonly startTime: bigint; readonly periods: readonly Period[] }
    | { readonly kind: "permanent" }
  );

/** auth. */
export interface Accounts {
  has(ctx: Context, address: Uint8Array): boolean;
  /** A new account whose coins come free by this schedule. */
  createVesting(ctx: Context, address: Uint8Array, vesting: NewVesting): void;
}

/** bank. */
export interface Bank {
  /** Throws when one of the denominations may not be sent. */
  assertSendable(ctx: Context, coins: readonly Coin[]): void;
  /** Whether messages may not send to this address. */
  isBlocked(address: Uint8Array): boolean;
  send(ctx: Context, from: Uint8Array, to: Uint8Array, coins: readonly Coin[]): void;
}
