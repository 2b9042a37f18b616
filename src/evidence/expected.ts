/** What evidence/ needs of the rest of the node. */
import type { Commit, Header } from "cosmjs-types/tendermint/types/types";
import type { ValidatorSet } from "../types/validator-set.ts";

/** A durable ordered map of bytes (store/db.ts). */
export interface Db {
  iterate(range: {
    readonly start?: Uint8Array | undefined;
    readonly end?: Uint8Array | undefined;
  }): AsyncIterable<readonly [key: Uint8Array, value: Uint8Array]>;
  batch(
    writes: readonly { readonly key: Uint8Array; readonly value: Uint8Array | undefined }[],
    options: { readonly sync: boolean },
  ): Promise<void>;
}

/** Validator sets of the past (execution/). */
export interface States {
  /** Members and powers of the set that decided a height; the priorities may be of another. */
  loadMembers(height: bigint): ValidatorSet | undefined;
}

/** Blocks of the past (blockstore/). */
export interface Blocks {
  loadBlockMeta(height: bigint): { readonly header: Header } | undefined;
  /** The commit in the block after that height, which is the same on every node. */
  loadCommit(height: bigint): Commit | undefined;
}

/** A peer, identified by its node id (p2p/). */
export interface Peer {
  readonly id: string;
  /** False when the channel's queue is full: nothing was queued, try again later. */
  send(channel: number, message: Uint8Array): boolean;
}

/** The network as a set of channels (p2p/). */
export interface Network {
  register(
    channels: readonly {
      readonly id: number;
      readonly maxMessageBytes: number;
      readonly sendQueueCapacity: number;
      readonly stream: "evidence";
    }[],
    reactor: {
      addPeer(peer: Peer): void;
      removePeer(peer: Peer): void;
      receive(channel: number, peer: Peer, message: Uint8Array): void;
    },
  ): void;
  ban(peer: Peer, reason: string): void;
}

/** Timers. */
export interface Clock {
  /** Calls back once after that many milliseconds; returns its cancellation. */
  after(delayMs: number, run: () => void): () => void;
}

/** Structured log lines. Values must be plain data; secrets never. */
export interface Logger {
  info(message: string, fields?: Readonly<Record<string, unknown>>): void;
  warn(message: string, fields?: Readonly<Record<string, unknown>>): void;
  error(message: string, fields?: Readonly<Record<string, unknown>>): void;
}
