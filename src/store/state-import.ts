/**
 * A whole state that arrives in chunks, from another node or from a snapshot of this one. It counts
 * only when the last chunk is there and every root hash is the one that was promised; a crash
 * before that leaves chunks below no header, which opening removes.
 */
import { equalBytes } from "../encoding/bytes.ts";
import type { StoreInfo } from "./commit-info.ts";
import type { Db } from "./db.ts";
import type { Tree } from "./iavl/tree.ts";
import {
  chunkKey,
  encodeHeader,
  encodeLog,
  type Header,
  headerKey,
  logKey,
  StoreCorruptError,
} from "./persistence/format.ts";
import { readHeader } from "./persistence/history.ts";
import { removeChunks } from "./persistence/housekeeping.ts";
import { SnapshotReader } from "./persistence/snapshot.ts";

/** What a state is, without its contents. */
export interface StateManifest {
  readonly version: number;
  readonly initialVersion: number;
  /** Sorted by name. */
  readonly stores: readonly StoreInfo[];
}

/** A version under way to somewhere else. */
export interface StateExport {
  readonly manifest: StateManifest;
  readonly chunks: Iterator<Uint8Array, void>;
  /** Lets go of the version. */
  close(): void;
}

/** A state that is on disk and in memory. */
export interface ImportedState {
  readonly header: Header;
  readonly trees: ReadonlyMap<string, Tree>;
  readonly stores: readonly StoreInfo[];
}

export class StateImport {
  readonly #db: Db;
  readonly #manifest: StateManifest;
  readonly #reader: SnapshotReader;
  #chunks = 0;

  /** Into a database without a version. */
  constructor(db: Db, manifest: StateManifest) {
    if (readHeader(db)) throw new Error("the database holds a version already");
    this.#db = db;
    this.#manifest = manifest;
    this.#reader = new SnapshotReader(manifest.version);
  }

  /** The next chunk. Throws StoreCorruptError; then only abort may follow. */
  async add(chunk: Uint8Array): Promise<void> {
    this.#reader.add(chunk);
    this.#reader.hash();
    const key = chunkKey(this.#manifest.version, this.#chunks);
    this.#chunks++;
    await this.#db.batch([{ key, value: chunk }], { sync: false });
  }

  /** Compares the root hashes, then makes the version the last one. Throws StoreCorruptError. */
  async finish(): Promise<ImportedState> {
    const { version, initialVersion, stores } = this.#manifest;
    const trees = this.#reader.finish();
    if (trees.size !== stores.length) throw new StoreCorruptError("the stores are not those named");
    for (const { name, root } of stores) {
      const hash = trees.get(name)?.workingHash();
      if (!hash || !equalBytes(hash, root)) {
        throw new StoreCorruptError(`store ${name} has not the root hash that was promised`);
      }
    }
    const snapshots = [{ version, chunks: this.#chunks }];
    const header = {
      initialVersion,
      version,
      oldestLog: version,
      snapshots,
      unfinished: undefined,
    };
    const log = encodeLog(stores.map((store) => ({ ...store, ops: [] })));
    const writes = [
      { key: logKey(version), value: log },
      { key: headerKey, value: encodeHeader(header) },
    ];
    await this.#db.batch(writes, { sync: true });
    return { header, trees, stores };
  }

  /** Removes what was written. */
  async abort(): Promise<void> {
    const { version } = this.#manifest;
    await this.#db.batch(removeChunks({ version, chunks: this.#chunks }), { sync: false });
  }
}
