/** Tells the rest of the node, in process, about every applied block and about old ones that go. */
import type { ResponseFinalizeBlock } from "cosmjs-types/tendermint/abci/types";
import type { Block } from "cosmjs-types/tendermint/types/block";
import type { BlockID } from "cosmjs-types/tendermint/types/types";
import type { Validator } from "../types/validators/validator.ts";
import type { Logger } from "./expected.ts";

/** An applied block. The application's Commit and the state are on the disk already. */
export interface AppliedBlock {
  readonly block: Block;
  readonly blockId: BlockID;
  readonly finalize: ResponseFinalizeBlock;
  readonly validatorUpdates: readonly Validator[];
}

/** Heights from <= h < to. */
export interface HeightRange {
  readonly from: bigint;
  readonly to: bigint;
}

/**
 * Listeners are called in order of registration, synchronously, once per block and in height
 * order. After a crash between Commit and saving the state the block is told again.
 */
export class BlockFeed {
  readonly #listeners = new Set<(applied: AppliedBlock) => void>();
  readonly #pruners = new Set<(heights: HeightRange) => Promise<void>>();
  readonly #log: Logger;

  constructor(log: Logger) {
    this.#log = log;
  }

  /** Registers a listener; returns its removal. */
  onBlock(listener: (applied: AppliedBlock) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Registers one who has to know what is deleted while it is still there. */
  onPrune(listener: (heights: HeightRange) => Promise<void>): void {
    this.#pruners.add(listener);
  }

  /** These heights are about to be deleted. Rejects when a listener does: the node must stop. */
  async pruning(heights: HeightRange): Promise<void> {
    for (const listener of this.#pruners) await listener(heights);
  }

  /** A listener that throws is logged and must not stop the chain: it decides nothing. */
  publish(applied: AppliedBlock): void {
    for (const listener of this.#listeners) {
      try {
        listener(applied);
      } catch (error) {
        const height = applied.block.header.height;
        this.#log.error("block listener failed", { height, error: String(error) });
      }
    }
  }
}
