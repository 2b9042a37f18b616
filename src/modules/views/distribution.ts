/** cosmos.distribution.v1beta1.Query, read-only, over rewards that wait. spec/modules/views.md. */
import type { DecCoin } from "cosmjs-types/cosmos/base/v1beta1/coin";
import * as q from "cosmjs-types/cosmos/distribution/v1beta1/query";
import { equalBytes } from "../../encoding/bytes.ts";
import { withDecimals } from "../../encoding/proto-json.ts";
import { type Context, type QueryHandler, queryHandler } from "../module.ts";
import { paginateItems } from "../pagination.ts";
import { decCoins } from "./decimals.ts";
import type { ViewParts } from "./expected.ts";
import { ValidatorShapes } from "./validators.ts";

const service = "/cosmos.distribution.v1beta1.Query";
const get = (path: string) => [
  { method: "GET", path: `/cosmos/distribution/v1beta1${path}` } as const,
];

export function distributionQueries(parts: ViewParts): readonly QueryHandler[] {
  const shapes = new ValidatorShapes(parts);
  return [...ofChain(parts), ...ofValidators(shapes), ...ofDelegators(shapes)];
}

const taxes = ["community_tax", "base_proposer_reward", "bonus_proposer_reward"];

function ofChain(parts: ViewParts): readonly QueryHandler[] {
  return [
    queryHandler<q.QueryParamsRequest, q.QueryParamsResponse>({
      path: `${service}/Params`,
      request: q.QueryParamsRequest,
      response: withDecimals(q.QueryParamsResponse, ...taxes.map((name) => `params.${name}`)),
      http: get("/params"),
      handle: () => ({
        params: {
          communityTax: "0",
          baseProposerReward: "0",
          bonusProposerReward: "0",
          withdrawAddrEnabled: false,
        },
      }),
    }),
    queryHandler<q.QueryCommunityPoolRequest, q.QueryCommunityPoolResponse>({
      path: `${service}/CommunityPool`,
      request: q.QueryCommunityPoolRequest,
      response: withDecimals(q.QueryCommunityPoolResponse, "pool.amount"),
      http: get("/community_pool"),
      handle: (ctx) => ({ pool: decCoins(parts.validators.communityPool(ctx)) }),
    }),
  ];
}

/** What an operator has earned and not been paid. */
function waiting({ parts }: ValidatorShapes, ctx: Context, operator: Uint8Array): DecCoin[] {
  const amount = parts.validators.waiting(ctx, operator);
  return decCoins([{ denom: parts.denom, amount }]);
}

function ofValidators(shapes: ValidatorShapes): readonly QueryHandler[] {
  return [
    queryHandler<q.QueryValidatorDistributionInfoRequest, q.QueryValidatorDistributionInfoResponse>(
      {
        path: `${service}/ValidatorDistributionInfo`,
        request: q.QueryValidatorDistributionInfoRequest,
        response: withDecimals(
          q.QueryValidatorDistributionInfoResponse,
          "self_bond_rewards.amount",
          "commission.amount",
        ),
        http: get("/validators/{validator_address}"),
        handle: (ctx, { validatorAddress }) => {
          const { operator } = shapes.find(ctx, validatorAddress);
          return {
            operatorAddress: shapes.parts.addresses.text(operator),
            selfBondRewards: waiting(shapes, ctx, operator),
            commission: [],
          };
        },
      },
    ),
    queryHandler<
      q.QueryValidatorOutstandingRewardsRequest,
      q.QueryValidatorOutstandingRewardsResponse
    >({
      path: `${service}/ValidatorOutstandingRewards`,
      request: q.QueryValidatorOutstandingRewardsRequest,
      response: withDecimals(q.QueryValidatorOutstandingRewardsResponse, "rewards.rewards.amount"),
      http: get("/validators/{validator_address}/outstanding_rewards"),
      handle: (ctx, { validatorAddress }) => {
        const { operator } = shapes.find(ctx, validatorAddress);
        return { rewards: { rewards: waiting(shapes, ctx, operator) } };
      },
    }),
    queryHandler<q.QueryValidatorCommissionRequest, q.QueryValidatorCommissionResponse>({
      path: `${service}/ValidatorCommission`,
      request: q.QueryValidatorCommissionRequest,
      response: withDecimals(q.QueryValidatorCommissionResponse, "commission.commission.amount"),
      http: get("/validators/{validator_address}/commission"),
      handle: (ctx, { validatorAddress }) => {
        shapes.find(ctx, validatorAddress);
        return { commission: { commission: [] } };
      },
    }),
    queryHandler<q.QueryValidatorSlashesRequest, q.QueryValidatorSlashesResponse>({
      path: `${service}/ValidatorSlashes`,
      request: q.QueryValidatorSlashesRequest,
      response: withDecimals(q.QueryValidatorSlashesResponse, "slashes.fraction"),
      http: get("/validators/{validator_address}/slashes"),
      handle: (ctx, { validatorAddress, pagination }) => {
        shapes.find(ctx, validatorAddress);
        return { slashes: [], pagination: paginateItems([], pagination).pagination };
      },
    }),
  ];
}

function ofDelegators(shapes: ValidatorShapes): readonly QueryHandler[] {
  const total = (ctx: Context, text: string) => {
    const delegator = shapes.delegator(text);
    const view = shapes.parts.validators.validator(ctx, delegator);
    const rewards = view ? waiting(shapes, ctx, delegator) : [];
    return { view, rewards };
  };
  return [
    queryHandler<q.QueryDelegationRewardsRequest, q.QueryDelegationRewardsResponse>({
      path: `${service}/DelegationRewards`,
      request: q.QueryDelegationRewardsRequest,
      response: withDecimals(q.QueryDelegationRewardsResponse, "rewards.amount"),
      http: get("/delegators/{delegator_address}/rewards/{validator_address}"),
      handle: (ctx, { delegatorAddress, validatorAddress }) => {
        const { operator } = shapes.find(ctx, validatorAddress);
        const isOwn = equalBytes(operator, shapes.delegator(delegatorAddress));
        return { rewards: isOwn ? waiting(shapes, ctx, operator) : [] };
      },
    }),
    queryHandler<q.QueryDelegationTotalRewardsRequest, q.QueryDelegationTotalRewardsResponse>({
      path: `${service}/DelegationTotalRewards`,
      request: q.QueryDelegationTotalRewardsRequest,
      response: withDecimals(
        q.QueryDelegationTotalRewardsResponse,
        "rewards.reward.amount",
        "total.amount",
      ),
      http: get("/delegators/{delegator_address}/rewards"),
      handle: (ctx, { delegatorAddress }) => {
        const { view, rewards } = total(ctx, delegatorAddress);
        if (!view) return { rewards: [], total: [] };
        const validatorAddress = shapes.operators.text(view.operator);
        return { rewards: [{ validatorAddress, reward: rewards }], total: rewards };
      },
    }),
    queryHandler<q.QueryDelegatorValidatorsRequest, q.QueryDelegatorValidatorsResponse>({
      path: `${service}/DelegatorValidators`,
      request: q.QueryDelegatorValidatorsRequest,
      response: q.QueryDelegatorValidatorsResponse,
      http: get("/delegators/{delegator_address}/validators"),
      handle: (ctx, { delegatorAddress }) => {
        const bonded = shapes.bondedTo(ctx, shapes.delegator(delegatorAddress));
        return { validators: bonded ? [shapes.operators.text(bonded.operator)] : [] };
      },
    }),
    queryHandler<q.QueryDelegatorWithdrawAddressRequest, q.QueryDelegatorWithdrawAddressResponse>({
      path: `${service}/DelegatorWithdrawAddress`,
      request: q.QueryDelegatorWithdrawAddressRequest,
      response: q.QueryDelegatorWithdrawAddressResponse,
      http: get("/delegators/{delegator_address}/withdraw_address"),
      handle: (_, { delegatorAddress }) => {
        shapes.delegator(delegatorAddress);
        return { withdrawAddress: delegatorAddress };
      },
    }),
  ];
}
