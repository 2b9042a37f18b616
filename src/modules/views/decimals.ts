/** Amounts as the protobuf messages of the SDK have them. */
import type { Coin, ProtoCoin } from "../../encoding/coins.ts";
import { one } from "../../encoding/decimal.ts";

/** Consensus power of one is so many units of the coin: the SDK's power reduction. */
export const tokensPerPower = 1_000_000n;

/** A whole number as a decimal on the wire. */
export const decimal = (whole: bigint): string => String(whole * one);

/** Coins as DecCoins. */
export function decCoins(coins: readonly Coin[]): ProtoCoin[] {
  return coins
    .filter(({ amount }) => amount > 0n)
    .map(({ denom, amount }) => ({ denom, amount: decimal(amount) }));
}
