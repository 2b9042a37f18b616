/** Where a node keeps what: the layout of its home directory, as CometBFT and the SDK have it. */
import path from "node:path";

export interface HomePaths {
  readonly configToml: string;
  readonly appToml: string;
  readonly clientToml: string;
  readonly genesis: string;
  readonly nodeKey: string;
  /** Addresses of peers that peer exchange knows. */
  readonly addressBook: string;
  readonly privValidatorKey: string;
  readonly privValidatorState: string;
  readonly wal: string;
  readonly blockDb: string;
  readonly stateDb: string;
  readonly appDb: string;
  readonly indexDb: string;
  readonly evidenceDb: string;
  /** The plan that stopped the node, where there was one. */
  readonly upgradeInfo: string;
}

export function homePaths(home: string): HomePaths {
  const config = (name: string) => path.join(home, "config", name);
  const data = (name: string) => path.join(home, "data", name);
  return {
    configToml: config("config.toml"),
    appToml: config("app.toml"),
    clientToml: config("client.toml"),
    genesis: config("genesis.json"),
    nodeKey: config("node_key.json"),
    addressBook: config("addrbook.json"),
    privValidatorKey: config("priv_validator_key.json"),
    privValidatorState: data("priv_validator_state.json"),
    wal: data("cs.wal"),
    blockDb: data("blockstore.db"),
    stateDb: data("state.db"),
    appDb: data("application.db"),
    indexDb: data("tx_index.db"),
    evidenceDb: data("evidence.db"),
    upgradeInfo: data("upgrade-info.json"),
  };
}
