/**
 * Peer exchange, CometBFT's PEX: asks peers for addresses, answers theirs, and keeps enough
 * outbound connections. spec/p2p.md, 7.
 */
import type { PersistentPeer } from "../addresses.ts";
import { bookPeer, parsePeerAddress } from "../addresses.ts";
import type { ChannelSpec, Logger, Peer, Reactor } from "../expected.ts";
import type { PeerSummary } from "../network.ts";
import type { AddressBook, NodeAddress } from "./address-book.ts";
import { ipOfText } from "./admission.ts";
import {
  decodePex,
  encodePex,
  maxAddressesPerAnswer,
  maxPexMessageBytes,
  pexChannel,
} from "./pex-messages.ts";

/** How often peers are looked for (CometBFT's defaultEnsurePeersPeriod). */
export const ensurePeriodMs = 30_000;
/** Addresses beyond which no more are asked for (needAddressThreshold). */
const enoughAddresses = 1_000;
/** A seed connects to so many at a time, and asks an address again after this. */
const [crawlWidth, seedStayMs] = [16, 180_000];

/** What peer exchange needs of the network. */
export interface PexNetwork {
  register(channels: readonly ChannelSpec[], reactor: Reactor): void;
  ban(peer: Peer, reason: string): void;
  /** Ends the connection to a peer, without a ban. */
  drop(id: string, reason: string): void;
  peers(): readonly PeerSummary[];
  /** Resolves when the connection is up and its key is the peer's; rejects otherwise. */
  connect(peer: PersistentPeer): Promise<void>;
}

export interface PexParts {
  readonly network: PexNetwork;
  readonly book: AddressBook;
  /** nodeid@host:port of each. */
  readonly seeds: readonly string[];
  /** keep: hold connections; seed: collect addresses, answer once and part. */
  readonly mode: "keep" | "seed";
  readonly maxOutboundPeers: number;
  readonly clock: {
    nowMs(): number;
    after(delayMs: number, run: () => void): () => void;
  };
  readonly random: () => number;
  readonly log: Logger;
  /** Puts the book on the disk. */
  readonly save: () => void;
}

/** The reactor of channel 0x00. */
export class PexReactor implements Reactor {
  readonly #parts: PexParts;
  readonly #seeds: readonly PersistentPeer[];
  readonly #peers = new Map<string, Peer>();
  /** Peers that owe us an answer. */
  readonly #asked = new Set<string>();
  /** When peers asked last. The first question is free, as in CometBFT. */
  readonly #requests = new Map<string, number>();
  readonly #dialling = new Set<string>();
  readonly #waiting: (() => void)[] = [];
  #cancel: (() => void) | undefined;

  /** Throws RangeError on a seed that is not nodeid@host:port. */
  constructor(parts: PexParts) {
    this.#parts = parts;
    this.#seeds = parts.seeds.map((text) => {
      const seed = parsePeerAddress(text);
      if (!seed) throw new RangeError(`seed "${text}" is not nodeid@host:port`);
      return seed;
    });
    const limits = { maxMessageBytes: maxPexMessageBytes, sendQueueCapacity: 10 };
    parts.network.register([{ id: pexChannel, ...limits, stream: "evidence" }], this);
  }

  /** Begins to look for peers: when the network has started. */
  start(): void {
    this.#ensure();
  }

  /** Stops looking, and saves the book. */
  stop(): void {
    for (const found of this.#waiting.splice(0)) found();
    this.#cancel?.();
    this.#cancel = undefined;
    this.#parts.save();
  }

  /** Whether there is anybody to look for. */
  get knowsPeers(): boolean {
    return this.#seeds.length > 0 || this.#parts.book.size > 0;
  }

  /** Resolves when a peer other than a seed is here, or when so much time has passed. */
  peerFound(limitMs: number): Promise<void> {
    if ([...this.#peers.keys()].some((id) => !this.#isSeed(id))) return Promise.resolve();
    return new Promise((resolve) => {
      const cancel = this.#parts.clock.after(limitMs, resolve);
      this.#waiting.push(() => {
        cancel();
        resolve();
      });
    });
  }

  addPeer(peer: Peer): void {
    this.#peers.set(peer.id, peer);
    if (!this.#isSeed(peer.id)) for (const found of this.#waiting.splice(0)) found();
    const { book, network } = this.#parts;
    const summary = network.peers().find(({ id }) => id === peer.id);
    if (!summary) return;
    const address = addressOf(summary);
    if (summary.isOutbound) {
      if (address) book.markGood(address);
      if (book.size < enoughAddresses) this.#ask(peer);
    } else if (address) book.add(address, address.ip);
  }

  removePeer(peer: Peer): void {
    if (this.#peers.get(peer.id) !== peer) return;
    this.#peers.delete(peer.id);
    this.#asked.delete(peer.id);
    this.#requests.delete(peer.id);
  }

  receive(_channel: number, peer: Peer, bytes: Uint8Array): void {
    const message = decodePex(bytes);
    if (!message) this.#refuse(peer, "malformed peer exchange");
    else if (message.type === "request") this.#answer(peer);
    else this.#take(peer, message.addresses);
  }

  #answer(peer: Peer): void {
    const { book, clock, mode, network } = this.#parts;
    const before = this.#requests.get(peer.id);
    if (before !== undefined && clock.nowMs() - before < ensurePeriodMs / 3) {
      this.#refuse(peer, "asks for peers too often");
      return;
    }
    this.#requests.set(peer.id, before === undefined ? Number.NEGATIVE_INFINITY : clock.nowMs());
    const others = book.selection(maxAddressesPerAnswer).filter(({ id }) => id !== peer.id);
    peer.send(pexChannel, encodePex({ type: "addresses", addresses: others }));
    if (mode === "keep" || this.#summary(peer.id)?.isOutbound) return;
    clock.after(1_000, () => network.drop(peer.id, "a seed answers once"));
  }

  #take(peer: Peer, addresses: readonly NodeAddress[]): void {
    if (!this.#asked.delete(peer.id)) {
      this.#refuse(peer, "addresses that nobody asked for");
      return;
    }
    const source = this.#summary(peer.id)?.remoteAddress ?? "";
    for (const address of addresses) this.#parts.book.add(address, ipOfText(source));
    if (this.#isSeed(peer.id)) this.#dialMore(); // It will part soon.
  }

  #ask(peer: Peer): void {
    if (this.#asked.has(peer.id)) return;
    if (peer.send(pexChannel, encodePex({ type: "request" }))) this.#asked.add(peer.id);
  }

  /** Every half minute: enough connections, enough addresses, the book on the disk. */
  #ensure(): void {
    const { clock, book, mode, save, random } = this.#parts;
    const jitter = 0.9 + random() / 5;
    this.#cancel = clock.after(ensurePeriodMs * jitter, () => this.#ensure());
    if (mode === "seed") this.#partFromGuests();
    this.#dialMore();
    const peers = [...this.#peers.values()];
    const any = peers[Math.floor(random() * peers.length)];
    if (any && book.size < enoughAddresses) this.#ask(any);
    if (peers.length + this.#dialling.size === 0) this.#dialSeed();
    save();
  }

  #dialMore(): void {
    const { book, maxOutboundPeers, mode, network } = this.#parts;
    const connected = new Set([...network.peers().map(({ id }) => id), ...this.#dialling]);
    const outbound = network.peers().filter(({ isOutbound }) => isOutbound).length;
    const wanted = mode === "seed" ? crawlWidth : maxOutboundPeers;
    for (let missing = wanted - outbound - this.#dialling.size; missing > 0; missing--) {
      const preferNew = Math.min(outbound, 8) * 10 + 10; // The better off, the more curious.
      const address = book.pick(connected, preferNew);
      if (!address) return;
      connected.add(address.id);
      void this.#dial(bookPeer(address));
    }
  }

  #dialSeed(): void {
    const { random } = this.#parts;
    const seed = this.#seeds[Math.floor(random() * this.#seeds.length)];
    if (seed) void this.#dial(seed);
  }

  async #dial(peer: PersistentPeer): Promise<void> {
    const { network, book, log } = this.#parts;
    this.#dialling.add(peer.id);
    book.markAttempt(peer.id);
    try {
      await network.connect(peer);
    } catch (error) {
      log.debug("could not reach", { peer: peer.id, error: String(error) });
    }
    this.#dialling.delete(peer.id);
  }

  /** A seed needs its places for those who come next. */
  #partFromGuests(): void {
    const { network } = this.#parts;
    for (const { id, connectedMs } of network.peers()) {
      if (connectedMs > seedStayMs) network.drop(id, "a seed keeps no connections");
    }
  }

  #isSeed(id: string): boolean {
    return this.#seeds.some((seed) => seed.id === id);
  }

  #summary(id: string): PeerSummary | undefined {
    return this.#parts.network.peers().find((peer) => peer.id === id);
  }

  #refuse(peer: Peer, reason: string): void {
    this.#parts.book.remove(peer.id);
    this.#parts.network.ban(peer, reason);
  }
}

/**
 * Where a peer can be reached, as far as its connection shows: the address it comes from, and the
 * port that it says it listens on, or that we found it at.
 */
function addressOf({ id, remoteAddress, isOutbound, nodeInfo }: PeerSummary) {
  const ip = ipOfText(remoteAddress);
  const found = isOutbound
    ? /\/tcp\/(\d{1,5})(?:\/|$)/.exec(remoteAddress) // Perhaps with /p2p/… behind it.
    : /:(\d{1,5})$/.exec(nodeInfo.listenAddr);
  const port = Number(found?.[1] ?? 0);
  return ip === "" || port === 0 ? undefined : { id, ip, port };
}
