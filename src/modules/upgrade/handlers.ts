/**
 * What this program can carry out of planned upgrades, by plan name. A release that changes rules
 * adds its entry here, and no entry is ever removed: a node that starts after an upgrade checks
 * that its program knows it. spec/modules/upgrade.md.
 */
import type { UpgradeHandler } from "./keeper.ts";

/** None yet: this is the first program of the network. */
export const upgradeHandlers: ReadonlyMap<string, UpgradeHandler> = new Map();
