/** cosmos.feegrant.v1beta1.Query. spec/modules/feegrant.md lists the methods and REST paths. */
import { Grant } from "cosmjs-types/cosmos/feegrant/v1beta1/feegrant";
import * as q from "cosmjs-types/cosmos/feegrant/v1beta1/query";
import { sdkErrors } from "../errors.ts";
import { type QueryHandler, queryHandler } from "../module.ts";
import { paginate } from "../pagination.ts";
import type { FeegrantKeeper } from "./keeper.ts";
import { granteePrefix, grantPrefix } from "./keys.ts";

const service = "/cosmos.feegrant.v1beta1.Query";
const get = (path: string) => [{ method: "GET", path: `/cosmos/feegrant/v1beta1${path}` }] as const;

export function feegrantQueries(feegrant: FeegrantKeeper): readonly QueryHandler[] {
  const { addresses } = feegrant;
  return [
    queryHandler<q.QueryAllowanceRequest, q.QueryAllowanceResponse>({
      path: `${service}/Allowance`,
      request: q.QueryAllowanceRequest,
      response: q.QueryAllowanceResponse,
      http: get("/allowance/{granter}/{grantee}"),
      handle: (ctx, request) => {
        const granter = addresses.parse(request.granter, "granter");
        const grantee = addresses.parse(request.grantee, "grantee");
        const allowance = feegrant.get(ctx, { granter, grantee });
        if (!allowance) throw sdkErrors.notFound("fee-grant not found");
        return { allowance };
      },
    }),
    queryHandler<q.QueryAllowancesRequest, q.QueryAllowancesResponse>({
      path: `${service}/Allowances`,
      request: q.QueryAllowancesRequest,
      response: q.QueryAllowancesResponse,
      http: get("/allowances/{grantee}"),
      handle: (ctx, { grantee, pagination }) => {
        const prefix = granteePrefix(addresses.parse(grantee, "grantee"));
        const item = (_: Uint8Array, value: Uint8Array) => Grant.decode(value);
        const page = paginate({ store: feegrant.kv(ctx), prefix, item }, pagination);
        return { allowances: page.items, pagination: page.pagination };
      },
    }),
    queryHandler<q.QueryAllowancesByGranterRequest, q.QueryAllowancesByGranterResponse>({
      path: `${service}/AllowancesByGranter`,
      request: q.QueryAllowancesByGranterRequest,
      response: q.QueryAllowancesByGranterResponse,
      http: get("/issued/{granter}"),
      handle: (ctx, { granter, pagination }) => {
        const wanted = addresses.text(addresses.parse(granter, "granter"));
        const item = (_: Uint8Array, value: Uint8Array) => {
          const grant = Grant.decode(value);
          return grant.granter === wanted ? grant : undefined;
        };
        const page = paginate({ store: feegrant.kv(ctx), prefix: grantPrefix, item }, pagination);
        return { allowances: page.items, pagination: page.pagination };
      },
    }),
  ];
}
