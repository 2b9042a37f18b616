/**
 * The write-ahead log: every input of the consensus engine in order, and the end of every height,
 * in numbered segments. What the node signed is on the disk before it leaves, so after a crash the
 * same inputs rebuild the same locks. spec/consensus.md, clause W.
 */
import type { Clock, LogDisk, Logger } from "../expected.ts";
import { encodeFrame, maxRecordBytes, readFrames, type WalRecord } from "./records.ts";

/** A segment that has grown beyond this is followed by a new one at the next height. */
const segmentBytesTarget = 16_777_216;
/** Finished segments kept behind the one that holds the current height: for post-mortems. */
const segmentsKeptBehind = 1;

/** A finished segment is damaged: the log cannot be trusted. */
export class WalDamagedError extends Error {
  override readonly name = "WalDamagedError";
}

interface WalParts {
  readonly disk: LogDisk;
  readonly clock: Pick<Clock, "now">;
  readonly log: Logger;
}

/** The log of one node. Every method but the reading ones throws when the disk does. */
export class Wal {
  readonly #parts: WalParts;
  #segment = 0;
  #segmentBytes = 0;
  #isDirty = false;

  private constructor(parts: WalParts) {
    this.#parts = parts;
  }

  /**
   * Opens the log and cuts off a torn tail of the last segment: what was not synced was not
   * relied on. Throws WalDamagedError when an earlier segment is not whole.
   */
  static open(parts: WalParts): Wal {
    const wal = new Wal(parts);
    const segments = parts.disk.segments();
    const last = segments.at(-1);
    for (const segment of segments) {
      const bytes = parts.disk.read(segment);
      const { goodBytes } = readFrames(bytes);
      if (goodBytes < bytes.length && segment !== last) {
        throw new WalDamagedError(`segment ${segment} is damaged at byte ${goodBytes}`);
      }
      if (goodBytes < bytes.length) {
        parts.log.warn("cut off a torn log tail", { segment, lostBytes: bytes.length - goodBytes });
        parts.disk.truncate(segment, goodBytes);
      }
      wal.#segment = segment;
      wal.#segmentBytes = goodBytes;
    }
    return wal;
  }

  /** Adds a record; it may be lost in a power cut until sync. */
  append(record: WalRecord): void {
    const frame = encodeFrame(record, this.#parts.clock.now());
    if (frame.length > maxRecordBytes) throw new Error(`log record of ${frame.length} bytes`);
    this.#parts.disk.append(this.#segment, frame);
    this.#segmentBytes += frame.length;
    this.#isDirty = true;
  }

  /** Returns when everything appended is on the disk. */
  sync(): void {
    if (this.#isDirty) this.#parts.disk.sync(this.#segment);
    this.#isDirty = false;
  }

  /** Marks a height as decided and stored, durably; begins a new segment if this one is full. */
  endHeight(height: bigint): void {
    this.append({ endHeight: { height } });
    this.sync();
    if (this.#segmentBytes < segmentBytesTarget) return;
    const finished = this.#segment;
    this.#segment += 1;
    this.#segmentBytes = 0;
    this.append({ endHeight: { height } }); // So that the older segment is not needed.
    this.sync();
    for (const segment of this.#parts.disk.segments()) {
      if (segment <= finished - segmentsKeptBehind) this.#parts.disk.remove(segment);
    }
  }

  /** The records after the end of that height; undefined when the log does not know its end. */
  recordsAfter(height: bigint): readonly WalRecord[] | undefined {
    const after: WalRecord[] = [];
    for (const segment of this.#parts.disk.segments().toReversed()) {
      const { records } = readFrames(this.#parts.disk.read(segment));
      const end = records.findLastIndex((record) => record.endHeight?.height === height);
      after.unshift(...records.slice(end + 1));
      if (end >= 0) return after;
    }
    return undefined;
  }
}
