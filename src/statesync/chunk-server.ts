/** Serves chunks at a bounded rate: a node that helps others must not fall behind itself. */
import type { Clock, Peer, SnapshotApplication } from "./expected.ts";
import { type ChunkId, chunkChannel, encodeMessage } from "./messages.ts";

/** Requests of one peer that may wait; an honest one has four under way. */
const maxWaiting = 32;
const retryMs = 50;

export interface ChunkServerParts {
  readonly app: Pick<SnapshotApplication, "loadSnapshotChunk">;
  readonly clock: Clock;
  /** To all peers together. */
  readonly bytesPerSecond: number;
}

export class ChunkServer {
  readonly #parts: ChunkServerParts;
  /** In order of arrival, over all peers. */
  #waiting: { readonly peer: Peer; readonly id: ChunkId }[] = [];
  #isPaused = false;

  constructor(parts: ChunkServerParts) {
    this.#parts = parts;
  }

  /** Answers now or later. False when the peer asks too much. */
  answer(peer: Peer, id: ChunkId): boolean {
    const ofPeer = this.#waiting.filter((each) => each.peer.id === peer.id).length;
    if (ofPeer >= maxWaiting) return false;
    this.#waiting.push({ peer, id });
    this.#serve();
    return true;
  }

  forget(peerId: string): void {
    this.#waiting = this.#waiting.filter(({ peer }) => peer.id !== peerId);
  }

  #serve(): void {
    if (this.#isPaused) return;
    const request = this.#waiting.shift();
    if (!request) return;
    const { app, bytesPerSecond } = this.#parts;
    const { height, format, index } = request.id;
    const { chunk: loaded } = app.loadSnapshotChunk({ height, format, chunk: index });
    // An empty chunk is one that the application does not have.
    const chunk = loaded.length > 0 ? loaded : undefined;
    const message = encodeMessage({ type: "chunk", id: request.id, chunk });
    const isSent = request.peer.send(chunkChannel, message);
    if (!isSent) this.#waiting.push(request);
    this.#pause(isSent ? Math.ceil((message.length * 1000) / bytesPerSecond) : retryMs);
  }

  #pause(delayMs: number): void {
    this.#isPaused = true;
    this.#parts.clock.after(delayMs, () => {
      this.#isPaused = false;
      this.#serve();
    });
  }
}
