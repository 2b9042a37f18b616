/**
 * One connection to another gonka-ts node: the exchange of Hello, one outgoing and one incoming
 * stream per group, heartbeats. Whatever the other side sends, the worst that happens is that the
 * link closes. spec/p2p.md, clauses N, S and L.
 */
import type { Connection, Stream } from "@libp2p/interface";
import type { ChannelTable } from "./channels.ts";
import { controlProtocol, groupProtocol, streamGroups } from "./channels.ts";
import type { ChannelSpec, Peer, StreamGroup } from "./expected.ts";
import { FrameReader } from "./frames.ts";
import type { NodeIdentity, RemoteHello } from "./hello.ts";
import {
  decodeControl,
  encodeHeartbeat,
  encodeHello,
  maxControlFrameBytes,
  nodeInfoOf,
  refuseNode,
} from "./hello.ts";
import { Outbox } from "./outbox.ts";

/** From the connection to both Hellos; and to open a stream, or to send one message on it. */
export const handshakeTimeoutMs = 10_000;
/** A peer that sends nothing for so long is hung or gone. Heartbeats come every second. */
const silenceTimeoutMs = 8_000;

/** One connection to a peer, whatever is spoken on it. */
export interface PeerLink {
  /** Our own protocol, or that of CometBFT's libp2p mode (comet/link.ts). */
  readonly wire: "own" | "comet";
  readonly connection: Connection;
  /** Node id of the key that the connection proved. */
  readonly remoteId: string;
  readonly peer: Peer;
  readonly isReady: boolean;
  /** The other side's Hello, once it is accepted. */
  readonly hello: RemoteHello | undefined;
  /** Node id of the side that dialled. */
  readonly diallerId: string;
  start(): void;
  /** A stream of CometBFT's own kind: one message of one channel. */
  acceptMessage(stream: Stream, spec: ChannelSpec): void;
  /** Called every second. */
  beat(nowMs: number): void;
  /** This process itself stood still: the silence was ours. */
  forgiveSilence(nowMs: number): void;
  /** Ends the connection at once. Safe to call twice. */
  close(reason: string): void;
  /** How long the connection has been there, and the bytes of the messages over it. */
  traffic(): { connectedMs: number; sentBytes: number; receivedBytes: number };
}

/** What a link tells the network. */
export interface LinkEvents {
  /** Both Hellos are accepted. */
  ready(link: PeerLink): void;
  message(link: PeerLink, spec: ChannelSpec, message: Uint8Array): void;
  /** The peer broke the protocol: the link is to be dropped and the peer banned. */
  offence(link: PeerLink, reason: string): void;
  closed(link: PeerLink, reason: string): void;
}

/** What all links of a node share. */
export interface LinkParts {
  readonly identity: NodeIdentity;
  readonly sessionId: Uint8Array;
  readonly table: ChannelTable;
  readonly events: LinkEvents;
  readonly nowMs: () => number;
}

/** One connection. */
export class Link implements PeerLink {
  readonly wire = "own";
  readonly connection: Connection;
  readonly remoteId: string;
  readonly peer: Peer;
  readonly #parts: LinkParts;
  readonly #openedMs: number;
  readonly #control: Outbox;
  readonly #outboxes = new Map<StreamGroup, Outbox>();
  /** Incoming streams; one per protocol. */
  readonly #incoming = new Map<string, Stream>();
  #hello: RemoteHello | undefined;
  #isHelloSent = false;
  #isReady = false;
  #isClosed = false;
  #heardMs: number;
  #sentBytes = 0;
  #receivedBytes = 0;

  constructor(connection: Connection, remoteId: string, parts: LinkParts) {
    this.connection = connection;
    this.remoteId = remoteId;
    this.peer = { id: remoteId, send: (channel, message) => this.#send(channel, message) };
    this.#parts = parts;
    this.#openedMs = parts.nowMs();
    this.#heardMs = this.#openedMs;
    this.#control = this.#newOutbox();
    for (const group of streamGroups) this.#outboxes.set(group, this.#newOutbox());
  }

  get isReady(): boolean {
    return this.#isReady;
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  get hello(): RemoteHello | undefined {
    return this.#hello;
  }

  get diallerId(): string {
    return this.connection.direction === "outbound" ? this.#parts.identity.id : this.remoteId;
  }

  /** Says Hello. Nothing else is sent before the other side's is accepted. */
  start(): void {
    const { identity, sessionId } = this.#parts;
    this.#control.pushControl(encodeHello(nodeInfoOf(identity), sessionId));
    void this.#open(controlProtocol, this.#control).then(() => {
      this.#isHelloSent = true;
      this.#becomeReady();
    });
  }

  /** The other side's control stream: Hello, then heartbeats. */
  acceptControl(stream: Stream): void {
    if (!this.#adopt(stream, controlProtocol)) return;
    this.#read(stream, maxControlFrameBytes, (frame) => this.#takeControl(frame));
  }

  /** The other side's stream of a group. It rests until the Hellos are done. */
  acceptGroup(stream: Stream, group: StreamGroup): void {
    if (!this.#adopt(stream, group)) return;
    if (this.#isReady) this.#readGroup(stream, group);
    else stream.pause();
  }

  acceptMessage(stream: Stream, spec: ChannelSpec): void {
    if (!this.#isReady) {
      stream.abort(new Error("no hello yet"));
      return;
    }
    const timer = setTimeout(() => stream.abort(new Error("too slow")), handshakeTimeoutMs);
    stream.addEventListener("close", () => clearTimeout(timer));
    let isTaken = false;
    this.#read(stream, spec.maxMessageBytes, (message) => {
      if (isTaken) return "more than one message on a stream";
      isTaken = true;
      this.#receivedBytes += message.length;
      this.#parts.events.message(this, spec, message);
      stream.close().catch(() => {}); // A stream that broke is closed as well.
      return undefined;
    });
  }

  /** Called every second: shows that we live, and judges whether the other side does. */
  beat(nowMs: number): void {
    if (this.#isClosed) return;
    if (!this.#isReady && nowMs - this.#openedMs > handshakeTimeoutMs) {
      this.close("no hello in time");
    } else if (nowMs - this.#heardMs > silenceTimeoutMs) {
      this.close(`silent for ${nowMs - this.#heardMs} ms`);
    } else if (this.#isReady) {
      this.#control.pushControl(encodeHeartbeat());
    }
  }

  forgiveSilence(nowMs: number): void {
    this.#heardMs = nowMs;
  }

  close(reason: string): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#control.close();
    for (const outbox of this.#outboxes.values()) outbox.close();
    this.connection.abort(new Error(reason));
    this.#parts.events.closed(this, reason);
  }

  traffic(): { connectedMs: number; sentBytes: number; receivedBytes: number } {
    const connectedMs = this.#parts.nowMs() - this.#openedMs;
    return { connectedMs, sentBytes: this.#sentBytes, receivedBytes: this.#receivedBytes };
  }

  #newOutbox(): Outbox {
    return new Outbox((error) => this.close(`stream failed: ${String(error)}`));
  }

  #send(channel: number, message: Uint8Array): boolean {
    const spec = this.#parts.table.get(channel)?.spec;
    if (!spec) throw new Error(`channel ${channel} is not registered`);
    if (this.#isClosed || !this.#hello?.nodeInfo.channels.includes(channel)) return false;
    const isTaken = this.#outboxes.get(spec.stream)?.push(spec, message) ?? false;
    if (isTaken) this.#sentBytes += message.length;
    return isTaken;
  }

  async #open(protocol: string, outbox: Outbox): Promise<void> {
    try {
      const signal = AbortSignal.timeout(handshakeTimeoutMs);
      const stream = await this.connection.newStream(protocol, { signal });
      this.#closeWith(stream);
      outbox.attach(stream);
    } catch (error) {
      this.close(`cannot open ${protocol}: ${String(error)}`);
    }
  }

  /** Our streams and theirs live as long as the link: when one ends, the link does. */
  #closeWith(stream: Stream): void {
    const end = (): void => this.close(`stream ${stream.protocol} ended`);
    stream.addEventListener("close", end);
    stream.addEventListener("remoteCloseWrite", end);
  }

  #adopt(stream: Stream, protocol: string): boolean {
    if (this.#incoming.has(protocol)) {
      this.#parts.events.offence(this, `second ${protocol} stream`);
      return false;
    }
    this.#incoming.set(protocol, stream);
    this.#closeWith(stream);
    return !this.#isClosed;
  }

  #takeControl(frame: Uint8Array): string | undefined {
    const control = decodeControl(frame);
    if (control === "heartbeat") return this.#hello ? undefined : "heartbeat before hello";
    if ("refused" in control) return control.refused;
    if (this.#hello) return "second hello";
    const refused = refuseNode(this.#parts.identity, control.hello, this.remoteId);
    if (refused !== undefined) {
      this.close(`peer ${refused}`); // Of another network: no offence, but not our peer.
      return undefined;
    }
    this.#hello = control.hello;
    this.#becomeReady();
    return undefined;
  }

  #becomeReady(): void {
    if (this.#isReady || this.#isClosed || !this.#hello || !this.#isHelloSent) return;
    this.#isReady = true;
    this.#parts.events.ready(this);
    for (const group of streamGroups) {
      if (this.#isClosed) return; // A duplicate of a better link.
      const outbox = this.#outboxes.get(group);
      if (outbox && this.#parts.table.maxFrameBytes(group) > 0) {
        void this.#open(groupProtocol(group), outbox);
      }
      const stream = this.#incoming.get(group);
      if (stream) {
        this.#readGroup(stream, group);
        if (stream.readStatus === "paused") stream.resume();
      }
    }
  }

  #readGroup(stream: Stream, group: StreamGroup): void {
    const { table, events } = this.#parts;
    this.#read(stream, table.maxFrameBytes(group), (frame) => {
      const [channel = -1] = frame;
      const spec = table.get(channel)?.spec;
      if (spec?.stream !== group) return `channel ${channel} on the ${group} stream`;
      const message = frame.subarray(1);
      if (message.length > spec.maxMessageBytes) {
        return `message of ${message.length} bytes on channel ${channel}`;
      }
      this.#receivedBytes += message.length;
      events.message(this, spec, message);
      return undefined;
    });
  }

  /** Cuts a stream into frames; what `take` says against one of them is an offence. */
  #read(
    stream: Stream,
    maxFrameBytes: number,
    take: (frame: Uint8Array) => string | undefined,
  ): void {
    const reader = new FrameReader(maxFrameBytes);
    stream.addEventListener("message", ({ data }) => {
      if (this.#isClosed) return;
      this.#heardMs = this.#parts.nowMs();
      const frames = reader.push(data.subarray());
      const problem = Array.isArray(frames) ? this.#takeAll(frames, take) : frames.broken;
      if (problem !== undefined) this.#parts.events.offence(this, problem);
    });
  }

  #takeAll(
    frames: readonly Uint8Array[],
    take: (frame: Uint8Array) => string | undefined,
  ): string | undefined {
    for (const frame of frames) {
      if (this.#isClosed) return undefined;
      const problem = take(frame);
      if (problem !== undefined) return problem;
    }
    return undefined;
  }
}
