/** CometBFT's RPC of a running node: reads, the index, subscriptions, and the table of gRPC. */
import { answerAbci } from "../../api/abci-door.ts";
import { Router } from "../../api/router.ts";
import type { AppliedBlock } from "../../rpc/expected.ts";
import type { RpcLimits } from "../../rpc/limits.ts";
import { RpcServer } from "../../rpc/server.ts";
import type { GenesisDoc } from "../../types/genesis/genesis.ts";
import type { Config } from "../config.ts";
import type { NodeKeys } from "../keys.ts";
import { apiBackend, type RunningParts, rpcBackend } from "./backends.ts";

/** The server, its port, and the table that REST and gRPC answer from too. */
export interface RunningRpc {
  readonly server: RpcServer;
  readonly port: number;
  readonly router: Router;
}

export async function startRpc(options: {
  readonly parts: RunningParts;
  readonly config: Config;
  readonly genesis: GenesisDoc;
  readonly keys: NodeKeys;
  readonly stops: (() => Promise<void> | void)[];
  readonly index: ConstructorParameters<typeof RpcServer>[1];
  readonly fatal: (error: unknown) => void;
}): Promise<RunningRpc> {
  const { parts, config, genesis, keys, stops } = options;
  const backend = rpcBackend(parts, {
    nodeId: keys.nodeId,
    moniker: config.string("moniker"),
    network: genesis.chainId,
    version: config.string("rpc.reported_version"),
    p2pListenAddress: config.string("p2p.laddr"),
    rpcAddress: config.string("rpc.laddr"),
    channels: Uint8Array.of(0x20, 0x21, 0x22, 0x23, 0x30, 0x38, 0x40),
    consensusKey: keys.validator.pubKey.key,
    isCatchingUp: () => parts.blockSync.isRunning,
    genesis,
  });
  // The table reads through the server's context: it is asked only when both are there.
  const ownQuery: typeof backend.ownQuery = (request) => answerAbci(router, request);
  const server = new RpcServer({ ...backend, ownQuery }, options.index, limitsOf(config));
  const minimumGasPrices = config.string("minimum-gas-prices");
  const router = new Router(apiBackend(parts, server.context, { minimumGasPrices }));
  await indexMissedBlocks(server, parts);
  parts.feed.onBlock(({ block, blockId, finalize }) => {
    server.publish({ block, blockId, result: finalize }).catch(options.fatal);
  });
  parts.feed.onPrune(async ({ from, to }) => {
    for (let height = from; height < to; height++) {
      const applied = loadApplied(parts, height);
      if (applied) await server.forget(applied);
    }
  });
  parts.engine.listen((event) => {
    if (event.type === "vote") server.heardVote(event.vote.signed);
    else if (event.type === "timeout") server.heardTimeout(event);
    else server.heardRound();
  });
  const port = await server.start(config.address("rpc.laddr"));
  stops.push(() => server.stop());
  return { server, port, router };
}

function limitsOf(config: Config): RpcLimits {
  const isCut = config.boolean("rpc.experimental_close_on_slow_client");
  return {
    maxBodyBytes: config.number("rpc.max_body_bytes"),
    maxHeaderBytes: config.number("rpc.max_header_bytes"),
    maxOpenConnections: config.number("rpc.max_open_connections"),
    maxBatchRequests: config.number("rpc.max_request_batch_size"),
    maxSubscriptionClients: config.number("rpc.max_subscription_clients"),
    maxSubscriptionsPerClient: config.number("rpc.max_subscriptions_per_client"),
    commitTimeoutMs: config.number("rpc.timeout_broadcast_tx_commit"),
    allowedOrigins: config.list("rpc.cors_allowed_origins"),
    isUnsafe: config.boolean("rpc.unsafe"),
    slowClient: isCut ? "loses its connection" : "loses its subscription",
  };
}

/** A crash may have lost the last batches of the index. */
async function indexMissedBlocks(server: RpcServer, parts: RunningParts): Promise<void> {
  const { blocks } = parts;
  const indexed = server.context.index.lastHeight();
  const base = blocks.base();
  const tip = parts.state().lastBlockHeight;
  for (let height = indexed + 1n > base ? indexed + 1n : base; height <= tip; height++) {
    const applied = loadApplied(parts, height);
    if (applied) await server.publish(applied);
  }
}

function loadApplied({ blocks, states }: RunningParts, height: bigint): AppliedBlock | undefined {
  const [block, blockId] = [blocks.loadBlock(height), blocks.loadBlockId(height)];
  const result = states.loadFinalizeBlock(height);
  return block && blockId && result ? { block, blockId, result } : undefined;
}
