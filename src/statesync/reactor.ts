/** The reactor of channels 0x60 and 0x61: serves snapshots, and feeds the syncer while it runs. */

import { ChunkServer } from "./chunk-server.ts";
import type {
  Clock,
  Logger,
  Network,
  Peer,
  SnapshotApplication,
  TrustedChain,
} from "./expected.ts";
import {
  chunkChannel,
  decodeMessage,
  encodeMessage,
  maxChunkMessageBytes,
  maxSnapshotMessageBytes,
  type StateSyncMessage,
  snapshotChannel,
} from "./messages.ts";
import { type Synced, Syncer } from "./syncer.ts";

/** Snapshots told to a peer: the newest. */
const recentSnapshots = 10;

export interface StateSyncParts {
  readonly app: SnapshotApplication;
  readonly network: Network;
  readonly clock: Clock;
  readonly log: Logger;
  /** What serving chunks may cost, to all peers together. */
  readonly bytesPerSecond: number;
}

export class StateSync {
  readonly #parts: StateSyncParts;
  readonly #peers = new Map<string, Peer>();
  readonly #server: ChunkServer;
  #syncer: Syncer | undefined;

  /** Registers the channels with the network. */
  constructor(parts: StateSyncParts) {
    this.#parts = parts;
    this.#server = new ChunkServer(parts);
    const stream = "blocks" as const;
    parts.network.register(
      [
        {
          id: snapshotChannel,
          maxMessageBytes: maxSnapshotMessageBytes,
          sendQueueCapacity: 10,
          stream,
        },
        { id: chunkChannel, maxMessageBytes: maxChunkMessageBytes, sendQueueCapacity: 4, stream },
      ],
      this,
    );
  }

  /** Restores a snapshot of the peers. Throws StateSyncError. */
  async run(options: {
    readonly chain: TrustedChain;
    readonly discoveryMs: number;
  }): Promise<Synced> {
    const { app, clock, log, network } = this.#parts;
    const syncer = new Syncer({
      ...options,
      app,
      clock,
      log,
      askAll: () => {
        for (const peer of this.#peers.values()) this.#send(peer, { type: "snapshotsRequest" });
      },
      askChunk: (peerId, id) => {
        const peer = this.#peers.get(peerId);
        return peer !== undefined && this.#send(peer, { type: "chunkRequest", id });
      },
      ban: (peerId, reason) => {
        const peer = this.#peers.get(peerId);
        if (peer) network.ban(peer, reason);
      },
    });
    this.#syncer = syncer;
    try {
      return await syncer.run();
    } finally {
      syncer.stop();
      this.#syncer = undefined;
    }
  }

  stop(): void {
    this.#syncer?.stop();
  }

  addPeer(peer: Peer): void {
    this.#peers.set(peer.id, peer);
    if (this.#syncer) this.#send(peer, { type: "snapshotsRequest" });
  }

  removePeer(peer: Peer): void {
    if (this.#peers.get(peer.id) !== peer) return;
    this.#peers.delete(peer.id);
    this.#server.forget(peer.id);
    this.#syncer?.removePeer(peer.id);
  }

  receive(channel: number, peer: Peer, bytes: Uint8Array): void {
    const message = decodeMessage(bytes);
    if (!message || channelOf(message) !== channel) {
      this.#parts.network.ban(peer, "malformed state sync message");
      return;
    }
    if (message.type === "snapshotsRequest") this.#tellSnapshots(peer);
    else if (message.type === "snapshot") this.#syncer?.offer(peer.id, message.snapshot);
    else if (message.type === "chunk") this.#syncer?.chunk(peer.id, message.id, message.chunk);
    else if (!this.#server.answer(peer, message.id)) {
      this.#parts.network.ban(peer, "asks for too many chunks");
    }
  }

  #tellSnapshots(peer: Peer): void {
    const { snapshots } = this.#parts.app.listSnapshots();
    const newest = [...snapshots].sort((a, b) => {
      if (a.height !== b.height) return a.height > b.height ? -1 : 1;
      return b.format - a.format;
    });
    for (const snapshot of newest.slice(0, recentSnapshots)) {
      this.#send(peer, { type: "snapshot", snapshot });
    }
  }

  #send(peer: Peer, message: StateSyncMessage): boolean {
    return peer.send(channelOf(message), encodeMessage(message));
  }
}

const channelOf = ({ type }: StateSyncMessage): number =>
  type === "chunk" || type === "chunkRequest" ? chunkChannel : snapshotChannel;
