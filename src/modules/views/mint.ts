/**
 * cosmos.mint.v1beta1.Query, read-only: the emission of the running epoch as if it went on for a
 * year of blocks of five seconds. spec/modules/views.md.
 */
import * as q from "cosmjs-types/cosmos/mint/v1beta1/query";
import { utf8 } from "../../encoding/bytes.ts";
import { withDecimals } from "../../encoding/proto-json.ts";
import { type Context, type QueryHandler, queryHandler } from "../module.ts";
import type { ViewParts } from "./expected.ts";

const service = "/cosmos.mint.v1beta1.Query";
const get = (path: string) => [{ method: "GET", path: `/cosmos/mint/v1beta1${path}` } as const];
/** The SDK's default: a year of blocks of five seconds. */
const blocksPerYear = 6_311_520n;
const rates = ["inflation_rate_change", "inflation_max", "inflation_min", "goal_bonded"];

export function mintQueries(parts: ViewParts): readonly QueryHandler[] {
  return [
    queryHandler<q.QueryParamsRequest, q.QueryParamsResponse>({
      path: `${service}/Params`,
      request: q.QueryParamsRequest,
      response: withDecimals(q.QueryParamsResponse, ...rates.map((name) => `params.${name}`)),
      http: get("/params"),
      handle: () => ({
        params: {
          mintDenom: parts.denom,
          inflationRateChange: "0",
          inflationMax: "0",
          inflationMin: "0",
          goalBonded: "0",
          blocksPerYear,
        },
      }),
    }),
    queryHandler<q.QueryInflationRequest, q.QueryInflationResponse>({
      path: `${service}/Inflation`,
      request: q.QueryInflationRequest,
      response: withDecimals(q.QueryInflationResponse, "inflation"),
      http: get("/inflation"),
      handle: (ctx) => {
        const supply = parts.supply.supply(ctx, parts.denom);
        const inflation = supply === 0n ? 0n : annualEmission(parts, ctx) / supply;
        return { inflation: utf8(String(inflation)) };
      },
    }),
    queryHandler<q.QueryAnnualProvisionsRequest, q.QueryAnnualProvisionsResponse>({
      path: `${service}/AnnualProvisions`,
      request: q.QueryAnnualProvisionsRequest,
      response: withDecimals(q.QueryAnnualProvisionsResponse, "annual_provisions"),
      http: get("/annual_provisions"),
      handle: (ctx) => ({ annualProvisions: utf8(String(annualEmission(parts, ctx))) }),
    }),
  ];
}

/** In 10^-18 of the coin, rounded down. */
function annualEmission({ validators }: ViewParts, ctx: Context): bigint {
  const { rate, epochBlocks } = validators.emission(ctx);
  return (rate * blocksPerYear) / epochBlocks;
}
