/**
 * Four network namespaces on a wire of their own: a TAP device in each, and a switch in user space
 * between them (wire.py). RPC goes over other links, which are never disturbed. Everything lies in
 * the network and mount namespace of this process, which main.ts has entered.
 */
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import path from "node:path";
import { createInterface, type Interface } from "node:readline";
import { fileURLToPath } from "node:url";
import { editToml, type RealNet } from "../support/real-net.ts";
import type { RealNodeOptions } from "../support/real-node.ts";

export interface WireRules {
  /** Share of frames, 0 to 1. */
  readonly loss?: number;
  readonly delayMs?: number;
  readonly jitterMs?: number;
  /** Nodes, from 0 on, that hear each other; none: all do. */
  readonly groups?: readonly (readonly number[])[];
}

/** Frames since the start. */
type WireCounts = Readonly<Record<"sent" | "lost" | "cut", number>>;

const program = fileURLToPath(new URL("wire.py", import.meta.url));
const ip = (...args: string[]): void => {
  execFileSync("ip", args);
};
const wireAddress = (index: number): string => `10.99.0.${index + 1}`;
const linkAddress = (index: number, end: 1 | 2): string => `10.98.${index + 1}.${end}`;

export class Wire {
  readonly #child: ChildProcess;
  readonly #lines: Interface;
  readonly #spaces: readonly string[];

  private constructor(child: ChildProcess, lines: Interface, spaces: readonly string[]) {
    this.#child = child;
    this.#lines = lines;
    this.#spaces = spaces;
  }

  /** Makes the namespaces and the wire between them. */
  static async lay(count: number): Promise<Wire> {
    const indexes = Array.from({ length: count }, (_, index) => index);
    const spaces = indexes.map((index) => `chaos-${process.pid}-${index + 1}`);
    const taps = indexes.map((index) => `wire${index + 1}`);
    const child = spawn("python3", [program, ...taps], { stdio: ["pipe", "pipe", "inherit"] });
    if (!child.stdout) throw new Error("the wire has no output");
    const lines = createInterface({ input: child.stdout });
    const wire = new Wire(child, lines, spaces);
    await wire.#answer();
    ip("link", "set", "lo", "up");
    for (const [index, space] of spaces.entries()) {
      const [tap, near, far] = [taps[index] ?? "", `near${index + 1}`, `far${index + 1}`];
      ip("netns", "add", space);
      ip("link", "set", tap, "netns", space);
      ip("link", "add", near, "type", "veth", "peer", "name", far, "netns", space);
      ip("addr", "add", `${linkAddress(index, 1)}/24`, "dev", near);
      ip("link", "set", near, "up");
      for (const [device, address] of [
        [tap, wireAddress(index)],
        [far, linkAddress(index, 2)],
      ] as const) {
        ip("-n", space, "addr", "add", `${address}/24`, "dev", device);
        ip("-n", space, "link", "set", device, "up");
      }
      ip("-n", space, "link", "set", "lo", "up");
    }
    return wire;
  }

  /** Peers find each other on the wire, RPC is on the other link. */
  prepare(net: RealNet): (index: number) => Partial<RealNodeOptions> {
    for (const [index, node] of net.plan.nodes.entries()) {
      const file = path.join(node.home, "config/config.toml");
      const peers = net
        .peers()
        .map((peer, other) => peer.replace("127.0.0.1", wireAddress(other)))
        .filter((_, other) => other !== index);
      editToml(file, "p2p", {
        laddr: `"tcp://${wireAddress(index)}:${node.p2pPort}"`,
        persistent_peers: `"${peers.join(",")}"`,
      });
      editToml(file, "rpc", { laddr: `"tcp://${linkAddress(index, 2)}:${node.rpcPort}"` });
    }
    return (index) => ({
      before: ["ip", "netns", "exec", this.#spaces[index] ?? ""],
      rpc: `http://${linkAddress(index, 2)}:${net.plan.nodes[index]?.rpcPort}`,
    });
  }

  /** Changes rules; what is left out stays. Resolves when they hold. */
  set(rules: WireRules): Promise<WireCounts> {
    this.#child.stdin?.write(`${JSON.stringify(rules)}\n`);
    return this.#answer().then((line) => JSON.parse(line) as WireCounts);
  }

  /** Takes everything down. */
  cut(): void {
    this.#child.stdin?.end();
    for (const space of this.#spaces) ip("netns", "del", space);
  }

  #answer(): Promise<string> {
    return new Promise((resolve, reject) => {
      this.#lines.once("line", resolve);
      this.#child.once("exit", (code) => reject(new Error(`the wire ended: ${code}`)));
    });
  }
}
