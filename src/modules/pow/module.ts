/** What the application can ask of proof of work. spec/modules/pow.md. */
import { BlockIDFlag } from "cosmjs-types/tendermint/types/validator";
import type { Context, Module } from "../module.ts";
import { exportGenesis, initGenesis } from "./genesis.ts";
import { powInvariants } from "./invariants.ts";
import type { PowKeeper } from "./keeper.ts";
import { authorityMsgs } from "./msgs/authority-msgs.ts";
import { hostMsgs } from "./msgs/host-msgs.ts";
import { sprintMsgs } from "./msgs/sprint-msgs.ts";
import { epochQueries } from "./queries/epoch-queries.ts";
import { hostQueries } from "./queries/host-queries.ts";
import { rewardQueries } from "./queries/reward-queries.ts";
import { settle } from "./settlement/settle.ts";
import { runWindow } from "./sprint/window.ts";

export function powModule(pow: PowKeeper): Module {
  return {
    name: "pow",
    stores: ["pow"],
    msgs: [...hostMsgs(pow), ...sprintMsgs(pow), ...authorityMsgs(pow)],
    queries: [...epochQueries(pow), ...hostQueries(pow), ...rewardQueries(pow)],
    params: {
      updateTypeUrl: "/gonka.pow.v1.MsgUpdateParams",
      hash: (ctx) => pow.params.hash(ctx),
    },
    beginEpoch: (ctx) => {
      pow.params.activate(ctx);
      pow.epochs.begin(ctx, pow.params.get(ctx));
    },
    beginBlock: (ctx) => {
      pow.epochs.drawBeacons(ctx);
      runWindow(pow, ctx, pow.epochs.running(ctx));
      recordAbsences(pow, ctx);
    },
    endBlock: (ctx) => {
      const epoch = pow.epochs.running(ctx);
      return ctx.block.height === epoch.settleHeight ? settle(pow, ctx, epoch) : [];
    },
    initGenesis: (ctx, state) => initGenesis(pow, ctx, state),
    exportGenesis: (ctx) => exportGenesis(pow, ctx),
    invariants: Object.fromEntries(
      Object.entries(powInvariants).map(([name, check]) => [
        name,
        (ctx: Context) => check(pow, ctx),
      ]),
    ),
  };
}

/** Counts the validators whose signature the last commit lacks, for the settlement's record. */
function recordAbsences(pow: PowKeeper, ctx: Context): void {
  for (const { validator, blockIdFlag } of ctx.block.lastVotes) {
    if (blockIdFlag !== BlockIDFlag.BLOCK_ID_FLAG_ABSENT) continue;
    const operator = pow.hosts.byConsensusAddress(ctx, validator.address);
    if (operator) pow.hosts.miss(ctx, operator);
  }
}
