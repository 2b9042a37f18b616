/** app_state.authz, in the SDK's JSON. */
import { GenericAuthorization } from "cosmjs-types/cosmos/authz/v1beta1/authz";
import { SendAuthorization } from "cosmjs-types/cosmos/bank/v1beta1/authz";
import { toProtoCoins } from "../../encoding/coins.ts";
import { formatTime } from "../../encoding/time.ts";
import { GenesisValue } from "../genesis-json.ts";
import { refusedAt } from "../genesis-proto.ts";
import type { Context } from "../module.ts";
import {
  type Authorization,
  allowedType,
  checkAuthorization,
  readAuthorization,
} from "./authorization.ts";
import type { AuthzKeeper } from "./keeper.ts";

/** Reads the state; a document without it has no grants. */
export function initAuthzGenesis(authz: AuthzKeeper, ctx: Context, state: unknown): void {
  const { addresses, router } = authz;
  const json = new GenesisValue(state ?? {}, "app_state.authz");
  for (const entry of json.at("authorization").list()) {
    const address = (name: string) =>
      refusedAt(entry.at(name), () => addresses.parse(entry.at(name).text()));
    const parties = { granter: address("granter"), grantee: address("grantee") };
    const place = entry.at("authorization");
    const authorization = readAuthorizationJson(place);
    refusedAt(place, () => checkAuthorization(authorization));
    const msgType = allowedType(authorization);
    if (!router.has(msgType)) throw place.error(`${msgType} is no message of this chain`);
    if (authz.get(ctx, parties, msgType)) throw entry.error("comes twice");
    const ends = entry.at("expiration");
    const expiration = ends.isPresent ? ends.time() : undefined;
    authz.restore(ctx, parties, { authorization, expiration });
  }
}

function readAuthorizationJson(json: GenesisValue): Authorization {
  const type = json.at("@type").text();
  if (type === GenericAuthorization.typeUrl) {
    return { kind: "generic", msgType: json.at("msg").text() };
  }
  if (type !== SendAuthorization.typeUrl) throw json.at("@type").error("is no authorization");
  const spendLimit = toProtoCoins(json.at("spend_limit").coins());
  const allowList = json.at("allow_list").list();
  return { kind: "send", send: { spendLimit, allowList: allowList.map((each) => each.text()) } };
}

function authorizationJson(authorization: Authorization): object {
  if (authorization.kind === "generic") {
    return { "@type": GenericAuthorization.typeUrl, msg: authorization.msgType };
  }
  const { spendLimit, allowList } = authorization.send;
  return {
    "@type": SendAuthorization.typeUrl,
    spend_limit: spendLimit,
    allow_list: allowList,
  };
}

/** The inverse of initAuthzGenesis. */
export function exportAuthzGenesis(authz: AuthzKeeper, ctx: Context): unknown {
  const authorization = [...authz.all(ctx)].map(({ granter, grantee, grant }) => {
    const read = readAuthorization(authz.router, grant.authorization);
    return {
      granter: authz.addresses.text(granter),
      grantee: authz.addresses.text(grantee),
      authorization: authorizationJson(read),
      expiration: grant.expiration ? formatTime(grant.expiration) : null,
    };
  });
  return { authorization };
}
