/** Whether an application can start from a genesis document: it is tried, in memory. */
import { createApp } from "../../abci/app.ts";
import { utf8 } from "../../encoding/bytes.ts";
import { readIdentity } from "../../modules/chain/module.ts";
import { MemoryDb } from "../../store/memory-db.ts";
import type { GenesisDoc } from "../../types/genesis/genesis.ts";
import { publicKeyToProto } from "../../types/validators/validator.ts";
import { Logger } from "../logger.ts";
import { appVersion } from "../version.ts";

/** What the document makes; throws an error that names the JSON path of the trouble. */
export async function checkGenesis(
  genesis: GenesisDoc,
): Promise<{ readonly validators: number; readonly total_power: string }> {
  const log = new Logger({ module: "genesis", level: "error", format: "plain" });
  const app = await createApp({
    db: new MemoryDb(),
    chainId: genesis.chainId,
    ...readIdentity(genesis.appState),
    minGasPrices: "",
    version: appVersion,
    log,
  });
  const validators = genesis.validators.map(({ pubKey, power }) => ({
    pubKey: publicKeyToProto(pubKey),
    power,
  }));
  const response = app.initChain({
    time: genesis.genesisTime,
    chainId: genesis.chainId,
    consensusParams: genesis.consensusParams,
    validators,
    appStateBytes: utf8(JSON.stringify(genesis.appState ?? {})),
    initialHeight: genesis.initialHeight,
  });
  const set = response.validators.length > 0 ? response.validators : validators;
  const total = set.reduce((sum, { power }) => sum + power, 0n);
  if (total === 0n) throw new Error("app_state.pow.hosts: nobody could make the first block");
  return { validators: set.length, total_power: String(total) };
}
