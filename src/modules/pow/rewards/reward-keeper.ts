/**
 * The money of proof of work: minted, waiting, paid, left to the community pool. Tokens that wait
 * lie in the module's own account. spec/modules/pow.md, "Rewards".
 */
import assert from "node:assert/strict";
import { fromUtf8, utf8 } from "../../../encoding/bytes.ts";
import type { Coin } from "../../../encoding/coins.ts";
import { Totals, Vesting, VestingEnd } from "../../../gen/gonka/pow/v1/types.ts";
import type { StoreKey } from "../../../store/kv.ts";
import { type Addresses, moduleAddress } from "../../addresses.ts";
import { sdkErrors } from "../../errors.ts";
import type { Context } from "../../module.ts";
import type { Bank } from "../expected.ts";
import * as keys from "../keys.ts";
import { Table } from "../table.ts";

/** Holds rewards that still vest. No message may send to it. */
export const powAccount: Uint8Array = moduleAddress("pow");
/** Holds what governance may spend. */
export const communityPoolAccount: Uint8Array = moduleAddress("community_pool");

const noTotals: Totals = { emitted: "0", paid: "0", toPool: "0", vesting: "0" };

export class RewardKeeper {
  readonly vesting: Table<Vesting>;
  readonly vestingEnds: Table<VestingEnd>;
  readonly #totals: Table<Totals>;
  readonly #store: StoreKey;
  readonly #addresses: Addresses;
  readonly #bank: Bank;
  /** The coin that proof of work emits: 10^9 of it are one of what people count in. */
  readonly denom: string;
  constructor(
    store: StoreKey,
    options: { readonly addresses: Addresses; readonly bank: Bank; readonly denom: string },
  ) {
    this.#store = store;
    this.#addresses = options.addresses;
    this.#bank = options.bank;
    this.denom = options.denom;
    this.vesting = new Table({ store, prefix: keys.vestingPrefix, codec: Vesting });
    this.vestingEnds = new Table({ store, prefix: keys.vestingEndPrefix, codec: VestingEnd });
    this.#totals = new Table({ store, prefix: keys.totalsPrefix, codec: Totals });
  }

  /** Emission of the next settlement, in 10^-18 ngonka. */
  rate(ctx: Context): bigint {
    const bytes = ctx.kv(this.#store).get(keys.nextEmissionKey);
    return bytes ? BigInt(fromUtf8(bytes)) : 0n;
  }

  setRate(ctx: Context, rate: bigint): void {
    ctx.kv(this.#store).set(keys.nextEmissionKey, utf8(String(rate)));
  }

  totals(ctx: Context): Totals {
    return this.#totals.get(ctx, new Uint8Array()) ?? noTotals;
  }

  setTotals(ctx: Context, totals: Totals): void {
    this.#totals.set(ctx, new Uint8Array(), totals);
  }

  /** Creates an epoch's emission in the module's account. */
  mint(ctx: Context, amount: bigint): void {
    if (amount > 0n) this.#bank.mint(ctx, powAccount, this.#coins(amount));
    this.#add(ctx, { emitted: amount });
  }

  /** Gives what nobody earned to the community pool. */
  toPool(ctx: Context, amount: bigint): void {
    if (amount > 0n) this.#bank.send(ctx, powAccount, communityPoolAccount, this.#coins(amount));
    this.#add(ctx, { toPool: amount });
  }

  /**
   * Lets a reward vest: one part now would be epochs 0; else in equal installments, paid by the
   * settlements of the next `epochs` epochs. What does not divide is paid at once.
   */
  award(
    ctx: Context,
    {
      operator,
      amount,
      epoch,
      epochs,
    }: {
      readonly operator: string;
      readonly amount: bigint;
      readonly epoch: bigint;
      readonly epochs: bigint;
    },
  ): void {
    const installment = epochs === 0n ? 0n : amount / epochs;
    const waiting = installment * epochs;
    this.#pay(ctx, operator, amount - waiting);
    if (waiting === 0n) return;
    const key = this.#key(operator);
    const known = this.vesting.get(ctx, key);
    this.vesting.set(ctx, key, {
      operator,
      installment: String(BigInt(known?.installment ?? 0n) + installment),
      balance: String(BigInt(known?.balance ?? 0n) + waiting),
    });
    const endKey = keys.epochHostKey(epoch + epochs, this.#addresses.parse(operator));
    const ending = BigInt(this.vestingEnds.get(ctx, endKey)?.installment ?? 0n) + installment;
    const end = { operator, epoch: epoch + epochs, installment: String(ending) };
    this.vestingEnds.set(ctx, endKey, end);
    this.#add(ctx, { vesting: waiting });
  }

  /** Pays this epoch's installments, then drops those that ended with it. */
  payInstallments(ctx: Context, epoch: bigint): void {
    const ends = this.vestingEnds.list(ctx, keys.epochKey(epoch));
    const ending = new Map(ends.map((end) => [end.operator, BigInt(end.installment)]));
    for (const { operator, installment, balance } of this.vesting.list(ctx)) {
      const due = BigInt(installment);
      const left = BigInt(balance) - due;
      const next = due - (ending.get(operator) ?? 0n);
      assert(left >= 0n && next >= 0n, `${operator} is owed less than its installment`);
      this.#pay(ctx, operator, due);
      this.#add(ctx, { vesting: -due });
      const key = this.#key(operator);
      if (next === 0n) this.vesting.delete(ctx, key);
      else {
        const rest = { operator, installment: String(next), balance: String(left) };
        this.vesting.set(ctx, key, rest);
      }
      assert(next > 0n || left === 0n, `${operator} has a balance without installments`);
    }
    this.vestingEnds.clear(ctx, keys.epochKey(epoch));
  }

  /** What lies in the module's own account. */
  held(ctx: Context): readonly Coin[] {
    return this.#bank.balances(ctx, powAccount);
  }

  pool(ctx: Context): readonly Coin[] {
    return this.#bank.balances(ctx, communityPoolAccount);
  }

  fundPool(ctx: Context, from: Uint8Array, amount: readonly Coin[]): void {
    this.#bank.send(ctx, from, communityPoolAccount, amount);
  }

  /** Throws sdk code 4 for an account whose module could not explain the coins. */
  spendPool(ctx: Context, to: Uint8Array, amount: readonly Coin[]): void {
    if (this.#bank.isBlocked(to)) {
      throw sdkErrors.unauthorized(`${this.#addresses.text(to)} is not allowed to receive funds`);
    }
    this.#bank.send(ctx, communityPoolAccount, to, amount);
  }

  #pay(ctx: Context, operator: string, amount: bigint): void {
    if (amount === 0n) return;
    this.#bank.send(ctx, powAccount, this.#addresses.parse(operator), this.#coins(amount));
    this.#add(ctx, { paid: amount });
  }

  #add(ctx: Context, change: { readonly [Name in keyof Totals]?: bigint }): void {
    const now = this.totals(ctx);
    const plus = (name: keyof Totals) => String(BigInt(now[name]) + (change[name] ?? 0n));
    this.setTotals(ctx, {
      emitted: plus("emitted"),
      paid: plus("paid"),
      toPool: plus("toPool"),
      vesting: plus("vesting"),
    });
  }

  #coins(amount: bigint): Coin[] {
    return [{ denom: this.denom, amount }];
  }

  #key(operator: string): Uint8Array {
    return keys.addressKey(this.#addresses.parse(operator));
  }
}
