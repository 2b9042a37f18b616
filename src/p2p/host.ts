/** The libp2p host: TCP, noise, yamux, and QUIC if wanted; the node key as identity. */
import "./promise-shim.ts";
import { generateKeyPairFromSeed } from "@libp2p/crypto/keys";
import type { Libp2p, PeerId } from "@libp2p/interface";
import { noise } from "@libp2p/noise";
import { tcp } from "@libp2p/tcp";
import { yamux } from "@libp2p/yamux";
import type { Multiaddr } from "@multiformats/multiaddr";
import { createLibp2p } from "libp2p";
import { nodeId } from "../crypto/ed25519.ts";
import { quicTransport } from "./comet/quic.ts";
import { frugal, inOnePiece } from "./wire/fewer-packets.ts";

/** Connections a node takes part in at most, those being set up included. */
const maxConnections = 256;
const maxPendingConnections = 64;
/** Per remote host and second: all nodes of a localnet share one. */
const maxNewConnectionsPerSecond = 100;
/** Streams of one connection: ours are ten, the rest is for one-message streams. */
const maxStreamsPerConnection = 128;
const dialTimeoutMs = 5_000;

/** What a host is made of. */
export interface HostOptions {
  /** The 32-byte seed of the ed25519 node key. */
  readonly seed: Uint8Array;
  /** Multiaddrs to listen on. */
  readonly listen: readonly string[];
  /** Whether to speak QUIC too; left out, no. */
  readonly quic?: boolean;
  /**
   * Whether to refuse a peer, by node id, before it says anything; of one that connected to us,
   * also by its address.
   */
  readonly refuses: (id: string, from?: Multiaddr) => boolean;
}

/** A host that is not started yet. */
export async function createHost({ seed, listen, quic, refuses }: HostOptions): Promise<Libp2p> {
  const denies = (peer: PeerId, from?: Multiaddr): boolean => {
    const id = nodeIdOf(peer);
    return id === undefined || refuses(id, from);
  };
  return createLibp2p({
    start: false,
    privateKey: await generateKeyPairFromSeed("Ed25519", seed),
    addresses: { listen: [...listen] },
    transports: quic ? [tcp(), await quicTransport()] : [tcp()],
    connectionEncrypters: [(components) => inOnePiece(noise()(components))],
    streamMuxers: [() => frugal(yamux({ maxInboundStreams: maxStreamsPerConnection })())],
    connectionManager: {
      maxConnections,
      maxIncomingPendingConnections: maxPendingConnections,
      inboundConnectionThreshold: maxNewConnectionsPerSecond,
      dialTimeout: dialTimeoutMs,
      reconnectRetries: 0, // dialer.ts does it.
    },
    connectionMonitor: { enabled: false }, // Heartbeats do it, with CometBFT's ping unheard.
    connectionGater: {
      denyDialMultiaddr: () => false,
      denyInboundEncryptedConnection: (peer, { remoteAddr }) => denies(peer, remoteAddr),
      denyOutboundEncryptedConnection: (peer) => denies(peer),
    },
  });
}

/** The CometBFT node id of a libp2p peer; undefined when its key is not ed25519. */
export function nodeIdOf(peer: PeerId): string | undefined {
  return peer.type === "Ed25519" ? nodeId(peer.publicKey.raw) : undefined;
}
