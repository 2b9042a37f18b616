/**
 * mint and slashing, for clients of the simapp profile that show inflation and uptime: fixed
 * numbers. Nothing is minted and nobody is slashed. spec/modules/delegation.md.
 */
import * as mint from "cosmjs-types/cosmos/mint/v1beta1/query";
import * as slashing from "cosmjs-types/cosmos/slashing/v1beta1/query";
import { utf8 } from "../../encoding/bytes.ts";
import { mulFloor, parseDecimal } from "../../encoding/decimal.ts";
import { withDecimals } from "../../encoding/proto-json.ts";
import { type Context, type Module, type QueryHandler, queryHandler } from "../module.ts";
import type { DelegationKeeper } from "./keeper.ts";

/** A decimal as the SDK puts it into messages: a whole number of 10^-18. */
const decimal = (text: string): string => String(parseDecimal(text) ?? 0n);
const bytes = (text: string): Uint8Array => utf8(decimal(text));
/** Little above what simd begins with, as after some blocks. */
const inflation = "0.130001";

const mintDecimals = ["inflation_rate_change", "inflation_max", "inflation_min", "goal_bonded"].map(
  (name) => `params.${name}`,
);
const slashingDecimals = [
  "min_signed_per_window",
  "slash_fraction_double_sign",
  "slash_fraction_downtime",
].map((name) => `params.${name}`);

export function economyModules(keeper: DelegationKeeper): Module[] {
  return [readOnly("mint", mintQueries(keeper)), readOnly("slashing", slashingQueries)];
}

function readOnly(name: string, queries: readonly QueryHandler[]): Module {
  const [initGenesis, exportGenesis] = [() => [], () => undefined];
  return { name, stores: [], msgs: [], queries, initGenesis, exportGenesis, invariants: {} };
}

function mintQueries(keeper: DelegationKeeper): readonly QueryHandler[] {
  const service = "/cosmos.mint.v1beta1.Query";
  const get = (path: string) => [{ method: "GET", path: `/cosmos/mint/v1beta1${path}` } as const];
  const provisions = (ctx: Context): bigint => {
    const supply = keeper.bank.supply(ctx, keeper.params(ctx).bondDenom);
    return mulFloor(supply * 10n ** 18n, parseDecimal(inflation) ?? 0n);
  };
  return [
    queryHandler<mint.QueryParamsRequest, mint.QueryParamsResponse>({
      path: `${service}/Params`,
      request: mint.QueryParamsRequest,
      response: withDecimals(mint.QueryParamsResponse, ...mintDecimals),
      http: get("/params"),
      handle: (ctx) => ({
        params: {
          mintDenom: keeper.params(ctx).bondDenom,
          inflationRateChange: decimal("0.13"),
          inflationMax: decimal("0.2"),
          inflationMin: decimal("0.07"),
          goalBonded: decimal("0.67"),
          blocksPerYear: 6_311_520n,
        },
      }),
    }),
    queryHandler<mint.QueryInflationRequest, mint.QueryInflationResponse>({
      path: `${service}/Inflation`,
      request: mint.QueryInflationRequest,
      response: withDecimals(mint.QueryInflationResponse, "inflation"),
      http: get("/inflation"),
      handle: () => ({ inflation: bytes(inflation) }),
    }),
    queryHandler<mint.QueryAnnualProvisionsRequest, mint.QueryAnnualProvisionsResponse>({
      path: `${service}/AnnualProvisions`,
      request: mint.QueryAnnualProvisionsRequest,
      response: withDecimals(mint.QueryAnnualProvisionsResponse, "annual_provisions"),
      http: get("/annual_provisions"),
      handle: (ctx) => ({ annualProvisions: utf8(String(provisions(ctx))) }),
    }),
  ];
}

const slashingQueries: readonly QueryHandler[] = [
  queryHandler<slashing.QueryParamsRequest, slashing.QueryParamsResponse>({
    path: "/cosmos.slashing.v1beta1.Query/Params",
    request: slashing.QueryParamsRequest,
    response: withDecimals(slashing.QueryParamsResponse, ...slashingDecimals),
    http: [{ method: "GET", path: "/cosmos/slashing/v1beta1/params" }],
    handle: () => ({
      params: {
        signedBlocksWindow: 100n,
        minSignedPerWindow: bytes("0.5"),
        downtimeJailDuration: { seconds: 600n, nanos: 0 },
        slashFractionDoubleSign: bytes("0.05"),
        slashFractionDowntime: bytes("0.01"),
      },
    }),
  }),
  queryHandler<slashing.QuerySigningInfosRequest, slashing.QuerySigningInfosResponse>({
    path: "/cosmos.slashing.v1beta1.Query/SigningInfos",
    request: slashing.QuerySigningInfosRequest,
    response: slashing.QuerySigningInfosResponse,
    http: [{ method: "GET", path: "/cosmos/slashing/v1beta1/signing_infos" }],
    handle: () => ({ info: [] }),
  }),
];
