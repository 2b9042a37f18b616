/** What the application can ask of auth. */
import { BaseAccount, ModuleAccount } from "cosmjs-types/cosmos/auth/v1beta1/auth";
import { MsgUpdateParams } from "cosmjs-types/cosmos/auth/v1beta1/tx";
import { toHex } from "../../encoding/bytes.ts";
import type { Context, Module } from "../module.ts";
import { exportAuthGenesis, initAuthGenesis } from "./genesis.ts";
import type { AccountKeeper } from "./keeper.ts";
import { authMsgs } from "./msgs.ts";
import { pubKeyTypes } from "./pub-keys.ts";
import { authQueries } from "./queries.ts";
import { vestingTypes } from "./vesting/vesting-codec.ts";

export function authModule(accounts: AccountKeeper, authority: string): Module {
  return {
    name: "auth",
    stores: ["acc"],
    msgs: authMsgs(accounts, authority),
    queries: authQueries(accounts),
    anyTypes: {
      [BaseAccount.typeUrl]: BaseAccount,
      [ModuleAccount.typeUrl]: ModuleAccount,
      ...pubKeyTypes,
      ...vestingTypes,
    },
    params: {
      updateTypeUrl: MsgUpdateParams.typeUrl,
      hash: (ctx) => accounts.params.hash(ctx),
    },
    beginBlock: (ctx) => accounts.nonces.prune(ctx),
    beginEpoch: (ctx) => {
      accounts.params.activate(ctx);
    },
    initGenesis: (ctx, state) => {
      initAuthGenesis(accounts, ctx, state);
      return [];
    },
    exportGenesis: (ctx) => exportAuthGenesis(accounts, ctx),
    invariants: {
      "every account has its own number": (ctx) => numberGap(accounts, ctx),
    },
  };
}

function numberGap(accounts: AccountKeeper, ctx: Context): string | undefined {
  for (const { address, number } of accounts.all(ctx)) {
    const listed = accounts.addressOf(ctx, number);
    const isListed = listed !== undefined && toHex(listed) === toHex(address);
    if (!isListed || number >= accounts.nextNumber(ctx)) {
      return `account ${accounts.addresses.text(address)} is not the one of number ${number}`;
    }
  }
  return undefined;
}
