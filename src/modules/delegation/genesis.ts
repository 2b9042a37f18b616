/**
 * app_state.staking: parameters, validators, delegations, unbondings and withdraw addresses, near
 * the SDK's JSON.
 */
import { PubKey as Ed25519PubKey } from "cosmjs-types/cosmos/crypto/ed25519/keys";
import { UnbondingDelegation } from "cosmjs-types/cosmos/staking/v1beta1/staking";
import { fromUtf8, parseBase64, toBase64 } from "../../encoding/bytes.ts";
import { formatDecimal, parseDecimal } from "../../encoding/decimal.ts";
import { formatTime } from "../../encoding/time.ts";
import { prefixRange } from "../../store/kv.ts";
import { GenesisValue } from "../genesis-json.ts";
import type { Context } from "../module.ts";
import type { DelegationKeeper } from "./keeper.ts";
import * as keys from "./keys.ts";
import { newValidator } from "./validator.ts";

/**
 * Reads the state. The tokens of a validator are its delegations, and the balance of the bonded
 * pool has to be their sum; that of the other pool, the sum of what unbonds.
 */
export function initStakingGenesis(keeper: DelegationKeeper, ctx: Context, state: unknown): void {
  const json = new GenesisValue(state, "app_state.staking");
  keeper.setParams(ctx, readParams(json.at("params")));
  for (const value of json.at("validators").list()) readValidator(keeper, ctx, value);
  for (const value of json.at("delegations").list()) {
    const delegator = address(value.at("delegator_address"), keeper.addresses);
    const validator = address(value.at("validator_address"), keeper.operators);
    if (!keeper.validator(ctx, validator)) {
      throw value.at("validator_address").error("is no validator of this list");
    }
    keeper.restore(ctx, { delegator, validator }, value.at("tokens").uint64());
  }
  const [delegated, { bonded }] = [keeper.total(ctx), keeper.pools(ctx)];
  if (delegated !== bonded) {
    throw json.at("delegations").error(`add up to ${delegated}, the bonded pool owns ${bonded}`);
  }
  const unbondings = json.at("unbonding_delegations");
  let total = 0n;
  for (const value of unbondings.list()) total += readUnbonding(keeper, ctx, value);
  const { unbonding } = keeper.pools(ctx);
  if (total !== unbonding) {
    throw unbondings.error(`add up to ${total}, the pool of what unbonds owns ${unbonding}`);
  }
  for (const value of json.at("withdraw_addresses").list()) {
    const delegator = address(value.at("delegator_address"), keeper.addresses);
    const to = address(value.at("withdraw_address"), keeper.addresses);
    keeper.setWithdrawAddress(ctx, delegator, to);
  }
}

/** Returns the tokens that unbond. */
function readUnbonding(keeper: DelegationKeeper, ctx: Context, json: GenesisValue): bigint {
  const delegator = address(json.at("delegator_address"), keeper.addresses);
  const validator = address(json.at("validator_address"), keeper.operators);
  if (!keeper.validator(ctx, validator)) {
    throw json.at("validator_address").error("is no validator of this list");
  }
  if (keeper.unbonding(ctx, { delegator, validator })) throw json.error("is there twice");
  const entries = json
    .at("entries")
    .list()
    .map((entry) => ({
      creationHeight: entry.at("creation_height").uint64(),
      completionTime: entry.at("completion_time").time(),
      initialBalance: String(entry.at("initial_balance").uint64()),
      balance: String(entry.at("balance").uint64()),
      ...{ unbondingId: 0n, unbondingOnHoldRefCount: 0n },
    }));
  if (entries.length === 0) throw json.at("entries").error("must not be empty");
  keeper.restoreUnbonding(ctx, { delegator, validator }, entries);
  return entries.reduce((sum, { balance }) => sum + BigInt(balance), 0n);
}

/** A text that may be left out. */
const optional = (json: GenesisValue): string => (json.isPresent ? json.text() : "");

function readParams(json: GenesisValue) {
  const seconds = json.at("unbonding_time_seconds").uint64();
  return {
    unbondingTime: { seconds, nanos: 0 },
    maxValidators: Number(json.at("max_validators").uint64()),
    maxEntries: Number(json.at("max_entries").uint64()),
    historicalEntries: Number(json.at("historical_entries").uint64()),
    bondDenom: json.at("bond_denom").text(),
    minCommissionRate: String(decimal(json.at("min_commission_rate"))),
  };
}

function decimal(json: GenesisValue): bigint {
  const value = parseDecimal(json.text());
  if (value === undefined || value < 0n) throw json.error('must be a decimal such as "0.1"');
  return value;
}

function address(json: GenesisValue, of: { parse(text: string): Uint8Array }): Uint8Array {
  try {
    return of.parse(json.text());
  } catch (error) {
    throw json.error(error instanceof Error ? error.message : String(error));
  }
}

function readValidator(keeper: DelegationKeeper, ctx: Context, json: GenesisValue): void {
  const operator = address(json.at("operator_address"), keeper.operators);
  const key = parseBase64(json.at("consensus_pub_key").text());
  if (key?.length !== 32) throw json.at("consensus_pub_key").error("must be 32 bytes in base64");
  const rates = json.at("commission");
  const updated = json.at("commission_update_time");
  const validator = newValidator({
    validatorAddress: keeper.operators.text(operator),
    consensusPubkey: {
      typeUrl: Ed25519PubKey.typeUrl,
      value: Ed25519PubKey.encode({ key }).finish(),
    },
    description: {
      moniker: json.at("moniker").text(),
      identity: optional(json.at("identity")),
      website: optional(json.at("website")),
      securityContact: optional(json.at("security_contact")),
      details: optional(json.at("details")),
    },
    commission: {
      rate: String(decimal(rates.at("rate"))),
      maxRate: String(decimal(rates.at("max_rate"))),
      maxChangeRate: String(decimal(rates.at("max_change_rate"))),
    },
    minSelfDelegation: String(json.at("min_self_delegation").uint64()),
    time: updated.isPresent ? updated.time() : ctx.block.time,
  });
  keeper.setValidator(ctx, validator);
}

/** What initStakingGenesis reads. */
export function exportStakingGenesis(keeper: DelegationKeeper, ctx: Context): unknown {
  const params = keeper.params(ctx);
  return {
    params: {
      unbonding_time_seconds: String(params.unbondingTime.seconds),
      max_validators: String(params.maxValidators),
      max_entries: String(params.maxEntries),
      historical_entries: String(params.historicalEntries),
      bond_denom: params.bondDenom,
      min_commission_rate: formatDecimal(BigInt(params.minCommissionRate)),
    },
    validators: exportValidators(keeper, ctx),
    delegations: exportDelegations(keeper, ctx),
    unbonding_delegations: exportUnbondings(keeper, ctx),
    withdraw_addresses: exportWithdrawAddresses(keeper, ctx),
  };
}

function exportValidators(keeper: DelegationKeeper, ctx: Context): unknown[] {
  return [...keeper.validators(ctx)].map((validator) => {
    const { rate, maxRate, maxChangeRate } = validator.commission.commissionRates;
    const { key } = Ed25519PubKey.decode(validator.consensusPubkey?.value ?? new Uint8Array());
    return {
      operator_address: validator.operatorAddress,
      consensus_pub_key: toBase64(key),
      moniker: validator.description.moniker,
      identity: validator.description.identity,
      website: validator.description.website,
      security_contact: validator.description.securityContact,
      details: validator.description.details,
      commission: {
        rate: formatDecimal(BigInt(rate)),
        max_rate: formatDecimal(BigInt(maxRate)),
        max_change_rate: formatDecimal(BigInt(maxChangeRate)),
      },
      commission_update_time: formatTime(validator.commission.updateTime),
      min_self_delegation: validator.minSelfDelegation,
    };
  });
}

function exportDelegations(keeper: DelegationKeeper, ctx: Context): unknown[] {
  const pairs = keeper.kv(ctx).iterate(prefixRange(keys.delegationPrefix));
  return [...pairs].map(([key, tokens]) => {
    const [delegator, validator] = keys.readPair(key.subarray(1));
    return {
      delegator_address: keeper.addresses.text(delegator),
      validator_address: keeper.operators.text(validator),
      tokens: fromUtf8(tokens),
    };
  });
}

function exportUnbondings(keeper: DelegationKeeper, ctx: Context): unknown[] {
  const pairs = keeper.kv(ctx).iterate(prefixRange(keys.unbondingPrefix));
  return [...pairs].map(([, bytes]) => {
    const unbonding = UnbondingDelegation.decode(bytes);
    return {
      delegator_address: unbonding.delegatorAddress,
      validator_address: unbonding.validatorAddress,
      entries: unbonding.entries.map((entry) => ({
        creation_height: String(entry.creationHeight),
        completion_time: formatTime(entry.completionTime),
        initial_balance: entry.initialBalance,
        balance: entry.balance,
      })),
    };
  });
}

function exportWithdrawAddresses(keeper: DelegationKeeper, ctx: Context): unknown[] {
  const pairs = keeper.kv(ctx).iterate(prefixRange(keys.withdrawPrefix));
  return [...pairs].map(([key, to]) => ({
    delegator_address: keeper.addresses.text(keys.readOne(key.subarray(1))),
    withdraw_address: keeper.addresses.text(to),
  }));
}
