/**
 * app_state.chain: what makes addresses and coins of a chain its own. Every node reads it from the
 * genesis document before it opens its state, so it has no store. spec/modules/chain.md.
 */
import { isValidDenom } from "../../encoding/coins.ts";
import type { Addresses } from "../addresses.ts";
import { GenesisValue } from "../genesis-json.ts";
import type { Module } from "../module.ts";

/** As a genesis document says it. */
export interface ChainIdentity {
  /** Of account addresses: what stands before the 1. */
  readonly bech32Prefix: string;
  /** The coin that the network itself emits. */
  readonly baseDenom: string;
}

/** Reads app_state.chain. Throws GenesisError. */
export function readIdentity(appState: unknown): ChainIdentity {
  const json = new GenesisValue(appState, "app_state").at("chain");
  const [prefix, denom] = [json.at("bech32_prefix"), json.at("base_denom")];
  if (!/^[a-z]{1,20}$/.test(prefix.text())) throw prefix.error("must be 1 to 20 letters a to z");
  if (!isValidDenom(denom.text())) throw denom.error("is no denom");
  return { bech32Prefix: prefix.text(), baseDenom: denom.text() };
}

export function chainModule(addresses: Addresses, baseDenom: string): Module {
  return {
    name: "chain",
    stores: [],
    msgs: [],
    queries: [],
    initGenesis: (_, state) => {
      if (state === undefined) return []; // Then whoever made the application knew without it.
      const read = readIdentity({ chain: state });
      const json = new GenesisValue(state, "app_state.chain");
      if (read.bech32Prefix !== addresses.prefix) {
        throw json.at("bech32_prefix").error(`this application was opened as ${addresses.prefix}`);
      }
      if (read.baseDenom !== baseDenom) {
        throw json.at("base_denom").error(`this application was opened with ${baseDenom}`);
      }
      return [];
    },
    exportGenesis: () => ({ bech32_prefix: addresses.prefix, base_denom: baseDenom }),
    invariants: {},
  };
}
