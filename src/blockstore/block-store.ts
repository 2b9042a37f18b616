/**
 * Decided blocks: their parts, metas and commits, from base to height without a gap. A block is
 * on the disk, whole, before anything is executed: execution/handshake.ts relies on that.
 */
import type { Block } from "cosmjs-types/tendermint/types/block";
import type { BlockID } from "cosmjs-types/tendermint/types/types";
import { BlockMeta, Commit, ExtendedCommit, Part } from "cosmjs-types/tendermint/types/types";
import { concat, fromU64be, u64be } from "../encoding/bytes.ts";
import { fieldsOf } from "../encoding/wire.ts";
import { decodeBlock } from "../types/block.ts";
import type { PartSet } from "../types/part-set.ts";
import type { Db } from "./expected.ts";
import {
  commitKey,
  extendedCommitKey,
  hashKey,
  metaKey,
  partKey,
  rangeKey,
  seenCommitKey,
} from "./keys.ts";

/** Heights deleted per batch when pruning: bounds the memory of one batch. */
const pruneBatchHeights = 100n;

/** The database holds something this code did not write, or lost something it did. */
export class BlockStoreError extends Error {
  override readonly name = "BlockStoreError";
}

/** Field numbers of Block.data and Data.txs. */
const [dataField, txsField] = [2, 1];

type Write = { readonly key: Uint8Array; readonly value: Uint8Array | undefined };

/** The block store over one database. */
export class BlockStore {
  readonly #db: Db;
  #base = 0n;
  #height = 0n;

  constructor(db: Db) {
    this.#db = db;
    const range = db.get(rangeKey);
    if (!range) return;
    if (range.length !== 16) throw new BlockStoreError(`range record of ${range.length} bytes`);
    this.#base = fromU64be(range.subarray(0, 8));
    this.#height = fromU64be(range.subarray(8));
  }

  /** Lowest stored height; 0 when empty. */
  base(): bigint {
    return this.#base;
  }

  /** Highest stored height; 0 when empty. */
  height(): bigint {
    return this.#height;
  }

  /** Header, block id, size in bytes and number of transactions of a block. */
  loadBlockMeta(height: bigint): BlockMeta | undefined {
    const bytes = this.#db.get(metaKey(height));
    return bytes && BlockMeta.decode(bytes);
  }

  loadBlockId(height: bigint): BlockID | undefined {
    return this.loadBlockMeta(height)?.blockId;
  }

  loadBlock(height: bigint): Block | undefined {
    const bytes = this.loadBlockBytes(height);
    if (!bytes) return undefined;
    const block = decodeBlock(bytes);
    if (!block) throw new BlockStoreError(`block ${height} does not decode`);
    return block;
  }

  /** The encoded block, as its proposer cut it into parts. */
  loadBlockBytes(height: bigint): Uint8Array | undefined {
    const meta = this.loadBlockMeta(height);
    if (!meta) return undefined;
    const parts: Uint8Array[] = [];
    for (let index = 0; index < meta.blockId.partSetHeader.total; index++) {
      const part = this.loadPart(height, index);
      if (!part) throw new BlockStoreError(`part ${index} of block ${height} is missing`);
      parts.push(part.bytes);
    }
    return concat(...parts);
  }

  /** One transaction of a block, without decoding the others. */
  loadTx(height: bigint, index: number): Uint8Array | undefined {
    const bytes = this.loadBlockBytes(height);
    const [data] = bytes ? fieldsOf(bytes, dataField, 1) : [];
    return data && fieldsOf(data, txsField, index + 1)[index]?.slice();
  }

  /** Height of the block with that header hash. */
  heightOf(hash: Uint8Array): bigint | undefined {
    const bytes = this.#db.get(hashKey(hash));
    return bytes && fromU64be(bytes);
  }

  loadBlockByHash(hash: Uint8Array): Block | undefined {
    const height = this.heightOf(hash);
    return height === undefined ? undefined : this.loadBlock(height);
  }

  loadPart(height: bigint, index: number): Part | undefined {
    const bytes = this.#db.get(partKey(height, index));
    return bytes && Part.decode(bytes);
  }

  /** The commit of that height which block height + 1 carries. */
  loadCommit(height: bigint): Commit | undefined {
    const bytes = this.#db.get(commitKey(height));
    return bytes && Commit.decode(bytes);
  }

  /** The commit this node saw for that height, perhaps of other signers. */
  loadSeenCommit(height: bigint): Commit | undefined {
    const bytes = this.#db.get(seenCommitKey(height));
    return bytes && Commit.decode(bytes);
  }

  /** The seen commit with its vote extensions; undefined where it was saved without them. */
  loadExtendedCommit(height: bigint): ExtendedCommit | undefined {
    const bytes = this.#db.get(extendedCommitKey(height));
    return bytes && ExtendedCommit.decode(bytes);
  }

  /**
   * Appends a decided block, its commit perhaps also with vote extensions; resolves when the disk
   * has all of it. Throws BlockStoreError when the height does not follow or the parts are not
   * complete.
   */
  async saveBlock(
    block: Block,
    parts: PartSet,
    seenCommit: Commit,
    extended?: ExtendedCommit | undefined,
  ): Promise<void> {
    const { height } = block.header;
    if (this.#height > 0n && height !== this.#height + 1n) {
      throw new BlockStoreError(`block ${height} does not follow block ${this.#height}`);
    }
    if (!parts.isComplete) throw new BlockStoreError(`block ${height} has missing parts`);
    const base = this.#base === 0n ? height : this.#base;
    const writes = writesOf({ block, parts, seenCommit, base });
    if (extended) {
      const value = ExtendedCommit.encode(extended).finish();
      writes.push({ key: extendedCommitKey(height), value });
    }
    await this.#db.batch(writes, { sync: true });
    this.#base = base;
    this.#height = height;
  }

  /**
   * The commit of a block that is not here: where blocks begin after state sync. Resolves when the
   * disk has it.
   */
  async saveSeenCommit(height: bigint, commit: Commit): Promise<void> {
    const value = Commit.encode(commit).finish();
    await this.#db.batch([{ key: seenCommitKey(height), value }], { sync: true });
  }

  /** Deletes all blocks below a height, their commits included, and returns how many. */
  async prune(retainHeight: bigint): Promise<number> {
    if (retainHeight > this.#height) {
      throw new BlockStoreError(`cannot prune up to ${retainHeight}, have ${this.#height}`);
    }
    let pruned = 0;
    while (this.#base > 0n && this.#base < retainHeight) {
      const end = minimum(this.#base + pruneBatchHeights, retainHeight);
      const writes: Write[] = [{ key: rangeKey, value: rangeRecord(end, this.#height) }];
      for (let height = this.#base; height < end; height++) {
        writes.push(...this.#deletionsOf(height));
        pruned++;
      }
      await this.#db.batch(writes, { sync: false });
      this.#base = end;
    }
    return pruned;
  }

  #deletionsOf(height: bigint): Write[] {
    const meta = this.loadBlockMeta(height);
    const keys = [commitKey, seenCommitKey, extendedCommitKey, metaKey].map((of) => of(height));
    if (meta) {
      keys.push(hashKey(meta.blockId.hash));
      for (let index = 0; index < meta.blockId.partSetHeader.total; index++) {
        keys.push(partKey(height, index));
      }
    }
    return keys.map((key) => ({ key, value: undefined }));
  }
}

const minimum = (a: bigint, b: bigint): bigint => (a < b ? a : b);
const rangeRecord = (base: bigint, height: bigint): Uint8Array =>
  concat(u64be(base), u64be(height));

/** One batch with all that belongs to a block. */
function writesOf(saved: {
  readonly block: Block;
  readonly parts: PartSet;
  readonly seenCommit: Commit;
  readonly base: bigint;
}): Write[] {
  const { block, parts, seenCommit, base } = saved;
  const { header } = block;
  const writes: Write[] = [];
  let blockSize = 0;
  for (let index = 0; index < parts.header.total; index++) {
    const part = parts.part(index);
    if (!part) throw new BlockStoreError(`part ${index} of block ${header.height} is missing`);
    blockSize += part.bytes.length;
    writes.push({ key: partKey(header.height, index), value: Part.encode(part).finish() });
  }
  const blockId = { hash: seenCommit.blockId.hash, partSetHeader: parts.header };
  const meta = BlockMeta.fromPartial({
    blockId,
    blockSize: BigInt(blockSize),
    header,
    numTxs: BigInt(block.data.txs.length),
  });
  writes.push(
    { key: metaKey(header.height), value: BlockMeta.encode(meta).finish() },
    { key: hashKey(blockId.hash), value: u64be(header.height) },
    { key: seenCommitKey(header.height), value: Commit.encode(seenCommit).finish() },
    { key: rangeKey, value: rangeRecord(base, header.height) },
  );
  if (block.lastCommit && block.lastCommit.height > 0n) {
    const key = commitKey(block.lastCommit.height);
    writes.push({ key, value: Commit.encode(block.lastCommit).finish() });
  }
  return writes;
}
