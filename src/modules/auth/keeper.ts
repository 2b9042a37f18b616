/** The accounts, and the only code that writes the auth store. spec/modules/auth.md. */
import { Params } from "cosmjs-types/cosmos/auth/v1beta1/auth";
import { equalBytes, fromU64be, u64be } from "../../encoding/bytes.ts";
import type { Coin } from "../../encoding/coins.ts";
import { prefixRange, type StoreKey } from "../../store/kv.ts";
import { type Addresses, moduleAddress } from "../addresses.ts";
import type { Context } from "../module.ts";
import { ParamStore } from "../params.ts";
import { type Account, decodeAccount, encodeAccount } from "./account.ts";
import {
  accountKey,
  accountPrefix,
  nextNumberKey,
  numberKey,
  paramsKey,
  scheduledParamsKey,
} from "./keys.ts";
import { UnorderedNonces } from "./nonces.ts";
import { lockedCoins, type Vesting } from "./vesting/schedule.ts";

/** A module's own account and what its module may do with coins: "minter", "burner". */
export interface ModuleAccountSpec {
  readonly name: string;
  readonly permissions: readonly string[];
}

/** An account as it was stored last, and before: CheckTx is one transaction ahead of blocks. */
interface Known {
  bytes: Uint8Array;
  readonly account: Account;
  readonly before: Known | undefined;
}

export class AccountKeeper {
  readonly addresses: Addresses;
  readonly params: ParamStore<Params>;
  readonly nonces: UnorderedNonces;
  /** The module accounts of this chain; all of them exist from genesis on. */
  readonly moduleAccounts: readonly ModuleAccountSpec[];
  readonly #store: StoreKey;
  /** By the array of the address: the same ones come again and again. */
  readonly #known = new WeakMap<Uint8Array, Known>();
  constructor(
    store: StoreKey,
    options: { addresses: Addresses; moduleAccounts: readonly ModuleAccountSpec[] },
  ) {
    this.#store = store;
    this.addresses = options.addresses;
    this.moduleAccounts = options.moduleAccounts;
    this.nonces = new UnorderedNonces(store);
    this.params = new ParamStore({
      store,
      codec: Params,
      activeKey: paramsKey,
      scheduledKey: scheduledParamsKey,
    });
  }

  get(ctx: Context, address: Uint8Array): Account | undefined {
    const bytes = ctx.kv(this.#store).get(accountKey(address));
    return bytes && this.#decode(address, bytes);
  }

  has(ctx: Context, address: Uint8Array): boolean {
    return ctx.kv(this.#store).has(accountKey(address));
  }

  /** The address of an account number. */
  addressOf(ctx: Context, number: bigint): Uint8Array | undefined {
    return ctx.kv(this.#store).get(numberKey(number));
  }

  /** A new account with the next number. It must not exist yet. */
  create(ctx: Context, address: Uint8Array, module?: ModuleAccountSpec): Account {
    const kv = ctx.kv(this.#store);
    const number = this.nextNumber(ctx);
    kv.set(nextNumberKey, u64be(number + 1n));
    const account = { address, number, sequence: 0n, pubKey: undefined, module };
    this.set(ctx, account);
    kv.set(numberKey(number), address);
    return account;
  }

  /** Gives an address an account if it has none. */
  ensure(ctx: Context, address: Uint8Array): void {
    if (!this.has(ctx, address)) this.create(ctx, address);
  }

  /** A new account whose coins come free by this schedule. It must not exist yet. */
  createVesting(ctx: Context, address: Uint8Array, vesting: Vesting): void {
    this.set(ctx, { ...this.create(ctx, address), vesting });
  }

  /** The coins of an account that may not be spent at the time of this block. */
  locked(ctx: Context, address: Uint8Array): readonly Coin[] {
    const bytes = ctx.kv(this.#store).get(accountKey(address));
    const vesting = bytes && this.#decode(address, bytes).vesting;
    return vesting ? lockedCoins(vesting, ctx.block.time.seconds) : [];
  }

  /** Writes an account back; its address and number never change. */
  set(ctx: Context, account: Account): void {
    const bytes = encodeAccount(this.addresses, account);
    this.#remember(bytes, account);
    ctx.kv(this.#store).set(accountKey(account.address), bytes);
  }

  /** At genesis: an account whose number is already decided. */
  restore(ctx: Context, account: Account): void {
    this.set(ctx, account);
    ctx.kv(this.#store).set(numberKey(account.number), account.address);
    if (account.number >= this.nextNumber(ctx)) {
      ctx.kv(this.#store).set(nextNumberKey, u64be(account.number + 1n));
    }
  }

  nextNumber(ctx: Context): bigint {
    const bytes = ctx.kv(this.#store).get(nextNumberKey);
    return bytes ? fromU64be(bytes) : 0n;
  }

  /** Every account, in the order of addresses. */
  *all(ctx: Context): Iterable<Account> {
    for (const [, bytes] of ctx.kv(this.#store).iterate(prefixRange(accountPrefix))) {
      yield decodeAccount(this.addresses, bytes);
    }
  }

  #decode(address: Uint8Array, bytes: Uint8Array): Account {
    const last = this.#known.get(address);
    for (let known = last; known; known = known.before) {
      if (known.bytes !== bytes && !equalBytes(known.bytes, bytes)) continue;
      known.bytes = bytes; // Within a block, the same array comes again.
      return known.account;
    }
    const account = decodeAccount(this.addresses, bytes);
    this.#remember(bytes, account);
    return account;
  }

  #remember(bytes: Uint8Array, account: Account): void {
    const last = this.#known.get(account.address);
    if (last && equalBytes(last.bytes, bytes)) return;
    const before = last && { ...last, before: undefined };
    this.#known.set(account.address, { bytes, account, before });
  }

  /** The store for paged reading: pairs under accountPrefix. */
  list(ctx: Context) {
    return { store: ctx.kv(this.#store), prefix: accountPrefix };
  }

  /** The address of a module account of this chain; undefined for other names. */
  moduleAddress(name: string): Uint8Array | undefined {
    return this.moduleAccounts.some((spec) => spec.name === name) ? moduleAddress(name) : undefined;
  }
}
