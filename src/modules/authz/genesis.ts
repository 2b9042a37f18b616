/** app_state.authz. An authorization is {"@type", "value": base64 of the message}. */
import { parseBase64, toBase64 } from "../../encoding/bytes.ts";
import { formatTime, parseTime } from "../../encoding/time.ts";
import { GenesisValue } from "../genesis-json.ts";
import { refusedAt } from "../genesis-proto.ts";
import type { Context } from "../module.ts";
import { allowedType, checkAuthorization, readAuthorization } from "./authorization.ts";
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
    const value = parseBase64(place.at("value").text());
    if (!value) throw place.at("value").error("must be base64");
    const authorization = refusedAt(place, () => {
      const read = readAuthorization(router, { typeUrl: place.at("@type").text(), value });
      checkAuthorization(read);
      return read;
    });
    const msgType = allowedType(authorization);
    if (!router.has(msgType)) throw place.error(`${msgType} is no message of this chain`);
    if (authz.get(ctx, parties, msgType)) throw entry.error("comes twice");
    authz.restore(ctx, parties, { authorization, expiration: readTime(entry.at("expiration")) });
  }
}

function readTime(json: GenesisValue) {
  if (!json.isPresent) return undefined;
  const time = parseTime(json.text());
  if (!time) throw json.error("must be a time such as 2026-01-01T00:00:00Z");
  return time;
}

/** The inverse of initAuthzGenesis. */
export function exportAuthzGenesis(authz: AuthzKeeper, ctx: Context): unknown {
  const authorization = [...authz.all(ctx)].map(({ granter, grantee, grant }) => {
    if (!grant.authorization) throw new Error("a stored grant has no authorization");
    const { typeUrl, value } = grant.authorization;
    return {
      granter: authz.addresses.text(granter),
      grantee: authz.addresses.text(grantee),
      authorization: { "@type": typeUrl, value: toBase64(value) },
      expiration: grant.expiration ? formatTime(grant.expiration) : null,
    };
  });
  return { authorization };
}
