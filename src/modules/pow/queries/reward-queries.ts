/** Questions about money: emission, rewards, settlements, the community pool. */
import { toProtoCoins } from "../../../encoding/coins.ts";
import { formatDecimal } from "../../../encoding/decimal.ts";
import * as q from "../../../gen/gonka/pow/v1/query.ts";
import { Settlement } from "../../../gen/gonka/pow/v1/types.ts";
import { sdkErrors } from "../../errors.ts";
import { gonkaQuery } from "../../gonka-query.ts";
import type { QueryHandler } from "../../module.ts";
import { paginate } from "../../pagination.ts";
import type { PowKeeper } from "../keeper.ts";
import { epochKey, settlementPrefix } from "../keys.ts";

const module = "pow";

export function rewardQueries(pow: PowKeeper): QueryHandler[] {
  return [
    gonkaQuery<q.QueryRewardsRequest, q.QueryRewardsResponse>({
      module,
      name: "Rewards",
      request: q.QueryRewardsRequest,
      response: q.QueryRewardsResponse,
      path: "/rewards/{operator}",
      handle: (ctx, { operator }) => {
        const vesting = pow.rewards.vesting.get(ctx, pow.hosts.key(operator));
        return { vesting: vesting ?? { operator, installment: "0", balance: "0" } };
      },
    }),
    gonkaQuery<q.QueryEmissionRequest, q.QueryEmissionResponse>({
      module,
      name: "Emission",
      request: q.QueryEmissionRequest,
      response: q.QueryEmissionResponse,
      path: "/emission",
      handle: (ctx) => ({
        totals: pow.rewards.totals(ctx),
        nextEmission: formatDecimal(pow.rewards.rate(ctx)),
      }),
    }),
    gonkaQuery<q.QuerySettlementRequest, q.QuerySettlementResponse>({
      module,
      name: "Settlement",
      request: q.QuerySettlementRequest,
      response: q.QuerySettlementResponse,
      path: "/settlements/{epoch}",
      handle: (ctx, { epoch }) => {
        const settlement = pow.settlements.get(ctx, epochKey(epoch));
        if (!settlement) throw sdkErrors.notFound(`settlement of epoch ${epoch}`);
        return { settlement };
      },
    }),
    gonkaQuery<q.QuerySettlementsRequest, q.QuerySettlementsResponse>({
      module,
      name: "Settlements",
      request: q.QuerySettlementsRequest,
      response: q.QuerySettlementsResponse,
      path: "/settlements",
      handle: (ctx, { pagination }) => {
        const item = (_: Uint8Array, value: Uint8Array) => Settlement.decode(value);
        const list = { store: ctx.kv(pow.store), prefix: settlementPrefix, item };
        const page = paginate(list, pagination);
        return { settlements: page.items, pagination: page.pagination };
      },
    }),
    gonkaQuery<q.QueryCommunityPoolRequest, q.QueryCommunityPoolResponse>({
      module,
      name: "CommunityPool",
      request: q.QueryCommunityPoolRequest,
      response: q.QueryCommunityPoolResponse,
      path: "/community_pool",
      handle: (ctx) => ({ pool: toProtoCoins(pow.rewards.pool(ctx)) }),
    }),
  ];
}
