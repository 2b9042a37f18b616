/**
 * The sending half of one stream: a bounded queue, sent as few large writes as possible. All
 * that is queued in one turn of the event loop goes out in one piece; when the stream is full,
 * the queue waits for it to drain, and then the sender is told to wait.
 */
import type { Stream } from "@libp2p/interface";
import { concat } from "../encoding/bytes.ts";
import type { ChannelSpec } from "./expected.ts";
import { encodeFrame } from "./frames.ts";

/** Frames are joined up to this size; a yamux frame carries at most 64 KiB. */
const maxWriteBytes = 65_536;
/** Unsent bytes of one stream beyond which nothing more is queued. */
const maxQueuedBytes = 16_777_216;

/** A Hello and many heartbeats. One is due every second, whether the peer reads them or not. */
const maxQueuedControlBytes = 16_384;

interface Queued {
  readonly channel: number;
  readonly frame: Uint8Array;
}

/** One stream's queue. Frames queued before the stream is open wait for it. */
export class Outbox {
  readonly #onFailure: (error: unknown) => void;
  readonly #counts = new Map<number, number>();
  #queue: Queued[] = [];
  #queuedBytes = 0;
  #stream: Stream | undefined;
  #isFlushDue = false;
  #isWaiting = false;
  #isClosed = false;

  /** Calls back when the stream breaks while something is sent. */
  constructor(onFailure: (error: unknown) => void) {
    this.#onFailure = onFailure;
  }

  attach(stream: Stream): void {
    this.#stream = stream;
    this.#flush();
  }

  close(): void {
    this.#isClosed = true;
    this.#queue = [];
    this.#stream = undefined;
  }

  /** Queues a message of a channel. False when there is no room; then nothing was queued. */
  push(spec: ChannelSpec, message: Uint8Array): boolean {
    const count = this.#counts.get(spec.id) ?? 0;
    const isFull =
      count >= spec.sendQueueCapacity ||
      (this.#queuedBytes > 0 && this.#queuedBytes + message.length > maxQueuedBytes);
    if (this.#isClosed || isFull) return false;
    this.#counts.set(spec.id, count + 1);
    this.#enqueue(spec.id, encodeFrame(Uint8Array.of(spec.id), message));
    return true;
  }

  /** Bytes that wait for the stream. */
  get queuedBytes(): number {
    return this.#queuedBytes;
  }

  /** Queues a frame that has no channel: the control stream's. Drops it when none is read. */
  pushControl(payload: Uint8Array): void {
    const isUnread = this.#queuedBytes + payload.length + 2 > maxQueuedControlBytes;
    if (!this.#isClosed && !isUnread) this.#enqueue(-1, encodeFrame(payload));
  }

  #enqueue(channel: number, frame: Uint8Array): void {
    this.#queue.push({ channel, frame });
    this.#queuedBytes += frame.length;
    if (this.#isFlushDue) return;
    this.#isFlushDue = true;
    setImmediate(() => {
      this.#isFlushDue = false;
      this.#flush();
    });
  }

  #flush(): void {
    const stream = this.#stream;
    if (!stream || this.#isWaiting) return;
    try {
      while (this.#queue.length > 0) {
        if (stream.send(this.#nextWrite())) continue;
        void this.#afterDrain(stream);
        return;
      }
    } catch (error) {
      this.#onFailure(error);
    }
  }

  async #afterDrain(stream: Stream): Promise<void> {
    this.#isWaiting = true;
    try {
      await stream.onDrain();
      this.#isWaiting = false;
      this.#flush();
    } catch (error) {
      this.#onFailure(error);
    }
  }

  /** Takes frames off the queue: the first, and those after it that still fit a write. */
  #nextWrite(): Uint8Array {
    let [count, bytes] = [0, 0];
    for (const { frame, channel } of this.#queue) {
      if (count > 0 && bytes + frame.length > maxWriteBytes) break;
      bytes += frame.length;
      count++;
      this.#counts.set(channel, (this.#counts.get(channel) ?? 1) - 1);
    }
    this.#queuedBytes -= bytes;
    const taken = this.#queue.splice(0, count);
    const [first] = taken;
    return taken.length === 1 && first ? first.frame : concat(...taken.map(({ frame }) => frame));
  }
}
