/** A localnet of real processes under test: built program, own home, dev accounts. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { stringToPath } from "@cosmjs/crypto";
import { DirectSecp256k1HdWallet } from "@cosmjs/proto-signing";
import { SigningStargateClient } from "@cosmjs/stargate";
import { signingRegistry } from "../../src/cli/tx/registry.ts";
import { defaultDefinitionFile } from "../../src/localnet/definition.ts";
import { Localnet } from "../../src/localnet/localnet.ts";

/** Nothing here takes longer on a machine that is merely busy. */
const patienceMs = 120_000;

export class TestNetwork {
  readonly localnet: Localnet;
  readonly #crashes: string[];
  readonly startedAt = Date.now();

  private constructor(localnet: Localnet, crashes: string[]) {
    this.localnet = localnet;
    this.#crashes = crashes;
  }

  static async start(options: {
    readonly validators: number;
    readonly noncesOf?: ReadonlyMap<string, number>;
  }): Promise<TestNetwork> {
    const crashes: string[] = [];
    const home = mkdtempSync(path.join(tmpdir(), "gonka-localnet-"));
    const file = path.join(home, "definition.toml");
    writeFileSync(file, definitionOnOwnPorts());
    const localnet = await Localnet.prepare({
      home: path.join(home, "net"),
      file,
      validators: options.validators,
      nonces: 48,
      noncesOf: options.noncesOf ?? new Map(),
      isReset: false,
      onCrash: (name, how) => crashes.push(`${name}: ${how}`),
    });
    const network = new TestNetwork(localnet, crashes);
    localnet.start();
    return network;
  }

  /** Processes that ended without having been asked to. */
  get crashes(): readonly string[] {
    return this.#crashes;
  }

  async stop(): Promise<void> {
    await this.localnet.stop();
    rmSync(path.dirname(this.localnet.plan.home), { recursive: true, force: true });
  }

  rpc(node: number): string {
    return `http://127.0.0.1:${this.localnet.plan.nodes[node]?.rpcPort}`;
  }

  /** REST of the first node. */
  async rest<T>(route: string): Promise<T> {
    const url = `http://127.0.0.1:${this.localnet.plan.nodes[0]?.restPort}${route}`;
    const response = await fetch(url, { signal: AbortSignal.timeout(10_000) });
    if (!response.ok) throw new Error(`${route}: ${response.status} ${await response.text()}`);
    return (await response.json()) as T;
  }

  /** Latest height of a node; -1 when it does not answer. */
  async height(node: number): Promise<number> {
    try {
      const status = await this.#rpcGet<{ sync_info: { latest_block_height: string } }>(
        node,
        "status",
      );
      return Number(status.sync_info.latest_block_height);
    } catch {
      return -1;
    }
  }

  /** The app hash in the header of that height, as this node has it. */
  async appHash(node: number, height: number): Promise<string> {
    const { header } = await this.#rpcGet<{ header: { app_hash: string } }>(
      node,
      `header?height=${height}`,
    );
    return header.app_hash;
  }

  async #rpcGet<T>(node: number, method: string): Promise<T> {
    const response = await fetch(`${this.rpc(node)}/${method}`, {
      signal: AbortSignal.timeout(5000),
    });
    const { result, error } = (await response.json()) as { result: T; error?: object };
    if (error) throw new Error(JSON.stringify(error));
    return result;
  }

  async waitForHeight(node: number, height: number): Promise<void> {
    await waitUntil(`node ${node + 1} reaches ${height}`, async () => {
      return (await this.height(node)) >= height;
    });
  }

  /** A signing client for a dev account, by its address index. */
  async signer(index: number, node = 0) {
    const { mnemonic } = this.localnet.plan.definition;
    const wallet = await DirectSecp256k1HdWallet.fromMnemonic(mnemonic, {
      prefix: "gonka",
      hdPaths: [stringToPath(`m/44'/118'/0'/0/${index}`)],
    });
    const [account] = await wallet.getAccounts();
    if (!account) throw new Error("the mnemonic has no account");
    const client = await SigningStargateClient.connectWithSigner(this.rpc(node), wallet, {
      registry: signingRegistry(),
      broadcastPollIntervalMs: 300,
    });
    return { client, address: account.address, wallet };
  }
}

/** The usual localnet on ports of this process: another one may run on the machine. */
function definitionOnOwnPorts(): string {
  const base = 28_000 + (process.pid % 300) * 100;
  return readFileSync(defaultDefinitionFile, "utf8")
    .replace(/^p2p = \d+$/m, `p2p = ${base}`)
    .replace(/^rpc = \d+$/m, `rpc = ${base + 1}`)
    .replace(/^rest = \d+$/m, `rest = ${base + 2}`)
    .replace(/^grpc = \d+$/m, `grpc = ${base + 3}`)
    .replace(/^rest_step = \d+$/m, "rest_step = 10")
    .replace(/^grpc_step = \d+$/m, "grpc_step = 10");
}

/** Asks again and again until it holds. */
export async function waitUntil(
  what: string,
  holds: () => Promise<boolean>,
  limitMs = patienceMs,
): Promise<void> {
  const end = Date.now() + limitMs;
  while (!(await holds())) {
    if (Date.now() > end) throw new Error(`after ${limitMs / 1000} s still not: ${what}`);
    await sleep(250);
  }
}
