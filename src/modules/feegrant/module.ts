/** What the application can ask of feegrant. */
import {
  AllowedMsgAllowance,
  BasicAllowance,
  Grant,
  PeriodicAllowance,
} from "cosmjs-types/cosmos/feegrant/v1beta1/feegrant";
import { prefixRange } from "../../store/kv.ts";
import type { Context, Module } from "../module.ts";
import { expirationOf, readAllowance } from "./allowance.ts";
import { exportFeegrantGenesis, initFeegrantGenesis } from "./genesis.ts";
import type { FeegrantKeeper } from "./keeper.ts";
import { grantPrefix, queueKey, queuePrefix } from "./keys.ts";
import { feegrantMsgs } from "./msgs.ts";
import { feegrantQueries } from "./queries.ts";

export function feegrantModule(feegrant: FeegrantKeeper): Module {
  return {
    name: "feegrant",
    stores: ["feegrant"],
    msgs: feegrantMsgs(feegrant),
    queries: feegrantQueries(feegrant),
    anyTypes: {
      [BasicAllowance.typeUrl]: BasicAllowance,
      [PeriodicAllowance.typeUrl]: PeriodicAllowance,
      [AllowedMsgAllowance.typeUrl]: AllowedMsgAllowance,
    },
    endBlock: (ctx) => {
      feegrant.prune(ctx);
      return [];
    },
    initGenesis: (ctx, state) => {
      initFeegrantGenesis(feegrant, ctx, state);
      return [];
    },
    exportGenesis: (ctx) => exportFeegrantGenesis(feegrant, ctx),
    invariants: {
      "the queue lists exactly the grants that expire": (ctx) => queueGap(feegrant, ctx),
    },
  };
}

function queueGap(feegrant: FeegrantKeeper, ctx: Context): string | undefined {
  const kv = feegrant.kv(ctx);
  let expiring = 0;
  for (const [key, bytes] of kv.iterate(prefixRange(grantPrefix))) {
    const { granter, grantee, allowance } = Grant.decode(bytes);
    const expiration = expirationOf(readAllowance(feegrant.anyTypes, allowance));
    if (!expiration) continue;
    expiring++;
    if (!kv.has(queueKey(expiration, key))) return `${granter} to ${grantee} is not in the queue`;
  }
  const queued = [...kv.iterate(prefixRange(queuePrefix))].length;
  return queued === expiring ? undefined : `${queued} queued, ${expiring} that expire`;
}
