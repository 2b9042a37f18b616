/** Vesting accounts as cosmos.vesting.v1beta1 messages. */
import type { BaseAccount } from "cosmjs-types/cosmos/auth/v1beta1/auth";
import * as types from "cosmjs-types/cosmos/vesting/v1beta1/vesting";
import type { Any } from "cosmjs-types/google/protobuf/any";
import {
  type Coin,
  fromProtoCoins,
  type ProtoCoin,
  toProtoCoins,
} from "../../../encoding/coins.ts";
import type { Vesting } from "./schedule.ts";

/** The types of vesting accounts, by type URL. */
export const vestingTypes = {
  [types.ContinuousVestingAccount.typeUrl]: types.ContinuousVestingAccount,
  [types.DelayedVestingAccount.typeUrl]: types.DelayedVestingAccount,
  [types.PeriodicVestingAccount.typeUrl]: types.PeriodicVestingAccount,
  [types.PermanentLockedAccount.typeUrl]: types.PermanentLockedAccount,
};

/** All type URLs of vesting accounts begin with it, and those of no other account. */
export const vestingPackage = "/cosmos.vesting.";

/** The account as the message that queries and the store hold. */
export function vestingToAny(base: BaseAccount, vesting: Vesting): Any {
  const baseVestingAccount: types.BaseVestingAccount = {
    baseAccount: base,
    originalVesting: toProtoCoins(vesting.original),
    delegatedFree: toProtoCoins(vesting.delegatedFree),
    delegatedVesting: toProtoCoins(vesting.delegatedVesting),
    endTime: vesting.endTime,
  };
  if (vesting.kind === "continuous") {
    const { startTime } = vesting;
    return packed(types.ContinuousVestingAccount, { baseVestingAccount, startTime });
  }
  if (vesting.kind === "delayed") {
    return packed(types.DelayedVestingAccount, { baseVestingAccount });
  }
  if (vesting.kind === "permanent") {
    return packed(types.PermanentLockedAccount, { baseVestingAccount });
  }
  const vestingPeriods = vesting.periods.map(({ length, amount }) => ({
    length,
    amount: toProtoCoins(amount),
  }));
  const { startTime } = vesting;
  return packed(types.PeriodicVestingAccount, { baseVestingAccount, startTime, vestingPeriods });
}

/** Reads back what vestingToAny wrote; anything else in the store is a broken database. */
export function vestingFromAny({ typeUrl, value }: Any): { base: BaseAccount; vesting: Vesting } {
  if (typeUrl === types.ContinuousVestingAccount.typeUrl) {
    const { baseVestingAccount, startTime } = types.ContinuousVestingAccount.decode(value);
    const { base, ground } = split(baseVestingAccount);
    return { base, vesting: { ...ground, kind: "continuous", startTime } };
  }
  if (typeUrl === types.DelayedVestingAccount.typeUrl) {
    const { base, ground } = split(types.DelayedVestingAccount.decode(value).baseVestingAccount);
    return { base, vesting: { ...ground, kind: "delayed" } };
  }
  if (typeUrl === types.PermanentLockedAccount.typeUrl) {
    const { base, ground } = split(types.PermanentLockedAccount.decode(value).baseVestingAccount);
    return { base, vesting: { ...ground, kind: "permanent" } };
  }
  if (typeUrl !== types.PeriodicVestingAccount.typeUrl) {
    throw new Error(`stored account of type ${typeUrl}`);
  }
  const account = types.PeriodicVestingAccount.decode(value);
  const { base, ground } = split(account.baseVestingAccount);
  const periods = account.vestingPeriods.map(({ length, amount }) => ({
    length,
    amount: stored(amount),
  }));
  const { startTime } = account;
  return { base, vesting: { ...ground, kind: "periodic", startTime, periods } };
}

function split(account: types.BaseVestingAccount | undefined) {
  if (!account?.baseAccount) throw new Error("stored vesting account without a base account");
  const ground = {
    original: stored(account.originalVesting),
    delegatedFree: stored(account.delegatedFree),
    delegatedVesting: stored(account.delegatedVesting),
    endTime: account.endTime,
  };
  return { base: account.baseAccount, ground };
}

function packed<T>(
  codec: { readonly typeUrl: string; encode(message: T): { finish(): Uint8Array } },
  message: T,
): Any {
  return { typeUrl: codec.typeUrl, value: codec.encode(message).finish() };
}

function stored(coins: readonly ProtoCoin[]): readonly Coin[] {
  const read = fromProtoCoins(coins);
  if (!read) throw new Error("stored vesting coins are not in canonical form");
  return read;
}
