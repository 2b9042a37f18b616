/**
 * The metadata of a snapshot: which state it is, and the hash of every chunk. spec/snapshots.md.
 * It comes from peers, so decoding is total: anything else than a manifest is undefined.
 */
import type { Snapshot } from "cosmjs-types/tendermint/abci/types";
import { sha256 } from "../../crypto/hash.ts";
import { equalBytes } from "../../encoding/bytes.ts";
import { appHashOf } from "../../store/commit-info.ts";
import { ByteWriter } from "../../store/persistence/byte-writer.ts";
import { Reader, StoreCorruptError } from "../../store/persistence/format.ts";
import type { StateManifest } from "../../store/state-import.ts";

/** Raised when the meaning of any byte of a snapshot changes. */
export const snapshotFormat = 1;
/** A chunk is cut at a megabyte; one long value can make it longer, up to this. */
export const maxChunkBytes = 16 << 20;
const maxChunks = 100_000;
const maxStores = 1_000;
const hashBytes = 32;

export interface Manifest extends StateManifest {
  readonly chunkHashes: readonly Uint8Array[];
}

export function encodeManifest({ version, initialVersion, stores, chunkHashes }: Manifest) {
  const writer = new ByteWriter();
  writer.number(version);
  writer.number(initialVersion);
  writer.number(stores.length);
  for (const { name, root } of stores) {
    writer.text(name);
    writer.raw(root);
  }
  writer.number(chunkHashes.length);
  for (const hash of chunkHashes) writer.raw(hash);
  return writer.take();
}

/** Undefined when these bytes are not the one encoding of a manifest. */
export function decodeManifest(bytes: Uint8Array): Manifest | undefined {
  try {
    const reader = new Reader(bytes, "manifest");
    const [version, initialVersion] = [reader.number(), reader.number()];
    const storeCount = reader.count();
    if (initialVersion < 1 || version < initialVersion || storeCount > maxStores) return undefined;
    const stores = Array.from({ length: storeCount }, () => {
      return { name: reader.text(), root: reader.bytes(hashBytes) };
    });
    const chunkCount = reader.count();
    if (chunkCount < 1 || chunkCount > maxChunks) return undefined;
    const chunkHashes = Array.from({ length: chunkCount }, () => reader.bytes(hashBytes));
    reader.assertEnd();
    const manifest = { version, initialVersion, stores, chunkHashes };
    // Numbers may be written longer than need be; then the hash would not be the one of the state.
    return Buffer.compare(encodeManifest(manifest), bytes) === 0 ? manifest : undefined;
  } catch (error) {
    if (error instanceof StoreCorruptError) return undefined;
    throw error;
  }
}

/** The hash that names a snapshot among peers. */
export function snapshotHash(metadata: Uint8Array): Uint8Array {
  return sha256(metadata);
}

/** Whether the snapshot says of itself that it is the state with this application hash. */
export function isOfAppHash(snapshot: Snapshot, appHash: Uint8Array): boolean {
  const manifest = manifestOf(snapshot);
  return manifest !== undefined && equalBytes(appHashOf(manifest.stores), appHash);
}

/** The manifest of a snapshot whose other fields agree with it. */
export function manifestOf(snapshot: Snapshot): Manifest | undefined {
  const { metadata, height, chunks, hash, format } = snapshot;
  const manifest = format === snapshotFormat ? decodeManifest(metadata) : undefined;
  if (!manifest || BigInt(manifest.version) !== height) return undefined;
  if (manifest.chunkHashes.length !== chunks) return undefined;
  return equalBytes(snapshotHash(metadata), hash) ? manifest : undefined;
}
