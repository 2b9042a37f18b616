/** The localnet under load: homes, a genesis with the accounts that send, processes. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { ed25519PublicKey, nodeId } from "../../src/crypto/ed25519.ts";
import { defaultDefinitionFile } from "../../src/localnet/definition.ts";
import { addAccount, formatDraft, type GenesisDraft } from "../../src/localnet/genesis-edit.ts";
import { Localnet } from "../../src/localnet/localnet.ts";
import type { Plan } from "../../src/localnet/plan.ts";
import { LocalnetProcess } from "../../src/localnet/process.ts";
import { homePaths } from "../../src/node/home.ts";
import { editToml } from "../../test/support/real-net.ts";
import type { LoadOptions } from "./options.ts";
import type { Sender } from "./signed-txs.ts";

const program = fileURLToPath(new URL("../../bin/gonkad.mjs", import.meta.url));
const startTimeoutMs = 600_000;
/** What each account owns, in ngonka. */
const wealth = 1_000_000_000n;

export class LoadNet {
  readonly chainId: string;
  readonly rpcPorts: readonly number[];
  /** Account number of the first sender. */
  readonly firstNumber: number;
  readonly crashes: string[] = [];
  readonly #localnet: Localnet;
  readonly #nodes: readonly LocalnetProcess[];
  readonly #folder: string;
  readonly #isKept: boolean;

  private constructor(localnet: Localnet, options: LoadOptions, senders: readonly Sender[]) {
    this.#localnet = localnet;
    this.#isKept = options.home !== undefined;
    const { plan } = localnet;
    this.#folder = path.dirname(plan.home);
    this.chainId = plan.chainId;
    this.rpcPorts = plan.nodes.map(({ rpcPort }) => rpcPort);
    this.firstNumber = editGenesis(localnet, options, senders);
    if (options.dials > 0) dialInRing(plan, options.dials);
    this.#nodes = plan.nodes.map(({ name, home }, index) => {
      const profile = index === 0 && options.profile;
      const profiling = profile ? ["--cpu-prof", "--cpu-prof-dir", path.resolve(profile)] : [];
      return new LocalnetProcess({
        name,
        logFile: path.join(home, "node.log"),
        args: [...options.nodeOptions, ...profiling, program, "start", "--home", home],
        onCrash: (who, how) => this.crashes.push(`${who}: ${how}`),
      });
    });
  }

  static async prepare(options: LoadOptions, senders: readonly Sender[]): Promise<LoadNet> {
    const folder = options.home ?? mkdtempSync(path.join(tmpdir(), "gonka-load-"));
    const file = path.join(folder, "definition.toml");
    writeFileSync(file, definition(options));
    const localnet = await Localnet.prepare({
      home: path.join(folder, "net"),
      file,
      validators: options.validators,
      nonces: 1,
      isReset: true,
      onCrash: () => undefined,
    });
    return new LoadNet(localnet, options, senders);
  }

  /** Processes of the nodes, by name. */
  get pids(): ReadonlyMap<string, number> {
    const running = this.#nodes.flatMap(({ name, pid }) => (pid ? [[name, pid] as const] : []));
    return new Map(running);
  }

  /** Starts everything; resolves with the milliseconds until every node has the second block. */
  async start({ staggerMs, hasHosts }: LoadOptions): Promise<number> {
    const began = performance.now();
    for (const node of this.#nodes) {
      node.start();
      if (staggerMs > 0) await sleep(staggerMs);
    }
    if (hasHosts) for (const host of this.#localnet.hosts.values()) host.start();
    for (const port of this.rpcPorts) {
      while ((await heightOf(port)) < 2) {
        if (this.crashes.length > 0) throw new Error(this.crashes.join("; "));
        if (performance.now() - began > startTimeoutMs) throw new Error("no second block");
        await sleep(100);
      }
    }
    return performance.now() - began;
  }

  /** Ends every process; a profile is written by its own, which takes a while. */
  async stop(): Promise<void> {
    const hosts = [...this.#localnet.hosts.values()];
    await Promise.all([...hosts, ...this.#nodes].map((process) => process.stop(20_000)));
    if (!this.#isKept) rmSync(this.#folder, { recursive: true, force: true });
  }
}

/** The usual localnet on ports of this process: another one may run on the machine. */
function definition({ timeoutCommit, timeoutSteps }: LoadOptions): string {
  const base = 20_000 + (process.pid % 24) * 500; // Below what the system gives away.
  const steps = ["p2p", "rpc", "rest", "grpc"].map((name, index) => [name, base + index] as const);
  let text = readFileSync(defaultDefinitionFile, "utf8");
  for (const [name, port] of steps) {
    text = text
      .replace(new RegExp(`^${name} = \\d+$`, "m"), `${name} = ${port}`)
      .replace(new RegExp(`^${name}_step = \\d+$`, "m"), `${name}_step = 4`);
  }
  for (const step of timeoutSteps ? ["propose", "prevote", "precommit"] : []) {
    text = text.replace(
      new RegExp(`^timeout_${step} = .*$`, "m"),
      `timeout_${step} = "${timeoutSteps}"`,
    );
  }
  return text.replace(/^timeout_commit = .*$/m, `timeout_commit = "${timeoutCommit}"`);
}

/**
 * Validator i dials the i-th plus 1, plus a stride, plus its square and so on: few connections
 * each, few hops to everybody. Nobody looks for more.
 */
function dialInRing({ nodes }: Plan, dials: number): void {
  const stride = Math.max(2, Math.round(nodes.length ** (1 / dials)));
  for (const [index, { home }] of nodes.entries()) {
    const peers = Array.from({ length: dials }, (_, n) => {
      const peer = nodes[(index + stride ** n) % nodes.length];
      return peer && `${nodeId(ed25519PublicKey(peer.nodeSeed))}@127.0.0.1:${peer.p2pPort}`;
    });
    const persistent_peers = `"${peers.join(",")}"`;
    editToml(homePaths(home).configToml, "p2p", {
      persistent_peers,
      pex: "false",
      max_num_inbound_peers_per_ip: "0", // All are of this machine.
    });
  }
}

/** Adds the senders and the room for their blocks; returns the first one's account number. */
function editGenesis({ plan }: Localnet, options: LoadOptions, senders: readonly Sender[]): number {
  const file = path.join(plan.home, "genesis.json");
  const draft = JSON.parse(readFileSync(file, "utf8")) as GenesisDraft;
  const { accounts } = draft.app_state.auth as { accounts: unknown[] };
  const firstNumber = accounts.length;
  for (const { address } of senders) {
    addAccount(draft, address, [{ denom: "ngonka", amount: wealth }]);
  }
  Object.assign(draft.consensus_params.block as object, { max_gas: String(options.blockGas) });
  const text = formatDraft(draft);
  for (const { home } of plan.nodes) writeFileSync(homePaths(home).genesis, text);
  writeFileSync(file, text);
  return firstNumber;
}

async function heightOf(port: number): Promise<number> {
  try {
    const response = await fetch(`http://127.0.0.1:${port}/status`);
    const { result } = (await response.json()) as {
      result: { sync_info: { latest_block_height: string } };
    };
    return Number(result.sync_info.latest_block_height);
  } catch {
    return -1;
  }
}
