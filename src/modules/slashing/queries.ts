/** cosmos.slashing.v1beta1.Query. spec/modules/slashing.md lists the methods and REST paths. */
import * as q from "cosmjs-types/cosmos/slashing/v1beta1/query";
import { ValidatorSigningInfo } from "cosmjs-types/cosmos/slashing/v1beta1/slashing";
import { withDecimals } from "../../encoding/proto-json.ts";
import { sdkErrors } from "../errors.ts";
import { type QueryHandler, queryHandler } from "../module.ts";
import { paginate } from "../pagination.ts";
import type { SlashingKeeper } from "./keeper.ts";
import { infoPrefix } from "./keys.ts";

const service = "/cosmos.slashing.v1beta1.Query";
const get = (path: string) => [{ method: "GET", path: `/cosmos/slashing/v1beta1${path}` } as const];
const fractions = [
  "min_signed_per_window",
  "slash_fraction_double_sign",
  "slash_fraction_downtime",
];

export function slashingQueries(slashing: SlashingKeeper): readonly QueryHandler[] {
  return [
    queryHandler<q.QueryParamsRequest, q.QueryParamsResponse>({
      path: `${service}/Params`,
      request: q.QueryParamsRequest,
      response: withDecimals(q.QueryParamsResponse, ...fractions.map((name) => `params.${name}`)),
      http: get("/params"),
      handle: (ctx) => ({ params: slashing.params.get(ctx) }),
    }),
    queryHandler<q.QuerySigningInfoRequest, q.QuerySigningInfoResponse>({
      path: `${service}/SigningInfo`,
      request: q.QuerySigningInfoRequest,
      response: q.QuerySigningInfoResponse,
      http: get("/signing_infos/{cons_address}"),
      handle: (ctx, { consAddress }) => {
        const info = slashing.info(ctx, slashing.consensus.parse(consAddress));
        if (info) return { valSigningInfo: info };
        throw sdkErrors.notFound(`SigningInfo not found for validator ${consAddress}`);
      },
    }),
    queryHandler<q.QuerySigningInfosRequest, q.QuerySigningInfosResponse>({
      path: `${service}/SigningInfos`,
      request: q.QuerySigningInfosRequest,
      response: q.QuerySigningInfosResponse,
      http: get("/signing_infos"),
      handle: (ctx, { pagination }) => {
        const item = (_: Uint8Array, value: Uint8Array) => ValidatorSigningInfo.decode(value);
        const page = paginate({ store: slashing.kv(ctx), prefix: infoPrefix, item }, pagination);
        return { info: page.items, pagination: page.pagination };
      },
    }),
  ];
}
