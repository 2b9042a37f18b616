/** What statesync/ needs of the rest of the node. */
import type { Commit } from "cosmjs-types/tendermint/types/types";
import type { Application } from "../abci/application.ts";
import type { ChainState } from "../types/chain-state.ts";

/** The application's side of snapshots (abci/). */
export type SnapshotApplication = Pick<
  Application,
  "info" | "listSnapshots" | "loadSnapshotChunk" | "offerSnapshot" | "applySnapshotChunk"
>;

/** What the chain itself says of a height, verified without its state (light/). */
export interface TrustedChain {
  /** The app hash after that height. Throws when it cannot be verified. */
  appHash(height: bigint): Promise<Uint8Array>;
  /** The state after that height, and the commit that decided it. Throws as appHash. */
  state(height: bigint): Promise<{ readonly state: ChainState; readonly commit: Commit }>;
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
      readonly stream: "blocks";
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
  debug(message: string, fields?: Readonly<Record<string, unknown>>): void;
  info(message: string, fields?: Readonly<Record<string, unknown>>): void;
  warn(message: string, fields?: Readonly<Record<string, unknown>>): void;
}
