/** The application of a node, chosen by its configuration: the chain of the network, or kvstore. */
import { setImmediate } from "node:timers/promises";
import { createApp } from "../../abci/app.ts";
import type { Application } from "../../abci/application.ts";
import type { ExportedState } from "../../abci/genesis.ts";
import type { Snapshots } from "../../abci/snapshots/snapshots.ts";
import { secp256k1Library, secp256k1VerifyBatch } from "../../crypto/secp256k1.ts";
import { KvStore } from "../../kvstore/application.ts";
import { readIdentity } from "../../modules/chain/module.ts";
import type { Codec, MsgHandler, QueryHandler } from "../../modules/module.ts";
import type { Db } from "../../store/db.ts";
import type { GenesisDoc } from "../../types/genesis/genesis.ts";
import { type Config, ConfigError } from "../config.ts";
import type { Logger } from "../logger.ts";
import { appVersion } from "../version.ts";

/** An application, and what REST, gRPC and export need of it. */
export interface NodeApp extends Application {
  /** Every gRPC method, with its REST paths. */
  readonly queries: readonly QueryHandler[];
  /** Every message type that a transaction may hold; none where transactions are plain bytes. */
  readonly msgs?: readonly MsgHandler[];
  /** What may stand in an Any, by type URL. */
  readonly anyTypes: ReadonlyMap<string, Codec<unknown>>;
  /** The last committed state as app_state; absent where an application cannot tell it. */
  exportState?(): ExportedState;
  /** Snapshots of its state; absent where an application makes none. */
  readonly snapshots?: Snapshots;
  /** Of account addresses; "" for an application without accounts. */
  readonly bech32Prefix: string;
}

/** Opens the application that `application` in app.toml names, over its database. */
export async function openApp(parts: {
  readonly db: Db;
  /** Read only by an application that has to know it before InitChain. */
  readonly genesis: () => GenesisDoc;
  readonly config: Config;
  readonly log: Logger;
}): Promise<NodeApp> {
  const { db, genesis, config, log } = parts;
  const keepBlocks = BigInt(config.number("min-retain-blocks"));
  if (config.string("application") === "kvstore") return KvStore.open(db, keepBlocks);
  const profile = config.string("application") === "simapp" ? "simapp" : "gonka";
  const { chainId, appState } = genesis();
  log.info("signatures of transactions", { verifiedBy: secp256k1Library });
  return createApp({
    db,
    chainId,
    profile,
    ...readIdentity(appState),
    minGasPrices: config.string("minimum-gas-prices"),
    version: appVersion,
    keepVersions: config.number("pruning-keep-recent"),
    keepBlocks,
    snapshots: {
      interval: BigInt(config.number("state-sync.snapshot-interval")),
      keepRecent: config.number("state-sync.snapshot-keep-recent"),
    },
    skipUpgrades: config.list("unsafe-skip-upgrades").map(readHeight),
    verifyBatch: secp256k1VerifyBatch,
    turn: setImmediate,
    log: log.named("app"),
  });
}

function readHeight(text: string): bigint {
  if (/^\d{1,18}$/.test(text)) return BigInt(text);
  throw new ConfigError([`unsafe-skip-upgrades: ${text} is not a height`]);
}
