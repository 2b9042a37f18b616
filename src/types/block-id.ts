/** Block ids: the header hash and the header of the part set that carries the block. */
import { BlockID, PartSetHeader } from "cosmjs-types/tendermint/types/types";
import { concat, equalBytes, toHex } from "../encoding/bytes.ts";

const hashBytes = 32;
/** Parts of 64 KiB of the largest block that consensus parameters can allow (100 MiB), and one. */
export const maxBlockParts = 1601;

/** The id of no block: what a nil vote is for. A fresh object each time. */
export function zeroBlockId(): BlockID {
  return { hash: new Uint8Array(0), partSetHeader: { total: 0, hash: new Uint8Array(0) } };
}

/** Whether all of it is empty: the vote is for nil. */
export function isNilBlockId(id: BlockID): boolean {
  const { total, hash } = id.partSetHeader;
  return id.hash.length === 0 && total === 0 && hash.length === 0;
}

/** Whether it names a block and its parts in full. */
export function isCompleteBlockId(id: BlockID): boolean {
  const { total, hash } = id.partSetHeader;
  return id.hash.length === hashBytes && total > 0 && hash.length === hashBytes;
}

/** Whether both name the same block in the same parts. */
export function equalBlockId(a: BlockID, b: BlockID): boolean {
  return equalBytes(a.hash, b.hash) && equalPartSetHeader(a.partSetHeader, b.partSetHeader);
}

/** Whether both describe the same parts. */
export function equalPartSetHeader(a: PartSetHeader, b: PartSetHeader): boolean {
  return a.total === b.total && equalBytes(a.hash, b.hash);
}

/**
 * A key for maps. Keys order as CometBFT's BlockID.Key does, which decides the order of the two
 * votes in duplicate-vote evidence: hex keeps the order of the bytes.
 */
export function blockIdKey(id: BlockID): string {
  return toHex(concat(id.hash, PartSetHeader.encode(id.partSetHeader).finish()));
}

/**
 * Why a block id that arrived from outside is malformed, or undefined (BlockID.ValidateBasic, and a
 * bound on the number of parts, because memory is set aside for them).
 */
export function validateBlockIdBasic(id: BlockID): string | undefined {
  if (id.partSetHeader.total > maxBlockParts) return `${id.partSetHeader.total} parts`;
  return (
    validateHashSize("block id hash", id.hash) ??
    validateHashSize("part set hash", id.partSetHeader.hash)
  );
}

/** A hash is empty or has 32 bytes. */
export function validateHashSize(name: string, hash: Uint8Array): string | undefined {
  if (hash.length === 0 || hash.length === hashBytes) return undefined;
  return `${name} has ${hash.length} bytes instead of ${hashBytes}`;
}

/** The canonical encoding, as it is hashed into headers. */
export function encodeBlockId(id: BlockID): Uint8Array {
  return BlockID.encode(id).finish();
}
