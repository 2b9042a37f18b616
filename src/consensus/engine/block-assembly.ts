/**
 * The blocks of one height: the one whose parts are being collected, and those that are complete.
 * At most one is collected at a time; what is wanted is decided by the engine.
 */
import type { Block } from "cosmjs-types/tendermint/types/block";
import type { BlockID, Part, PartSetHeader } from "cosmjs-types/tendermint/types/types";
import { equalBytes } from "../../encoding/bytes.ts";
import { decodeBlock } from "../../types/block.ts";
import { blockIdKey, equalPartSetHeader } from "../../types/block-id.ts";
import { hashHeader } from "../../types/header.ts";
import { PartSet } from "../../types/part-set.ts";
import type { BlockKey } from "../votes.ts";

/** All parts of a block, and what became of them. */
export interface CompleteBlock {
  readonly id: BlockID;
  readonly parts: PartSet;
  /** The block; or why the parts are none that may follow the state. */
  readonly content: Block | { readonly refused: string };
}

/** What became of a part. `unmatched` proves nothing against its sender: headers may differ. */
export type PartOutcome =
  | { readonly kind: "added"; readonly complete: CompleteBlock | undefined }
  | { readonly kind: "duplicate" | "unmatched" | "unwanted" };

/** The blocks of one height. */
export class BlockAssembly {
  readonly #maxBytes: bigint;
  readonly #complete = new Map<BlockKey, CompleteBlock>();
  #wanted: { readonly id: BlockID; readonly parts: PartSet } | undefined;

  /** Blocks of more than maxBytes are refused. */
  constructor(maxBytes: bigint) {
    this.#maxBytes = maxBytes;
  }

  /** The block with that key, once all its parts are here. */
  complete(key: BlockKey): CompleteBlock | undefined {
    return this.#complete.get(key);
  }

  /** The id of the block that is wanted, complete or not. */
  get wantedId(): BlockID | undefined {
    return this.#wanted?.id;
  }

  /** Parts of the block that is wanted. */
  get wantedParts(): PartSet | undefined {
    return this.#wanted?.parts;
  }

  /** The parts under that header, as far as they are here. */
  partsOf(header: PartSetHeader): PartSet | undefined {
    if (this.#wanted && equalPartSetHeader(this.#wanted.parts.header, header)) {
      return this.#wanted.parts;
    }
    for (const { parts } of this.#complete.values()) {
      if (equalPartSetHeader(parts.header, header)) return parts;
    }
    return undefined;
  }

  /** From now on this block's parts are collected. False when it is the wanted one already. */
  want(id: BlockID | undefined): boolean {
    if (id === this.#wanted?.id) return false;
    if (id && this.#wanted && blockIdKey(id) === blockIdKey(this.#wanted.id)) return false;
    const parts =
      id && (this.complete(blockIdKey(id))?.parts ?? PartSet.fromHeader(id.partSetHeader));
    this.#wanted = id && parts ? { id, parts } : undefined;
    return true;
  }

  /** Takes a part of the wanted block. */
  add(part: Part): PartOutcome {
    const wanted = this.#wanted;
    if (!wanted || wanted.parts.isComplete) return { kind: "unwanted" };
    const outcome = wanted.parts.add(part);
    if (outcome === "duplicate") return { kind: "duplicate" };
    if (outcome === "invalid") return { kind: "unmatched" };
    const isTooLarge = BigInt(wanted.parts.byteSize) > this.#maxBytes;
    if (!wanted.parts.isComplete && !isTooLarge) return { kind: "added", complete: undefined };
    const content = isTooLarge
      ? { refused: `block of more than ${this.#maxBytes} bytes` }
      : readBlock(wanted.id, wanted.parts);
    const complete = { ...wanted, content };
    this.#complete.set(blockIdKey(wanted.id), complete);
    return { kind: "added", complete };
  }
}

function readBlock(id: BlockID, parts: PartSet): Block | { refused: string } {
  const block = decodeBlock(parts.bytes());
  if (!block) return { refused: "the parts are no block" };
  if (!equalBytes(hashHeader(block.header), id.hash)) {
    return { refused: "the parts are another block" };
  }
  return block;
}
