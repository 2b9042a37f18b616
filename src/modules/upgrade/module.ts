/** What the application can ask of upgrade. spec/modules/upgrade.md. */
import { GenesisValue } from "../genesis-json.ts";
import type { Context, Module } from "../module.ts";
import type { UpgradeKeeper } from "./keeper.ts";
import { checkPlan, upgradeMsgs } from "./msgs.ts";
import { upgradeQueries } from "./queries.ts";

export function upgradeModule(upgrades: UpgradeKeeper): Module {
  return {
    name: "upgrade",
    stores: ["upgrade"],
    msgs: upgradeMsgs(upgrades),
    queries: upgradeQueries(upgrades),
    beforeBlock: (ctx) => upgrades.beforeBlock(ctx),
    initGenesis: (ctx, state) => {
      initGenesis(upgrades, ctx, new GenesisValue(state, "app_state.upgrade"));
      return [];
    },
    exportGenesis: (ctx) => exportGenesis(upgrades, ctx),
    invariants: {
      "no plan is carried out twice": (ctx) => {
        const name = upgrades.plan(ctx)?.name;
        const isDone = name !== undefined && upgrades.doneHeight(ctx, name) !== 0n;
        return isDone ? `${name} is planned again` : undefined;
      },
    },
  };
}

function initGenesis(upgrades: UpgradeKeeper, ctx: Context, json: GenesisValue): void {
  upgrades.writeVersions(ctx);
  for (const entry of json.at("applied_plans").list()) {
    upgrades.markDone(ctx, entry.at("height").uint64(), entry.at("name").text());
  }
  const place = json.at("plan");
  if (!place.isPresent) return;
  const [name, height] = [place.at("name").text(), place.at("height").uint64()];
  const plan = { name, height, info: place.at("info").text() };
  const bad = checkPlan(plan);
  if (bad !== undefined) throw place.error(bad);
  if (upgrades.doneHeight(ctx, name) !== 0n) throw place.at("name").error("was carried out");
  upgrades.schedule(ctx, plan);
}

function exportGenesis(upgrades: UpgradeKeeper, ctx: Context): unknown {
  const plan = upgrades.plan(ctx);
  const applied = upgrades.done(ctx).map(({ name, height }) => ({ name, height: String(height) }));
  return {
    ...(plan && { plan: { name: plan.name, height: String(plan.height), info: plan.info } }),
    ...(applied.length > 0 && { applied_plans: applied }),
  };
}
