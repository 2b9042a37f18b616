/** What the application can ask of bank. */
import { MsgUpdateParams } from "cosmjs-types/cosmos/bank/v1beta1/tx";
import { fromUtf8, toHex } from "../../encoding/bytes.ts";
import { prefixRange } from "../../store/kv.ts";
import type { Context, Module } from "../module.ts";
import { exportBankGenesis, initBankGenesis } from "./genesis.ts";
import { amountFrom, type BankKeeper } from "./keeper.ts";
import { balancePrefix, ownerKey, readBalanceKey, supplyPrefix } from "./keys.ts";
import { bankMsgs } from "./msgs.ts";
import { bankQueries } from "./queries.ts";

export function bankModule(bank: BankKeeper, authority: string): Module {
  return {
    name: "bank",
    stores: ["bank"],
    msgs: bankMsgs(bank, authority),
    queries: bankQueries(bank),
    params: { updateTypeUrl: MsgUpdateParams.typeUrl, hash: (ctx) => bank.params.hash(ctx) },
    beginEpoch: (ctx) => {
      bank.params.activate(ctx);
    },
    initGenesis: (ctx, state) => {
      initBankGenesis(bank, ctx, state);
      return [];
    },
    exportGenesis: (ctx) => exportBankGenesis(bank, ctx),
    invariants: {
      "supply equals balances": (ctx) => supplyGap(bank, ctx),
      "every balance is listed under its denomination": (ctx) => unlistedOwner(bank, ctx),
    },
  };
}

function supplyGap(bank: BankKeeper, ctx: Context): string | undefined {
  const gaps = new Map<string, bigint>();
  const add = (denom: string, amount: bigint) => gaps.set(denom, (gaps.get(denom) ?? 0n) + amount);
  for (const [key, value] of bank.kv(ctx).iterate(prefixRange(supplyPrefix))) {
    add(fromUtf8(key.subarray(1)), amountFrom(value));
  }
  for (const [key, value] of bank.kv(ctx).iterate(prefixRange(balancePrefix))) {
    if (amountFrom(value) <= 0n) return `balance ${toHex(key)} is not positive`;
    add(readBalanceKey(key.subarray(1)).denom, -amountFrom(value));
  }
  const gap = [...gaps].find(([, amount]) => amount !== 0n);
  return gap && `${gap[0]}: supply exceeds balances by ${gap[1]}`;
}

function unlistedOwner(bank: BankKeeper, ctx: Context): string | undefined {
  for (const [key] of bank.kv(ctx).iterate(prefixRange(balancePrefix))) {
    const { owner, denom } = readBalanceKey(key.subarray(1));
    if (!bank.kv(ctx).has(ownerKey(denom, owner))) {
      return `${bank.addresses.text(owner)} is not listed as an owner of ${denom}`;
    }
  }
  return undefined;
}
