/**
 * What this program can carry out of planned upgrades, by plan name. A release that changes rules
 * adds its entry here, and no entry is ever removed: a node that starts after an upgrade checks
 * that its program knows it. spec/modules/upgrade.md.
 */
import type { Context } from "../modules/module.ts";

/** Plan name to what changes the state when its height has come. */
export type UpgradeHandlers = ReadonlyMap<string, (ctx: Context) => void>;

/** None yet: this is the first program of the network. */
export const upgradeHandlers: UpgradeHandlers = new Map();
