/**
 * What consensus needs of the rest of the node. The composition root hands in execution/,
 * blockstore/, evidence/ and p2p/; the simulator hands in the same code over a virtual disk and
 * network.
 */
import type { Block } from "cosmjs-types/tendermint/types/block";
import type { Evidence } from "cosmjs-types/tendermint/types/evidence";
import type {
  BlockID,
  Commit,
  ExtendedCommit,
  Part,
  Proposal,
  Vote,
} from "cosmjs-types/tendermint/types/types";
import type { Time } from "../encoding/time.ts";
import type { ChainState } from "../types/chain-state.ts";
import type { PartSet } from "../types/part-set.ts";
import type { PublicKey } from "../types/validators/validator.ts";

/** Builds, checks and applies blocks (execution/). */
export interface BlockExecutor {
  /** A new block on top of the state, filled by PrepareProposal. */
  createProposal(request: ProposalRequest): Block;
  /** Why the block may not follow the state (cometbft state/validation.go), or undefined. */
  validateBlock(state: ChainState, block: Block): string | undefined;
  /** The application's ProcessProposal: whether it accepts a valid block. */
  processProposal(state: ChainState, block: Block): boolean;
  /** The application's ExtendVote: what goes with this node's precommit for the block. */
  extendVote(state: ChainState, block: Block): Uint8Array;
  /** The application's VerifyVoteExtension: whether it accepts another validator's extension. */
  acceptsExtension(vote: Vote): boolean;
  /** FinalizeBlock, Commit, the new state on disk, mempool update, events. */
  applyBlock(state: ChainState, blockId: BlockID, block: Block): Promise<ChainState>;
}

/** What a proposer knows when it builds a block. */
export interface ProposalRequest {
  readonly state: ChainState;
  readonly height: bigint;
  /** Commit of height - 1; empty at the initial height. */
  readonly lastCommit: Commit;
  /** The same with its vote extensions; undefined where they were off at height - 1. */
  readonly extendedCommit: ExtendedCommit | undefined;
  readonly proposerAddress: Uint8Array;
  /** BFT time: the median of lastCommit, or the genesis time at the initial height. */
  readonly time: Time;
}

/** Decided blocks on disk (blockstore/). */
export interface BlockStore {
  /** Lowest and highest stored heights; 0 when empty. */
  base(): bigint;
  height(): bigint;
  loadBlock(height: bigint): Block | undefined;
  loadBlockId(height: bigint): BlockID | undefined;
  loadPart(height: bigint, index: number): Part | undefined;
  /** The commit in block height + 1. */
  loadCommit(height: bigint): Commit | undefined;
  /** The commit this node saw for that height, perhaps of other signers. */
  loadSeenCommit(height: bigint): Commit | undefined;
  /** The seen commit with its vote extensions; undefined where they were off, or not seen. */
  loadExtendedCommit(height: bigint): ExtendedCommit | undefined;
  /** Resolves when the disk has the block. */
  saveBlock(
    block: Block,
    parts: PartSet,
    seenCommit: Commit,
    extended?: ExtendedCommit | undefined,
  ): Promise<void>;
}

/** Evidence of misbehaviour (evidence/). */
export interface EvidencePool {
  /** Two conflicting, correctly signed votes of one validator of this height. */
  reportConflictingVotes(a: Vote, b: Vote): void;
  /** Evidence for the next proposal, at most that many encoded bytes. */
  pending(maxBytes: bigint): readonly Evidence[];
}

/** A peer, identified by its key. The same shape in every folder that sends to peers. */
export interface Peer {
  /** Lower-case hex of the first 20 bytes of SHA-256 of its ed25519 node key. */
  readonly id: string;
  /**
   * Queues one channel message (CometBFT channel id, encoded Message). False when the queue of
   * that channel is full: nothing was queued, try again later.
   */
  send(channel: number, message: Uint8Array): boolean;
}

/** The network as a set of channels (p2p/). */
export interface Network {
  /** Registers the receiver of these channels. Before start only. */
  register(channels: readonly ChannelSpec[], reactor: Reactor): void;
  /** Drops the peer and refuses it for a while; reason for the log and the score. */
  ban(peer: Peer, reason: string): void;
}

/** One channel: its CometBFT id and limits. */
export interface ChannelSpec {
  readonly id: number;
  readonly maxMessageBytes: number;
  /** Messages that may wait in one peer's send queue. */
  readonly sendQueueCapacity: number;
  /** Channels of one stream share an ordered byte stream; lower group numbers are sent first. */
  readonly stream: "consensus" | "blocks" | "mempool" | "evidence";
}

/** Receives what a channel carries. Must not throw: a bad message is answered by ban. */
export interface Reactor {
  addPeer(peer: Peer): void;
  removePeer(peer: Peer): void;
  receive(channel: number, peer: Peer, message: Uint8Array): void;
}

/** Time and timers: the machine's in a node, virtual ones in the simulator. */
export interface Clock {
  now(): Time;
  /** Calls back once after that many milliseconds; returns its cancellation. */
  after(delayMs: number, run: () => void): () => void;
}

/** Numbered append-only files: the write-ahead log's disk. Throws when the machine's disk does. */
export interface LogDisk {
  /** Existing segments, ascending. */
  segments(): readonly number[];
  read(segment: number): Uint8Array;
  /** Cuts a segment to that length, durably. */
  truncate(segment: number, bytes: number): void;
  /** Adds to the end; makes the segment if there is none. */
  append(segment: number, bytes: Uint8Array): void;
  /** Returns only when everything appended to the segment is on the disk. */
  sync(segment: number): void;
  remove(segment: number): void;
}

/** The private validator (privval/): signs, and never two different things at one point. */
export interface Signer {
  readonly address: Uint8Array;
  readonly pubKey: PublicKey;
  /** The vote with its signature, and perhaps with the time of an earlier, equal vote. */
  signVote(chainId: string, vote: Vote): Vote | { readonly refused: string };
  /** A precommit for a block with both signatures; an empty extension is signed as well. */
  signExtendedVote(chainId: string, vote: Vote): Vote | { readonly refused: string };
  signProposal(chainId: string, proposal: Proposal): Proposal | { readonly refused: string };
}

/** Structured log lines. Values must be plain data; secrets never. */
export interface Logger {
  debug(message: string, fields?: Readonly<Record<string, unknown>>): void;
  info(message: string, fields?: Readonly<Record<string, unknown>>): void;
  warn(message: string, fields?: Readonly<Record<string, unknown>>): void;
  error(message: string, fields?: Readonly<Record<string, unknown>>): void;
}
