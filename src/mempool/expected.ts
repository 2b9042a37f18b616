/** What mempool/ needs of the rest of the node. */
import type { Application } from "../abci/application.ts";

/** The application's judgement of one transaction, and what it may prepare (abci/). */
export type CheckTxApplication = Pick<Application, "checkTx" | "lookAhead">;

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
      readonly stream: "mempool";
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
  warn(message: string, fields?: Readonly<Record<string, unknown>>): void;
}
