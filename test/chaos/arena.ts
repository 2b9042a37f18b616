/** Four validators as processes, what can be done to them, and what must hold afterwards. */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { RealNet } from "../support/real-net.ts";
import type { RealNode, RealNodeOptions } from "../support/real-node.ts";
import { SteadySends } from "../support/steady-sends.ts";

/** Nothing here takes longer on a machine that is merely busy. */
const patienceMs = 240_000;
const preload = fileURLToPath(new URL("preload.mjs", import.meta.url));
/** SHA-256 of nothing: the evidence hash of a block without evidence. */
const noEvidence = "E3B0C44298FC1C149AFBF4C8996FB92427AE41E4649B934CA495991B7852B855";
const validators = 4;

interface BlockMeta {
  readonly block_id: { readonly hash: string };
  readonly header: {
    readonly height: string;
    readonly app_hash: string;
    readonly evidence_hash: string;
    readonly time: string;
  };
}

export class Arena {
  readonly nodes: readonly RealNode[];
  readonly #net: RealNet;
  readonly #sends: SteadySends;
  #failed: unknown;

  private constructor(net: RealNet, nodes: readonly RealNode[]) {
    const [first] = nodes;
    if (!first) throw new Error("no nodes");
    this.#net = net;
    this.nodes = nodes;
    const accounts = ["alice", "bob"].map((name) => net.account(name));
    const { chainId } = net.plan;
    this.#sends = new SteadySends({ node: first, chainId, accounts, perBlock: 4 });
  }

  /** Starts four validators; ready prepares their homes and says how to start each. */
  static async start(
    ready: (net: RealNet) => (index: number) => Partial<RealNodeOptions> = () => () => ({}),
  ): Promise<Arena> {
    const net = await RealNet.prepare({
      validators,
      profile: "gonka",
      timeouts: { timeout_commit: "300ms", timeout_propose: "2s" },
    });
    const optionsOf = ready(net);
    const nodes = net.nodes((index) => {
      const home = net.plan.nodes[index]?.home ?? "";
      const env = { SIGN_LOG: `${home}.signed`, CLOCK_FILE: `${home}.clock` };
      return { preloads: [preload], env, ...optionsOf(index) };
    });
    const arena = new Arena(net, nodes);
    for (const node of nodes) node.start();
    await arena.waitForAll(2).catch(async (error: unknown) => {
      await arena.end(() => undefined);
      throw error;
    });
    arena.#sends.start((error) => {
      arena.#failed = error;
    });
    return arena;
  }

  /** The node of that number, from 1 on. Number 1 takes the transactions: leave it alone. */
  node(number: number): RealNode {
    const node = this.nodes[number - 1];
    if (!node) throw new Error(`no node ${number}`);
    return node;
  }

  /** Sets the wall clock of a node that many milliseconds ahead; takes a tenth of a second. */
  setClock(number: number, aheadMs: number): void {
    writeFileSync(`${this.node(number).home}.clock`, String(aheadMs));
  }

  /** The highest block that any node has. */
  async tip(): Promise<number> {
    return Math.max(...(await Promise.all(this.nodes.map((node) => node.height()))));
  }

  async waitFor(node: RealNode, height: number): Promise<void> {
    const end = Date.now() + patienceMs;
    while ((await node.height()) < height) {
      if (Date.now() > end) throw new Error(`${node.name} does not reach ${height}`);
      await sleep(100);
    }
  }

  async waitForAll(height: number): Promise<void> {
    for (const node of this.nodes) await this.waitFor(node, height);
  }

  /** Seconds until these nodes have made that many more blocks; throws beyond the bound. */
  async progress(nodes: readonly RealNode[], blocks: number, boundSeconds: number) {
    const began = Date.now();
    const goal = (await this.tip()) + blocks;
    for (const node of nodes) await this.waitFor(node, goal);
    const seconds = (Date.now() - began) / 1000;
    if (seconds > boundSeconds) throw new Error(`${blocks} blocks took ${seconds} s`);
    return seconds;
  }

  /** How many blocks appear within that time. */
  async blocksIn(seconds: number): Promise<number> {
    const before = await this.tip();
    await sleep(seconds * 1000);
    return (await this.tip()) - before;
  }

  /** All nodes have the same blocks and app hashes, no evidence, and nothing is signed twice. */
  async judge(): Promise<{ readonly height: number; readonly txs: number }> {
    if (this.#failed) throw this.#failed;
    const height = (await this.tip()) + 3;
    await this.waitForAll(height);
    for (let from = 1; from <= height; from += 20) {
      const to = Math.min(from + 19, height);
      const [first = [], ...others] = await Promise.all(
        this.nodes.map((node) => blocksOf(node, from, to)),
      );
      for (const [index, other] of others.entries()) sameBlocks(first, other, index + 2);
    }
    for (const { home, name } of this.nodes) checkSigned(name, `${home}.signed`);
    return { height, txs: this.#sends.taken };
  }

  /** How far the time of the last block is from this machine's clock. */
  async timeSkewSeconds(): Promise<number> {
    const height = await this.tip();
    const [last] = await blocksOf(this.node(1), height, height);
    return Math.abs(Date.now() - Date.parse(last?.header.time ?? "")) / 1000;
  }

  /** Ends all nodes; then what their homes lie on may go. */
  async end(unmount: () => void): Promise<void> {
    await this.#sends.stop();
    for (const node of this.nodes) if (node.isRunning) node.signal("SIGCONT");
    await Promise.all(this.nodes.map((node) => node.end()));
    unmount();
    this.#net.remove();
  }
}

async function blocksOf(node: RealNode, from: number, to: number): Promise<readonly BlockMeta[]> {
  const method = `blockchain?minHeight=${from}&maxHeight=${to}`;
  const { block_metas: metas } = await node.get<{ block_metas: BlockMeta[] }>(method);
  if (metas.length !== to - from + 1) throw new Error(`${node.name} lacks blocks ${from} to ${to}`);
  return metas;
}

function sameBlocks(ours: readonly BlockMeta[], theirs: readonly BlockMeta[], number: number) {
  for (const [index, { block_id: id, header }] of ours.entries()) {
    const other = theirs[index];
    if (other?.block_id.hash !== id.hash || other.header.app_hash !== header.app_hash) {
      throw new Error(`block ${header.height} of node 1 is not that of node ${number}`);
    }
    if (header.evidence_hash !== noEvidence) throw new Error(`evidence in block ${header.height}`);
  }
}

function checkSigned(name: string, file: string): void {
  const signed = new Map<string, string>();
  for (const line of existsSync(file) ? readFileSync(file, "utf8").split("\n") : []) {
    if (line === "") continue;
    const { height, round, step, signbytes } = JSON.parse(line) as Record<string, unknown>;
    const point = `${height}/${round}/${step}`;
    const before = signed.get(point);
    if (before !== undefined && before !== signbytes) throw new Error(`${name}: ${point} twice`);
    signed.set(point, String(signbytes));
  }
}
