/** What p2p/ needs of those who use it. */

/** Structured log lines. Values must be plain data; secrets never. */
export interface Logger {
  debug(message: string, fields?: Readonly<Record<string, unknown>>): void;
  info(message: string, fields?: Readonly<Record<string, unknown>>): void;
  warn(message: string, fields?: Readonly<Record<string, unknown>>): void;
}

/** A peer as its reactors see it: one connection's lifetime. */
export interface Peer {
  /** Lower-case hex of the first 20 bytes of SHA-256 of its ed25519 node key. */
  readonly id: string;
  /** False when the channel's queue is full: nothing was queued, try again later. */
  send(channel: number, message: Uint8Array): boolean;
}

/** Channels of one group share an ordered stream; groups do not wait for each other. */
export type StreamGroup = "consensus" | "blocks" | "mempool" | "evidence";

/** One channel: its CometBFT id and limits. */
export interface ChannelSpec {
  readonly id: number;
  readonly maxMessageBytes: number;
  /** Messages that may wait in one peer's send queue. */
  readonly sendQueueCapacity: number;
  readonly stream: StreamGroup;
}

/** Receives what its channels carry. */
export interface Reactor {
  addPeer(peer: Peer): void;
  removePeer(peer: Peer): void;
  receive(channel: number, peer: Peer, message: Uint8Array): void;
}
