/** What the application can ask of slashing. spec/modules/slashing.md. */
import { MsgUpdateParams } from "cosmjs-types/cosmos/slashing/v1beta1/tx";
import type { Context, Module } from "../module.ts";
import { exportSlashingGenesis, initSlashingGenesis } from "./genesis.ts";
import type { SlashingKeeper } from "./keeper.ts";
import { activateParams, countSignatures } from "./liveness.ts";
import { slashingMsgs } from "./msgs.ts";
import { slashingQueries } from "./queries.ts";

export function slashingModule(slashing: SlashingKeeper): Module {
  return {
    name: "slashing",
    stores: ["slashing"],
    msgs: slashingMsgs(slashing),
    queries: slashingQueries(slashing),
    params: { updateTypeUrl: MsgUpdateParams.typeUrl, hash: (ctx) => slashing.params.hash(ctx) },
    beginEpoch: (ctx) => activateParams(slashing, ctx),
    beginBlock: (ctx) => countSignatures(slashing, ctx),
    initGenesis: (ctx, state) => {
      initSlashingGenesis(slashing, ctx, state);
      return [];
    },
    exportGenesis: (ctx) => exportSlashingGenesis(slashing, ctx),
    invariants: {
      "every missed block that is counted is marked": (ctx) => countGap(slashing, ctx),
      "who is tombstoned is jailed for ever": (ctx) => openTomb(slashing, ctx),
    },
  };
}

function countGap(slashing: SlashingKeeper, ctx: Context): string | undefined {
  for (const { consensus, info } of slashing.infos(ctx)) {
    const marked = slashing.missed(ctx, consensus).length;
    if (BigInt(marked) !== info.missedBlocksCounter) {
      return `${info.address}: counted ${info.missedBlocksCounter}, marked ${marked}`;
    }
  }
  return undefined;
}

function openTomb(slashing: SlashingKeeper, ctx: Context): string | undefined {
  for (const { consensus, info } of slashing.infos(ctx)) {
    const operator = info.tombstoned ? slashing.signerOf(ctx, consensus) : undefined;
    if (operator && !slashing.isTombstoned(ctx, operator)) return `${info.address} is free`;
  }
  return undefined;
}
