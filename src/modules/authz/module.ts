/** What the application can ask of authz. */
import { GenericAuthorization, GrantQueueItem } from "cosmjs-types/cosmos/authz/v1beta1/authz";
import { SendAuthorization } from "cosmjs-types/cosmos/bank/v1beta1/authz";
import { prefixRange } from "../../store/kv.ts";
import type { Context, Module } from "../module.ts";
import { exportAuthzGenesis, initAuthzGenesis } from "./genesis.ts";
import type { AuthzKeeper } from "./keeper.ts";
import { queueKey, queuePrefix } from "./keys.ts";
import { authzMsgs } from "./msgs.ts";
import { authzQueries } from "./queries.ts";

export function authzModule(authz: AuthzKeeper): Module {
  return {
    name: "authz",
    stores: ["authz"],
    msgs: authzMsgs(authz),
    queries: authzQueries(authz),
    anyTypes: {
      [GenericAuthorization.typeUrl]: GenericAuthorization,
      [SendAuthorization.typeUrl]: SendAuthorization,
    },
    beginBlock: (ctx) => authz.prune(ctx),
    initGenesis: (ctx, state) => {
      initAuthzGenesis(authz, ctx, state);
      return [];
    },
    exportGenesis: (ctx) => exportAuthzGenesis(authz, ctx),
    invariants: {
      "the queue lists exactly the grants that expire": (ctx) => queueGap(authz, ctx),
    },
  };
}

function queueGap(authz: AuthzKeeper, ctx: Context): string | undefined {
  const kv = authz.kv(ctx);
  let [expiring, queued] = [0, 0];
  for (const { grant, msgType, ...parties } of authz.all(ctx)) {
    if (!grant.expiration) continue;
    expiring++;
    const bytes = kv.get(queueKey(grant.expiration, parties));
    const isListed = bytes && GrantQueueItem.decode(bytes).msgTypeUrls.includes(msgType);
    if (!isListed) return `a grant of ${msgType} is not in the queue`;
  }
  for (const [, bytes] of kv.iterate(prefixRange(queuePrefix))) {
    queued += GrantQueueItem.decode(bytes).msgTypeUrls.length;
  }
  return queued === expiring ? undefined : `${queued} queued, ${expiring} that expire`;
}
