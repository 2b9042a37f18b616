/** Disks that lose what was not synced when the power goes, and tear what was half written. */
import type { LogDisk } from "../../src/consensus/expected.ts";
import { concat } from "../../src/encoding/bytes.ts";
import type { DbOp } from "../../src/store/db.ts";
import type { KeyRange } from "../../src/store/kv.ts";
import { MemoryDb } from "../../src/store/memory-db.ts";
import type { VirtualTime } from "./virtual-time.ts";

/** The write-ahead log's disk. */
export class SimLogDisk implements LogDisk {
  readonly #segments = new Map<number, { bytes: Uint8Array[]; synced: number; length: number }>();

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
    const at = this.#at(segment);
    at.bytes.push(bytes);
    at.length += bytes.length;
  }

  sync(segment: number): void {
    const at = this.#at(segment);
    at.synced = at.length;
  }

  remove(segment: number): void {
    this.#segments.delete(segment);
  }

  /** Whether these bytes are on the platter: a power cut would not lose them. */
  holds(bytes: Uint8Array): boolean {
    return this.segments().some((segment) => {
      const { synced } = this.#at(segment);
      return Buffer.from(this.read(segment)).subarray(0, synced).includes(Buffer.from(bytes));
    });
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
  #db = new MemoryDb();
  #life = 0;

  constructor(time: VirtualTime, latencyMs: () => number) {
    this.#time = time;
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
    if (life !== this.#life) await new Promise<never>(() => undefined);
    await this.#db.batch(ops, options);
  }

  crash(random: () => number): void {
    this.#life += 1;
    const survivingBatches = Math.floor(random() * (this.#db.unsyncedBatches + 1));
    this.#db = this.#db.crash({ survivingBatches });
  }
}
