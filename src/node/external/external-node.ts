/**
 * A node whose engine is another process: stock CometBFT orders the blocks, and this process has
 * the application behind an ABCI socket. spec/abci.md, "Socket"; docs/operate.md.
 */
import { existsSync, readFileSync } from "node:fs";
import { parseSocketAddress } from "../../abci-server/address.ts";
import { SocketServer } from "../../abci-server/server.ts";
import { Router } from "../../api/router.ts";
import { type GenesisDoc, parseGenesis } from "../../types/genesis/genesis.ts";
import { openApp } from "../app/open-app.ts";
import { type Config, ConfigError } from "../config.ts";
import { openAppDatabase } from "../databases.ts";
import { homePaths } from "../home.ts";
import { startApi } from "../interfaces/api.ts";
import { Logger } from "../logger.ts";
import { cometBackend } from "./comet-backend.ts";
import { CometClient } from "./comet-client.ts";

/** Of what REST and gRPC ask CometBFT; a block of 100 MiB in base64 is the longest answer. */
const cometLimits = { timeoutMs: 10_000, maxAnswerBytes: 157_286_400 };

/** A process that serves the application. */
export interface ExternalNode {
  /** Port of the ABCI socket; 0 when it is a unix socket. */
  readonly abciPort: number;
  /** Undefined where it is switched off. */
  readonly restPort: number | undefined;
  readonly grpcPort: number | undefined;
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
  const stops: (() => void | Promise<void>)[] = [];
  let stopping: Promise<void> | undefined;
  const stop = (): Promise<void> => {
    stopping ??= stopAll(stops);
    return stopping;
  };
  const db = await openAppDatabase(home);
  stops.push(() => db.close());
  try {
    const app = await openApp({ db, genesis: () => readGenesis(home), config, log });
    const server = new SocketServer({ app, log: log.named("abci"), fatal });
    const abciPort = await server.start(address);
    stops.push(() => server.stop());
    const comet = new CometClient(config.address("rpc.laddr"), cometLimits);
    const minimumGasPrices = config.string("minimum-gas-prices");
    const router = new Router(cometBackend(app, comet, { minimumGasPrices }));
    const api = await startApi({ router, config, stops });
    log.info("waiting for an engine", {
      abci: text,
      application: config.string("application"),
      rest: api.rest ?? "off",
      grpc: api.grpc ?? "off",
    });
    return { abciPort, restPort: api.rest, grpcPort: api.grpc, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** In reverse, whatever fails on the way: the database, which closes last, must be closed. */
async function stopAll(stops: readonly (() => void | Promise<void>)[]): Promise<void> {
  const failures: unknown[] = [];
  for (const stop of [...stops].reverse()) {
    try {
      await stop();
    } catch (error) {
      failures.push(error);
    }
  }
  if (failures.length > 0) throw failures[0];
}

/** The same file that CometBFT starts from. */
function readGenesis(home: string): GenesisDoc {
  const file = homePaths(home).genesis;
  if (!existsSync(file)) throw new ConfigError([`${file} does not exist; copy CometBFT's there`]);
  return parseGenesis(readFileSync(file, "utf8"));
}
