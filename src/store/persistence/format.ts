/**
 * The bytes of the multistore on disk, clause by clause in spec/store.md. Numbers in keys are
 * eight bytes big-endian, so that keys sort as numbers; numbers in values are unsigned varints.
 */
import { concat, equalBytes, fromUtf8, u64be, utf8 } from "../../encoding/bytes.ts";
import { readUvarint } from "../../encoding/varint.ts";
import type { StoreInfo } from "../commit-info.ts";
import { ByteWriter } from "./byte-writer.ts";

/** Raised when the meaning of any byte below changes; an unknown number refuses to open. */
export const formatVersion = 1;
const magic = utf8("gonka-store");
const rootBytes = 32;

/** The header: the only key whose value changes. */
export const headerKey = utf8("h");
/** What a version changed, and its root hashes. */
export const logKey = (version: number): Uint8Array => concat(utf8("l"), u64be(BigInt(version)));
/** One chunk of the snapshot of a version. */
export const chunkKey = (version: number, chunk: number): Uint8Array =>
  concat(utf8("s"), u64be(BigInt(version)), u64be(BigInt(chunk)));

/** The stored bytes are not what this program wrote: a damaged disk or a foreign database. */
export class StoreCorruptError extends Error {
  constructor(message: string) {
    super(`the application store is damaged: ${message}`);
    this.name = "StoreCorruptError";
  }
}

/** A snapshot on disk: the whole state after a version, in so many chunks. */
export interface SnapshotInfo {
  readonly version: number;
  readonly chunks: number;
}

export interface Header {
  /** The first version that was or will be committed. */
  readonly initialVersion: number;
  /** The last committed version. */
  readonly version: number;
  /** The first version whose log is still stored. */
  readonly oldestLog: number;
  /** Complete snapshots, oldest first. */
  readonly snapshots: readonly SnapshotInfo[];
  /** Chunks of the snapshot that is being written, if any: garbage after a restart. */
  readonly unfinished: SnapshotInfo | undefined;
}

/** One write: key and value, or undefined for the removal of a key that was there. */
export interface LogOp {
  readonly key: Uint8Array;
  readonly value: Uint8Array | undefined;
}

/** What a version did to one sub-store, in the order in which it was done. */
export interface StoreLog extends StoreInfo {
  readonly ops: readonly LogOp[];
}

export function encodeHeader(header: Header): Uint8Array {
  const snapshots = header.unfinished ? [...header.snapshots, header.unfinished] : header.snapshots;
  const writer = new ByteWriter();
  writer.raw(magic);
  writer.number(formatVersion);
  writer.number(header.initialVersion);
  writer.number(header.version);
  writer.number(header.oldestLog);
  writer.number(header.unfinished ? 1 : 0);
  writer.number(snapshots.length);
  for (const { version, chunks } of snapshots) {
    writer.number(version);
    writer.number(chunks);
  }
  return writer.take();
}

/** Throws StoreCorruptError, also for a format this program does not know. */
export function decodeHeader(bytes: Uint8Array): Header {
  const reader = new Reader(bytes, "header");
  if (!equalBytes(reader.bytes(magic.length), magic)) throw new StoreCorruptError("foreign header");
  const format = reader.number();
  if (format !== formatVersion) {
    throw new StoreCorruptError(`format ${format}, this program reads ${formatVersion}`);
  }
  const [initialVersion, version, oldestLog] = [reader.number(), reader.number(), reader.number()];
  const hasUnfinished = reader.number() === 1;
  const snapshots = Array.from({ length: reader.count() }, () => ({
    version: reader.number(),
    chunks: reader.number(),
  }));
  reader.assertEnd();
  const unfinished = hasUnfinished ? snapshots.pop() : undefined;
  return { initialVersion, version, oldestLog, snapshots, unfinished };
}

/** Stores sorted by name. */
export function encodeLog(stores: readonly StoreLog[]): Uint8Array {
  const writer = new ByteWriter();
  writer.number(stores.length);
  for (const { name, root, ops } of stores) {
    writer.text(name);
    writer.raw(root);
    writer.number(ops.length);
    for (const { key, value } of ops) {
      writer.prefixed(key);
      // Zero stands for a removal, else the length of the value and one.
      writer.number(value ? value.length + 1 : 0);
      if (value) writer.raw(value);
    }
  }
  return writer.take();
}

/** Throws StoreCorruptError. The keys and values are views of the given bytes. */
export function decodeLog(bytes: Uint8Array): StoreLog[] {
  const reader = new Reader(bytes, "log");
  const stores = Array.from({ length: reader.count() }, () => {
    const name = reader.text();
    const root = reader.bytes(rootBytes);
    const ops = Array.from({ length: reader.count() }, () => {
      const key = reader.bytes(reader.number());
      const length = reader.number();
      return { key, value: length === 0 ? undefined : reader.bytes(length - 1) };
    });
    return { name, root, ops };
  });
  reader.assertEnd();
  return stores;
}

/** Reads values that this program wrote; anything else is damage. */
export class Reader {
  readonly #bytes: Uint8Array;
  readonly #what: string;
  #offset = 0;

  constructor(bytes: Uint8Array, what: string) {
    this.#bytes = bytes;
    this.#what = what;
  }

  get isAtEnd(): boolean {
    return this.#offset === this.#bytes.length;
  }

  number(): number {
    const first = this.#bytes[this.#offset];
    if (first !== undefined && first < 0x80) {
      this.#offset++;
      return first;
    }
    const read = readUvarint(this.#bytes, this.#offset);
    if (!read || read.value > BigInt(Number.MAX_SAFE_INTEGER)) throw this.#damaged();
    this.#offset = read.next;
    return Number(read.value);
  }

  /** A number of items that follow, each of at least one byte. */
  count(): number {
    const count = this.number();
    if (count > this.#bytes.length - this.#offset) throw this.#damaged();
    return count;
  }

  bytes(length: number): Uint8Array {
    const end = this.#offset + length;
    if (end > this.#bytes.length) throw this.#damaged();
    const bytes = this.#bytes.subarray(this.#offset, end);
    this.#offset = end;
    return bytes;
  }

  text(): string {
    try {
      return fromUtf8(this.bytes(this.number()));
    } catch {
      throw this.#damaged();
    }
  }

  assertEnd(): void {
    if (!this.isAtEnd) throw this.#damaged();
  }

  #damaged(): StoreCorruptError {
    return new StoreCorruptError(`${this.#what}, at byte ${this.#offset}`);
  }
}
