/** Methods about the node, its peers, the genesis and the application (cometbft rpc/core). */
import { Evidence } from "cosmjs-types/tendermint/types/evidence";
import { ed25519Address } from "../../crypto/ed25519.ts";
import { toBase64, toHex, toUpperHex } from "../../encoding/bytes.ts";
import { formatTime, fromMillis } from "../../encoding/time.ts";
import { evidenceHash } from "../../types/evidence.ts";
import { genesisToJson } from "../../types/genesis/genesis.ts";
import { base64OrNull, pubKeyJson } from "../../types/json/block.ts";
import { evidenceFromJson } from "../../types/json/evidence.ts";
import type { PeerView } from "../expected.ts";
import { queryResponseJson } from "../json/results.ts";
import {
  bigintParam,
  booleanParam,
  bytesParam,
  type Methods,
  numberParam,
  type RpcContext,
  refuse,
  stringParam,
} from "./method.ts";

/** Size of a genesis chunk in bytes (cometbft rpc/core/env.go). */
const genesisChunkBytes = 16 * 1024 * 1024;

export const infoMethods: Methods = {
  health: { params: [], handle: () => ({}) },
  status: { params: [], handle: status },
  net_info: {
    params: [],
    handle: ({ node }) => {
      const peers = node.peers();
      return {
        listening: true,
        listeners: [`Listener(@${node.p2pListenAddress})`],
        n_peers: String(peers.length),
        peers: peers.map(peerJson),
      };
    },
  },
  genesis: {
    params: [],
    cacheable: "always",
    handle: ({ node }) => {
      const text = genesisToJson(node.genesis);
      if (Buffer.byteLength(text) > genesisChunkBytes) {
        throw refuse("genesis response is large, please use the genesis_chunked API instead");
      }
      return { genesis: JSON.parse(text) as unknown };
    },
  },
  genesis_chunked: {
    params: [["chunk", "uint"]],
    handle: (context, params) => genesisChunk(context, numberParam(params, "chunk") ?? 0),
  },
  abci_info: {
    params: [],
    handle: ({ app }) => {
      const info = app.info();
      const response = {
        ...(info.data === "" ? {} : { data: info.data }),
        ...(info.version === "" ? {} : { version: info.version }),
        ...(info.appVersion === 0n ? {} : { app_version: String(info.appVersion) }),
        ...(info.lastBlockHeight === 0n ? {} : { last_block_height: String(info.lastBlockHeight) }),
        ...(info.lastBlockAppHash.length === 0
          ? {}
          : { last_block_app_hash: base64OrNull(info.lastBlockAppHash) }),
      };
      return { response };
    },
  },
  abci_query: {
    params: [
      ["path", "string"],
      ["data", "hex"],
      ["height", "int64"],
      ["prove", "bool"],
    ],
    handle: async ({ app, ownQuery }, params) => {
      const request = {
        path: stringParam(params, "path") ?? "",
        data: bytesParam(params, "data"),
        height: bigintParam(params, "height") ?? 0n,
        prove: booleanParam(params, "prove"),
      };
      const own = ownQuery?.(request);
      return { response: queryResponseJson(own ? await own : app.query(request)) };
    },
  },
  broadcast_evidence: {
    params: [["evidence", "json"]],
    handle: (context, params) => {
      const evidence = evidenceFromJson(params.evidence);
      if (typeof evidence === "string") throw refuse(evidence);
      const refused = context.addEvidence(Evidence.fromPartial(evidence));
      if (refused !== undefined) throw refuse(`failed to add evidence: ${refused}`);
      return { hash: toBase64(evidenceHash(evidence)) };
    },
  },
};

function status(context: RpcContext): object {
  const { node, chain, blocks } = context;
  const tip = blocks.height();
  const base = blocks.base();
  const [latest, earliest] = [blocks.loadMeta(tip), blocks.loadMeta(base)];
  const key = node.consensusKey ?? new Uint8Array(32);
  const address = ed25519Address(key);
  const power = chain.state().validators.byAddress(address)?.validator.power ?? 0n;
  return {
    node_info: nodeInfoJson(context),
    sync_info: {
      latest_block_hash: toUpperHex(latest?.blockId.hash ?? empty),
      latest_app_hash: toUpperHex(latest?.header.appHash ?? empty),
      latest_block_height: String(tip),
      latest_block_time: formatTime(latest?.header.time ?? noBlockTime),
      earliest_block_hash: toUpperHex(earliest?.blockId.hash ?? empty),
      earliest_app_hash: toUpperHex(earliest?.header.appHash ?? empty),
      earliest_block_height: String(base),
      earliest_block_time: formatTime(earliest?.header.time ?? noBlockTime),
      catching_up: node.isCatchingUp(),
    },
    validator_info: {
      address: toUpperHex(address),
      pub_key: pubKeyJson({ type: "ed25519", key }),
      voting_power: String(power),
    },
  };
}

const empty = new Uint8Array();
/** Before the first block CometBFT says Unix time 0 (rpc/core/status.go). */
const noBlockTime = { seconds: 0n, nanos: 0 };

function nodeInfoJson({ node, chain }: RpcContext): object {
  return {
    protocol_version: { p2p: "8", block: "11", app: String(chain.state().appVersion) },
    id: node.nodeId,
    listen_addr: node.p2pListenAddress,
    network: node.network,
    version: node.version,
    channels: toUpperHex(node.channels),
    moniker: node.moniker,
    other: { tx_index: "on", rpc_address: node.rpcAddress },
  };
}

function peerJson(peer: PeerView): object {
  return {
    node_info: {
      protocol_version: { p2p: "8", block: "11", app: "0" },
      id: peer.id,
      listen_addr: peer.listenAddress,
      network: peer.network,
      version: peer.version,
      channels: toHex(peer.channels).toUpperCase(),
      moniker: peer.moniker,
      other: { tx_index: "on", rpc_address: "" },
    },
    is_outbound: peer.isOutbound,
    connection_status: connectionJson(peer),
    remote_ip: peer.remoteIp,
  };
}

/** Durations in nanoseconds, as CometBFT's flow monitors (libs/flowrate) show them. */
function connectionJson({ connectedMs, sentBytes, receivedBytes, channels }: PeerView): object {
  const duration = String(BigInt(Math.round(connectedMs)) * 1_000_000n);
  const start = formatTime(fromMillis(Date.now() - Math.round(connectedMs)));
  const monitor = (bytes: number) => {
    const average = connectedMs > 0 ? Math.round((bytes * 1000) / connectedMs) : 0;
    return {
      Start: start,
      Bytes: String(bytes),
      Samples: "0",
      InstRate: "0",
      CurRate: "0",
      AvgRate: String(average),
      PeakRate: "0",
      BytesRem: "0",
      Duration: duration,
      Idle: "0",
      TimeRem: "0",
      Progress: 0,
      Active: true,
    };
  };
  const channel = (ID: number) => ({
    ID,
    SendQueueCapacity: "0",
    SendQueueSize: "0",
    Priority: "0",
    RecentlySent: "0",
  });
  return {
    Duration: duration,
    SendMonitor: monitor(sentBytes),
    RecvMonitor: monitor(receivedBytes),
    Channels: [...channels].map(channel),
  };
}

function genesisChunk({ node }: RpcContext, chunk: number): object {
  const bytes = Buffer.from(genesisToJson(node.genesis));
  const total = Math.max(1, Math.ceil(bytes.length / genesisChunkBytes));
  if (chunk >= total) {
    throw refuse(
      `there are ${total - 1} chunks, ${chunk} is invalid (should be between 0 and ${total - 1})`,
    );
  }
  const data = bytes.subarray(chunk * genesisChunkBytes, (chunk + 1) * genesisChunkBytes);
  return { chunk: String(chunk), total: String(total), data: data.toString("base64") };
}
