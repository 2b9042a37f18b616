/** A localnet that runs: nodes and hosts as processes, their endpoints, their end. */
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import path from "node:path";
import type { KeyInfo } from "../cli/keys/keyring.ts";
import { type Plan, type PlannedHost, type PlannedNode, planLocalnet } from "./plan.ts";
import { LocalnetProcess } from "./process.ts";
import { isWritten, writeConfig, writeHomes, writeKeyring } from "./write-homes.ts";

/** Ctrl-C ends everything within two seconds: this is what processes get before SIGKILL. */
const stopGraceMs = 1500;
/** Another place for the ports when one of them is taken. */
const portShift = 1000;
const maxPortShifts = 20;

export interface LocalnetSettings {
  readonly home: string;
  readonly validators: number;
  readonly nonces: number;
  /** Nonces of single hosts, by name. */
  readonly noncesOf: ReadonlyMap<string, number>;
  readonly isReset: boolean;
  readonly onCrash: (name: string, how: string) => void;
}

export class Localnet {
  readonly plan: Plan;
  readonly keys: ReadonlyMap<string, KeyInfo>;
  readonly nodes: ReadonlyMap<string, LocalnetProcess>;
  readonly hosts: ReadonlyMap<string, LocalnetProcess>;
  /** Whether an earlier localnet goes on. */
  readonly isContinued: boolean;

  private constructor(parts: {
    readonly plan: Plan;
    readonly keys: ReadonlyMap<string, KeyInfo>;
    readonly settings: LocalnetSettings;
    readonly isContinued: boolean;
  }) {
    const { plan, keys, settings } = parts;
    this.plan = plan;
    this.keys = keys;
    this.isContinued = parts.isContinued;
    this.nodes = new Map(plan.nodes.map((node) => [node.name, nodeProcess(node, settings)]));
    const host = (planned: PlannedHost) => hostProcess(plan, planned, settings);
    this.hosts = new Map(plan.hosts.map((planned) => [planned.name, host(planned)]));
  }

  /** Finds free ports and writes what is missing on disk. */
  static async prepare(settings: LocalnetSettings): Promise<Localnet> {
    const { home, validators, nonces } = settings;
    if (settings.isReset) rmSync(home, { recursive: true, force: true });
    mkdirSync(home, { recursive: true });
    const portOffset = await freePortOffset(settings);
    const plan = planLocalnet({ home: path.resolve(home), validators, portOffset, nonces });
    const isContinued = isWritten(plan);
    await writeHomes(plan);
    for (const node of plan.nodes) writeConfig(plan, node);
    const keys = await writeKeyring(plan);
    return new Localnet({ plan, keys, settings, isContinued });
  }

  /** Starts every process and writes localnet.json. */
  start(): void {
    for (const node of this.nodes.values()) node.start();
    for (const host of this.hosts.values()) host.start();
    writeFileSync(
      path.join(this.plan.home, "localnet.json"),
      `${JSON.stringify(this.describe(), null, 2)}\n`,
    );
  }

  /** Ends every process; resolves when all are gone. */
  async stop(): Promise<void> {
    const all = [...this.hosts.values(), ...this.nodes.values()];
    await Promise.all(all.map((process) => process.stop(stopGraceMs)));
  }

  /** What localnet.json says. No secrets: the mnemonic is in the documentation. */
  describe(): object {
    const { plan } = this;
    return {
      chain_id: plan.chainId,
      home: plan.home,
      keyring_backend: "test",
      nodes: plan.nodes.map((node) => ({
        name: node.name,
        home: node.home,
        rpc: `http://127.0.0.1:${node.rpcPort}`,
        rest: `http://127.0.0.1:${node.restPort}`,
        p2p_port: node.p2pPort,
        pid: this.nodes.get(node.name)?.pid,
        log: this.nodes.get(node.name)?.logFile,
      })),
      hosts: plan.hosts.map((host) => ({
        name: host.name,
        operator: this.keys.get(host.operator)?.address,
        worker: this.keys.get(host.worker)?.address,
        node: host.node.name,
        pid: this.hosts.get(host.name)?.pid,
        log: this.hosts.get(host.name)?.logFile,
      })),
      accounts: plan.keys.map(({ name, index, gnk }) => ({
        name,
        address: this.keys.get(name)?.address,
        hd_path: `m/44'/118'/0'/0/${index}`,
        gnk: String(gnk),
      })),
    };
  }
}

function nodeProcess(node: PlannedNode, { onCrash }: LocalnetSettings): LocalnetProcess {
  const logFile = path.join(node.home, "node.log");
  return new LocalnetProcess({
    name: node.name,
    logFile,
    args: ["start", "--home", node.home],
    onCrash,
  });
}

function hostProcess(
  plan: Plan,
  host: PlannedHost,
  { onCrash, noncesOf }: LocalnetSettings,
): LocalnetProcess {
  const stateDir = path.join(plan.home, host.name);
  const args = ["host", "--home", plan.home, "--keyring-backend", "test"];
  args.push("--node", `tcp://127.0.0.1:${host.node.rpcPort}`, "--chain-id", plan.chainId);
  args.push("--operator", host.operator, "--worker", host.worker, "--state-dir", stateDir);
  args.push("--max-nonces", String(noncesOf.get(host.name) ?? host.nonces));
  const logFile = path.join(stateDir, "host.log");
  return new LocalnetProcess({ name: host.name, logFile, args, onCrash });
}

async function freePortOffset({ home, validators, nonces }: LocalnetSettings): Promise<number> {
  for (let shift = 0; shift < maxPortShifts; shift++) {
    const portOffset = shift * portShift;
    const plan = planLocalnet({ home, validators, nonces, portOffset });
    const ports = plan.nodes.flatMap(({ p2pPort, rpcPort, restPort }) => [
      p2pPort,
      rpcPort,
      restPort,
    ]);
    const taken = await Promise.all(ports.map(isTaken));
    if (!taken.includes(true)) return portOffset;
  }
  throw new Error(`no free ports: tried ${maxPortShifts} ranges from 26656 on`);
}

function isTaken(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: "127.0.0.1" });
    socket.once("connect", () => {
      socket.destroy();
      resolve(true);
    });
    socket.once("error", () => resolve(false));
  });
}
