/** cosmos.staking.v1beta1.Query as the simapp profile has it. spec/modules/delegation.md. */
import type { PageRequest } from "cosmjs-types/cosmos/base/query/v1beta1/pagination";
import * as q from "cosmjs-types/cosmos/staking/v1beta1/query";
import {
  bondStatusFromJSON,
  type DelegationResponse,
  HistoricalInfo,
  type UnbondingDelegation,
  Validator,
} from "cosmjs-types/cosmos/staking/v1beta1/staking";
import { one } from "../../encoding/decimal.ts";
import { withDecimals } from "../../encoding/proto-json.ts";
import { sdkErrors } from "../errors.ts";
import { type Context, type QueryHandler, queryHandler } from "../module.ts";
import { paginate } from "../pagination.ts";
import { stakingErrors } from "./errors.ts";
import type { DelegationKeeper } from "./keeper.ts";
import * as keys from "./keys.ts";
import { shownValidator } from "./validator.ts";

const service = "/cosmos.staking.v1beta1.Query";
const get = (path: string) => [{ method: "GET", path: `/cosmos/staking/v1beta1${path}` } as const];
const rates = ["rate", "max_rate", "max_change_rate"].map(
  (name) => `commission.commission_rates.${name}`,
);
/** Decimals of a validator that stands under a name. */
const validatorDecimals = (name: string) =>
  ["delegator_shares", ...rates].map((field) => `${name}.${field}`);

export function stakingQueries(keeper: DelegationKeeper): readonly QueryHandler[] {
  return [
    ...validatorQueries(keeper),
    ...delegationQueries(keeper),
    ...unbondingQueries(keeper),
    ...chainQueries(keeper),
  ];
}

/** The pair that a query names. */
const pairOf = (
  keeper: DelegationKeeper,
  { delegatorAddr, validatorAddr }: { delegatorAddr: string; validatorAddr: string },
): keys.Pair => ({
  delegator: keeper.addresses.parse(delegatorAddr),
  validator: keeper.operators.parse(validatorAddr),
});

const notFound = (detail: string) => sdkErrors.notFound(detail);

function known(keeper: DelegationKeeper, ctx: Context, address: string): Validator {
  const validator = keeper.validator(ctx, keeper.operators.parse(address));
  if (!validator) throw notFound(`validator ${address} not found`);
  return shownValidator(keeper, validator);
}

function validatorQueries(keeper: DelegationKeeper): readonly QueryHandler[] {
  return [
    queryHandler<q.QueryValidatorsRequest, q.QueryValidatorsResponse>({
      path: `${service}/Validators`,
      request: q.QueryValidatorsRequest,
      response: withDecimals(q.QueryValidatorsResponse, ...validatorDecimals("validators")),
      http: get("/validators"),
      handle: (ctx, { status, pagination }) => {
        if (status !== "" && bondStatusFromJSON(status) < 1) {
          throw sdkErrors.invalidRequest(`invalid validator status ${status.slice(0, 50)}`);
        }
        const item = (_: Uint8Array, bytes: Uint8Array) => {
          const validator = shownValidator(keeper, Validator.decode(bytes));
          const isAsked = status === "" || validator.status === bondStatusFromJSON(status);
          return isAsked ? validator : undefined;
        };
        const list = { store: keeper.kv(ctx), prefix: keys.validatorPrefix, item };
        const page = paginate(list, pagination);
        return { validators: page.items, pagination: page.pagination };
      },
    }),
    queryHandler<q.QueryValidatorRequest, q.QueryValidatorResponse>({
      path: `${service}/Validator`,
      request: q.QueryValidatorRequest,
      response: withDecimals(q.QueryValidatorResponse, ...validatorDecimals("validator")),
      http: get("/validators/{validator_addr}"),
      handle: (ctx, { validatorAddr }) => ({ validator: known(keeper, ctx, validatorAddr) }),
    }),
    queryHandler<q.QueryDelegatorValidatorsRequest, q.QueryDelegatorValidatorsResponse>({
      path: `${service}/DelegatorValidators`,
      request: q.QueryDelegatorValidatorsRequest,
      response: withDecimals(
        q.QueryDelegatorValidatorsResponse,
        ...validatorDecimals("validators"),
      ),
      http: get("/delegators/{delegator_addr}/validators"),
      handle: (ctx, { delegatorAddr, pagination }) => {
        const prefix = keys.delegationsOfDelegator(keeper.addresses.parse(delegatorAddr));
        const item = (key: Uint8Array) =>
          known(keeper, ctx, keeper.operators.text(keys.readOne(key)));
        const page = paginate({ store: keeper.kv(ctx), prefix, item }, pagination);
        return { validators: page.items, pagination: page.pagination };
      },
    }),
    queryHandler<q.QueryDelegatorValidatorRequest, q.QueryDelegatorValidatorResponse>({
      path: `${service}/DelegatorValidator`,
      request: q.QueryDelegatorValidatorRequest,
      response: withDecimals(q.QueryDelegatorValidatorResponse, ...validatorDecimals("validator")),
      http: get("/delegators/{delegator_addr}/validators/{validator_addr}"),
      handle: (ctx, request) => {
        if (keeper.delegated(ctx, pairOf(keeper, request)) === 0n) {
          throw stakingErrors.noDelegation("");
        }
        return { validator: known(keeper, ctx, request.validatorAddr) };
      },
    }),
  ];
}

function delegation(keeper: DelegationKeeper, ctx: Context, pair: keys.Pair): DelegationResponse {
  const amount = keeper.delegated(ctx, pair);
  return {
    delegation: {
      delegatorAddress: keeper.addresses.text(pair.delegator),
      validatorAddress: keeper.operators.text(pair.validator),
      shares: String(amount * one),
    },
    balance: { denom: keeper.params(ctx).bondDenom, amount: String(amount) },
  };
}

function delegationQueries(keeper: DelegationKeeper): readonly QueryHandler[] {
  const shares = "delegation_responses.delegation.shares";
  const list = (
    ctx: Context,
    prefix: Uint8Array,
    pagination: PageRequest | undefined,
    pairFrom: (address: Uint8Array) => keys.Pair,
  ) => {
    const item = (key: Uint8Array) => delegation(keeper, ctx, pairFrom(keys.readOne(key)));
    const page = paginate({ store: keeper.kv(ctx), prefix, item }, pagination);
    return { delegationResponses: page.items, pagination: page.pagination };
  };
  return [
    queryHandler<q.QueryDelegationRequest, q.QueryDelegationResponse>({
      path: `${service}/Delegation`,
      request: q.QueryDelegationRequest,
      response: withDecimals(q.QueryDelegationResponse, "delegation_response.delegation.shares"),
      http: get("/validators/{validator_addr}/delegations/{delegator_addr}"),
      handle: (ctx, request) => {
        const pair = pairOf(keeper, request);
        if (keeper.delegated(ctx, pair) > 0n) {
          return { delegationResponse: delegation(keeper, ctx, pair) };
        }
        const { delegatorAddr, validatorAddr } = request;
        // Clients look for "key not found".
        const who = `delegation with delegator ${delegatorAddr} not found for validator`;
        throw sdkErrors.keyNotFound(`${who} ${validatorAddr}: key not found`);
      },
    }),
    queryHandler<q.QueryDelegatorDelegationsRequest, q.QueryDelegatorDelegationsResponse>({
      path: `${service}/DelegatorDelegations`,
      request: q.QueryDelegatorDelegationsRequest,
      response: withDecimals(q.QueryDelegatorDelegationsResponse, shares),
      http: get("/delegations/{delegator_addr}"),
      handle: (ctx, { delegatorAddr, pagination }) => {
        const delegator = keeper.addresses.parse(delegatorAddr);
        const prefix = keys.delegationsOfDelegator(delegator);
        return list(ctx, prefix, pagination, (validator) => ({ delegator, validator }));
      },
    }),
    queryHandler<q.QueryValidatorDelegationsRequest, q.QueryValidatorDelegationsResponse>({
      path: `${service}/ValidatorDelegations`,
      request: q.QueryValidatorDelegationsRequest,
      response: withDecimals(q.QueryValidatorDelegationsResponse, shares),
      http: get("/validators/{validator_addr}/delegations"),
      handle: (ctx, { validatorAddr, pagination }) => {
        const validator = keeper.operators.parse(validatorAddr);
        const prefix = keys.delegatorsOfValidator(validator);
        return list(ctx, prefix, pagination, (delegator) => ({ delegator, validator }));
      },
    }),
  ];
}

function unbondingQueries(keeper: DelegationKeeper): readonly QueryHandler[] {
  const list = (
    ctx: Context,
    prefix: Uint8Array,
    pagination: PageRequest | undefined,
    pairFrom: (address: Uint8Array) => keys.Pair,
  ) => {
    const item = (key: Uint8Array): UnbondingDelegation | undefined =>
      keeper.unbonding(ctx, pairFrom(keys.readOne(key)));
    const page = paginate({ store: keeper.kv(ctx), prefix, item }, pagination);
    return { unbondingResponses: page.items, pagination: page.pagination };
  };
  return [
    queryHandler<q.QueryUnbondingDelegationRequest, q.QueryUnbondingDelegationResponse>({
      path: `${service}/UnbondingDelegation`,
      request: q.QueryUnbondingDelegationRequest,
      response: q.QueryUnbondingDelegationResponse,
      http: get("/validators/{validator_addr}/delegations/{delegator_addr}/unbonding_delegation"),
      handle: (ctx, request) => {
        const unbond = keeper.unbonding(ctx, pairOf(keeper, request));
        if (unbond) return { unbond };
        const { delegatorAddr, validatorAddr } = request;
        const who = `unbonding delegation with delegator ${delegatorAddr} not found for validator`;
        throw notFound(`${who} ${validatorAddr}`);
      },
    }),
    queryHandler<
      q.QueryDelegatorUnbondingDelegationsRequest,
      q.QueryDelegatorUnbondingDelegationsResponse
    >({
      path: `${service}/DelegatorUnbondingDelegations`,
      request: q.QueryDelegatorUnbondingDelegationsRequest,
      response: q.QueryDelegatorUnbondingDelegationsResponse,
      http: get("/delegators/{delegator_addr}/unbonding_delegations"),
      handle: (ctx, { delegatorAddr, pagination }) => {
        const delegator = keeper.addresses.parse(delegatorAddr);
        const prefix = keys.unbondingsOfDelegator(delegator);
        return list(ctx, prefix, pagination, (validator) => ({ delegator, validator }));
      },
    }),
    queryHandler<
      q.QueryValidatorUnbondingDelegationsRequest,
      q.QueryValidatorUnbondingDelegationsResponse
    >({
      path: `${service}/ValidatorUnbondingDelegations`,
      request: q.QueryValidatorUnbondingDelegationsRequest,
      response: q.QueryValidatorUnbondingDelegationsResponse,
      http: get("/validators/{validator_addr}/unbonding_delegations"),
      handle: (ctx, { validatorAddr, pagination }) => {
        const validator = keeper.operators.parse(validatorAddr);
        const prefix = keys.unbondingsOfValidator(validator);
        return list(ctx, prefix, pagination, (delegator) => ({ delegator, validator }));
      },
    }),
    redelegations(keeper),
  ];
}

function redelegations(keeper: DelegationKeeper): QueryHandler {
  return queryHandler<q.QueryRedelegationsRequest, q.QueryRedelegationsResponse>({
    path: `${service}/Redelegations`,
    request: q.QueryRedelegationsRequest,
    response: q.QueryRedelegationsResponse,
    http: get("/delegators/{delegator_addr}/redelegations"),
    handle: (_, { srcValidatorAddr, dstValidatorAddr, delegatorAddr }) => {
      keeper.addresses.parse(delegatorAddr);
      // A redelegation is over at once, so none is ever under way.
      if (srcValidatorAddr === "" || dstValidatorAddr === "") {
        return { redelegationResponses: [] };
      }
      const where = `from validator address ${srcValidatorAddr}`;
      throw notFound(`redelegation not found for delegator address ${delegatorAddr} ${where}`);
    },
  });
}

function chainQueries(keeper: DelegationKeeper): readonly QueryHandler[] {
  return [
    queryHandler<q.QueryHistoricalInfoRequest, q.QueryHistoricalInfoResponse>({
      path: `${service}/HistoricalInfo`,
      request: q.QueryHistoricalInfoRequest,
      response: withDecimals(q.QueryHistoricalInfoResponse, ...validatorDecimals("hist.valset")),
      http: get("/historical_info/{height}"),
      handle: (ctx, { height }) => {
        if (height < 1n || height > ctx.block.height) {
          throw notFound(`historical info for height ${height} not found`);
        }
        // Of the header only what does not need the block store; the validators of today.
        const valset = [...keeper.validators(ctx)].map((each) => shownValidator(keeper, each));
        const header = { chainId: ctx.chainId, height };
        return { hist: HistoricalInfo.fromPartial({ header, valset }) };
      },
    }),
    queryHandler<q.QueryPoolRequest, q.QueryPoolResponse>({
      path: `${service}/Pool`,
      request: q.QueryPoolRequest,
      response: q.QueryPoolResponse,
      http: get("/pool"),
      handle: (ctx) => {
        const { bonded, unbonding } = keeper.pools(ctx);
        return { pool: { bondedTokens: String(bonded), notBondedTokens: String(unbonding) } };
      },
    }),
    queryHandler<q.QueryParamsRequest, q.QueryParamsResponse>({
      path: `${service}/Params`,
      request: q.QueryParamsRequest,
      response: withDecimals(q.QueryParamsResponse, "params.min_commission_rate"),
      http: get("/params"),
      handle: (ctx) => ({ params: keeper.params(ctx) }),
    }),
  ];
}
