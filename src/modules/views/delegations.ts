/** The queries of staking about who bonded what to whom: every operator its own power. */

import type { PageRequest } from "cosmjs-types/cosmos/base/query/v1beta1/pagination";
import * as q from "cosmjs-types/cosmos/staking/v1beta1/query";
import { equalBytes } from "../../encoding/bytes.ts";
import { withDecimals } from "../../encoding/proto-json.ts";
import { sdkErrors } from "../errors.ts";
import { type Context, type QueryHandler, queryHandler } from "../module.ts";
import { paginateItems } from "../pagination.ts";
import type { ValidatorView } from "./expected.ts";
import { type ValidatorShapes, validatorDecimals } from "./validators.ts";

const service = "/cosmos.staking.v1beta1.Query";
const get = (path: string) => [{ method: "GET", path: `/cosmos/staking/v1beta1${path}` } as const];
const shares = (place: string): string => `${place}.delegation.shares`;

export function delegationQueries(shapes: ValidatorShapes): readonly QueryHandler[] {
  return [
    ...ofValidators(shapes),
    ...ofDelegators(shapes),
    ...delegatorValidators(shapes),
    ...unbonding(shapes),
  ];
}

/** At most one validator, as a page of anything made of it. */
function page<T>(
  view: ValidatorView | undefined,
  make: (view: ValidatorView) => T,
  request: PageRequest | undefined,
) {
  return paginateItems(view ? [{ key: view.operator, item: make(view) }] : [], request);
}

/** The bond of this delegator to this validator; undefined where there is none. */
function bondOf(
  shapes: ValidatorShapes,
  ctx: Context,
  { delegatorAddr, validatorAddr }: q.QueryDelegationRequest,
): ValidatorView | undefined {
  const delegator = shapes.delegator(delegatorAddr);
  if (validatorAddr === "") throw sdkErrors.invalidRequest("validator address cannot be empty");
  const operator = shapes.operators.parse(validatorAddr);
  return equalBytes(delegator, operator) ? shapes.bondedTo(ctx, delegator) : undefined;
}

function ofValidators(shapes: ValidatorShapes): readonly QueryHandler[] {
  return [
    queryHandler<q.QueryValidatorDelegationsRequest, q.QueryValidatorDelegationsResponse>({
      path: `${service}/ValidatorDelegations`,
      request: q.QueryValidatorDelegationsRequest,
      response: withDecimals(q.QueryValidatorDelegationsResponse, shares("delegation_responses")),
      http: get("/validators/{validator_addr}/delegations"),
      handle: (ctx, { validatorAddr, pagination }) => {
        const operator = shapes.find(ctx, validatorAddr).operator;
        const bonded = shapes.bondedTo(ctx, operator);
        const answer = page(bonded, (view) => shapes.delegation(view), pagination);
        return { delegationResponses: answer.items, pagination: answer.pagination };
      },
    }),
    queryHandler<q.QueryDelegationRequest, q.QueryDelegationResponse>({
      path: `${service}/Delegation`,
      request: q.QueryDelegationRequest,
      response: withDecimals(q.QueryDelegationResponse, shares("delegation_response")),
      http: get("/validators/{validator_addr}/delegations/{delegator_addr}"),
      handle: (ctx, request) => {
        const bond = bondOf(shapes, ctx, request);
        if (bond) return { delegationResponse: shapes.delegation(bond) };
        const { delegatorAddr, validatorAddr } = request;
        const who = `delegator ${delegatorAddr} not found for validator ${validatorAddr}`;
        throw sdkErrors.notFound(`delegation with ${who}`);
      },
    }),
  ];
}

function ofDelegators(shapes: ValidatorShapes): readonly QueryHandler[] {
  return [
    queryHandler<q.QueryDelegatorDelegationsRequest, q.QueryDelegatorDelegationsResponse>({
      path: `${service}/DelegatorDelegations`,
      request: q.QueryDelegatorDelegationsRequest,
      response: withDecimals(q.QueryDelegatorDelegationsResponse, shares("delegation_responses")),
      http: get("/delegations/{delegator_addr}"),
      handle: (ctx, { delegatorAddr, pagination }) => {
        const bonded = shapes.bondedTo(ctx, shapes.delegator(delegatorAddr));
        const answer = page(bonded, (view) => shapes.delegation(view), pagination);
        return { delegationResponses: answer.items, pagination: answer.pagination };
      },
    }),
    queryHandler<q.QueryRedelegationsRequest, q.QueryRedelegationsResponse>({
      path: `${service}/Redelegations`,
      request: q.QueryRedelegationsRequest,
      response: q.QueryRedelegationsResponse,
      http: get("/delegators/{delegator_addr}/redelegations"),
      handle: (_, { delegatorAddr, srcValidatorAddr, dstValidatorAddr, pagination }) => {
        const { pagination: none } = page(undefined, () => undefined, pagination);
        const isOne = delegatorAddr !== "" && srcValidatorAddr !== "" && dstValidatorAddr !== "";
        if (!isOne) return { redelegationResponses: [], pagination: none };
        const who = `${delegatorAddr} from validator address ${srcValidatorAddr}`;
        throw sdkErrors.notFound(`redelegation not found for delegator address ${who}`);
      },
    }),
  ];
}

function delegatorValidators(shapes: ValidatorShapes): readonly QueryHandler[] {
  return [
    queryHandler<q.QueryDelegatorValidatorsRequest, q.QueryDelegatorValidatorsResponse>({
      path: `${service}/DelegatorValidators`,
      request: q.QueryDelegatorValidatorsRequest,
      response: withDecimals(
        q.QueryDelegatorValidatorsResponse,
        ...validatorDecimals("validators"),
      ),
      http: get("/delegators/{delegator_addr}/validators"),
      handle: (ctx, { delegatorAddr, pagination }) => {
        const bonded = shapes.bondedTo(ctx, shapes.delegator(delegatorAddr));
        const answer = page(bonded, (view) => shapes.message(view), pagination);
        return { validators: answer.items, pagination: answer.pagination };
      },
    }),
    queryHandler<q.QueryDelegatorValidatorRequest, q.QueryDelegatorValidatorResponse>({
      path: `${service}/DelegatorValidator`,
      request: q.QueryDelegatorValidatorRequest,
      response: withDecimals(q.QueryDelegatorValidatorResponse, ...validatorDecimals("validator")),
      http: get("/delegators/{delegator_addr}/validators/{validator_addr}"),
      handle: (ctx, request) => {
        const bond = bondOf(shapes, ctx, request);
        if (bond) return { validator: shapes.message(bond) };
        throw sdkErrors.notFound("no delegation for (address, validator) tuple");
      },
    }),
  ];
}

/** Nothing unbonds: power moves by settlement alone. */
function unbonding(shapes: ValidatorShapes): readonly QueryHandler[] {
  const empty = (pagination: PageRequest | undefined) => ({
    unbondingResponses: [],
    pagination: page(undefined, () => undefined, pagination).pagination,
  });
  return [
    queryHandler<
      q.QueryValidatorUnbondingDelegationsRequest,
      q.QueryValidatorUnbondingDelegationsResponse
    >({
      path: `${service}/ValidatorUnbondingDelegations`,
      request: q.QueryValidatorUnbondingDelegationsRequest,
      response: q.QueryValidatorUnbondingDelegationsResponse,
      http: get("/validators/{validator_addr}/unbonding_delegations"),
      handle: (ctx, { validatorAddr, pagination }) => {
        shapes.find(ctx, validatorAddr);
        return empty(pagination);
      },
    }),
    queryHandler<q.QueryUnbondingDelegationRequest, q.QueryUnbondingDelegationResponse>({
      path: `${service}/UnbondingDelegation`,
      request: q.QueryUnbondingDelegationRequest,
      response: q.QueryUnbondingDelegationResponse,
      http: get("/validators/{validator_addr}/delegations/{delegator_addr}/unbonding_delegation"),
      handle: (ctx, request) => {
        bondOf(shapes, ctx, request); // Both addresses must be some.
        const { delegatorAddr, validatorAddr } = request;
        const who = `delegator ${delegatorAddr} not found for validator ${validatorAddr}`;
        throw sdkErrors.notFound(`unbonding delegation with ${who}`);
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
      handle: (_, { delegatorAddr, pagination }) => {
        shapes.delegator(delegatorAddr);
        return empty(pagination);
      },
    }),
  ];
}
