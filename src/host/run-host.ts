/**
 * Runs the host agent: builds the parts, looks at the chain again and again, and stops when told
 * to. The node may come and go; the agent waits and goes on (spec/host.md, "Running").
 */
import { mkdir, rename, writeFile } from "node:fs/promises";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { parseBech32 } from "../encoding/bech32.ts";
import { ChainClient } from "./chain-client.ts";
import { type EngineChoice, openHostEngine } from "./engine/open-engine.ts";
import type { Log } from "./expected.ts";
import { jsonLog, plain } from "./log.ts";
import { type AgentStatus, SprintAgent } from "./sprint-agent.ts";

/** What a host agent is told. */
export interface HostConfig extends EngineChoice {
  /** RPC of any node of the network, such as http://127.0.0.1:26657. */
  readonly rpcUrl: string;
  readonly chainId: string;
  /** Bech32 address of the operator account that is registered as a host. */
  readonly operator: string;
  /** Secret secp256k1 key of the worker account, 32 bytes: it signs, and is the host key. */
  readonly workerKey: Uint8Array;
  /** Folder for the journal and status.json; made when it is missing. */
  readonly stateFolder: string;
  /** The most nonces to search in one Sprint; unlimited when absent. */
  readonly maxNonces?: bigint | undefined;
  /** The k of the tier to commit to; the chain's lowest when absent. */
  readonly tier?: number | undefined;
  /** Such as 0.025ngonka. */
  readonly gasPrice: string;
  /** Time between two looks at the chain; half a second when absent. */
  readonly pollMs?: number | undefined;
  /** Where log lines go: one JSON object each, without a line end. */
  readonly log: (line: string) => void;
}

const defaultPollMs = 500;
const backoffMaxMs = 10_000;
const u64End = 1n << 64n;

/** Resolves when the signal is aborted and everything has stopped. Throws on a malformed config. */
export async function runHost(config: HostConfig, signal: AbortSignal): Promise<void> {
  const { rpcUrl, chainId, operator, workerKey, stateFolder, gasPrice, tier } = config;
  const prefix = parseBech32(operator)?.prefix;
  if (prefix === undefined) throw new Error(`${operator} is not a bech32 address`);
  const maxNonces = config.maxNonces ?? u64End;
  if (maxNonces < 0n || maxNonces > u64End) throw new Error(`maxNonces ${maxNonces}`);
  const log = jsonLog(config.log);
  const chain = await ChainClient.create({ rpcUrl, chainId, prefix, workerKey, gasPrice });
  const { signer, hostKey } = chain;
  const engine = await openHostEngine(config, log);
  const settings = { chainId, operator, signer, hostKey, stateFolder, maxNonces, tier };
  const agent = new SprintAgent(settings, { chain, engine, log });
  await mkdir(stateFolder, { recursive: true });
  log.info("started", { chainId, operator, signer, hostKey, maxNonces });
  try {
    await follow(agent, { ...config, log }, signal);
  } finally {
    await agent.stop();
    await engine.close();
    chain.close();
    log.info("stopped");
  }
}

interface FollowSettings {
  readonly stateFolder: string;
  readonly pollMs?: number | undefined;
  readonly log: Log;
}

/** Ticks until the signal; failures slow it down, up to the longest backoff. */
async function follow(
  agent: SprintAgent,
  { stateFolder, pollMs = defaultPollMs, log }: FollowSettings,
  signal: AbortSignal,
): Promise<void> {
  let failures = 0;
  let shown = "";
  while (!signal.aborted) {
    try {
      const status = await agent.tick();
      if (failures > 0) log.info("node reachable again", { failures });
      failures = 0;
      shown = await showStatus(stateFolder, status, shown);
    } catch (error) {
      // Once when it begins, then at every doubling: a node may be away for hours.
      if (Number.isInteger(Math.log2(++failures))) {
        log.warn("tick failed", { failures, error: String(error) });
      }
    }
    const delayMs = Math.min(pollMs * 2 ** Math.min(failures, 16), backoffMaxMs);
    await sleep(Math.max(delayMs, pollMs), undefined, { signal }).catch(() => {});
  }
}

/** Writes status.json when something changed; a reader sees the old file or the new one. */
async function showStatus(
  folder: string,
  status: AgentStatus | undefined,
  shown: string,
): Promise<string> {
  const text = JSON.stringify(status ?? { note: "the chain has no blocks yet" }, plain);
  if (text === shown) return shown;
  const file = path.join(folder, "status.json");
  await writeFile(`${file}.new`, `${text}\n`);
  await rename(`${file}.new`, file);
  return text;
}
