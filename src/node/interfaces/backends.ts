/** What RPC and REST may read and do, joined from the parts of a running node. */
import type { ApiBackend, FoundTxs, Tip, TxSearch } from "../../api/expected.ts";
import type { BlockStore } from "../../blockstore/block-store.ts";
import type { BlockSync } from "../../blocksync/reactor.ts";
import type { ConsensusEngine } from "../../consensus/engine/engine.ts";
import type { ConsensusReactor } from "../../consensus/gossip/reactor.ts";
import type { EvidencePool } from "../../evidence/pool.ts";
import type { BlockFeed } from "../../execution/block-feed.ts";
import type { StateStore } from "../../execution/state-store.ts";
import type { Mempool } from "../../mempool/mempool.ts";
import type { Codec } from "../../modules/module.ts";
import type { PeerNetwork, PeerSummary } from "../../p2p/network.ts";
import type { NodeView, PeerView, RpcBackend } from "../../rpc/expected.ts";
import { searchTxs } from "../../rpc/indexer/search.ts";
import type { RpcContext } from "../../rpc/methods/method.ts";
import { parseQuery } from "../../rpc/query/parser.ts";
import { QuerySyntaxError } from "../../rpc/query/scanner.ts";
import type { ChainState } from "../../types/chain-state.ts";
import type { NodeApp } from "../app/open-app.ts";
import { appName, appVersion, cometVersion } from "../version.ts";
import { roundViewOf } from "./round-view.ts";

/** The running parts that outside interfaces look at. */
export interface RunningParts {
  readonly feed: BlockFeed;
  readonly app: NodeApp;
  readonly states: StateStore;
  readonly blocks: BlockStore;
  readonly mempool: Mempool;
  readonly evidence: EvidencePool;
  readonly engine: ConsensusEngine;
  readonly gossip: Pick<ConsensusReactor, "peerRounds">;
  readonly network: PeerNetwork;
  readonly blockSync: Pick<BlockSync, "isRunning">;
  /** The state after the last applied block. */
  state(): ChainState;
}

export function rpcBackend(
  parts: RunningParts,
  node: Omit<NodeView, "peers" | "dial">,
): RpcBackend {
  const { app, states, blocks, mempool, evidence, engine, gossip, network } = parts;
  return {
    blocks: {
      base: () => blocks.base(),
      height: () => blocks.height(),
      loadBlock: (height) => blocks.loadBlock(height),
      loadTx: (height, index) => blocks.loadTx(height, index),
      loadMeta: (height) => blocks.loadBlockMeta(height),
      loadCommit: (height) => blocks.loadCommit(height),
      loadSeenCommit: (height) => blocks.loadSeenCommit(height),
      heightOfHash: (hash) => blocks.heightOf(hash),
    },
    chain: {
      state: parts.state,
      validatorsAt: (height) => states.loadValidators(height),
      consensusParamsAt: (height) => states.loadConsensusParams(height),
      resultsAt: (height) => states.loadFinalizeBlock(height),
      txResultAt: (height, index) => states.loadTxResult(height, index),
    },
    app: {
      info: () => app.info(infoRequest),
      query: (request) => app.query(request),
      checkTx: (tx) => app.checkTx({ tx, type: 0 }),
    },
    pool: {
      add: async (tx) => {
        const answer = await mempool.checkTx(tx);
        return "refused" in answer ? answer.message : answer;
      },
      size: () => mempool.size,
      sizeBytes: () => BigInt(mempool.totalBytes),
      oldest: (limit) => mempool.reapMaxTxs(limit),
      flush: () => mempool.flush(),
    },
    node: {
      ...node,
      isCatchingUp: () => node.isCatchingUp(),
      peers: () => network.peers().map(peerView),
      dial: (address, keep) => network.dial(address, keep),
    },
    round: () => roundViewOf(engine.view),
    peerRounds: () => gossip.peerRounds(),
    addEvidence: (piece) => {
      const verdict = evidence.add(piece);
      if (verdict === "valid") return undefined;
      if (verdict === "early") return "its height is not decided yet";
      return verdict === "late" ? "it is too old" : verdict.refused;
    },
  };
}

/** What an engine says of itself when it asks Info. */
const infoRequest = {
  version: cometVersion,
  blockVersion: 11n,
  p2pVersion: 8n,
  abciVersion: "2.0.0",
} as const;

function peerView(peer: PeerSummary): PeerView {
  const { nodeInfo } = peer;
  return {
    id: peer.id,
    moniker: nodeInfo.moniker,
    listenAddress: nodeInfo.listenAddr,
    remoteIp: peer.remoteAddress.split("/")[2] ?? "",
    isOutbound: peer.isOutbound,
    channels: nodeInfo.channels,
    network: nodeInfo.network,
    version: nodeInfo.version,
    connectedMs: peer.connectedMs,
    sentBytes: peer.sentBytes,
    receivedBytes: peer.receivedBytes,
  };
}

export function apiBackend(
  parts: RunningParts,
  rpc: RpcContext,
  options: { readonly minimumGasPrices: string },
): ApiBackend {
  const { app, states, blocks } = parts;
  return {
    ...options,
    bech32Prefix: app.bech32Prefix,
    queries: app.queries,
    messages: app.msgs ?? [],
    anyTypeUrls: () => [...app.anyTypes.keys()],
    anyType: (typeUrl) => app.anyTypes.get(typeUrl) as Codec<object> | undefined,
    query: (request) => app.query(request),
    broadcast: (tx) => rpc.pool.add(tx),
    tx: (hash) => rpc.index.tx(hash),
    searchTxs: (search) => searchIndexed(rpc, search),
    latestHeight: () => parts.state().lastBlockHeight,
    earliestHeight: () => blocks.base(),
    block: (height) => {
      const [block, blockId] = [blocks.loadBlock(height), blocks.loadBlockId(height)];
      return block && blockId ? { block, blockId } : undefined;
    },
    validators: (height) => states.loadValidators(height),
    tip: () => tipOf(parts.state()),
    isCatchingUp: () => rpc.node.isCatchingUp(),
    nodeInfo: () => ({
      nodeId: rpc.node.nodeId,
      moniker: rpc.node.moniker,
      network: rpc.node.network,
      cometVersion: rpc.node.version,
      p2pListenAddress: rpc.node.p2pListenAddress,
      rpcAddress: rpc.node.rpcAddress,
      channels: rpc.node.channels,
      appName,
    }),
    appVersion,
  };
}

const tipOf = (state: ChainState): Tip => ({
  chainId: state.chainId,
  height: state.lastBlockHeight,
  time: state.lastBlockTime,
  appHash: state.appHash,
  validatorsHash: state.nextValidators.hash(),
  appVersion: state.appVersion,
});

/** The tx service's search over the index that RPC keeps. */
async function searchIndexed(rpc: RpcContext, search: TxSearch): Promise<FoundTxs | string> {
  try {
    const found = await searchTxs(rpc.index, rpc.indexDb, parseQuery(search.query));
    if (search.isDescending) found.reverse();
    const skip = (search.page - 1) * search.limit;
    const page = found.slice(skip, skip + search.limit);
    const txs = page.flatMap((at) => rpc.index.at(at) ?? []);
    return { txs, total: found.length };
  } catch (error) {
    if (error instanceof QuerySyntaxError) return `failed to parse query: ${error.message}`;
    throw error;
  }
}
