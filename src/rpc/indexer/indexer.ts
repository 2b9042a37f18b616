/**
 * The transaction and block index: what tx, tx_search and block_search answer from. A block is
 * indexed before its events are published, so that whoever hears of a transaction can look it up,
 * and in turns with whatever else waits for the thread. It says where a transaction is; what it was
 * and what came of it stays with the blocks and their results. Losing the last batches in a crash
 * is harmless: indexing resumes from the last indexed height (node/ feeds the missing blocks
 * again), which is in the last batch of a block, and a block that is indexed again writes the same.
 */
import { setImmediate } from "node:timers/promises";
import { sha256Text } from "../../crypto/hash.ts";
import { fromU64be, u64be } from "../../encoding/bytes.ts";
import type { AppliedBlock, IndexDb, IndexedTx, TxPosition } from "../expected.ts";
import {
  decodeTxRecord,
  encodeNumbers,
  encodeTxRecord,
  heightKey,
  lastHeightKey,
  type TxRecord,
  txKey,
  txKeyOfText,
} from "./keys.ts";
import { blockPlaces, type Operation, Places } from "./places.ts";

/** Transactions that are looked at, and entries that are made, before others have the thread. */
const [txsPerTurn, entriesPerBatch] = [32, 512];

/** Transactions of blocks, with their results. */
export type StoredTxs = (at: TxPosition) => IndexedTx | undefined;

export class Indexer {
  readonly #db: IndexDb;
  readonly #stored: StoredTxs;

  constructor(db: IndexDb, stored: StoredTxs) {
    this.#db = db;
    this.#stored = stored;
  }

  /** The last block whose batch is in the index; 0 before the first. */
  lastHeight(): bigint {
    const stored = this.#db.get(lastHeightKey);
    return stored ? fromU64be(stored) : 0n;
  }

  /** Indexes one block. Doing it again writes the same entries. One call at a time. */
  async index({ block, result }: AppliedBlock): Promise<void> {
    const { height } = block.header;
    const operations: Operation[] = [];
    const places = new Places();
    const found: number[] = [];
    const succeeded = new Set<string>();
    for (const [index, tx] of block.data.txs.entries()) {
      if (index % txsPerTurn === txsPerTurn - 1) await setImmediate();
      const txResult = result.txResults[index];
      if (!txResult) continue;
      const key = txKeyOfText(sha256Text(tx));
      const isSuccess = txResult.code === 0;
      if (isSuccess) succeeded.add(key);
      // A repetition that fails does not hide that the same bytes took effect before.
      else if (succeeded.has(key) || this.#recordAt(latin1(key))?.isSuccess) continue;
      operations.push({ key: latin1(key), value: encodeTxRecord({ height, index, isSuccess }) });
      places.addAll(txResult.events, index);
      found.push(index);
    }
    if (found.length > 0) operations.push({ key: heightKey(height), value: encodeNumbers(found) });
    let batch = operations;
    for (const operation of both(places, blockPlaces(height, result.events), height)) {
      batch.push(operation);
      if (batch.length < entriesPerBatch) continue;
      await this.#db.batch(batch, { sync: false });
      batch = [];
    }
    batch.push({ key: lastHeightKey, value: u64be(height) });
    await this.#db.batch(batch, { sync: false });
  }

  /**
   * Removes what index wrote for a block that is about to be deleted. A transaction that came again
   * later is found there. Doing it again changes nothing.
   */
  async forget({ block, result }: AppliedBlock): Promise<void> {
    const { height } = block.header;
    const places = new Places();
    const keys = [heightKey(height)];
    block.data.txs.forEach((tx, index) => {
      const key = latin1(txKeyOfText(sha256Text(tx)));
      if (this.#recordAt(key)?.height === height) keys.push(key);
      places.addAll(result.txResults[index]?.events ?? [], index);
    });
    const written = [...both(places, blockPlaces(height, result.events), height)];
    const all = [...keys, ...written.map(({ key }) => key)];
    await this.#db.batch(
      all.map((key) => ({ key, value: undefined })),
      { sync: false },
    );
  }

  /** Where the transaction of this hash is. */
  positionOf(hash: Uint8Array): TxPosition | undefined {
    return this.#recordOf(hash);
  }

  /** The transaction of this hash. */
  tx(hash: Uint8Array): IndexedTx | undefined {
    const at = this.#recordOf(hash);
    return at && this.#stored({ height: at.height, index: at.index });
  }

  /** The transaction at this place. */
  at(position: TxPosition): IndexedTx | undefined {
    return this.#stored(position);
  }

  #recordOf(hash: Uint8Array): TxRecord | undefined {
    return this.#recordAt(txKey(hash));
  }

  #recordAt(key: Uint8Array): TxRecord | undefined {
    const stored = this.#db.get(key);
    return stored && decodeTxRecord(stored);
  }
}

const latin1 = (text: string): Uint8Array => Buffer.from(text, "latin1");

/** The entries of a block's transactions, and those of the block itself. */
function* both(ofTxs: Places, ofBlock: Places, height: bigint): Generator<Operation> {
  yield* ofTxs.operations("a", height);
  yield* ofBlock.operations("c", height);
}
