/** Networks on loopback with a reactor that writes down what it sees. */
import { sha256 } from "../../src/crypto/hash.ts";
import { fromUtf8, utf8 } from "../../src/encoding/bytes.ts";
import type { ChannelSpec, Peer, Reactor } from "../../src/p2p/expected.ts";
import { PeerNetwork } from "../../src/p2p/network.ts";
import type { InboundLimits } from "../../src/p2p/peers/admission.ts";
import { silentLog } from "./test-chain.ts";

/** One channel of every group. */
export const testChannels: readonly ChannelSpec[] = [
  { id: 0x22, maxMessageBytes: 1_000, sendQueueCapacity: 50, stream: "consensus" },
  { id: 0x40, maxMessageBytes: 4_000_000, sendQueueCapacity: 4, stream: "blocks" },
  { id: 0x30, maxMessageBytes: 70_000, sendQueueCapacity: 500, stream: "mempool" },
  { id: 0x38, maxMessageBytes: 1_000, sendQueueCapacity: 50, stream: "evidence" },
];

export const nodeSeed = (n: number): Uint8Array => sha256(utf8(`node ${n}`));

/** Remembers peers and messages. */
export class Recorder implements Reactor {
  readonly peers = new Map<string, Peer>();
  readonly events: string[] = [];
  readonly messages: { channel: number; from: string; message: Uint8Array }[] = [];

  addPeer(peer: Peer): void {
    this.peers.set(peer.id, peer);
    this.events.push(`+${peer.id}`);
  }

  removePeer(peer: Peer): void {
    if (this.peers.get(peer.id) === peer) this.peers.delete(peer.id);
    this.events.push(`-${peer.id}`);
  }

  receive(channel: number, peer: Peer, message: Uint8Array): void {
    if (fromUtf8(message.subarray(0, 5)) === "throw") throw new Error("a bug in a receiver");
    this.messages.push({ channel, from: peer.id, message });
  }
}

export interface TestNode {
  readonly network: PeerNetwork;
  readonly recorder: Recorder;
  /** nodeid@host:port */
  readonly address: string;
  readonly port: number;
  /** peerid@host:port of its QUIC, and that port; "" and 0 without. */
  readonly cometAddress: string;
  readonly cometPort: number;
}

interface StartOptions {
  readonly port?: number;
  readonly peers?: readonly string[];
  readonly chainId?: string;
  readonly limits?: Partial<InboundLimits>;
  /** Is given the network before it starts. */
  readonly setUp?: (network: PeerNetwork) => void;
  /** Speaks CometBFT's protocol too. */
  readonly comet?: { readonly port?: number; readonly peers?: readonly string[] };
}

/** Starts a node; port 0 takes a free one. */
export async function startNode(n: number, options: StartOptions = {}): Promise<TestNode> {
  const { port = 0, peers = [], chainId = "test-chain", comet } = options;
  const recorder = new Recorder();
  const network = new PeerNetwork({
    seed: nodeSeed(n),
    identity: {
      chainId,
      moniker: `node-${n}`,
      version: "test",
      appVersion: 1n,
      listenAddress: `tcp://127.0.0.1:${port}`,
      rpcAddress: "",
    },
    listen: [`/ip4/127.0.0.1/tcp/${port}`],
    persistentPeers: peers,
    limits: { maxInboundPeers: 20, maxInboundPerIp: 4, ...options.limits },
    ...(comet && {
      comet: {
        listen: [`/ip4/127.0.0.1/udp/${comet.port ?? 0}/quic-v1`],
        peers: comet.peers ?? [],
      },
    }),
    log: silentLog,
  });
  network.register(testChannels, recorder);
  options.setUp?.(network);
  await network.start();
  const listening = network.listenAddresses().join();
  const bound = Number(/tcp\/(\d+)/.exec(listening)?.[1]);
  const [, udp = "0", peerId = ""] = /udp\/(\d+)\/quic-v1\/p2p\/(\w+)/.exec(listening) ?? [];
  const cometAddress = comet ? `${peerId}@127.0.0.1:${udp}` : "";
  const address = `${network.id}@127.0.0.1:${bound}`;
  return { network, recorder, port: bound, address, cometAddress, cometPort: Number(udp) };
}

/** Resolves when the condition holds; rejects with its name when that takes too long. */
export async function until(what: string, holds: () => boolean, limitMs = 15_000): Promise<void> {
  const end = performance.now() + limitMs;
  while (!holds()) {
    if (performance.now() > end) throw new Error(`waited in vain: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
