/**
 * The network as the reactors see it: peers that come and go, and channels. One link per peer is
 * in use; of two, both sides keep the same one. spec/p2p.md.
 */
import { randomBytes } from "node:crypto";
import type { Connection, Libp2p, Stream } from "@libp2p/interface";
import type { Multiaddr } from "@multiformats/multiaddr";
import { ed25519PublicKey, nodeId } from "../crypto/ed25519.ts";
import { equalBytes } from "../encoding/bytes.ts";
import type { PersistentPeer } from "./addresses.ts";
import { parsePeerAddress } from "./addresses.ts";
import { Bans } from "./bans.ts";
import {
  ChannelTable,
  channelProtocol,
  controlProtocol,
  groupProtocol,
  streamGroups,
} from "./channels.ts";
import { parseCometPeer, resolved } from "./comet/addresses.ts";
import { answerFor, isCometConnection } from "./comet/host-services.ts";
import { CometLink, maxCometStreams } from "./comet/link.ts";
import { Dialer } from "./dialer.ts";
import type { ChannelSpec, Logger, Peer, Reactor } from "./expected.ts";
import type { NodeIdentity, RemoteHello } from "./hello.ts";
import { createHost, nodeIdOf } from "./host.ts";
import type { PeerLink } from "./link.ts";
import { handshakeTimeoutMs, Link } from "./link.ts";
import { Admission, type InboundLimits, ipOf } from "./peers/admission.ts";

const beatMs = 1_000;
/** One-message streams of one channel that a peer may have open at a time. */
const maxMessageStreams = 32;

/** What a node's network is made of. */
export interface NetworkOptions {
  /** The 32-byte seed of the ed25519 node key. */
  readonly seed: Uint8Array;
  readonly identity: Omit<NodeIdentity, "id" | "channels">;
  /** Multiaddrs to listen on, /ip4/0.0.0.0/tcp/26656. */
  readonly listen: readonly string[];
  /** nodeid@host:port of each. */
  readonly persistentPeers: readonly string[];
  /** Beside our own protocol, that of CometBFT's libp2p mode. */
  readonly comet?: {
    /** Multiaddrs to listen on, /ip4/0.0.0.0/udp/26656/quic-v1. */
    readonly listen: readonly string[];
    /** peerid@host:port of each. */
    readonly peers: readonly string[];
  };
  readonly limits: InboundLimits;
  readonly log: Logger;
}

/** A peer as RPC shows it. */
export interface PeerSummary {
  readonly id: string;
  readonly isOutbound: boolean;
  /** Multiaddr of its end of the connection. */
  readonly remoteAddress: string;
  readonly nodeInfo: RemoteHello["nodeInfo"];
  /** How long the connection has been there, and the bytes of the messages over it. */
  readonly connectedMs: number;
  readonly sentBytes: number;
  readonly receivedBytes: number;
}

/** Implements consensus/expected.ts, Network. */
export class PeerNetwork {
  /** This node's id. */
  readonly id: string;
  readonly #options: NetworkOptions;
  readonly #persistent: Map<string, PersistentPeer>;
  readonly #log: Logger;
  readonly #table = new ChannelTable();
  readonly #bans = new Bans(() => performance.now());
  readonly #admission: Admission;
  readonly #dialer: Dialer;
  readonly #sessionId = new Uint8Array(randomBytes(16));
  /** All links by libp2p connection id, and those in use by node id. */
  readonly #links = new Map<string, PeerLink>();
  readonly #inUse = new Map<string, PeerLink>();
  #host: Libp2p | undefined;
  #beat: NodeJS.Timeout | undefined;
  #lastBeatMs = 0;

  /** Throws RangeError on a peer that is not nodeid@host:port, or peerid@host:port of CometBFT. */
  constructor(options: NetworkOptions) {
    this.id = nodeId(ed25519PublicKey(options.seed));
    this.#options = options;
    this.#log = options.log;
    const cometPeers = readPeers(options.comet?.peers ?? [], this.id, parseCometPeer);
    const ownPeers = readPeers(options.persistentPeers, this.id, parsePeerAddress);
    this.#persistent = new Map([...cometPeers, ...ownPeers]);
    this.#admission = new Admission(options.limits, () => performance.now());
    this.#dialer = new Dialer({
      isConnected: (id) => this.#inUse.has(id) || this.#bans.has(id),
      dial: (peer) => this.#dial(peer),
    });
  }

  /** Registers the receiver of these channels. Before start only. */
  register(channels: readonly ChannelSpec[], reactor: Reactor): void {
    if (this.#host) throw new Error("channels are registered before the start");
    this.#table.register(channels, reactor);
  }

  /** Drops the peer and refuses it for a while. */
  ban(peer: Peer, reason: string): void {
    const banMs = this.#bans.add(peer.id);
    this.#log.warn("banned peer", { peer: peer.id, reason, banMs });
    for (const link of [...this.#links.values()]) {
      if (link.remoteId !== peer.id) continue;
      this.#admission.noteBan(ipOf(link.connection.remoteAddr));
      link.close(`banned: ${reason}`);
    }
  }

  /** Ends the connections to a peer, without a ban. */
  drop(id: string, reason: string): void {
    for (const link of [...this.#links.values()]) if (link.remoteId === id) link.close(reason);
  }

  /** Connects once. Rejects when nobody is there, somebody else, or the peer is banned. */
  async connect(peer: PersistentPeer): Promise<void> {
    if (this.#inUse.has(peer.id)) return;
    if (this.#bans.has(peer.id)) throw new Error("the peer is banned");
    await this.#dial(peer);
  }

  /** Listens, and dials the persistent peers. */
  async start(): Promise<void> {
    const { seed, comet } = this.#options;
    const listen = [...this.#options.listen, ...(comet?.listen ?? [])];
    const quic = comet !== undefined;
    const host = await createHost({ seed, listen, quic, refuses: this.#refuses });
    this.#host = host;
    host.addEventListener("connection:open", ({ detail }) => void this.#linkOf(detail));
    host.addEventListener("connection:close", ({ detail }) =>
      this.#links.get(detail.id)?.close("connection closed"),
    );
    await this.#handleProtocols(host);
    await host.start();
    this.#lastBeatMs = performance.now();
    this.#beat = setInterval(() => this.#beatAll(), beatMs);
    for (const peer of this.#persistent.values()) this.#dialer.keep(peer);
    this.#log.info("listening", { id: this.id, addresses: this.listenAddresses() });
  }

  /** Closes every link and frees the port. */
  async stop(): Promise<void> {
    this.#dialer.stop();
    clearInterval(this.#beat);
    for (const link of [...this.#links.values()]) link.close("this node stops");
    await this.#host?.stop();
  }

  /** Multiaddrs, with the real ports. */
  listenAddresses(): string[] {
    return this.#host?.getMultiaddrs().map(String) ?? [];
  }

  /** The peers in use. */
  peers(): PeerSummary[] {
    return [...this.#inUse.values()].flatMap((link) => {
      const { hello, connection, remoteId } = link;
      if (!hello) return [];
      const isOutbound = connection.direction === "outbound";
      const remoteAddress = String(connection.remoteAddr);
      const { nodeInfo } = hello;
      return [{ id: remoteId, isOutbound, remoteAddress, nodeInfo, ...link.traffic() }];
    });
  }

  /**
   * Connects to id@host:port, once or for as long as this node runs. Returns what is wrong with the
   * address; whether somebody is there shows in the log and in peers().
   */
  dial(address: string, keep: "always" | "once"): string | undefined {
    const peer = parsePeerAddress(address);
    if (!peer) return `${address.slice(0, 200)} is not id@host:port`;
    if (peer.id === this.id) return "a node does not dial itself";
    if (keep === "always") {
      this.#persistent.set(peer.id, peer);
      this.#dialer.keep(peer);
    } else if (!this.#inUse.has(peer.id)) {
      const failed = (error: unknown) =>
        this.#log.warn("could not dial", { peer: peer.id, error: String(error) });
      this.#dial(peer).catch(failed);
    }
    return undefined;
  }

  /** Persistent peers come in always, unless they are banned. */
  readonly #refuses = (id: string, from?: Multiaddr): boolean => {
    if (this.#bans.has(id)) return true;
    if (!from || this.#persistent.has(id)) return false;
    const inbound = [...this.#links.values()].filter(
      ({ connection, remoteId }) =>
        connection.direction === "inbound" && !this.#persistent.has(remoteId),
    );
    const addresses = inbound.map(({ connection }) => ipOf(connection.remoteAddr));
    return this.#admission.refuses(ipOf(from), addresses);
  };

  async #handleProtocols(host: Libp2p): Promise<void> {
    const once = { maxInboundStreams: 2 }; // The second is seen, and is an offence.
    await host.handle(
      controlProtocol,
      (stream, connection) => ownOr(stream, this.#linkOf(connection))?.acceptControl(stream),
      once,
    );
    for (const group of streamGroups) {
      await host.handle(
        groupProtocol(group),
        (stream, connection) => ownOr(stream, this.#linkOf(connection))?.acceptGroup(stream, group),
        once,
      );
    }
    const maxInboundStreams = this.#options.comet ? maxCometStreams : maxMessageStreams;
    for (const spec of this.#table.specs()) {
      await host.handle(
        channelProtocol(spec.id),
        (stream, connection) => this.#linkOf(connection)?.acceptMessage(stream, spec),
        { maxInboundStreams },
      );
    }
    if (!this.#options.comet) return;
    await answerFor(host, (connection) => {
      const link = this.#linkOf(connection);
      if (link instanceof CometLink) link.introduced();
    });
  }

  /** The link of a connection, made on its first sign: a stream may precede the event. */
  #linkOf(connection: Connection): PeerLink | undefined {
    const known = this.#links.get(connection.id);
    if (known) return known;
    const remoteId = nodeIdOf(connection.remotePeer);
    if (remoteId === undefined || connection.status !== "open") return undefined;
    const Kind = isCometConnection(connection) ? CometLink : Link;
    const link = new Kind(connection, remoteId, {
      identity: { ...this.#options.identity, id: this.id, channels: this.#table.ids() },
      sessionId: this.#sessionId,
      table: this.#table,
      nowMs: () => performance.now(),
      events: {
        ready: (ready) => this.#use(ready),
        message: (from, spec, message) => this.#deliver(from, spec, message),
        offence: (from, reason) => this.ban(from.peer, reason),
        closed: (closed, reason) => this.#forget(closed, reason),
      },
    });
    this.#links.set(connection.id, link);
    link.start();
    return link;
  }

  async #dial(peer: PersistentPeer): Promise<void> {
    const signal = AbortSignal.timeout(handshakeTimeoutMs);
    const address = await resolved(peer.address);
    const connection = await this.#host?.dial(address, { signal });
    if (!connection) return;
    const found = nodeIdOf(connection.remotePeer);
    if (found === peer.id) return;
    this.#log.warn("another node at this address", { expected: peer.id, found });
    const error = new Error("another node than expected");
    connection.abort(error);
    throw error;
  }

  /** A link is ready. Of two links to one peer, both sides keep the same, or both (spares). */
  #use(link: PeerLink): void {
    const other = this.#inUse.get(link.remoteId);
    if (other && !isBetter(link, other)) {
      link.close("duplicate of a link in use");
      return;
    }
    if (other && isSpare(other, link)) this.#leave(other, "another connection");
    else other?.close("replaced by another link");
    this.#inUse.set(link.remoteId, link);
    const { wire, connection } = link;
    const { direction } = connection;
    this.#log.info("peer connected", { peer: link.remoteId, direction, wire });
    for (const reactor of this.#table.reactors()) reactor.addPeer(link.peer);
  }

  #forget(link: PeerLink, reason: string): void {
    this.#links.delete(link.connection.id);
    if (this.#inUse.get(link.remoteId) !== link) {
      this.#log.debug("link closed", { peer: link.remoteId, reason });
      return;
    }
    this.#leave(link, reason);
    const spare = [...this.#links.values()].find(
      ({ wire, remoteId, isReady }) => wire === "comet" && isReady && remoteId === link.remoteId,
    );
    if (spare) this.#use(spare);
  }

  #leave(link: PeerLink, reason: string): void {
    this.#inUse.delete(link.remoteId);
    this.#log.info("peer lost", { peer: link.remoteId, reason });
    for (const reactor of this.#table.reactors()) reactor.removePeer(link.peer);
  }

  /** A reactor that throws on a message is a bug that a peer found: drop the peer, go on. */
  #deliver(link: PeerLink, spec: ChannelSpec, message: Uint8Array): void {
    const current = this.#inUse.get(link.remoteId);
    if (!current || (current !== link && !isSpare(link, current))) return;
    try {
      this.#table.get(spec.id)?.reactor.receive(spec.id, current.peer, message);
    } catch (error) {
      const cause = error instanceof Error ? (error.stack ?? error.message) : String(error);
      this.#log.warn("receiver failed", { channel: spec.id, cause });
      this.ban(link.peer, `message on channel ${spec.id} made its receiver fail`);
    }
  }

  #beatAll(): void {
    const now = performance.now();
    const stoodStill = now - this.#lastBeatMs > 3 * beatMs;
    this.#lastBeatMs = now;
    for (const link of [...this.#links.values()]) {
      if (stoodStill) link.forgiveSilence(now);
      link.beat(now);
    }
  }
}

/** A link of our own protocol; a stream of it is refused on any other. */
function ownOr(stream: Stream, link: PeerLink | undefined): Link | undefined {
  if (link instanceof Link) return link;
  stream.abort(new Error("not spoken on this connection"));
  return undefined;
}

/**
 * Whether a link replaces the one in use, by a rule that both ends compute alike: our own protocol
 * before CometBFT's; then a link to a newer process, then the one that the lower node id dialled,
 * then the younger. Of CometBFT's, the younger: no session tells whether the process is another.
 */
function isBetter(link: PeerLink, other: PeerLink): boolean {
  if (!link.hello || !other.hello) return false;
  if (link.wire !== other.wire) return link.wire === "own";
  if (link.wire === "comet") return true;
  if (!equalBytes(link.hello.sessionId, other.hello.sessionId)) return true;
  return link.diallerId === other.diallerId || link.diallerId < other.diallerId;
}

/**
 * Whether a link stays open beside the one in use. go-libp2p uses all connections that it has, and
 * both sides may have dialled at once; one that the same side has dialled again is dead.
 */
const isSpare = (link: PeerLink, inUse: PeerLink): boolean =>
  link.wire === "comet" && inUse.wire === "comet" && link.diallerId !== inUse.diallerId;

function readPeers(
  texts: readonly string[],
  ownId: string,
  parse: (text: string) => PersistentPeer | undefined,
): Map<string, PersistentPeer> {
  const peers = new Map<string, PersistentPeer>();
  for (const text of texts) {
    const peer = parse(text);
    if (!peer) throw new RangeError(`persistent peer "${text}" is not id@host:port`);
    if (peer.id !== ownId) peers.set(peer.id, peer);
  }
  return peers;
}
