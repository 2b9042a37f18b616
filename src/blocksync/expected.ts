/** What blocksync/ needs of the rest of the node. */
import type { Block } from "cosmjs-types/tendermint/types/block";
import type { BlockID, Commit, ExtendedCommit } from "cosmjs-types/tendermint/types/types";
import type { ChainState } from "../types/chain-state.ts";
import type { PartSet } from "../types/part-set.ts";

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

/** Decided blocks (blockstore/). */
export interface Blocks {
  base(): bigint;
  height(): bigint;
  /** The encoded block. */
  loadBlockBytes(height: bigint): Uint8Array | undefined;
  /** The commit of a stored block with its vote extensions; undefined where they were off. */
  loadExtendedCommit(height: bigint): ExtendedCommit | undefined;
  saveBlock(
    block: Block,
    parts: PartSet,
    seenCommit: Commit,
    extended?: ExtendedCommit | undefined,
  ): Promise<void>;
}

/** Judges and applies blocks (execution/). */
export interface Executor {
  /** Begins to verify what the block will need, on other threads. Decides nothing. */
  lookAhead(block: Block): void;
  validateBlock(state: ChainState, block: Block): string | undefined;
  /** No block of the height neededFrom or above is pruned. */
  applyBlock(
    state: ChainState,
    blockId: BlockID,
    block: Block,
    neededFrom: bigint,
  ): Promise<ChainState>;
}

/** Holds back what blocks and the application write (store/held-writes.ts). */
export interface HeldWrites {
  readonly heldBytes: number;
  hold(): void;
  /** Resolves when the disk has all that is held now: blocks, state, application, in this order. */
  settle(): Promise<void>;
  /** Settles everything and holds nothing any longer. */
  release(): Promise<void>;
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
}
