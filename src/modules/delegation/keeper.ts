/**
 * Delegations: tokens that accounts put behind validators. A small part of the SDK's staking, for
 * the simapp profile alone: tokens are never slashed, so a share is always one token. The only code
 * that writes the staking store. spec/modules/delegation.md.
 */
import {
  Params,
  UnbondingDelegation,
  Validator,
} from "cosmjs-types/cosmos/staking/v1beta1/staking";
import { fromUtf8 } from "../../encoding/bytes.ts";
import { addNanos, compareTime, type Time } from "../../encoding/time.ts";
import { type KvStore, prefixRange, type StoreKey } from "../../store/kv.ts";
import { durationNanos } from "../../types/consensus-params.ts";
import { Addresses, moduleAddress } from "../addresses.ts";
import { sdkErrors } from "../errors.ts";
import type { Context } from "../module.ts";
import { stakingErrors } from "./errors.ts";
import type { Bank } from "./expected.ts";
import * as keys from "./keys.ts";

/** Tokens behind one unit of voting power in consensus. */
const tokensPerPower = 1_000_000n;
/** Further work of a delegation in the SDK, rewards above all, that clients leave room for. */
const delegationGas = 60_000n;

const bondedPool = moduleAddress("bonded_tokens_pool");
const unbondingPool = moduleAddress("not_bonded_tokens_pool");

export class DelegationKeeper {
  readonly addresses: Addresses;
  /** Of validators: the same bytes as the operator's account, with another prefix. */
  readonly operators: Addresses;
  readonly bank: Bank;
  readonly #store: StoreKey;

  constructor(store: StoreKey, options: { readonly addresses: Addresses; readonly bank: Bank }) {
    this.#store = store;
    this.addresses = options.addresses;
    this.operators = new Addresses(`${options.addresses.prefix}valoper`);
    this.bank = options.bank;
  }

  /** The store, for reading only: queries, export and invariants walk it. */
  kv(ctx: Context): KvStore {
    return ctx.kv(this.#store);
  }

  params(ctx: Context): Params {
    return Params.decode(this.kv(ctx).get(keys.paramsKey) ?? new Uint8Array());
  }

  setParams(ctx: Context, params: Params): void {
    this.kv(ctx).set(keys.paramsKey, Params.encode(params).finish());
  }

  validator(ctx: Context, operator: Uint8Array): Validator | undefined {
    const bytes = this.kv(ctx).get(keys.validatorKey(operator));
    return bytes && Validator.decode(bytes);
  }

  /** Throws staking code 3 when there is none. */
  knownValidator(ctx: Context, operator: Uint8Array): Validator {
    const validator = this.validator(ctx, operator);
    if (!validator) throw stakingErrors.noValidatorFound("");
    return validator;
  }

  /** Writes a validator and to whom its consensus key belongs. */
  setValidator(ctx: Context, validator: Validator): void {
    const operator = this.operators.parse(validator.operatorAddress);
    const key = validator.consensusPubkey?.value ?? new Uint8Array();
    this.kv(ctx).set(keys.validatorKey(operator), Validator.encode(validator).finish());
    this.kv(ctx).set(keys.consensusKeyKey(key), operator);
  }

  hasConsensusKey(ctx: Context, key: Uint8Array): boolean {
    return this.kv(ctx).has(keys.consensusKeyKey(key));
  }

  *validators(ctx: Context): Iterable<Validator> {
    for (const [, bytes] of this.kv(ctx).iterate(prefixRange(keys.validatorPrefix))) {
      yield Validator.decode(bytes);
    }
  }

  /** Tokens that an account has put behind a validator. */
  delegated(ctx: Context, pair: keys.Pair): bigint {
    const bytes = this.kv(ctx).get(keys.delegationKey(pair));
    return bytes ? BigInt(fromUtf8(bytes)) : 0n;
  }

  /** Moves tokens of the delegator behind a validator. Returns nothing: shares are tokens. */
  delegate(ctx: Context, pair: keys.Pair, amount: bigint): void {
    this.knownValidator(ctx, pair.validator);
    ctx.gas.consume(delegationGas, "delegation");
    this.bank.send(ctx, pair.delegator, bondedPool, [this.#coin(ctx, amount)]);
    this.#change(ctx, pair, amount);
  }

  /** At genesis: the pool's balance counts the tokens already. */
  restore(ctx: Context, pair: keys.Pair, amount: bigint): void {
    this.#change(ctx, pair, amount);
  }

  /** Takes tokens away from a validator; they come free after the unbonding time. */
  undelegate(ctx: Context, pair: keys.Pair, amount: bigint): Time {
    ctx.gas.consume(delegationGas, "delegation");
    this.#takeAway(ctx, pair, amount);
    this.bank.send(ctx, bondedPool, unbondingPool, [this.#coin(ctx, amount)]);
    const { maxEntries, unbondingTime } = this.params(ctx);
    const completionTime = addNanos(ctx.block.time, durationNanos(unbondingTime));
    const before = this.unbonding(ctx, pair);
    const entries = before?.entries ?? [];
    if (entries.length >= maxEntries) throw stakingErrors.maxUnbondingEntries("");
    const [initialBalance, balance] = [String(amount), String(amount)];
    const entry = { creationHeight: ctx.block.height, completionTime, initialBalance, balance };
    const [unbondingId, unbondingOnHoldRefCount] = [0n, 0n];
    const all = [...entries, { ...entry, unbondingId, unbondingOnHoldRefCount }];
    this.#setUnbonding(ctx, pair, all);
    this.kv(ctx).set(keys.maturingKey(completionTime, pair), new Uint8Array());
    return completionTime;
  }

  /** Moves tokens from one validator to another at once. */
  redelegate(ctx: Context, from: keys.Pair, to: Uint8Array, amount: bigint): void {
    if (!this.validator(ctx, to)) {
      throw sdkErrors.invalidRequest("redelegation destination validator not found");
    }
    ctx.gas.consume(delegationGas, "delegation");
    this.#takeAway(ctx, from, amount);
    this.#change(ctx, { delegator: from.delegator, validator: to }, amount);
  }

  unbonding(ctx: Context, pair: keys.Pair): UnbondingDelegation | undefined {
    const bytes = this.kv(ctx).get(keys.unbondingKey(pair));
    return bytes && UnbondingDelegation.decode(bytes);
  }

  /** At genesis: the other pool's balance counts the tokens already. */
  restoreUnbonding(ctx: Context, pair: keys.Pair, entries: UnbondingDelegation["entries"]): void {
    this.#setUnbonding(ctx, pair, entries);
    for (const { completionTime } of entries) {
      this.kv(ctx).set(keys.maturingKey(completionTime, pair), new Uint8Array());
    }
  }

  /** Pays out what has matured at the time of this block. */
  completeUnbondings(ctx: Context): void {
    const { time } = ctx.block;
    for (const [key] of [...this.kv(ctx).iterate(keys.maturedRange(time))]) {
      this.kv(ctx).delete(key);
      const [delegator, validator] = keys.readMaturing(key);
      const pair = { delegator, validator };
      const entries = this.unbonding(ctx, pair)?.entries ?? [];
      const isDue = (entry: { readonly completionTime: Time }) =>
        compareTime(entry.completionTime, time) <= 0;
      const due = entries.filter(isDue).reduce((sum, { balance }) => sum + BigInt(balance), 0n);
      this.#setUnbonding(
        ctx,
        pair,
        entries.filter((entry) => !isDue(entry)),
      );
      if (due === 0n) continue; // Another entry of the same pair paid it.
      this.bank.send(ctx, unbondingPool, delegator, [this.#coin(ctx, due)]);
      ctx.emit("complete_unbonding", [
        ["amount", `${due}${this.params(ctx).bondDenom}`],
        ["validator", this.operators.text(validator)],
        ["delegator", this.addresses.text(delegator)],
      ]);
    }
  }

  /** Power of a validator in consensus. */
  powerOfValidator({ tokens }: Validator): bigint {
    return BigInt(tokens) / tokensPerPower; // Floors.
  }

  /** The power that the engine knows, and how to note another. */
  notedPower(ctx: Context, operator: Uint8Array): bigint {
    const bytes = this.kv(ctx).get(keys.powerKey(operator));
    return bytes ? BigInt(fromUtf8(bytes)) : 0n;
  }

  notePower(ctx: Context, operator: Uint8Array, power: bigint): void {
    const key = keys.powerKey(operator);
    if (power === 0n) this.kv(ctx).delete(key);
    else this.kv(ctx).set(key, keys.amountBytes(power));
  }

  /** Governance: an account decides with what it has delegated. */
  powerOf(ctx: Context, account: Uint8Array): bigint {
    const range = prefixRange(keys.delegationsOfDelegator(account));
    let power = 0n;
    for (const [, bytes] of this.kv(ctx).iterate(range)) power += BigInt(fromUtf8(bytes));
    return power;
  }

  /** Governance: everything that is delegated. */
  total(ctx: Context): bigint {
    let total = 0n;
    for (const { tokens } of this.validators(ctx)) total += BigInt(tokens);
    return total;
  }

  withdrawAddress(ctx: Context, delegator: Uint8Array): Uint8Array {
    return this.kv(ctx).get(keys.withdrawKey(delegator)) ?? delegator;
  }

  setWithdrawAddress(ctx: Context, delegator: Uint8Array, to: Uint8Array): void {
    this.kv(ctx).set(keys.withdrawKey(delegator), to);
  }

  /** Balances of the two pools. */
  pools(ctx: Context): { readonly bonded: bigint; readonly unbonding: bigint } {
    const { bondDenom } = this.params(ctx);
    const [bonded, unbonding] = [bondedPool, unbondingPool].map((pool) =>
      this.bank.balance(ctx, pool, bondDenom),
    ) as [bigint, bigint];
    return { bonded, unbonding };
  }

  /** Tokens leave a validator. Throws when there are fewer, or when nobody could make blocks. */
  #takeAway(ctx: Context, pair: keys.Pair, amount: bigint): void {
    const delegated = this.delegated(ctx, pair);
    if (delegated === 0n) throw stakingErrors.noDelegation("");
    if (delegated < amount) {
      throw sdkErrors.invalidRequest("invalid shares amount: invalid request");
    }
    this.#change(ctx, pair, -amount);
    const hasPower = [...this.validators(ctx)].some((each) => this.powerOfValidator(each) > 0n);
    if (!hasPower) throw sdkErrors.invalidRequest("the last validator must keep its power");
  }

  #change(ctx: Context, pair: keys.Pair, change: bigint): void {
    const validator = this.knownValidator(ctx, pair.validator);
    const tokens = String(BigInt(validator.tokens) + change);
    this.setValidator(ctx, { ...validator, tokens });
    const delegated = this.delegated(ctx, pair) + change;
    const [key, listed] = [keys.delegationKey(pair), keys.delegationOfKey(pair)];
    if (delegated === 0n) {
      this.kv(ctx).delete(key);
      this.kv(ctx).delete(listed);
    } else {
      this.kv(ctx).set(key, keys.amountBytes(delegated));
      this.kv(ctx).set(listed, new Uint8Array());
    }
  }

  #setUnbonding(ctx: Context, pair: keys.Pair, entries: UnbondingDelegation["entries"]): void {
    const [key, listed] = [keys.unbondingKey(pair), keys.unbondingOfKey(pair)];
    if (entries.length === 0) {
      this.kv(ctx).delete(key);
      this.kv(ctx).delete(listed);
      return;
    }
    const delegatorAddress = this.addresses.text(pair.delegator);
    const validatorAddress = this.operators.text(pair.validator);
    const unbonding = { delegatorAddress, validatorAddress, entries };
    this.kv(ctx).set(key, UnbondingDelegation.encode(unbonding).finish());
    this.kv(ctx).set(listed, new Uint8Array());
  }

  #coin(ctx: Context, amount: bigint) {
    return { denom: this.params(ctx).bondDenom, amount };
  }
}
