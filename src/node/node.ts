/**
 * A node: builds every part, starts them in order, stops them in reverse. The only place besides
 * abci/app.ts that makes parts; everything else receives them.
 */
import "../p2p/promise-shim.ts"; // Before anything of libp2p.
import { existsSync, readFileSync } from "node:fs";
import { BlockSync } from "../blocksync/reactor.ts";
import { ConsensusEngine } from "../consensus/engine/engine.ts";
import { ConsensusReactor } from "../consensus/gossip/reactor.ts";
import type { IdlePolicy } from "../consensus/waiting/idle.ts";
import { FolderLogDisk } from "../consensus/wal/disk.ts";
import { Wal } from "../consensus/wal/wal.ts";
import { EvidenceReactor } from "../evidence/reactor.ts";
import { MempoolReactor } from "../mempool/reactor.ts";
import type { NetworkOptions } from "../p2p/network.ts";
import { PeerNetwork } from "../p2p/network.ts";
import type { PexReactor } from "../p2p/peers/pex-reactor.ts";
import { openSignState } from "../privval/files.ts";
import { LocalSigner } from "../privval/local-signer.ts";
import { StateSync } from "../statesync/reactor.ts";
import type { ChainState } from "../types/chain-state.ts";
import { type GenesisDoc, parseGenesis } from "../types/genesis/genesis.ts";
import { type Chain, openChain } from "./chain.ts";
import { machineClock } from "./clock.ts";
import { type Config, ConfigError, loadConfig } from "./config.ts";
import { type Databases, openDatabases } from "./databases.ts";
import { homePaths } from "./home.ts";
import { startApi } from "./interfaces/api.ts";
import type { RunningParts } from "./interfaces/backends.ts";
import { startRpc } from "./interfaces/rpc.ts";
import { loadOrCreateKeys, type NodeKeys } from "./keys.ts";
import { Logger } from "./logger.ts";
import { buildPeerExchange } from "./peers/peer-exchange.ts";
import { openTrustedChain, refuseFreshSignState } from "./state-sync.ts";
import { appVersion } from "./version.ts";

/** A node that runs. */
export interface RunningNode {
  readonly nodeId: string;
  readonly rpcPort: number;
  /** Undefined when REST is switched off. */
  readonly restPort: number | undefined;
  readonly grpcPort: number | undefined;
  /** Resolves when everything is closed; safe to call twice. */
  stop(): Promise<void>;
}

/** How long a node that has to find its peers first waits for one. */
const firstPeerMs = 15_000;

/** What was started, to be stopped in reverse. */
type Stop = () => Promise<void> | void;

/** Starts the node of a home directory. fatal: consensus stands still, the process must end. */
export async function startNode(
  home: string,
  fatal: (error: unknown) => void,
  config: Config = loadConfig(home),
): Promise<RunningNode> {
  const log = new Logger({
    module: "node",
    level: config.string("log_level"),
    format: config.string("log_format"),
  });
  for (const warning of config.warnings) log.warn(warning);
  const stops: Stop[] = [];
  let stopping: Promise<void> | undefined;
  const stop = (): Promise<void> => {
    stopping ??= stopAll(stops);
    return stopping;
  };
  try {
    const ports = await start({ home, config, log, stops, fatal });
    return { ...ports, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** Stops everything, whatever fails on the way: the databases, which close last, must be closed. */
async function stopAll(stops: Stop[]): Promise<void> {
  const failures: unknown[] = [];
  for (const stop of stops.reverse()) {
    try {
      await stop();
    } catch (error) {
      failures.push(error);
    }
  }
  if (failures.length > 0) throw failures[0];
}

interface Start {
  readonly home: string;
  readonly config: Config;
  readonly log: Logger;
  readonly stops: Stop[];
  readonly fatal: (error: unknown) => void;
}

async function start({ home, config, log, stops, fatal }: Start) {
  const genesis = readGenesis(home);
  const keys = loadOrCreateKeys(home);
  const databases = await openDatabases(home);
  stops.push(() => databases.close());
  const chain = await openChain({ genesis, config, databases, log });
  const signState = homePaths(home).privValidatorState;
  const signed = { file: signState, wasThere: existsSync(signState), ...keys.validator };
  const network = buildNetwork({ config, genesis, keys, log });
  const file = homePaths(home).addressBook;
  const pex = buildPeerExchange({ file, config, network, log: log.named("pex") });
  const engine = buildEngine({ home, config, keys, chain, log, fatal });
  const reactors = buildReactors({ config, chain, databases, engine, network, log });
  const { blockSync, gossip } = reactors;
  const parts: RunningParts = { ...chain, engine, gossip, network, blockSync };
  const index = databases.index;
  const rpc = await startRpc({ parts, config, genesis, keys, stops, index, fatal });
  const api = await startApi({ router: rpc.router, config, stops });
  await network.start();
  stops.push(() => network.stop());
  pex?.start();
  stops.push(() => pex?.stop());
  const follow = followChain({
    chain,
    engine,
    reactors,
    hasPeers:
      config.string("p2p.persistent_peers") !== "" || config.string("p2p.comet_peers") !== "",
    pex,
    sync: { config, genesis, log, signed },
  });
  follow.started.catch(fatal);
  stops.push(follow.stop);
  log.info("node is up", {
    id: keys.nodeId,
    rpc: rpc.port,
    rest: api.rest ?? "off",
    grpc: api.grpc ?? "off",
  });
  return { nodeId: keys.nodeId, rpcPort: rpc.port, restPort: api.rest, grpcPort: api.grpc };
}

interface Reactors {
  readonly gossip: ConsensusReactor;
  readonly evidenceGossip: EvidenceReactor;
  readonly blockSync: BlockSync;
  readonly stateSync: StateSync;
}

/** Each registers its channels with the network, so all are made before it starts. */
function buildReactors(parts: {
  readonly config: Config;
  readonly chain: Chain;
  readonly databases: Databases;
  readonly engine: ConsensusEngine;
  readonly network: PeerNetwork;
  readonly log: Logger;
}): Reactors {
  const { config, chain, engine, network, log } = parts;
  const { writes } = parts.databases;
  const { blocks, executor, mempool, evidence } = chain;
  const shared = { network, clock: machineClock };
  const gossip = new ConsensusReactor({ ...shared, engine, blocks, log: log.named("consensus") });
  const maxTxBytes = config.number("mempool.max_tx_bytes");
  if (config.boolean("mempool.broadcast")) {
    new MempoolReactor({ ...shared, mempool, maxTxBytes, log: log.named("mempool") });
  }
  const evidenceGossip = new EvidenceReactor({
    ...shared,
    pool: evidence,
    log: log.named("evidence"),
  });
  const syncLog = log.named("blocksync");
  const blockSync = new BlockSync({ ...shared, blocks, executor, writes, log: syncLog });
  const bytesPerSecond = config.number("statesync.serve_rate");
  const named = log.named("statesync");
  const stateSync = new StateSync({ ...shared, app: chain.app, bytesPerSecond, log: named });
  return { gossip, evidenceGossip, blockSync, stateSync };
}

interface FollowParts {
  readonly chain: Chain;
  readonly engine: ConsensusEngine;
  readonly reactors: Reactors;
  /** Peers that the configuration names. */
  readonly hasPeers: boolean;
  readonly pex: PexReactor | undefined;
  readonly sync: Parameters<typeof openTrustedChain>[0] & {
    /** What the validator had signed before this start. */
    readonly signed: Omit<Parameters<typeof refuseFreshSignState>[0], "state">;
  };
}

/** From a snapshot, if wanted, then block by block, then in consensus; in the background. */
function followChain(parts: FollowParts): {
  readonly started: Promise<void>;
  readonly stop: () => Promise<void>;
} {
  const { chain, engine, reactors, hasPeers, pex } = parts;
  let isStopped = false;
  const begin = async (): Promise<void> => {
    const isSearching = pex?.knowsPeers ?? false;
    if (isSearching && !hasPeers) await pex?.peerFound(firstPeerMs);
    if (isStopped) return;
    await restoreSnapshot(parts);
    if (isStopped) return;
    const asksPeers = hasPeers || isSearching;
    const state = asksPeers ? await reactors.blockSync.run(chain.state()) : chain.state();
    if (isStopped) return;
    engine.start(state);
    reactors.gossip.start();
    reactors.evidenceGossip.start();
  };
  const stop = async (): Promise<void> => {
    isStopped = true;
    reactors.stateSync.stop();
    await reactors.blockSync.stop();
    reactors.gossip.stop();
    reactors.evidenceGossip.stop();
    await engine.stop();
  };
  return { started: begin(), stop };
}

/** A node that has a state goes on from it, whatever its configuration says of state sync. */
async function restoreSnapshot({ chain, reactors, sync }: FollowParts): Promise<void> {
  const { config, log } = sync;
  if (!config.boolean("statesync.enable") || chain.states.load()) return;
  const trusted = await openTrustedChain(sync);
  const discoveryMs = config.number("statesync.discovery_time");
  const synced = await reactors.stateSync.run({ chain: trusted, discoveryMs });
  refuseFreshSignState({ ...sync.signed, state: synced.state });
  await chain.adopt(synced);
  log.info("state synced", { height: synced.state.lastBlockHeight });
}

function readGenesis(home: string): GenesisDoc {
  const file = homePaths(home).genesis;
  if (!existsSync(file)) throw new ConfigError([`${file} does not exist; see gonkad init`]);
  return parseGenesis(readFileSync(file, "utf8"));
}

function buildNetwork(parts: {
  readonly config: Config;
  readonly genesis: GenesisDoc;
  readonly keys: NodeKeys;
  readonly log: Logger;
}): PeerNetwork {
  const { config, genesis, keys, log } = parts;
  const { host, port } = config.address("p2p.laddr");
  const persistentPeers = list(config.string("p2p.persistent_peers"));
  return new PeerNetwork({
    seed: keys.nodeSeed,
    identity: {
      chainId: genesis.chainId,
      moniker: config.string("moniker"),
      version: appVersion,
      appVersion: genesis.consensusParams.version.app,
      listenAddress: `tcp://${host}:${port}`,
      rpcAddress: config.string("rpc.laddr"),
    },
    listen: [`/${host.includes(":") ? "ip6" : "ip4"}/${host}/tcp/${port}`],
    persistentPeers,
    ...cometWire(config),
    limits: {
      maxInboundPeers: config.number("p2p.max_num_inbound_peers"),
      maxInboundPerIp: config.number("p2p.max_num_inbound_peers_per_ip"),
    },
    log: log.named("p2p"),
  });
}

/** QUIC and CometBFT's protocol, where the configuration has an address or a peer for them. */
function cometWire(config: Config): Pick<NetworkOptions, "comet"> {
  const [laddr, peers] = ["p2p.comet_laddr", "p2p.comet_peers"].map((key) => config.list(key));
  if (!laddr || !peers || laddr.length + peers.length === 0) return {};
  if (laddr.length === 0) return { comet: { listen: [], peers } };
  const { host, port } = config.address("p2p.comet_laddr");
  const kind = host.includes(":") ? "ip6" : "ip4";
  return { comet: { listen: [`/${kind}/${host}/udp/${port}/quic-v1`], peers } };
}

const list = (text: string): string[] =>
  text
    .split(",")
    .map((part) => part.trim())
    .filter((part) => part !== "");

function buildEngine(parts: {
  readonly home: string;
  readonly config: Config;
  readonly keys: NodeKeys;
  readonly chain: Chain;
  readonly log: Logger;
  readonly fatal: (error: unknown) => void;
}): ConsensusEngine {
  const { home, config, keys, chain, fatal } = parts;
  const log = parts.log.named("consensus");
  const paths = homePaths(home);
  const wal = Wal.open({ disk: new FolderLogDisk(paths.wal), clock: machineClock, log });
  const ms = (name: string) => config.number(`consensus.${name}`);
  const engine = new ConsensusEngine({
    executor: chain.executor,
    blocks: chain.blocks,
    evidence: chain.evidence,
    clock: machineClock,
    log,
    wal,
    signer: openSigner(paths.privValidatorState, keys, chain.state()),
    timeouts: {
      proposeMs: ms("timeout_propose"),
      proposeDeltaMs: ms("timeout_propose_delta"),
      prevoteMs: ms("timeout_prevote"),
      prevoteDeltaMs: ms("timeout_prevote_delta"),
      precommitMs: ms("timeout_precommit"),
      precommitDeltaMs: ms("timeout_precommit_delta"),
      commitMs: ms("timeout_commit"),
      skipCommitWait: config.boolean("consensus.skip_timeout_commit"),
    },
    idle: idlePolicy(config, chain),
    fatal,
  });
  chain.mempool.onAdded(() => engine.txsAvailable());
  return engine;
}

function idlePolicy(config: Config, { mempool }: Chain): IdlePolicy | undefined {
  if (config.boolean("consensus.create_empty_blocks")) return undefined;
  const intervalMs = config.number("consensus.create_empty_blocks_interval");
  return { hasTxs: () => mempool.size > 0, intervalMs };
}

function openSigner(file: string, { validator }: NodeKeys, state: ChainState): LocalSigner {
  const { lastBlockHeight: lastHeight, lastValidators, validators, nextValidators } = state;
  const sets = [lastValidators, validators, nextValidators];
  const isValidator = sets.some((set) => set.byAddress(validator.address));
  return new LocalSigner(validator, openSignState(file, { lastHeight, isValidator }));
}
