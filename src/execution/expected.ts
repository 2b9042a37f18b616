/** What execution/ needs of the rest of the node. */
import type { ExecTxResult } from "cosmjs-types/tendermint/abci/types";
import type { Block } from "cosmjs-types/tendermint/types/block";
import type { Evidence } from "cosmjs-types/tendermint/types/evidence";
import type { BlockID, Commit } from "cosmjs-types/tendermint/types/types";
import type { Time } from "../encoding/time.ts";
import type { ChainState } from "../types/chain-state.ts";

/** A durable ordered map of bytes (store/db.ts). */
export interface Db {
  get(key: Uint8Array): Uint8Array | undefined;
  /** All writes or none. With sync, resolves after the disk has them. */
  batch(
    writes: readonly { readonly key: Uint8Array; readonly value: Uint8Array | undefined }[],
    options: { readonly sync: boolean },
  ): Promise<void>;
}

/** Decided blocks (blockstore/). */
export interface Blocks {
  base(): bigint;
  height(): bigint;
  loadBlock(height: bigint): Block | undefined;
  loadBlockId(height: bigint): BlockID | undefined;
  loadBlockMeta(height: bigint): { readonly header: { readonly time: Time } } | undefined;
  /** The commit this node saw for that height. */
  loadSeenCommit(height: bigint): Commit | undefined;
  /** Deletes all blocks below a height and returns how many. */
  prune(retainHeight: bigint): Promise<number>;
}

/** Transactions that wait for a block (mempool/). */
export interface Mempool {
  /** No CheckTx reaches the application until unlock: around Commit. */
  lock(): void;
  unlock(): void;
  /** Transactions in order, within these limits; -1 is no limit. */
  reapMaxBytesMaxGas(maxBytes: bigint, maxGas: bigint): readonly Uint8Array[];
  /** Drops what a block decided, takes over the new limits and rechecks the rest. Locked. */
  update(decided: DecidedTxs, limits: TxLimits): Promise<void>;
}

/** The transactions of a decided block and what they came to. */
export interface DecidedTxs {
  readonly height: bigint;
  readonly txs: readonly Uint8Array[];
  readonly results: readonly ExecTxResult[];
}

/** What one transaction may measure to fit into a block; -1 is no limit. */
export interface TxLimits {
  readonly maxDataBytes: bigint;
  readonly maxGas: bigint;
}

/** Evidence of misbehaviour (evidence/). */
export interface EvidencePool {
  /** Evidence for the next proposal, at most that many encoded bytes. */
  pending(maxBytes: bigint): readonly Evidence[];
  /** Why one of a block's evidence is not acceptable on this state, or undefined. */
  check(state: ChainState, evidence: readonly Evidence[]): string | undefined;
  /**
   * A block was applied: its evidence is decided, and old evidence expires. Resolves when the disk
   * knows what is decided: whether a later block is valid depends on it.
   */
  update(state: ChainState, decided: readonly Evidence[]): Promise<void>;
}

/** Structured log lines. Values must be plain data; secrets never. */
export interface Logger {
  info(message: string, fields?: Readonly<Record<string, unknown>>): void;
  error(message: string, fields?: Readonly<Record<string, unknown>>): void;
}
