/** The kvstore with snapshots: its disk as JSON, in chunks whose hashes stand in the metadata. */
import {
  ResponseApplySnapshotChunk_Result as Applied,
  ResponseOfferSnapshot_Result as Offered,
  type Snapshot,
} from "cosmjs-types/tendermint/abci/types";
import type { Application } from "../../src/abci/application.ts";
import { sha256 } from "../../src/crypto/hash.ts";
import { concat, equalBytes, fromHex, fromUtf8, toHex, utf8 } from "../../src/encoding/bytes.ts";
import { type KvDisk, KvStoreApp } from "./kvstore.ts";

const chunkBytes = 64;
export const kvFormat = 7;

interface Taken {
  readonly snapshot: Snapshot;
  readonly chunks: readonly Uint8Array[];
}

export class SnapshotKvStore extends KvStoreApp {
  readonly #disk: KvDisk;
  readonly #taken: Taken[] = [];
  #incoming: { readonly snapshot: Snapshot; readonly chunks: Uint8Array[] } | undefined;
  /** What it answers instead of judging an offer. */
  answer: Offered | undefined;

  constructor(disk: KvDisk) {
    super(disk);
    this.#disk = disk;
  }

  /** Keeps the state as it is now. */
  takeSnapshot(): Snapshot {
    const { height, size, values, keys, powers } = this.#disk;
    const text = JSON.stringify({
      height: String(height),
      size: String(size),
      values: [...values],
      keys: [...keys].map(([address, key]) => [address, toHex(key)]),
      powers: [...powers].map(([key, power]) => [key, String(power)]),
    });
    const bytes = utf8(text);
    const chunks: Uint8Array[] = [];
    for (let from = 0; from < bytes.length; from += chunkBytes) {
      chunks.push(bytes.slice(from, from + chunkBytes));
    }
    const metadata = concat(...chunks.map(sha256));
    const snapshot = {
      height,
      format: kvFormat,
      chunks: chunks.length,
      hash: sha256(metadata),
      metadata,
    };
    this.#taken.push({ snapshot, chunks });
    return snapshot;
  }

  override listSnapshots: Application["listSnapshots"] = () => ({
    snapshots: this.#taken.map(({ snapshot }) => snapshot),
  });

  override loadSnapshotChunk: Application["loadSnapshotChunk"] = ({ height, chunk }) => {
    const found = this.#taken.find(({ snapshot }) => snapshot.height === height);
    return { chunk: found?.chunks[chunk] ?? new Uint8Array(0) };
  };

  override offerSnapshot: Application["offerSnapshot"] = ({ snapshot }) => {
    if (this.answer !== undefined) return { result: this.answer };
    if (snapshot?.format !== kvFormat) return { result: Offered.REJECT_FORMAT };
    if (!equalBytes(sha256(snapshot.metadata), snapshot.hash)) return { result: Offered.REJECT };
    this.#incoming = { snapshot, chunks: [] };
    return { result: Offered.ACCEPT };
  };

  override applySnapshotChunk: Application["applySnapshotChunk"] = ({ index, chunk, sender }) => {
    const { snapshot, chunks } = this.#incoming ?? {};
    if (!snapshot || !chunks) throw new Error("no snapshot was offered");
    const hash = snapshot.metadata.subarray(index * 32, index * 32 + 32);
    if (!equalBytes(sha256(chunk), hash)) {
      return { result: Applied.RETRY, refetchChunks: [index], rejectSenders: [sender] };
    }
    chunks[index] = chunk;
    if (index === snapshot.chunks - 1) this.#restore(concat(...chunks));
    return { result: Applied.ACCEPT, refetchChunks: [], rejectSenders: [] };
  };

  #restore(bytes: Uint8Array): void {
    const state = JSON.parse(fromUtf8(bytes));
    this.#disk.height = BigInt(state.height);
    this.#disk.size = BigInt(state.size);
    for (const [key, value] of state.values) this.#disk.values.set(key, value);
    for (const [address, key] of state.keys) this.#disk.keys.set(address, fromHex(key));
    for (const [key, power] of state.powers) this.#disk.powers.set(key, BigInt(power));
  }
}
