/**
 * The sending half of one channel of a CometBFT peer: a bounded queue, and one stream per message.
 * Streams overtake each other, and CometBFT drops a block part that comes before its proposal. So a
 * burst begins with one message, whose arrival is awaited, and widens from there.
 */
import type { Stream } from "@libp2p/interface";
import type { ChannelSpec } from "../expected.ts";
import { encodeFrame } from "../frames.ts";

/** Messages under way at a time. */
const maxInFlight = 32;
/** Unsent bytes beyond which nothing more is queued. */
const maxQueuedBytes = 16_777_216;
/** To open a stream, and to bring one message across (CometBFT's TimeoutStream). */
const streamTimeoutMs = 10_000;
/** A stream could not be opened: try again after this. */
const retryMs = 250;
/** So many times in a row mean that the connection is of no use. */
const maxFailures = 40;
/** The other side does not know the channel: it is starting, or has switched it off. */
const unknownMs = 2_000;

interface LaneParts {
  readonly spec: ChannelSpec;
  open(signal: AbortSignal): Promise<Stream>;
  /** No stream can be opened. */
  onFailure(reason: string): void;
}

/** One channel's queue. */
export class Lane {
  readonly #parts: LaneParts;
  #queue: Uint8Array[] = [];
  #queuedBytes = 0;
  #inFlight = 0;
  #window = 1;
  #failures = 0;
  #pause: NodeJS.Timeout | undefined;
  #isClosed = false;

  constructor(parts: LaneParts) {
    this.#parts = parts;
  }

  /** Queues a message. False when there is no room; then nothing was queued. */
  push(message: Uint8Array): boolean {
    const { sendQueueCapacity } = this.#parts.spec;
    const isFull =
      this.#queue.length + this.#inFlight >= sendQueueCapacity ||
      (this.#queuedBytes > 0 && this.#queuedBytes + message.length > maxQueuedBytes);
    if (this.#isClosed || isFull) return false;
    this.#queue.push(message);
    this.#queuedBytes += message.length;
    this.#pump();
    return true;
  }

  close(): void {
    this.#isClosed = true;
    this.#queue = [];
    clearTimeout(this.#pause);
  }

  #pump(): void {
    while (!this.#pause && this.#inFlight < this.#window) {
      const message = this.#queue.shift();
      if (!message) return;
      this.#inFlight++;
      void this.#bring(message);
    }
  }

  async #bring(message: Uint8Array): Promise<void> {
    try {
      const stream = await this.#parts.open(AbortSignal.timeout(streamTimeoutMs));
      this.#failures = 0;
      this.#queuedBytes -= message.length;
      await sendOne(stream, message); // What is lost on a broken stream, gossip sends again.
    } catch (error) {
      this.#queue.unshift(message);
      this.#rest(error);
    }
    this.#inFlight--;
    const isIdle = this.#queue.length === 0 && this.#inFlight === 0;
    this.#window = isIdle ? 1 : Math.min(this.#window * 2, maxInFlight);
    if (!this.#isClosed) this.#pump();
  }

  #rest(error: unknown): void {
    if (this.#isClosed || this.#pause) return;
    const isUnknown = error instanceof Error && error.name === "UnsupportedProtocolError";
    if (!isUnknown) this.#failures++;
    if (this.#failures > maxFailures) {
      this.#parts.onFailure(`cannot open streams: ${String(error)}`);
      return;
    }
    this.#pause = setTimeout(
      () => {
        this.#pause = undefined;
        this.#pump();
      },
      isUnknown ? unknownMs : retryMs,
    );
  }
}

/**
 * Writes a message; resolves when the other side has ended the stream, as CometBFT does as soon as
 * it has read the message, without waiting for our end. A stream that the other side has stopped
 * cannot be ended: QUIC wants a reset for it, and @chainsafe/libp2p-quic 2.1.1 sends none of itself
 * (rust/lib.rs, finish_write). Without one, the other side counts the stream as open for ever.
 */
async function sendOne(stream: Stream, message: Uint8Array): Promise<void> {
  if (stream.status !== "open") return;
  const ended = new Promise<void>((resolve) => {
    stream.addEventListener("remoteCloseWrite", () => resolve());
    stream.addEventListener("close", () => resolve());
  });
  const timer = setTimeout(() => stream.abort(new Error("too slow")), streamTimeoutMs);
  stream.send(encodeFrame(message));
  await ended;
  clearTimeout(timer);
  stream.abort(new Error("done"));
}
