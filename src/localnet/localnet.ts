/** A localnet that runs: nodes and hosts as processes, their endpoints, their end. */
import { existsSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import path from "node:path";
import { fileURLToPath } from "node:url";
import type { KeyInfo } from "../cli/keys/keyring.ts";
import {
  type Definition,
  DefinitionError,
  defaultDefinitionFile,
  type Overrides,
  readDefinition,
} from "./definition.ts";
import { type Plan, type PlannedHost, type PlannedNode, planDefinition } from "./plan.ts";
import { LocalnetProcess } from "./process.ts";
import { isWritten, replaceFile, writeHomes } from "./write-homes.ts";

/** Ctrl-C ends everything within two seconds: this is what processes get before SIGKILL. */
const stopGraceMs = 1000;
const maxPortShifts = 20;
const program = fileURLToPath(new URL("../../bin/gonkad.mjs", import.meta.url));

export interface LocalnetSettings extends Overrides {
  readonly home: string;
  /** The definition; localnet/default.toml when absent. */
  readonly file?: string | undefined;
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
    const { onCrash } = settings;
    this.nodes = new Map(plan.nodes.map((node) => [node.name, nodeProcess(node, onCrash)]));
    const host = (planned: PlannedHost) => hostProcess(plan, planned, onCrash);
    this.hosts = new Map(plan.hosts.map((planned) => [planned.name, host(planned)]));
  }

  /** Finds free ports and writes what is missing on disk. Throws DefinitionError. */
  static async prepare(settings: LocalnetSettings): Promise<Localnet> {
    const home = path.resolve(settings.home);
    const definition = readDefinition(settings.file ?? defaultDefinitionFile, settings);
    refuseWhileRunning(home);
    if (settings.isReset) rmSync(home, { recursive: true, force: true });
    mkdirSync(home, { recursive: true });
    const plan = await planWithFreePorts(definition, home);
    const isContinued = isWritten(plan);
    const keys = await writeHomes(plan);
    return new Localnet({ plan, keys, settings, isContinued });
  }

  /** Starts every process. */
  start(): void {
    for (const node of this.nodes.values()) node.start();
    for (const host of this.hosts.values()) host.start();
    this.writeDescription();
  }

  /** Ends every process; resolves when all are gone. */
  async stop(): Promise<void> {
    const all = [...this.hosts.values(), ...this.nodes.values()];
    await Promise.all(all.map((process) => process.stop(stopGraceMs)));
    this.writeDescription();
  }

  /** Writes localnet.json: endpoints, accounts, and the pids of what runs now. */
  writeDescription(): void {
    replaceFile(descriptionFile(this.plan.home), `${JSON.stringify(this.describe(), null, 2)}\n`);
  }

  /** What localnet.json says. No secrets. A process that does not run has pid null. */
  describe(): object {
    const { plan } = this;
    return {
      chain_id: plan.chainId,
      home: plan.home,
      keyring_backend: "test",
      pid: [...this.nodes.values()].some(({ isRunning }) => isRunning) ? process.pid : null,
      nodes: plan.nodes.map((node) => ({
        name: node.name,
        home: node.home,
        rpc: `http://127.0.0.1:${node.rpcPort}`,
        rest: `http://127.0.0.1:${node.restPort}`,
        grpc: `127.0.0.1:${node.grpcPort}`,
        p2p_port: node.p2pPort,
        pid: this.nodes.get(node.name)?.pid ?? null,
        log: this.nodes.get(node.name)?.logFile,
      })),
      hosts: plan.hosts.map((host) => ({
        name: host.name,
        operator: this.keys.get(host.operator)?.address,
        worker: this.keys.get(host.worker)?.address,
        node: host.node.name,
        nonces: host.nonces,
        pid: this.hosts.get(host.name)?.pid ?? null,
        log: this.hosts.get(host.name)?.logFile,
      })),
      accounts: plan.keys.map(({ name, gnk }) => ({
        name,
        address: this.keys.get(name)?.address,
        hd_path: this.keys.get(name)?.hdPath,
        gnk: String(gnk),
      })),
    };
  }
}

const descriptionFile = (home: string): string => path.join(home, "localnet.json");

/** Two localnets in one home would fight for its databases; --reset would wipe a living one. */
function refuseWhileRunning(home: string): void {
  const pid = runningPid(descriptionFile(home));
  if (pid === undefined || pid === process.pid) return;
  throw new DefinitionError([
    `${home}: process ${pid} runs a localnet there; stop it, or use another --home ` +
      "(if that process is something else, delete localnet.json)",
  ]);
}

function runningPid(file: string): number | undefined {
  try {
    const { pid } = JSON.parse(readFileSync(file, "utf8")) as { readonly pid?: unknown };
    if (typeof pid !== "number") return undefined;
    process.kill(pid, 0);
    return isZombie(pid) ? undefined : pid;
  } catch {
    return undefined; // No such file, or no such process.
  }
}

/** Killed, but not yet reaped by its parent: in containers that may take for ever. Linux only. */
function isZombie(pid: number): boolean {
  const commandLine = `/proc/${pid}/cmdline`;
  return existsSync(commandLine) && readFileSync(commandLine).length === 0;
}

type OnCrash = LocalnetSettings["onCrash"];

function nodeProcess({ name, home }: PlannedNode, onCrash: OnCrash): LocalnetProcess {
  const logFile = path.join(home, "node.log");
  return new LocalnetProcess({ name, logFile, args: [program, "start", "--home", home], onCrash });
}

function hostProcess(plan: Plan, host: PlannedHost, onCrash: OnCrash): LocalnetProcess {
  const stateDir = path.join(plan.home, host.name);
  const args = [program, "host", "--home", plan.home, "--keyring-backend", "test"];
  args.push("--node", `tcp://127.0.0.1:${host.node.rpcPort}`, "--chain-id", plan.chainId);
  args.push("--operator", host.operator, "--worker", host.worker, "--state-dir", stateDir);
  args.push("--max-nonces", String(host.nonces));
  return new LocalnetProcess({
    name: host.name,
    logFile: path.join(stateDir, "host.log"),
    args,
    onCrash,
  });
}

/** The plan whose ports are free: those of the definition, or a few shifts higher. */
async function planWithFreePorts(definition: Definition, home: string): Promise<Plan> {
  const { ports } = definition;
  for (let shift = 0; shift < maxPortShifts; shift++) {
    const plan = planDefinition(definition, { home, portOffset: shift * ports.shift });
    const wanted = plan.nodes.flatMap(({ p2pPort, rpcPort, restPort, grpcPort }) => [
      ...[p2pPort, rpcPort, restPort, grpcPort],
    ]);
    if (Math.max(...wanted) > 65_535) break;
    if (await areFree(wanted)) return plan;
  }
  throw new DefinitionError([
    `ports: none of ${maxPortShifts} ranges from ${ports.p2p}, ${ports.rpc}, ${ports.rest} and ` +
      `${ports.grpc} on is free; stop what uses them, or choose others in a definition (--file)`,
  ]);
}

async function areFree(ports: readonly number[]): Promise<boolean> {
  for (const port of ports) {
    if (!(await isFree(port))) return false;
  }
  return true;
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(false));
    server.listen({ port, host: "127.0.0.1", exclusive: true }, () => {
      server.close(() => resolve(true));
    });
  });
}
