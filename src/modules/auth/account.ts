/** Accounts and their stored form: an Any of a base, a module or a vesting account. */
import { BaseAccount, ModuleAccount } from "cosmjs-types/cosmos/auth/v1beta1/auth";
import { Any } from "cosmjs-types/google/protobuf/any";
import type { Addresses } from "../addresses.ts";
import type { Vesting } from "./vesting/schedule.ts";
import { vestingFromAny, vestingPackage, vestingToAny } from "./vesting/vesting-codec.ts";

/** An account. Do not write into it: keepers hand out what they decoded. */
export interface Account {
  readonly address: Uint8Array;
  readonly number: bigint;
  /** How many transactions it has signed. */
  readonly sequence: bigint;
  /** Known once it has signed. */
  readonly pubKey: Any | undefined;
  /** Set for a module's own account, which no key controls. */
  readonly module: { readonly name: string; readonly permissions: readonly string[] } | undefined;
  /** Set while coins of it come free by and by, and afterwards: the type of an account stays. */
  readonly vesting?: Vesting | undefined;
}

/** The account as the message that queries and the store hold. */
export function accountToAny(addresses: Addresses, account: Account): Any {
  const base: BaseAccount = {
    address: addresses.text(account.address),
    accountNumber: account.number,
    sequence: account.sequence,
    ...(account.pubKey && { pubKey: account.pubKey }),
  };
  if (account.vesting) return vestingToAny(base, account.vesting);
  if (!account.module) {
    return { typeUrl: BaseAccount.typeUrl, value: BaseAccount.encode(base).finish() };
  }
  const value = ModuleAccount.encode({
    baseAccount: base,
    name: account.module.name,
    permissions: [...account.module.permissions],
  }).finish();
  return { typeUrl: ModuleAccount.typeUrl, value };
}

/** The stored bytes of an account. */
export function encodeAccount(addresses: Addresses, account: Account): Uint8Array {
  return Any.encode(accountToAny(addresses, account)).finish();
}

/** Reads back what encodeAccount wrote; anything else in the store is a broken database. */
export function decodeAccount(addresses: Addresses, bytes: Uint8Array): Account {
  const any = Any.decode(bytes);
  const { typeUrl, value } = any;
  if (typeUrl.startsWith(vestingPackage)) {
    const { base, vesting } = vestingFromAny(any);
    return { ...fromBase(addresses, base), vesting };
  }
  if (typeUrl === BaseAccount.typeUrl) return fromBase(addresses, BaseAccount.decode(value));
  if (typeUrl !== ModuleAccount.typeUrl) throw new Error(`stored account of type ${typeUrl}`);
  const { baseAccount, name, permissions } = ModuleAccount.decode(value);
  if (!baseAccount) throw new Error(`stored module account ${name} has no base account`);
  return { ...fromBase(addresses, baseAccount), module: { name, permissions } };
}

function fromBase(addresses: Addresses, base: BaseAccount): Account {
  return {
    address: addresses.parse(base.address),
    number: base.accountNumber,
    sequence: base.sequence,
    pubKey: base.pubKey,
    module: undefined,
  };
}
