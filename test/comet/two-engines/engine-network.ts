/**
 * One network of CometBFT nodes in libp2p mode and gonka-ts nodes, as processes that a test can
 * kill. Everything lives in a temporary folder; ports follow from the pid of the test.
 */
import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { generateKeyPairFromSeed } from "@libp2p/crypto/keys";
import { ed25519PublicKey, nodeId } from "../../../src/crypto/ed25519.ts";
import { sha256 } from "../../../src/crypto/hash.ts";
import { toBase64, utf8 } from "../../../src/encoding/bytes.ts";
import { formatConfig } from "../../../src/node/config.ts";
import { homePaths } from "../../../src/node/home.ts";
import { writeKeys } from "../../../src/node/keys.ts";
import { EngineNode, type Kind } from "./engine-node.ts";

/** A node to be: which engine, and whether it is a validator. */
export interface Plan {
  readonly name: string;
  readonly kind: Kind;
  readonly isValidator: boolean;
  /** Names of the peers it keeps up connections to; all validators when left out. */
  readonly peers?: readonly string[];
}

interface Options {
  readonly binary: string;
  readonly plans: readonly Plan[];
  /** Flags of gonkad start. */
  readonly gonkaArgs: readonly string[];
  /** What CometBFT's --proxy_app is: a built-in application, or gonkad behind a socket. */
  readonly cometApp: "kvstore" | "socket";
  readonly timeoutCommit: string;
  /** Further fields of the genesis document. */
  readonly genesis?: Readonly<Record<string, unknown>>;
  /** Consensus keys of the validators by name; derived from the name when left out. */
  readonly validatorSeed?: (name: string) => Uint8Array;
}

interface Placed extends Plan {
  readonly port: number;
  readonly nodeSeed: Uint8Array;
  readonly validatorSeed: Uint8Array;
  readonly peerId: string;
}

/** Ports of one node: p2p, QUIC (the same number), rpc, ABCI, REST, gRPC of the application. */
const portsEach = 8;

export class EngineNetwork {
  readonly home = mkdtempSync(path.join(tmpdir(), "gonka-engines-"));
  readonly #options: Options;
  readonly #nodes = new Map<string, EngineNode>();

  private constructor(options: Options) {
    this.#options = options;
  }

  /** Writes all homes; starts nothing. */
  static async prepare(options: Options): Promise<EngineNetwork> {
    const network = new EngineNetwork(options);
    await network.#writeHomes();
    return network;
  }

  node(name: string): EngineNode {
    const node = this.#nodes.get(name);
    if (!node) throw new Error(`no node ${name}`);
    return node;
  }

  get nodes(): readonly EngineNode[] {
    return [...this.#nodes.values()];
  }

  async stop(): Promise<void> {
    await Promise.all(this.nodes.map((node) => node.end("SIGTERM")));
    if (process.env.KEEP_HOMES !== "1") rmSync(this.home, { recursive: true, force: true });
  }

  async #writeHomes(): Promise<void> {
    const base = await freePorts(this.#options.plans.length * portsEach);
    const placed = await Promise.all(
      this.#options.plans.map((plan, n) => this.#place(plan, base + n * portsEach)),
    );
    const genesis = this.#genesis(placed);
    for (const one of placed) {
      const home = path.join(this.home, one.name);
      const peers = placed.filter(({ name, isValidator }) => {
        return name !== one.name && (one.peers ? one.peers.includes(name) : isValidator);
      });
      if (one.kind === "comet") this.#writeComet(home, one, peers);
      else writeGonka(home, one, peers, this.#options.timeoutCommit);
      for (const each of one.kind === "comet" ? [home, `${home}-app`] : [home]) {
        mkdirSync(path.join(each, "config"), { recursive: true });
        writeFileSync(homePaths(each).genesis, genesis);
        if (each !== home || one.kind === "gonka") writeAppToml(each);
      }
      writeKeys(home, one);
      const { gonkaArgs, cometApp, binary } = this.#options;
      const { name, kind, isValidator, port } = one;
      this.#nodes.set(
        name,
        new EngineNode({ name, kind, isValidator, home, port, binary, gonkaArgs, cometApp }),
      );
    }
  }

  async #place(plan: Plan, port: number): Promise<Placed> {
    const nodeSeed = sha256(utf8(`node ${plan.name}`));
    const key = await generateKeyPairFromSeed("Ed25519", nodeSeed);
    const validatorSeed =
      this.#options.validatorSeed?.(plan.name) ?? sha256(utf8(`validator ${plan.name}`));
    return { ...plan, port, nodeSeed, validatorSeed, peerId: key.publicKey.toString() };
  }

  #genesis(placed: readonly Placed[]): string {
    const validators = placed
      .filter(({ isValidator }) => isValidator)
      .map(({ name, validatorSeed }) => {
        const value = toBase64(ed25519PublicKey(validatorSeed));
        return { name, power: "10", pub_key: { type: "tendermint/PubKeyEd25519", value } };
      });
    return JSON.stringify({
      genesis_time: new Date(Date.now() - 1_000).toISOString(),
      chain_id: "two-engines",
      initial_height: "1",
      consensus_params: {
        block: { max_bytes: "4194304", max_gas: "-1" },
        evidence: {
          max_age_num_blocks: "100000",
          max_age_duration: "172800000000000",
          max_bytes: "1048576",
        },
        validator: { pub_key_types: ["ed25519"] },
        version: { app: "0" },
        abci: { vote_extensions_enable_height: "0" },
      },
      validators,
      app_hash: "",
      ...this.#options.genesis,
    });
  }

  #writeComet(home: string, { port, name }: Placed, peers: readonly Placed[]): void {
    execFileSync(this.#options.binary, ["init", "--home", home], { stdio: "ignore" });
    rmSync(homePaths(home).nodeKey);
    rmSync(homePaths(home).privValidatorKey);
    const file = path.join(home, "config", "config.toml");
    const bootstrap = peers.map(
      (peer) => `{ host = "127.0.0.1:${peer.port}", id = "${peer.peerId}", persistent = true }`,
    );
    const text = readFileSync(file, "utf8")
      .replace(/^moniker = .*$/m, `moniker = "${name}"`)
      .replace('"tcp://127.0.0.1:26657"', `"tcp://127.0.0.1:${port + 1}"`)
      .replace('"tcp://0.0.0.0:26656"', `"tcp://127.0.0.1:${port}"`)
      .replace(/^timeout_commit = .*$/m, `timeout_commit = "${this.#options.timeoutCommit}"`)
      // The template writes bootstrap_peers at the end of a comment (config/toml.go).
      .replace(
        "# Enabled set true to use go-libp2p for networking instead of CometBFT's p2p.\nenabled = false",
        `enabled = true\nbootstrap_peers = [${bootstrap.join(", ")}]`,
      );
    writeFileSync(file, text);
  }
}

/** Below the range from which the system gives ports to whoever connects. */
const [firstPort, endOfPorts] = [20_000, 28_000];

/**
 * The first of so many ports that nobody listens on: a node of a run that was killed would answer
 * in place of one of ours.
 */
async function freePorts(count: number): Promise<number> {
  const slots = Math.floor((endOfPorts - firstPort) / count);
  for (let tried = 0; tried < slots; tried++) {
    const base = firstPort + ((process.pid + tried) % slots) * count;
    const ports = Array.from({ length: count }, (_, n) => base + n);
    const free = await Promise.all(ports.map(isFree));
    if (free.every(Boolean)) return base;
  }
  throw new Error(`no ${count} free ports from ${firstPort} to ${endOfPorts}`);
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer();
  const listening = once(server.listen(port, "127.0.0.1"), "listening").then(() => true);
  const isFree = await listening.catch(() => false);
  server.close();
  return isFree;
}

function writeGonka(
  home: string,
  { name, port }: Placed,
  peers: readonly Placed[],
  timeoutCommit: string,
): void {
  const own = peers
    .filter(({ kind }) => kind === "gonka")
    .map((peer) => `${nodeId(ed25519PublicKey(peer.nodeSeed))}@127.0.0.1:${peer.port}`);
  const comet = peers
    .filter(({ kind }) => kind === "comet")
    .map((peer) => `${peer.peerId}@127.0.0.1:${peer.port}`);
  mkdirSync(path.join(home, "config"), { recursive: true });
  const config = formatConfig("config", {
    moniker: name,
    log_level: process.env.LOG_LEVEL ?? "info",
    log_format: "json",
    "rpc.laddr": `tcp://127.0.0.1:${port + 1}`,
    "p2p.laddr": `tcp://127.0.0.1:${port}`,
    "p2p.comet_laddr": `tcp://127.0.0.1:${port}`,
    "p2p.comet_peers": comet.join(","),
    "p2p.persistent_peers": own.join(","),
    "consensus.timeout_commit": timeoutCommit,
  });
  writeFileSync(path.join(home, "config", "config.toml"), config);
}

function writeAppToml(home: string): void {
  const app = formatConfig("app", { "api.enable": false, "grpc.enable": false });
  writeFileSync(path.join(home, "config", "app.toml"), app);
}
