/** State sync of a node: the light client that its configuration describes. */
import { rmSync } from "node:fs";
import type { ConsensusParams } from "cosmjs-types/tendermint/types/params";
import { parseHex } from "../encoding/bytes.ts";
import { LightClient } from "../light/client.ts";
import { MemoryTrustedStore } from "../light/memory-store.ts";
import { RpcProvider } from "../light/rpc-provider.ts";
import type { TrustedChain } from "../statesync/expected.ts";
import { LightChain } from "../statesync/light-chain.ts";
import type { ChainState } from "../types/chain-state.ts";
import type { GenesisDoc } from "../types/genesis/genesis.ts";
import { JsonNode } from "../types/genesis/json-node.ts";
import { readConsensusParams } from "../types/genesis/params-json.ts";
import { evidenceJson } from "../types/json/block.ts";
import { machineClock } from "./clock.ts";
import { type Config, ConfigError } from "./config.ts";
import type { Logger } from "./logger.ts";

const nanosPerMilli = 1_000_000n;
const maxClockDriftNanos = 10_000n * nanosPerMilli;
const hashBytes = 32;

/** What peers' snapshots are held against. Throws ConfigError, LightClientError, ProviderError. */
export async function openTrustedChain(parts: {
  readonly config: Config;
  readonly genesis: GenesisDoc;
  readonly log: Logger;
}): Promise<TrustedChain> {
  const { config, genesis, log } = parts;
  const { height, hash, servers } = readTrust(config);
  const providers = servers.map((url) => new RpcProvider({ url, evidenceJson: attackJson }));
  const [primary, ...witnesses] = providers;
  if (!primary) throw new Error("readTrust has seen two servers");
  const client = await LightClient.start({
    assumptions: {
      chainId: genesis.chainId,
      trustingPeriodNanos: BigInt(config.number("statesync.trust_period")) * nanosPerMilli,
      maxClockDriftNanos,
      trustLevel: { numerator: 1n, denominator: 3n },
    },
    primary,
    witnesses,
    store: new MemoryTrustedStore(),
    clock: {
      now: () => machineClock.now(),
      sleep: (nanos) =>
        new Promise((resolve) => machineClock.after(Number(nanos / nanosPerMilli), resolve)),
    },
    log,
    trust: { height, hash },
  });
  const { initialHeight } = genesis;
  return new LightChain({ client, initialHeight, params: (at) => fetchParams(primary, at) });
}

const attackJson: ConstructorParameters<typeof RpcProvider>[0]["evidenceJson"] = (attack) =>
  evidenceJson({ lightClientAttackEvidence: attack });

/** Total: what comes back is read as a genesis document is, and held against a header later. */
async function fetchParams(provider: RpcProvider, height: bigint): Promise<ConsensusParams> {
  const answer = await provider.call("consensus_params", { height: String(height) });
  return readConsensusParams(new JsonNode("consensus_params", answer.consensus_params));
}

function readTrust(config: Config) {
  const problems: string[] = [];
  const servers = config.list("statesync.rpc_servers").map(httpUrl);
  if (servers.length < 2) problems.push("statesync.rpc_servers: name at least two nodes");
  const height = BigInt(config.number("statesync.trust_height"));
  if (height <= 0n) problems.push("statesync.trust_height: give the height of a block you trust");
  const hash = parseHex(config.string("statesync.trust_hash"));
  if (hash?.length !== hashBytes) problems.push("statesync.trust_hash: 64 hex digits");
  if (problems.length > 0 || !hash) throw new ConfigError(problems);
  return { height, hash, servers };
}

const httpUrl = (server: string): string =>
  /^https?:/.test(server) ? server : `http://${server.replace(/^tcp:\/\//, "")}`;

/**
 * A validator that joins by a snapshot must have its sign state from before: a fresh one would let
 * it sign again what it has signed (spec/consensus.md, S3). Throws ConfigError, and takes the fresh
 * file away, so that a restart does not pass either.
 */
export function refuseFreshSignState(parts: {
  readonly file: string;
  readonly wasThere: boolean;
  readonly address: Uint8Array;
  readonly state: ChainState;
}): void {
  const { file, wasThere, address, state } = parts;
  const sets = [state.lastValidators, state.validators, state.nextValidators];
  if (wasThere || !sets.some((set) => set.byAddress(address))) return;
  rmSync(file, { force: true });
  const height = state.lastBlockHeight + 2n;
  throw new ConfigError([
    `${file} is missing, and this key validates: bring back its last copy; or, with a height ` +
      "above everything that it may have signed, write " +
      `{"height": "${height}", "round": 0, "step": 3}`,
  ]);
}
