/** cosmos.staking.v1beta1.Query, read-only, over the hosts. spec/modules/views.md. */
import * as q from "cosmjs-types/cosmos/staking/v1beta1/query";
import { bondStatusToJSON, type Params } from "cosmjs-types/cosmos/staking/v1beta1/staking";
import { Header } from "cosmjs-types/tendermint/types/types";
import { withDecimals } from "../../encoding/proto-json.ts";
import { sdkErrors } from "../errors.ts";
import { type Context, type QueryHandler, queryHandler } from "../module.ts";
import { paginateItems } from "../pagination.ts";
import { tokensPerPower } from "./decimals.ts";
import { delegationQueries } from "./delegations.ts";
import type { ViewParts } from "./expected.ts";
import { ValidatorShapes, validatorDecimals } from "./validators.ts";

const service = "/cosmos.staking.v1beta1.Query";
const get = (path: string) => [{ method: "GET", path: `/cosmos/staking/v1beta1${path}` } as const];
const statuses = ["", "BOND_STATUS_UNBONDED", "BOND_STATUS_UNBONDING", "BOND_STATUS_BONDED"];

export function stakingQueries(parts: ViewParts): readonly QueryHandler[] {
  const shapes = new ValidatorShapes(parts);
  return [...validatorQueries(shapes), ...delegationQueries(shapes), ...chainQueries(shapes)];
}

function validatorQueries(shapes: ValidatorShapes): readonly QueryHandler[] {
  return [
    queryHandler<q.QueryValidatorsRequest, q.QueryValidatorsResponse>({
      path: `${service}/Validators`,
      request: q.QueryValidatorsRequest,
      response: withDecimals(q.QueryValidatorsResponse, ...validatorDecimals("validators")),
      http: get("/validators"),
      handle: (ctx, { status, pagination }) => {
        if (!statuses.includes(status)) {
          throw sdkErrors.invalidRequest(`invalid validator status ${status.slice(0, 60)}`);
        }
        const wanted = shapes.parts.validators
          .validators(ctx)
          .filter((view) => status === "" || bondStatusToJSON(shapes.status(view)) === status)
          .map((view) => ({ key: view.operator, item: shapes.message(view) }));
        const page = paginateItems(wanted, pagination);
        return { validators: page.items, pagination: page.pagination };
      },
    }),
    queryHandler<q.QueryValidatorRequest, q.QueryValidatorResponse>({
      path: `${service}/Validator`,
      request: q.QueryValidatorRequest,
      response: withDecimals(q.QueryValidatorResponse, ...validatorDecimals("validator")),
      http: get("/validators/{validator_addr}"),
      handle: (ctx, { validatorAddr }) => ({
        validator: shapes.message(shapes.find(ctx, validatorAddr)),
      }),
    }),
  ];
}

function chainQueries(shapes: ValidatorShapes): readonly QueryHandler[] {
  return [
    queryHandler<q.QueryHistoricalInfoRequest, q.QueryHistoricalInfoResponse>({
      path: `${service}/HistoricalInfo`,
      request: q.QueryHistoricalInfoRequest,
      response: withDecimals(q.QueryHistoricalInfoResponse, ...validatorDecimals("hist.valset")),
      http: get("/historical_info/{height}"),
      handle: (ctx, { height }) => historicalInfo(shapes, ctx, height),
    }),
    queryHandler<q.QueryPoolRequest, q.QueryPoolResponse>({
      path: `${service}/Pool`,
      request: q.QueryPoolRequest,
      response: q.QueryPoolResponse,
      http: get("/pool"),
      handle: (ctx) => {
        const views = shapes.parts.validators.validators(ctx);
        const power = views.reduce((sum, view) => sum + view.power, 0n);
        return {
          pool: { notBondedTokens: "0", bondedTokens: String(power * tokensPerPower) },
        };
      },
    }),
    queryHandler<q.QueryParamsRequest, q.QueryParamsResponse>({
      path: `${service}/Params`,
      request: q.QueryParamsRequest,
      response: withDecimals(q.QueryParamsResponse, "params.min_commission_rate"),
      http: get("/params"),
      handle: (ctx) => ({ params: stakingParams(shapes.parts, ctx) }),
    }),
  ];
}

/** Light clients trust a header for a part of the unbonding time: here, while evidence counts. */
export function stakingParams({ validators, consensus, denom }: ViewParts, ctx: Context): Params {
  const { maxAgeDuration } = consensus.get(ctx).evidence ?? {};
  return {
    unbondingTime: maxAgeDuration ? { ...maxAgeDuration } : { seconds: 0n, nanos: 0 },
    maxValidators: validators.maxValidators(ctx),
    maxEntries: 7,
    historicalEntries: 10_000, // The SDK's default; relayers refuse zero.
    bondDenom: denom,
    minCommissionRate: "0",
  };
}

/** Only of the height that the query reads, header fields as far as the state knows them. */
function historicalInfo(
  shapes: ValidatorShapes,
  ctx: Context,
  height: bigint,
): q.QueryHistoricalInfoResponse {
  if (height < 0n) throw sdkErrors.invalidRequest("height cannot be negative");
  if (height !== ctx.block.height) {
    throw sdkErrors.notFound(`historical info for height ${height} not found`);
  }
  const { chainId, block } = ctx;
  const header = Header.fromPartial({ chainId, height, time: { ...block.time } });
  const bonded = shapes.parts.validators.validators(ctx).filter(({ power }) => power > 0n);
  return { hist: { header, valset: bonded.map((view) => shapes.message(view)) } };
}
