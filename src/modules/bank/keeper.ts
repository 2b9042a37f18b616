/** The rules of money, and the only code that writes the bank store. spec/modules/bank.md. */
import assert from "node:assert/strict";
import { Metadata, Params } from "cosmjs-types/cosmos/bank/v1beta1/bank";
import { fromUtf8, utf8 } from "../../encoding/bytes.ts";
import { type Coin, formatCoins } from "../../encoding/coins.ts";
import { latin1 } from "../../encoding/runtime/latin1.ts";
import { type KvStore, prefixRange, type StoreKey } from "../../store/kv.ts";
import type { Addresses } from "../addresses.ts";
import { sdkErrors } from "../errors.ts";
import type { Context } from "../module.ts";
import { ParamStore } from "../params.ts";
import { bankErrors } from "./errors.ts";
import type { Accounts } from "./expected.ts";
import * as keys from "./keys.ts";

type Coins = readonly Coin[];

export class BankKeeper {
  readonly addresses: Addresses;
  readonly params: ParamStore<Params>;
  readonly #store: StoreKey; // The right to touch the store: app.ts gives it to nobody else.
  readonly #accounts: Accounts;
  readonly #blocked: ReadonlySet<string>;
  constructor(
    store: StoreKey,
    options: {
      addresses: Addresses;
      accounts: Accounts;
      /** Accounts that no message may send to: those of modules that account for every coin. */
      blocked: readonly Uint8Array[];
    },
  ) {
    this.#store = store;
    this.addresses = options.addresses;
    this.#accounts = options.accounts;
    this.#blocked = new Set(options.blocked.map(latin1));
    this.params = new ParamStore({
      store,
      codec: Params,
      activeKey: keys.paramsKey,
      scheduledKey: keys.scheduledParamsKey,
    });
  }

  balance(ctx: Context, owner: Uint8Array, denom: string): bigint {
    return amountFrom(this.kv(ctx).get(keys.balanceKey(owner, denom)));
  }

  /** All balances of an owner, sorted by denomination. */
  balances(ctx: Context, owner: Uint8Array): Coin[] {
    const prefix = keys.ownedPrefix(owner);
    const pairs = [...this.kv(ctx).iterate(prefixRange(prefix))];
    return pairs.map(([key, value]) => ({
      denom: fromUtf8(key.subarray(prefix.length)),
      amount: amountFrom(value),
    }));
  }

  supply(ctx: Context, denom: string): bigint {
    return amountFrom(this.kv(ctx).get(keys.supplyKey(denom)));
  }

  /** Moves coins; the supply stays. Throws sdk code 5 when the sender has too little. */
  send(ctx: Context, from: Uint8Array, to: Uint8Array, coins: Coins): void {
    const sender = this.addresses.text(from);
    const amount = formatCoins(coins);
    this.#take(ctx, from, coins, amount);
    this.#give(ctx, to, coins, amount);
    const recipient = this.addresses.text(to);
    ctx.emit("transfer", [
      ["recipient", recipient],
      ["sender", sender],
      ["amount", amount],
    ]);
    ctx.emit("message", [["sender", sender]]);
  }

  /** Moves coins from one account to several. The outputs sum up to the input. */
  sendToMany(
    ctx: Context,
    input: { readonly from: Uint8Array; readonly coins: Coins },
    outputs: readonly { readonly to: Uint8Array; readonly coins: Coins }[],
  ): void {
    const sender = this.addresses.text(input.from);
    ctx.emit("message", [["sender", sender]]);
    this.#take(ctx, input.from, input.coins);
    for (const { to, coins } of outputs) {
      const amount = formatCoins(coins);
      this.#give(ctx, to, coins, amount);
      const recipient = this.addresses.text(to);
      ctx.emit("transfer", [
        ["recipient", recipient],
        ["sender", sender],
        ["amount", amount],
      ]);
    }
  }

  /** Creates coins. Of the other modules, only pow asks for this, in its expected.ts. */
  mint(ctx: Context, to: Uint8Array, coins: Coins): void {
    for (const { denom, amount } of coins) {
      this.#write(ctx, keys.supplyKey(denom), this.supply(ctx, denom) + amount);
    }
    this.#give(ctx, to, coins);
    const minter = this.addresses.text(to);
    ctx.emit("coinbase", [
      ["minter", minter],
      ["amount", formatCoins(coins)],
    ]);
  }

  /** Destroys coins of an account. Throws sdk code 5 when it has too little. */
  burn(ctx: Context, from: Uint8Array, coins: Coins): void {
    this.#take(ctx, from, coins);
    for (const { denom, amount } of coins) {
      this.#write(ctx, keys.supplyKey(denom), this.supply(ctx, denom) - amount);
    }
    const burner = this.addresses.text(from);
    ctx.emit("burn", [
      ["burner", burner],
      ["amount", formatCoins(coins)],
    ]);
  }

  /** Whether messages may not send to this address. */
  isBlocked(address: Uint8Array): boolean {
    return this.#blocked.has(latin1(address));
  }

  /** Throws bank code 5 when one of the denominations may not be sent. */
  assertSendable(ctx: Context, coins: Coins): void {
    for (const { denom } of coins) {
      const isEnabled = this.sendEnabled(ctx, denom) ?? this.params.get(ctx).defaultSendEnabled;
      if (!isEnabled) throw bankErrors.sendDisabled(`${denom} transfers are currently disabled`);
    }
  }

  /** The entry of a denomination; undefined when the default counts. */
  sendEnabled(ctx: Context, denom: string): boolean | undefined {
    const value = this.kv(ctx).get(keys.sendEnabledKey(denom));
    return value && value[0] === 1;
  }

  setSendEnabled(ctx: Context, denom: string, enabled: boolean | undefined): void {
    const key = keys.sendEnabledKey(denom);
    if (enabled === undefined) this.kv(ctx).delete(key);
    else this.kv(ctx).set(key, Uint8Array.of(enabled ? 1 : 0));
  }

  metadata(ctx: Context, denom: string): Metadata | undefined {
    const bytes = this.kv(ctx).get(keys.metadataKey(denom));
    return bytes && Metadata.decode(bytes);
  }

  setMetadata(ctx: Context, metadata: Metadata): void {
    this.kv(ctx).set(keys.metadataKey(metadata.base), Metadata.encode(metadata).finish());
  }

  /** The store, for reading only: queries, export and invariants walk it. */
  kv(ctx: Context): KvStore {
    return ctx.kv(this.#store);
  }

  /** At genesis: a balance that the supply, written beside it, already counts. */
  restore(ctx: Context, owner: Uint8Array, { denom, amount }: Coin): void {
    this.#write(ctx, keys.supplyKey(denom), this.supply(ctx, denom) + amount);
    this.#writeBalance(ctx, owner, { denom, amount: this.balance(ctx, owner, denom) + amount });
  }

  /** What an owner may not spend of its balance now. */
  locked(ctx: Context, owner: Uint8Array): readonly Coin[] {
    return this.#accounts.locked(ctx, owner);
  }

  /** amounts: the coins as text. */
  #take(ctx: Context, from: Uint8Array, coins: Coins, amounts = formatCoins(coins)): void {
    const locks = this.locked(ctx, from);
    for (const { denom, amount } of coins) {
      assert(amount > 0n, "coins are positive: messages and callers are checked for it");
      const balance = this.balance(ctx, from, denom);
      const locked = locks.find((coin) => coin.denom === denom)?.amount ?? 0n;
      if (locked > balance) {
        const both = `${locked}${denom} > ${balance}${denom}`;
        throw sdkErrors.insufficientFunds(`locked amount exceeds account balance funds: ${both}`);
      }
      const spendable = balance - locked;
      if (spendable < amount) {
        const detail = `spendable balance ${spendable}${denom} is smaller than ${amount}${denom}`;
        throw sdkErrors.insufficientFunds(detail);
      }
      this.#writeBalance(ctx, from, { denom, amount: balance - amount });
    }
    ctx.emit("coin_spent", [
      ["spender", this.addresses.text(from)],
      ["amount", amounts],
    ]);
  }

  #give(ctx: Context, to: Uint8Array, coins: Coins, amounts = formatCoins(coins)): void {
    for (const { denom, amount } of coins) {
      assert(amount > 0n, "coins are positive: messages and callers are checked for it");
      // Read after #take has written: `from` and `to` may be the same account.
      const balance = this.balance(ctx, to, denom) + amount;
      this.#writeBalance(ctx, to, { denom, amount: balance });
    }
    ctx.emit("coin_received", [
      ["receiver", this.addresses.text(to)],
      ["amount", amounts],
    ]);
    this.#accounts.ensure(ctx, to);
  }

  #writeBalance(ctx: Context, owner: Uint8Array, { denom, amount }: Coin): void {
    const kv = this.kv(ctx);
    const listed = keys.ownerKey(denom, owner);
    this.#write(ctx, keys.balanceKey(owner, denom), amount);
    if (amount === 0n) kv.delete(listed);
    else if (!kv.has(listed)) kv.set(listed, new Uint8Array());
  }

  #write(ctx: Context, key: Uint8Array, amount: bigint): void {
    assert(amount >= 0n, "neither a balance nor a supply is ever negative");
    if (amount === 0n)
      this.kv(ctx).delete(key); // Equal states must have equal hashes.
    else this.kv(ctx).set(key, utf8(String(amount)));
  }
}

/** A stored amount. */
export function amountFrom(bytes: Uint8Array | undefined): bigint {
  return bytes ? BigInt(fromUtf8(bytes)) : 0n;
}
