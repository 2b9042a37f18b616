/** The write-ahead log's segments as files in a folder. */
import {
  closeSync,
  fdatasyncSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeSync,
} from "node:fs";
import path from "node:path";
import type { LogDisk } from "../expected.ts";

const namePattern = /^wal-(\d{8})$/;

/** Segments wal-00000000, wal-00000001 and so on in `folder`, which is made if missing. */
export class FolderLogDisk implements LogDisk {
  readonly #folder: string;
  #open: { readonly segment: number; readonly handle: number } | undefined;

  constructor(folder: string) {
    this.#folder = folder;
    mkdirSync(folder, { recursive: true, mode: 0o700 });
  }

  segments(): readonly number[] {
    return readdirSync(this.#folder)
      .map((name) => Number(namePattern.exec(name)?.[1] ?? Number.NaN))
      .filter((segment) => !Number.isNaN(segment))
      .sort((a, b) => a - b);
  }

  read(segment: number): Uint8Array {
    return new Uint8Array(readFileSync(this.#file(segment)));
  }

  truncate(segment: number, bytes: number): void {
    truncateSync(this.#file(segment), bytes);
    fsyncSync(this.#handle(segment));
  }

  append(segment: number, bytes: Uint8Array): void {
    const handle = this.#handle(segment);
    for (let done = 0; done < bytes.length; ) done += writeSync(handle, bytes, done);
  }

  sync(segment: number): void {
    fdatasyncSync(this.#handle(segment));
  }

  remove(segment: number): void {
    rmSync(this.#file(segment));
  }

  /** Closes the open segment. The disk may be used again: it opens what it needs. */
  close(): void {
    if (this.#open) closeSync(this.#open.handle);
    this.#open = undefined;
  }

  #file(segment: number): string {
    return path.join(this.#folder, `wal-${String(segment).padStart(8, "0")}`);
  }

  #handle(segment: number): number {
    if (this.#open?.segment === segment) return this.#open.handle;
    this.close();
    const isNew = !this.segments().includes(segment);
    const handle = openSync(this.#file(segment), "a", 0o600);
    this.#open = { segment, handle };
    if (isNew) this.#syncFolder();
    return handle;
  }

  /** Makes a new segment's name durable. */
  #syncFolder(): void {
    const handle = openSync(this.#folder, "r");
    try {
      fsyncSync(handle);
    } finally {
      closeSync(handle);
    }
  }
}
