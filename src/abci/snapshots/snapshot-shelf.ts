/**
 * Finished snapshots in the application's database, beside the state: chunks under "c", and under
 * "m" the manifest, which is written last and synced. Chunks without one are what a crash left.
 */
import type { Snapshot } from "cosmjs-types/tendermint/abci/types";
import { concat, fromU64be, u64be, utf8 } from "../../encoding/bytes.ts";
import type { Db } from "../../store/db.ts";
import { prefixRange } from "../../store/kv.ts";
import { decodeManifest, snapshotFormat, snapshotHash } from "./manifest.ts";

const manifestPrefix = utf8("m");
const chunkPrefix = utf8("c");
const heightOffset = 1;
const removedAtOnce = 100;
const manifestKey = (height: bigint): Uint8Array => concat(manifestPrefix, u64be(height));
const chunksOf = (height: bigint): Uint8Array => concat(chunkPrefix, u64be(height));
const chunkKey = (height: bigint, index: number): Uint8Array =>
  concat(chunksOf(height), u64be(BigInt(index)));

export class SnapshotShelf {
  readonly #db: Db;
  /** Oldest first. */
  #snapshots: Snapshot[] = [];

  private constructor(db: Db) {
    this.#db = db;
  }

  /** Finds the snapshots, and removes what is left of unfinished ones. */
  static async open(db: Db): Promise<SnapshotShelf> {
    const shelf = new SnapshotShelf(db);
    for await (const [key, metadata] of db.iterate(prefixRange(manifestPrefix))) {
      const manifest = decodeManifest(metadata);
      if (!manifest) continue;
      const height = fromU64be(key.subarray(heightOffset));
      shelf.#snapshots.push({
        height,
        format: snapshotFormat,
        chunks: manifest.chunkHashes.length,
        hash: snapshotHash(metadata),
        metadata,
      });
    }
    await shelf.#removeChunks((height) => shelf.find(height) === undefined);
    return shelf;
  }

  /** Oldest first. */
  list(): readonly Snapshot[] {
    return this.#snapshots;
  }

  find(height: bigint): Snapshot | undefined {
    return this.#snapshots.find((snapshot) => snapshot.height === height);
  }

  chunk(height: bigint, index: number): Uint8Array | undefined {
    if (index < 0 || !this.find(height)) return undefined;
    return this.#db.get(chunkKey(height, index));
  }

  /** One chunk of a snapshot that is being made. */
  async addChunk(height: bigint, index: number, value: Uint8Array): Promise<void> {
    await this.#db.batch([{ key: chunkKey(height, index), value }], { sync: false });
  }

  /** Makes the chunks of a height a snapshot. When the promise resolves, it is on disk. */
  async finish(height: bigint, metadata: Uint8Array, chunks: number): Promise<void> {
    await this.#db.batch([{ key: manifestKey(height), value: metadata }], { sync: true });
    const hash = snapshotHash(metadata);
    const made = { height, format: snapshotFormat, chunks, hash, metadata };
    const others = this.#snapshots.filter((snapshot) => snapshot.height !== height);
    this.#snapshots = [...others, made].sort((a, b) => (a.height < b.height ? -1 : 1));
  }

  /** Whether there was one. */
  async remove(height: bigint): Promise<boolean> {
    const known = this.find(height);
    this.#snapshots = this.#snapshots.filter((snapshot) => snapshot !== known);
    await this.#db.batch([{ key: manifestKey(height), value: undefined }], { sync: true });
    await this.#removeChunks((at) => at === height);
    return known !== undefined;
  }

  async #removeChunks(isStale: (height: bigint) => boolean): Promise<void> {
    let keys: Uint8Array[] = [];
    const flush = async (): Promise<void> => {
      const ops = keys.map((key) => ({ key, value: undefined }));
      keys = [];
      await this.#db.batch(ops, { sync: false });
    };
    for await (const [key] of this.#db.iterate(prefixRange(chunkPrefix))) {
      if (!isStale(fromU64be(key.subarray(heightOffset, heightOffset + 8)))) continue;
      keys.push(key);
      if (keys.length >= removedAtOnce) await flush();
    }
    if (keys.length > 0) await flush();
  }
}
