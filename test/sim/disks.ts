/** Disks that lose what was not synced when the power goes, and tear what was half written. */
import type { LogDisk } from "../../src/consensus/expected.ts";
import { concat } from "../../src/encoding/bytes.ts";
import type { DbOp } from "../../src/store/db.ts";
import type { KeyRange } from "../../src/store/kv.ts";
import { MemoryDb } from "../../src/store/memory-db.ts";
import type { VirtualTime } from "./virtual-time.ts";

/** The power went while a disk was written: nothing after it happens in that life. */
export class PowerCut extends Error {
  override readonly name = "PowerCut";
}

/** Told before and after everything that a node makes durable; true when the power has gone. */
export type Boundary = () => boolean;

/** The write-ahead log's disk. */
export class SimLogDisk implements LogDisk {
  readonly #boundary: Boundary;
  readonly #segments = new Map<number, { bytes: Uint8Array[]; synced: number; length: number }>();

  constructor(boundary: Boundary = () => false) {
    this.#boundary = boundary;
  }

  segments(): readonly number[] {
    return [...this.#segments.keys()].sort((a, b) => a - b);
  }

  read(segment: number): Uint8Array {
    return concat(...this.#at(segment).bytes);
  }

  truncate(segment: number, bytes: number): void {
    const kept = this.read(segment).slice(0, bytes);
    this.#segments.set(segment, { bytes: [kept], synced: bytes, length: bytes });
  }

  append(segment: number, bytes: Uint8Array): void {
    this.#pass();
    const at = this.#at(segment);
    at.bytes.push(bytes);
    at.length += bytes.length;
  }

  sync(segment: number): void {
    this.#pass();
    const at = this.#at(segment);
    at.synced = at.length;
    this.#pass();
  }

  remove(segment: number): void {
    this.#segments.delete(segment);
  }

  /** Whether these bytes are on the platter: a power cut would not lose them. */
  holds(bytes: Uint8Array): boolean {
    const wanted = Buffer.from(bytes);
    for (const { bytes: written, length, synced } of this.#segments.values()) {
      let end = length;
      for (const piece of written.toReversed()) {
        // The log appends whole records: none lies in two pieces.
        if (
          end <= synced &&
          Buffer.from(piece.buffer, piece.byteOffset, piece.length).includes(wanted)
        )
          return true;
        end -= piece.length;
      }
    }
    return false;
  }

  /** Cuts the power: of the unsynced bytes a part survives, and its end may be garbage. */
  crash(random: () => number): void {
    for (const segment of this.segments()) {
      const { synced, length } = this.#at(segment);
      const kept = synced + Math.floor(random() * (length - synced + 1));
      const bytes = this.read(segment).slice(0, kept);
      if (kept > synced && random() < 0.5) bytes[kept - 1] = Math.floor(random() * 256);
      this.#segments.set(segment, { bytes: [bytes], synced: kept, length: kept });
    }
  }

  #pass(): void {
    if (this.#boundary()) throw new PowerCut();
  }

  #at(segment: number) {
    const found = this.#segments.get(segment) ?? { bytes: [], synced: 0, length: 0 };
    this.#segments.set(segment, found);
    return found;
  }
}

/** A database whose writes take time; a crash before that time undoes them. */
export class SimDb {
  readonly #time: VirtualTime;
  readonly #latencyMs: () => number;
  readonly #boundary: Boundary;
  #db = new MemoryDb();
  #life = 0;

  constructor(time: VirtualTime, latencyMs: () => number, boundary: Boundary) {
    this.#time = time;
    this.#boundary = boundary;
    this.#latencyMs = latencyMs;
  }

  get(key: Uint8Array): Uint8Array | undefined {
    return this.#db.get(key);
  }

  iterate(range: KeyRange): AsyncIterable<readonly [Uint8Array, Uint8Array]> {
    return this.#db.iterate(range);
  }

  /** Never resolves when the power goes first. */
  async batch(ops: readonly DbOp[], options: { readonly sync: boolean }): Promise<void> {
    const life = this.#life;
    await this.#time.sleep(this.#latencyMs());
    if (life !== this.#life || this.#boundary()) await new Promise<never>(() => undefined);
    await this.#db.batch(ops, options);
    if (this.#boundary()) await new Promise<never>(() => undefined);
  }

  crash(random: () => number): void {
    this.#life += 1;
    const survivingBatches = Math.floor(random() * (this.#db.unsyncedBatches + 1));
    this.#db = this.#db.crash({ survivingBatches });
  }
}
