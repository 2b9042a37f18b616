/**
 * Services of the SDK that explorers and wallets ask for and this chain has no module for: staking,
 * distribution, mint, params. They only read, so they have neither state nor messages; a chain with
 * a real staking module leaves this one out. spec/modules/views.md.
 */
import type { Module } from "../module.ts";
import { distributionQueries } from "./distribution.ts";
import type { ViewParts } from "./expected.ts";
import { mintQueries } from "./mint.ts";
import { paramsQueries } from "./params.ts";
import { stakingQueries } from "./staking.ts";

export function viewsModule(parts: ViewParts): Module {
  return {
    name: "views",
    stores: [],
    msgs: [],
    queries: [
      ...stakingQueries(parts),
      ...distributionQueries(parts),
      ...mintQueries(parts),
      ...paramsQueries(parts),
    ],
    initGenesis: () => [],
    exportGenesis: () => undefined,
    invariants: {},
  };
}
