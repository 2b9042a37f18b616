/** The embedded engine's executor, fed with the blocks that a CometBFT node has decided. */
import type { ResponseFinalizeBlock } from "cosmjs-types/tendermint/abci/types";
import type { Block } from "cosmjs-types/tendermint/types/block";
import type { Application } from "../../src/abci/application.ts";
import { BlockStore } from "../../src/blockstore/block-store.ts";
import { toUpperHex } from "../../src/encoding/bytes.ts";
import { BlockExecutor } from "../../src/execution/block-executor.ts";
import { BlockFeed } from "../../src/execution/block-feed.ts";
import { handshake } from "../../src/execution/handshake.ts";
import { StateStore } from "../../src/execution/state-store.ts";
import { defaultMempoolLimits, Mempool } from "../../src/mempool/mempool.ts";
import { MemoryDb } from "../../src/store/memory-db.ts";
import type { GenesisDoc } from "../../src/types/genesis/genesis.ts";
import { hashHeader } from "../../src/types/header.ts";
import { cometBlock, cometBlockId, type Json } from "../support/comet-json.ts";
import { noEvidence, silentLog } from "../support/test-chain.ts";
import type { CometChain } from "./comet-chain.ts";

/** A block as CometBFT has it, and what our executor made of it. */
export interface Replayed {
  readonly block: Block;
  readonly answer: ResponseFinalizeBlock;
}

/**
 * Validates and applies every block up to a height: hashes, signatures of the last commit, times
 * and the app hash of every header are checked as for any block. Throws on the first difference.
 */
export async function replayEmbedded(options: {
  readonly chain: CometChain;
  readonly app: Application;
  readonly genesis: GenesisDoc;
  readonly to: number;
}): Promise<Replayed[]> {
  const { chain, app, genesis, to } = options;
  const [states, blocks] = [new StateStore(new MemoryDb()), new BlockStore(new MemoryDb())];
  const mempool = new Mempool(app, defaultMempoolLimits, silentLog);
  const feed = new BlockFeed(silentLog);
  const parts = { app, states, blocks, mempool, evidence: noEvidence, feed, log: silentLog };
  let state = await handshake({ ...parts, genesis, version: "test" });
  const executor = new BlockExecutor(parts);
  const replayed: Replayed[] = [];
  feed.onBlock(({ block, finalize }) => replayed.push({ block, answer: finalize }));
  for (let height = 1; height <= to; height++) {
    const json = await chain.rpc<Json>("block", { height: String(height) });
    const [block, blockId] = [cometBlock(json.block), cometBlockId(json.block_id)];
    const hash = toUpperHex(hashHeader(block.header));
    if (hash !== json.block_id.hash) throw new Error(`block ${height}: our hash is ${hash}`);
    const refused = executor.validateBlock(state, block);
    if (refused) throw new Error(`block ${height}: ${refused}`);
    state = await executor.applyBlock(state, blockId, block);
  }
  return replayed;
}
