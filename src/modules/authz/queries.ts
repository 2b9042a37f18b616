/** cosmos.authz.v1beta1.Query. spec/modules/authz.md lists the methods and their REST paths. */
import { Grant, type GrantAuthorization } from "cosmjs-types/cosmos/authz/v1beta1/authz";
import * as q from "cosmjs-types/cosmos/authz/v1beta1/query";
import { concat } from "../../encoding/bytes.ts";
import { type Context, type QueryHandler, queryHandler } from "../module.ts";
import { paginate } from "../pagination.ts";
import { authzErrors } from "./errors.ts";
import type { AuthzKeeper } from "./keeper.ts";
import * as keys from "./keys.ts";

const service = "/cosmos.authz.v1beta1.Query";
const get = (path: string) => [{ method: "GET", path: `/cosmos/authz/v1beta1${path}` }] as const;

export function authzQueries(authz: AuthzKeeper): readonly QueryHandler[] {
  const { addresses } = authz;
  return [
    queryHandler<q.QueryGrantsRequest, q.QueryGrantsResponse>({
      path: `${service}/Grants`,
      request: q.QueryGrantsRequest,
      response: q.QueryGrantsResponse,
      http: get("/grants"),
      handle: (ctx, request) => grants(authz, ctx, request),
    }),
    queryHandler<q.QueryGranterGrantsRequest, q.QueryGranterGrantsResponse>({
      path: `${service}/GranterGrants`,
      request: q.QueryGranterGrantsRequest,
      response: q.QueryGranterGrantsResponse,
      http: get("/grants/granter/{granter}"),
      handle: (ctx, { granter, pagination }) => {
        const prefix = keys.granterPrefix(addresses.parse(granter, "granter"));
        const item = (key: Uint8Array, value: Uint8Array) =>
          grantAuthorization(authz, concat(prefix, key), value);
        const page = paginate({ store: authz.kv(ctx), prefix, item }, pagination);
        return { grants: page.items, pagination: page.pagination };
      },
    }),
    queryHandler<q.QueryGranteeGrantsRequest, q.QueryGranteeGrantsResponse>({
      path: `${service}/GranteeGrants`,
      request: q.QueryGranteeGrantsRequest,
      response: q.QueryGranteeGrantsResponse,
      http: get("/grants/grantee/{grantee}"),
      handle: (ctx, { grantee, pagination }) => {
        const wanted = addresses.text(addresses.parse(grantee, "grantee"));
        const prefix = keys.grantPrefix;
        const item = (key: Uint8Array, value: Uint8Array) => {
          const found = grantAuthorization(authz, concat(prefix, key), value);
          return found.grantee === wanted ? found : undefined;
        };
        const page = paginate({ store: authz.kv(ctx), prefix, item }, pagination);
        return { grants: page.items, pagination: page.pagination };
      },
    }),
  ];
}

function grants(
  authz: AuthzKeeper,
  ctx: Context,
  request: q.QueryGrantsRequest,
): q.QueryGrantsResponse {
  const { addresses } = authz;
  const parties = {
    granter: addresses.parse(request.granter, "granter"),
    grantee: addresses.parse(request.grantee, "grantee"),
  };
  const { msgTypeUrl, pagination } = request;
  if (msgTypeUrl !== "") {
    const grant = authz.get(ctx, parties, msgTypeUrl);
    if (grant) return { grants: [grant] };
    throw authzErrors.noAuthorizationFound(`authorization not found for ${msgTypeUrl} type`);
  }
  const prefix = keys.partiesPrefix(parties);
  const item = (_: Uint8Array, value: Uint8Array) => Grant.decode(value);
  const page = paginate({ store: authz.kv(ctx), prefix, item }, pagination);
  return { grants: page.items, pagination: page.pagination };
}

function grantAuthorization(
  { addresses }: AuthzKeeper,
  key: Uint8Array,
  value: Uint8Array,
): GrantAuthorization {
  const { granter, grantee } = keys.readGrantKey(key);
  return {
    granter: addresses.text(granter),
    grantee: addresses.text(grantee),
    ...Grant.decode(value),
  };
}
