/** The state of a stopped node as the genesis document of a new chain. */
import { readFileSync } from "node:fs";
import { toBase64 } from "../../encoding/bytes.ts";
import { formatTime } from "../../encoding/time.ts";
import { genesisToJson, parseGenesis } from "../../types/genesis/genesis.ts";
import { openChain } from "../chain.ts";
import { ConfigError, loadConfig } from "../config.ts";
import { openDatabases } from "../databases.ts";
import { homePaths } from "../home.ts";
import { Logger } from "../logger.ts";

/** JSON text. The node must not be running; height 0 is the last block, and the only one kept. */
export async function exportGenesis(home: string, height: bigint): Promise<string> {
  const genesis = parseGenesis(readFileSync(homePaths(home).genesis, "utf8"));
  const databases = await openDatabases(home);
  try {
    const log = new Logger({ module: "export", level: "error", format: "plain" });
    const chain = await openChain({ genesis, config: loadConfig(home), databases, log });
    const state = chain.state();
    if (height !== 0n && height !== state.lastBlockHeight) {
      throw new ConfigError([
        `--height: only the last state, ${state.lastBlockHeight}, is exported`,
      ]);
    }
    const exported = chain.app.exportState?.();
    if (!exported) throw new ConfigError(["application: this one cannot be exported"]);
    const document = JSON.parse(genesisToJson(genesis)) as Record<string, unknown>;
    return JSON.stringify(
      {
        ...document,
        genesis_time: formatTime(state.lastBlockTime),
        initial_height: String(state.lastBlockHeight + 1n),
        validators: state.nextValidators.validators.map((validator) => ({
          address: "",
          pub_key: { type: "tendermint/PubKeyEd25519", value: toBase64(validator.pubKey.key) },
          power: String(validator.power),
          name: "",
        })),
        app_state: exported.appState,
      },
      null,
      2,
    );
  } finally {
    await databases.close();
  }
}
