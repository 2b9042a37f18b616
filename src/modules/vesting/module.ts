/** What the application can ask of vesting: three messages. The accounts themselves are auth's. */
import type { Module } from "../module.ts";
import { type VestingParts, vestingMsgs } from "./msgs.ts";

export function vestingModule(parts: VestingParts): Module {
  return {
    name: "vesting",
    stores: [],
    msgs: vestingMsgs(parts),
    queries: [],
    initGenesis: () => [],
    exportGenesis: () => undefined,
    invariants: {},
  };
}
