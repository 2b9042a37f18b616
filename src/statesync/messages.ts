/** tendermint.statesync.Message: what channels 0x60 and 0x61 carry (statesync/messages.go). */
import { decodeTotal } from "../encoding/wire.ts";
import { Message } from "../gen/tendermint/statesync/types.ts";

/** CometBFT's SnapshotChannel and ChunkChannel, and the longest message of each. */
export const snapshotChannel = 0x60;
export const chunkChannel = 0x61;
export const maxSnapshotMessageBytes = 4_194_304;
export const maxChunkMessageBytes = 16_777_216;

/** A snapshot as its owner describes it. The same in every field: the same snapshot. */
export interface Snapshot {
  readonly height: bigint;
  /** The application's format. */
  readonly format: number;
  /** How many chunks; at least one. */
  readonly chunks: number;
  readonly hash: Uint8Array;
  readonly metadata: Uint8Array;
}

/** Which chunk of which snapshot. */
export interface ChunkId {
  readonly height: bigint;
  readonly format: number;
  readonly index: number;
}

/** A message, taken apart. */
export type StateSyncMessage =
  | { readonly type: "snapshotsRequest" }
  | { readonly type: "snapshot"; readonly snapshot: Snapshot }
  | { readonly type: "chunkRequest"; readonly id: ChunkId }
  /** No chunk: the sender does not have it. */
  | { readonly type: "chunk"; readonly id: ChunkId; readonly chunk: Uint8Array | undefined };

/** The encoding of a message. */
export function encodeMessage(message: StateSyncMessage): Uint8Array {
  return Message.encode(toProto(message)).finish();
}

function toProto(message: StateSyncMessage): Message {
  switch (message.type) {
    case "snapshotsRequest":
      return { snapshotsRequest: {} };
    case "snapshot":
      return { snapshotsResponse: message.snapshot };
    case "chunkRequest":
      return { chunkRequest: message.id };
    case "chunk": {
      const { chunk, id } = message;
      const missing = chunk === undefined;
      return { chunkResponse: { ...id, chunk: chunk ?? new Uint8Array(0), missing } };
    }
  }
}

/** The message of foreign bytes; undefined when they are malformed or contradict themselves. */
export function decodeMessage(bytes: Uint8Array): StateSyncMessage | undefined {
  const message = decodeTotal(Message, bytes, { maxBytes: maxChunkMessageBytes });
  if (!message) return undefined;
  const sums = Object.values(message).filter((value) => value !== undefined);
  return sums.length === 1 ? fromProto(message) : undefined;
}

function fromProto(message: Message): StateSyncMessage | undefined {
  const { snapshotsRequest, snapshotsResponse, chunkRequest, chunkResponse } = message;
  if (snapshotsRequest) return { type: "snapshotsRequest" };
  if (snapshotsResponse) return fromSnapshot(snapshotsResponse);
  if (chunkRequest) {
    return chunkRequest.height === 0n ? undefined : { type: "chunkRequest", id: chunkRequest };
  }
  if (!chunkResponse || chunkResponse.height === 0n) return undefined;
  const { chunk, missing, ...id } = chunkResponse;
  if (missing && chunk.length > 0) return undefined;
  return { type: "chunk", id, chunk: missing ? undefined : chunk };
}

function fromSnapshot(snapshot: Snapshot): StateSyncMessage | undefined {
  const { chunks, hash, height } = snapshot;
  if (height === 0n || chunks === 0 || hash.length === 0) return undefined;
  return { type: "snapshot", snapshot };
}
