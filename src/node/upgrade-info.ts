/**
 * data/upgrade-info.json: what supervisors such as cosmovisor wait for. The state machine only
 * stops with the plan; the node writes it down. cosmos-sdk x/upgrade DumpUpgradeInfoToDisk.
 */
import { mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { UpgradeNeeded, type UpgradePlan } from "../modules/upgrade/halt.ts";
import { homePaths } from "./home.ts";

/** Writes the plan down if it is what stopped the node, whatever that error was wrapped in. */
export function noteUpgrade(home: string, failure: unknown): UpgradePlan | undefined {
  let cause = failure;
  while (cause instanceof Error && !(cause instanceof UpgradeNeeded)) cause = cause.cause;
  if (!(cause instanceof UpgradeNeeded)) return undefined;
  const { name, height, info } = cause.plan;
  const text = JSON.stringify({
    name,
    time: "0001-01-01T00:00:00Z",
    height: Number(height),
    ...(info !== "" && { info }), // As Go's omitempty leaves it out.
  });
  const file = homePaths(home).upgradeInfo;
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(file, text, { mode: 0o600 });
  return cause.plan;
}
