/** The chain of a node: application, blocks, state, mempool and evidence, brought to one height. */
import type { Commit } from "cosmjs-types/tendermint/types/types";
import { BlockStore } from "../blockstore/block-store.ts";
import { EvidencePool } from "../evidence/pool.ts";
import { BlockExecutor } from "../execution/block-executor.ts";
import { BlockFeed } from "../execution/block-feed.ts";
import { handshake } from "../execution/handshake.ts";
import { StateStore } from "../execution/state-store.ts";
import { Mempool } from "../mempool/mempool.ts";
import type { ChainState } from "../types/chain-state.ts";
import { type GenesisDoc, genesisState } from "../types/genesis/genesis.ts";
import { type NodeApp, openApp } from "./app/open-app.ts";
import type { Config } from "./config.ts";
import type { Databases } from "./databases.ts";
import type { Logger } from "./logger.ts";
import { appVersion } from "./version.ts";

export interface Chain {
  readonly app: NodeApp;
  readonly blocks: BlockStore;
  readonly states: StateStore;
  readonly mempool: Mempool;
  readonly evidence: EvidencePool;
  readonly executor: BlockExecutor;
  readonly feed: BlockFeed;
  /** The state after the last applied block. */
  state(): ChainState;
  /** Goes on from a state that the application was brought to without blocks; on disk first. */
  adopt(synced: { readonly state: ChainState; readonly commit: Commit }): Promise<void>;
}

/**
 * Opens everything and replays what a crash left undone; throws when that is impossible. Before
 * state sync nothing is replayed, and the application hears of no genesis.
 */
export async function openChain(parts: {
  readonly genesis: GenesisDoc;
  readonly config: Config;
  readonly databases: Databases;
  readonly log: Logger;
}): Promise<Chain> {
  const { genesis, config, databases, log } = parts;
  const app = await openApp({ db: databases.app, genesis: () => genesis, config, log });
  const blocks = new BlockStore(databases.blocks);
  const states = new StateStore(databases.state);
  const mempool = new Mempool(app, mempoolLimits(config), log.named("mempool"));
  const evidence = await EvidencePool.open(
    {
      db: databases.evidence,
      states,
      blocks,
      log: log.named("evidence"),
    },
    states.load() ?? genesisState(genesis),
  );
  const feed = new BlockFeed(log.named("feed"));
  const shared = { states, blocks, mempool, evidence, feed, log: log.named("execution") };
  const isAwaitingSnapshot = config.boolean("statesync.enable") && !states.load();
  let latest = isAwaitingSnapshot
    ? genesisState(genesis)
    : await handshake({ ...shared, app, genesis, version: appVersion });
  await evidence.update(latest, []);
  feed.onBlock(() => {
    latest = states.load() ?? latest;
  });
  const executor = new BlockExecutor({ ...shared, app });
  const adopt: Chain["adopt"] = async ({ state, commit }) => {
    await blocks.saveSeenCommit(state.lastBlockHeight, commit);
    await states.bootstrap(state); // Last: whoever finds a state needs nothing more.
    latest = state;
    await evidence.update(state, []);
  };
  return { app, blocks, states, mempool, evidence, executor, feed, adopt, state: () => latest };
}

function mempoolLimits(config: Config) {
  return {
    maxTxs: config.number("mempool.size"),
    maxTotalBytes: config.number("mempool.max_txs_bytes"),
    maxTxBytes: config.number("mempool.max_tx_bytes"),
    seenTxs: config.number("mempool.cache_size"),
    invalidTxs: "forget",
    ttlBlocks: config.number("mempool.ttl_num_blocks"),
    maxTxsPerPeer: config.number("mempool.max_txs_per_peer"),
  } as const;
}
