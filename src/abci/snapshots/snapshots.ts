/**
 * State sync from the application's side: makes snapshots while blocks go on, serves their chunks,
 * and takes over a state that peers send. spec/snapshots.md.
 */
import {
  ResponseApplySnapshotChunk_Result as Applied,
  ResponseOfferSnapshot_Result as Offered,
  type RequestApplySnapshotChunk,
  type RequestLoadSnapshotChunk,
  type RequestOfferSnapshot,
  type ResponseApplySnapshotChunk,
  type ResponseOfferSnapshot,
  type Snapshot,
} from "cosmjs-types/tendermint/abci/types";
import { sha256 } from "../../crypto/hash.ts";
import { equalBytes } from "../../encoding/bytes.ts";
import { hasNames } from "../../store/commit-info.ts";
import type { Db } from "../../store/db.ts";
import type { Multistore } from "../../store/multistore.ts";
import { StoreCorruptError } from "../../store/persistence/format.ts";
import { StateImport } from "../../store/state-import.ts";
import type { Log } from "../expected.ts";
import {
  encodeManifest,
  isOfAppHash,
  type Manifest,
  manifestOf,
  maxChunkBytes,
  snapshotFormat,
} from "./manifest.ts";
import { SnapshotShelf } from "./snapshot-shelf.ts";

const chunkBytes = 1 << 20;

export interface SnapshotOptions {
  /** A snapshot is begun after every so many heights; 0 makes none. */
  readonly interval: bigint;
  /** Snapshots kept, the newest ones; 0 keeps all. */
  readonly keepRecent: number;
}

export interface SnapshotParts {
  readonly db: Db;
  readonly store: Multistore;
  /** The stores of this program: a snapshot must have these. */
  readonly names: readonly string[];
  readonly options: SnapshotOptions;
  readonly log: Log;
}

/** A snapshot that peers are sending. */
interface Incoming {
  readonly manifest: Manifest;
  readonly state: StateImport;
  next: number;
}

export class Snapshots {
  readonly #parts: SnapshotParts;
  readonly #shelf: SnapshotShelf;
  #making: Promise<void> | undefined;
  #incoming: Incoming | undefined;

  private constructor(parts: SnapshotParts, shelf: SnapshotShelf) {
    this.#parts = parts;
    this.#shelf = shelf;
  }

  static async open(parts: SnapshotParts): Promise<Snapshots> {
    return new Snapshots(parts, await SnapshotShelf.open(parts.db));
  }

  /** Newest first, which is what a node that catches up wants. */
  list(): Snapshot[] {
    return [...this.#shelf.list()].reverse();
  }

  /** Empty when it is not there. */
  load({ height, format, chunk }: RequestLoadSnapshotChunk): Uint8Array {
    const found = format === snapshotFormat ? this.#shelf.chunk(height, chunk) : undefined;
    return found ?? new Uint8Array();
  }

  /** After a commit: begins a snapshot when one is due and none is being made. */
  committed(height: bigint): void {
    const { interval } = this.#parts.options;
    if (interval <= 0n || height % interval !== 0n || this.#making) return;
    this.#making = this.make()
      .then(() => undefined)
      .catch((error: unknown) => {
        // A node that stops closes the database under it; the next start removes what is there.
        this.#parts.log.info("a snapshot was not finished", { height, error: String(error) });
      })
      .finally(() => {
        this.#making = undefined;
      });
  }

  /** Resolves when no snapshot is being made. */
  async settled(): Promise<void> {
    await this.#making;
  }

  /** Makes a snapshot of the last committed height, a chunk at a time. Returns the height. */
  async make(): Promise<bigint> {
    const state = this.#parts.store.openExport(chunkBytes);
    const height = BigInt(state.manifest.version);
    const chunkHashes: Uint8Array[] = [];
    try {
      for (let next = state.chunks.next(); !next.done; next = state.chunks.next()) {
        await this.#shelf.addChunk(height, chunkHashes.length, next.value);
        chunkHashes.push(sha256(next.value));
      }
    } finally {
      state.close();
    }
    const metadata = encodeManifest({ ...state.manifest, chunkHashes });
    await this.#shelf.finish(height, metadata, chunkHashes.length);
    this.#parts.log.info("snapshot made", { height, chunks: chunkHashes.length });
    const { keepRecent } = this.#parts.options;
    const stale = keepRecent > 0 ? this.#shelf.list().slice(0, -keepRecent) : [];
    for (const old of stale) await this.#shelf.remove(old.height);
    return height;
  }

  /** Whether there was one. */
  remove(height: bigint): Promise<boolean> {
    return this.#shelf.remove(height);
  }

  /** The trusted application hash decides: a manifest with other root hashes is a lie. */
  async offer({ snapshot, appHash }: RequestOfferSnapshot): Promise<ResponseOfferSnapshot> {
    await this.#drop();
    if (!snapshot || snapshot.format !== snapshotFormat) return { result: Offered.REJECT_FORMAT };
    const { store, db, names, log } = this.#parts;
    if (store.version > 0n) {
      log.error("a snapshot is offered to an application that has state", {});
      return { result: Offered.ABORT };
    }
    const manifest = manifestOf(snapshot);
    if (!manifest || !hasNames(manifest.stores, names) || !isOfAppHash(snapshot, appHash)) {
      return { result: Offered.REJECT };
    }
    this.#incoming = { manifest, state: new StateImport(db, manifest), next: 0 };
    return { result: Offered.ACCEPT };
  }

  /**
   * The next chunk. One that has not the hash of the manifest is asked for again, from others than
   * its sender. After the last one, adopted tells the application.
   */
  async apply(
    { index, chunk, sender }: RequestApplySnapshotChunk,
    adopted: () => void,
  ): Promise<ResponseApplySnapshotChunk> {
    const incoming = this.#incoming;
    if (!incoming) return answer(Applied.ABORT);
    const { manifest, state } = incoming;
    if (index !== incoming.next) {
      return { ...answer(Applied.RETRY), refetchChunks: [incoming.next] };
    }
    const hash = manifest.chunkHashes[index];
    if (!hash || chunk.length > maxChunkBytes || !equalBytes(sha256(chunk), hash)) {
      const [height, from] = [manifest.version, JSON.stringify(sender).slice(0, 200)];
      this.#parts.log.error("a snapshot chunk is not the one promised", { height, index, from });
      const rejectSenders = sender === "" ? [] : [sender];
      return { result: Applied.RETRY, refetchChunks: [index], rejectSenders };
    }
    try {
      await state.add(chunk);
      incoming.next++;
      if (incoming.next < manifest.chunkHashes.length) return answer(Applied.ACCEPT);
      this.#parts.store.adopt(await state.finish());
    } catch (error) {
      if (!(error instanceof StoreCorruptError)) throw error;
      this.#parts.log.error("a snapshot is not the state promised", { error: error.message });
      await this.#drop();
      return answer(Applied.REJECT_SNAPSHOT);
    }
    this.#incoming = undefined;
    adopted();
    return answer(Applied.ACCEPT);
  }

  /** Takes over a snapshot of this node's own. Throws when a chunk is not what it was. */
  async takeOwn(snapshot: Snapshot, appHash: Uint8Array): Promise<void> {
    const { result } = await this.offer({ snapshot, appHash });
    if (result !== Offered.ACCEPT) throw new Error(`snapshot ${snapshot.height} is not accepted`);
    const { height, format } = snapshot;
    for (let index = 0; index < snapshot.chunks; index++) {
      const chunk = this.load({ height, format, chunk: index });
      const applied = await this.apply({ index, chunk, sender: "" }, () => undefined);
      if (applied.result === Applied.ACCEPT) continue;
      await this.#drop();
      throw new Error(`chunk ${index} of snapshot ${height} is damaged: the state stays empty`);
    }
  }

  /** Gives up what was received so far. */
  async #drop(): Promise<void> {
    const { state } = this.#incoming ?? {};
    this.#incoming = undefined;
    await state?.abort();
  }
}

function answer(result: Applied): ResponseApplySnapshotChunk {
  return { result, refetchChunks: [], rejectSenders: [] };
}
