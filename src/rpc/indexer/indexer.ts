/**
 * The transaction and block index: what tx, tx_search and block_search answer from. One atomic
 * batch per block, written before the block's events are published, so that whoever hears of a
 * transaction can look it up. It says where a transaction is; what it was and what came of it stays
 * with the blocks and their results. Losing the last batches in a crash is harmless: indexing
 * resumes from the last indexed height (node/ feeds the missing blocks again).
 */
import type { Event } from "cosmjs-types/tendermint/abci/types";
import { fromU64be, toHex, u64be } from "../../encoding/bytes.ts";
import { txHash } from "../../types/tx.ts";
import type { AppliedBlock, IndexDb, IndexedTx, TxPosition } from "../expected.ts";
import {
  type AttributeKind,
  attributeKey,
  decodeTxRecord,
  encodeNumbers,
  encodeTxRecord,
  heightKey,
  lastHeightKey,
  type TxRecord,
  txKey,
} from "./keys.ts";

type Operation = { readonly key: Uint8Array; readonly value: Uint8Array | undefined };

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

  /** Indexes one block. Doing it again writes the same entries. */
  async index({ block, result }: AppliedBlock): Promise<void> {
    const { height } = block.header;
    const operations: Operation[] = [{ key: lastHeightKey, value: u64be(height) }];
    const places = new Places();
    const found: number[] = [];
    const succeeded = new Set<string>();
    block.data.txs.forEach((tx, index) => {
      const txResult = result.txResults[index];
      if (!txResult) return;
      const hash = txHash(tx);
      const isSuccess = txResult.code === 0;
      if (isSuccess) succeeded.add(toHex(hash));
      // A repetition that fails does not hide that the same bytes took effect before.
      else if (succeeded.has(toHex(hash)) || this.#recordOf(hash)?.isSuccess) return;
      operations.push({ key: txKey(hash), value: encodeTxRecord({ height, index, isSuccess }) });
      places.addAll(txResult.events, index);
      found.push(index);
    });
    if (found.length > 0) operations.push({ key: heightKey(height), value: encodeNumbers(found) });
    operations.push(...places.operations("a", height));
    operations.push(...blockPlaces(height, result.events).operations("c", height));
    await this.#db.batch(operations, { sync: false });
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
      const hash = txHash(tx);
      if (this.#recordOf(hash)?.height === height) keys.push(txKey(hash));
      places.addAll(result.txResults[index]?.events ?? [], index);
    });
    const written = [
      ...places.operations("a", height),
      ...blockPlaces(height, result.events).operations("c", height),
    ];
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
    const stored = this.#db.get(txKey(hash));
    return stored && decodeTxRecord(stored);
  }
}

/** Names that the index answers from elsewhere: an application cannot take them. */
const reservedNames: readonly string[] = ["tx.hash", "tx.height", "block.height"];

/** Where the attributes of one block are, by name, a zero character, and value. */
class Places {
  readonly #byAttribute = new Map<string, number[]>();

  add(attribute: string, ...place: readonly number[]): void {
    const known = this.#byAttribute.get(attribute);
    if (known) known.push(...place);
    else this.#byAttribute.set(attribute, [...place]);
  }

  /** The attributes marked for indexing, each with the number of the transaction and the event. */
  addAll(events: readonly Event[], ...prefix: readonly number[]): void {
    events.forEach(({ type, attributes }, sequence) => {
      if (type === "") return;
      for (const { key, value, index } of attributes) {
        if (!index || key === "") continue;
        const name = `${type}.${key}`;
        // A zero byte ends the name in a key; no query can spell one.
        if (reservedNames.includes(name) || name.includes("\0")) continue;
        this.add(`${name}\0${value}`, ...prefix, sequence);
      }
    });
  }

  operations(kind: AttributeKind, height: bigint): Operation[] {
    return [...this.#byAttribute].map(([attribute, places]) => ({
      key: attributeKey(kind, attribute, height),
      value: encodeNumbers(places),
    }));
  }
}

/** A block is known by its height, and by its own events. */
function blockPlaces(height: bigint, events: readonly Event[]): Places {
  const places = new Places();
  places.add(`block.height\0${height}`, 0);
  places.addAll(events);
  return places;
}
