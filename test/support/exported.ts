/** Comparing a chain with one that began from its export. */
import { wireSimapp } from "../../src/abci/simapp.ts";
import { Registry } from "../../src/abci/tx/registry.ts";
import { wireModules } from "../../src/abci/wiring.ts";
import { toHex, utf8 } from "../../src/encoding/bytes.ts";
import { Addresses } from "../../src/modules/addresses.ts";
import type { Db } from "../../src/store/db.ts";
import { Multistore } from "../../src/store/multistore.ts";
import { defaultConsensusParams } from "../../src/types/consensus-params.ts";
import { AppChain, chainId, genesisTime } from "./app-chain.ts";

/** A chain that begins where another one is, from its exported state. */
export async function copyOf(chain: AppChain, maxGas = -1n): Promise<AppChain> {
  const { height, appState } = chain.app.exportState();
  if (height !== chain.height) throw new Error("the export is of another height");
  const params = defaultConsensusParams();
  const copy = await AppChain.start();
  copy.app.initChain({
    time: genesisTime,
    chainId,
    validators: [],
    consensusParams: { ...params, block: { ...params.block, maxGas } },
    appStateBytes: utf8(JSON.stringify(appState)),
    initialHeight: chain.height + 1n,
  });
  copy.height = chain.height;
  copy.seconds = chain.seconds;
  return copy;
}

/** Whose modules the stores belong to. */
interface Wiring {
  readonly bech32Prefix: string;
  readonly baseDenom: string;
  readonly profile: "gonka" | "simapp";
}
const network: Wiring = { bech32Prefix: "gonka", baseDenom: "ngonka", profile: "gonka" };

/** Every pair of every store of the last committed version. */
export async function pairsOf(db: Db, wiring = network): Promise<Map<string, string[]>> {
  const { bech32Prefix, baseDenom, profile } = wiring;
  const identity = { addresses: new Addresses(bech32Prefix), baseDenom };
  const wire = profile === "simapp" ? wireSimapp : wireModules;
  const names = wire(identity, new Registry()).modules.flatMap(({ stores }) => stores);
  const store = await Multistore.open(db, names);
  const last = store.at(store.version);
  if (!last) throw new Error("nothing is committed");
  const shown = (name: string) =>
    [...last.store(name).iterate()].map(([key, value]) => `${toHex(key)} ${toHex(value)}`);
  return new Map(names.map((name) => [name, shown(name)]));
}
