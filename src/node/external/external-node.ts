/**
 * A node whose engine is another process: stock CometBFT orders the blocks, and this process has
 * the application behind an ABCI socket. spec/abci.md, "Socket"; docs/operate.md.
 */
import { existsSync, readFileSync } from "node:fs";
import { parseSocketAddress } from "../../abci/socket/address.ts";
import { SocketServer } from "../../abci/socket/server.ts";
import { type GenesisDoc, parseGenesis } from "../../types/genesis/genesis.ts";
import { openApp } from "../app/open-app.ts";
import { type Config, ConfigError } from "../config.ts";
import { openAppDatabase } from "../databases.ts";
import { homePaths } from "../home.ts";
import { Logger } from "../logger.ts";

/** A process that serves the application. */
export interface ExternalNode {
  /** Port of the ABCI socket; 0 when it is a unix socket. */
  readonly abciPort: number;
  /** Resolves when everything is closed; safe to call twice. */
  stop(): Promise<void>;
}

/** fatal: the application failed in the middle of a call, the process must end. */
export async function startExternalNode(
  home: string,
  fatal: (error: unknown) => void,
  config: Config,
): Promise<ExternalNode> {
  const log = new Logger({
    module: "node",
    level: config.string("log_level"),
    format: config.string("log_format"),
  });
  const text = config.string("abci.address");
  const address = parseSocketAddress(text);
  if (!address) {
    throw new ConfigError([`abci.address: ${text}: write tcp://host:port or unix://path`]);
  }
  const db = await openAppDatabase(home);
  try {
    const app = await openApp({ db, genesis: () => readGenesis(home), config, log });
    const server = new SocketServer({ app, log: log.named("abci"), fatal });
    const abciPort = await server.start(address);
    log.info("waiting for an engine", { abci: text, application: config.string("application") });
    let stopping: Promise<void> | undefined;
    const stop = (): Promise<void> => {
      stopping ??= server.stop().finally(() => db.close());
      return stopping;
    };
    return { abciPort, stop };
  } catch (error) {
    await db.close();
    throw error;
  }
}

/** The same file that CometBFT starts from. */
function readGenesis(home: string): GenesisDoc {
  const file = homePaths(home).genesis;
  if (!existsSync(file)) throw new ConfigError([`${file} does not exist; copy CometBFT's there`]);
  return parseGenesis(readFileSync(file, "utf8"));
}
