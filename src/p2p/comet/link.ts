/**
 * One QUIC connection, on which CometBFT's libp2p mode is spoken: no handshake, one stream per
 * message. Whatever the other side sends, the worst that happens is that the link closes.
 * spec/p2p.md, section 8.
 */
import type { Connection, Stream } from "@libp2p/interface";
import { channelProtocol } from "../channels.ts";
import type { ChannelSpec, Peer } from "../expected.ts";
import { FrameReader } from "../frames.ts";
import type { RemoteHello } from "../hello.ts";
import { nodeInfoOf } from "../hello.ts";
import type { LinkParts, PeerLink } from "../link.ts";
import { Lane } from "./lane.ts";

/** The channels that CometBFT's libp2p mode knows (node/node.go): all but the exchange of peers. */
const cometChannels: ReadonlySet<number> = new Set([
  0x20, 0x21, 0x22, 0x23, 0x30, 0x38, 0x40, 0x60, 0x61,
]);
/** One-message streams of one channel that a peer may have open at a time. */
export const maxCometStreams = 256;
/** From the opening of a stream to the end of its message. */
const messageTimeoutMs = 10_000;
/** Bytes of unfinished messages of one connection, all streams together. */
const maxPendingBytes = 134_217_728;
/** The other side has asked who we are: it knows us after this. */
const introducedMs = 100;
/** It never asked: begin all the same. */
const unaskedMs = 1_500;

/** One connection. */
export class CometLink implements PeerLink {
  readonly wire = "comet";
  readonly connection: Connection;
  readonly remoteId: string;
  readonly peer: Peer;
  /** Nothing is said at the start: what is known of the other side without. */
  readonly hello: RemoteHello;
  readonly #parts: LinkParts;
  readonly #lanes = new Map<number, Lane>();
  readonly #openedMs: number;
  #ready: NodeJS.Timeout;
  #isReady = false;
  #isClosed = false;
  #pendingBytes = 0;
  #sentBytes = 0;
  #receivedBytes = 0;

  constructor(connection: Connection, remoteId: string, parts: LinkParts) {
    this.connection = connection;
    this.remoteId = remoteId;
    this.peer = { id: remoteId, send: (channel, message) => this.#send(channel, message) };
    this.#parts = parts;
    this.#openedMs = parts.nowMs();
    this.#ready = this.#readyAfter(unaskedMs);
    const { chainId, channels } = parts.identity;
    const listenAddress = String(connection.remoteAddr);
    const identity = { id: remoteId, chainId, channels, listenAddress };
    const unknown = { moniker: "", version: "", appVersion: 0n, rpcAddress: "" };
    const nodeInfo = nodeInfoOf({ ...unknown, ...identity });
    this.hello = { nodeInfo, sessionId: new Uint8Array() };
  }

  get diallerId(): string {
    return this.connection.direction === "outbound" ? this.#parts.identity.id : this.remoteId;
  }

  get isReady(): boolean {
    return this.#isReady && !this.#isClosed;
  }

  /** There is nothing to say first. */
  start(): void {}

  /** The other side has been told our addresses: it takes our messages from now on. */
  introduced(): void {
    if (this.#isReady || this.#isClosed) return;
    clearTimeout(this.#ready);
    this.#ready = this.#readyAfter(introducedMs);
  }

  /** A stream of one message. One that breaks off is no offence: its sender may have died. */
  acceptMessage(stream: Stream, spec: ChannelSpec): void {
    const reader = new FrameReader(spec.maxMessageBytes);
    const timer = setTimeout(() => stream.abort(new Error("too slow")), messageTimeoutMs);
    let bytes = 0;
    let isTaken = false;
    const end = (): void => {
      clearTimeout(timer);
      this.#pendingBytes -= bytes;
      bytes = 0;
      // Nothing is answered. A reset, for a sender that has gone on already (lane.ts).
      stream.abort(new Error("done"));
    };
    stream.addEventListener("remoteCloseWrite", end);
    stream.addEventListener("close", end);
    stream.addEventListener("message", ({ data }) => {
      if (this.#isClosed) return;
      bytes += data.byteLength;
      this.#pendingBytes += data.byteLength;
      const frames = reader.push(data.subarray());
      if (!Array.isArray(frames)) this.#parts.events.offence(this, frames.broken);
      else if (isTaken || frames.length > 1) {
        this.#parts.events.offence(this, "more than one message on a stream");
      } else if (frames[0]) {
        isTaken = true;
        end();
        this.#take(spec, frames[0]);
      } else if (this.#pendingBytes > maxPendingBytes) stream.abort(new Error("too much at once"));
    });
  }

  beat(): void {} // QUIC's keep-alives do it.
  forgiveSilence(): void {}

  /** Ends the connection at once. Safe to call twice. */
  close(reason: string): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    clearTimeout(this.#ready);
    for (const lane of this.#lanes.values()) lane.close();
    this.connection.abort(new Error(reason));
    this.#parts.events.closed(this, reason);
  }

  traffic(): { connectedMs: number; sentBytes: number; receivedBytes: number } {
    const connectedMs = this.#parts.nowMs() - this.#openedMs;
    return { connectedMs, sentBytes: this.#sentBytes, receivedBytes: this.#receivedBytes };
  }

  #readyAfter(delayMs: number): NodeJS.Timeout {
    return setTimeout(() => this.#becomeReady(), delayMs);
  }

  #becomeReady(): void {
    if (this.#isReady || this.#isClosed) return;
    clearTimeout(this.#ready);
    this.#isReady = true;
    this.#parts.events.ready(this);
  }

  /** Whoever sends to us has us among its peers. */
  #take(spec: ChannelSpec, message: Uint8Array): void {
    this.#becomeReady();
    this.#receivedBytes += message.length;
    this.#parts.events.message(this, spec, message);
  }

  #send(channel: number, message: Uint8Array): boolean {
    const spec = this.#parts.table.get(channel)?.spec;
    if (!spec) throw new Error(`channel ${channel} is not registered`);
    if (this.#isClosed || !cometChannels.has(channel)) return false;
    const isTaken = this.#lane(spec).push(message);
    if (isTaken) this.#sentBytes += message.length;
    return isTaken;
  }

  #lane(spec: ChannelSpec): Lane {
    const known = this.#lanes.get(spec.id);
    if (known) return known;
    const maxOutboundStreams = maxCometStreams;
    const lane = new Lane({
      spec,
      open: (signal) =>
        this.connection.newStream(channelProtocol(spec.id), { signal, maxOutboundStreams }),
      onFailure: (reason) => this.close(reason),
    });
    this.#lanes.set(spec.id, lane);
    return lane;
  }
}
