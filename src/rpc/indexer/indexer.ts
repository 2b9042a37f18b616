/**
 * The transaction and block index: what tx, tx_search and block_search answer from. One atomic
 * batch per block, written before the block's events are published, so that whoever hears of a
 * transaction can look it up. Losing the last batches in a crash is harmless: indexing resumes from
 * the last indexed height (node/ feeds the missing blocks again).
 */
import { type Event, TxResult } from "cosmjs-types/tendermint/abci/types";
import { fromU64be, toHex, u64be } from "../../encoding/bytes.ts";
import { txHash } from "../../types/tx.ts";
import type { AppliedBlock, IndexDb, IndexedTx } from "../expected.ts";
import { blockAttributeKey, heightKey, lastHeightKey, txAttributeKey, txKey } from "./keys.ts";

type Operation = { readonly key: Uint8Array; readonly value: Uint8Array | undefined };

const nothing = new Uint8Array();

export class Indexer {
  readonly #db: IndexDb;
  constructor(db: IndexDb) {
    this.#db = db;
  }

  /** The last block whose batch is in the index; 0 before the first. */
  lastHeight(): bigint {
    const stored = this.#db.get(lastHeightKey);
    return stored ? fromU64be(stored) : 0n;
  }

  /** Indexes one block. Doing it again writes the same entries. */
  async index(applied: AppliedBlock): Promise<void> {
    const height = applied.block.header.height;
    const operations: Operation[] = [{ key: lastHeightKey, value: u64be(height) }];
    operations.push(...this.#txsOf(applied), ...blockOperations(height, applied.result.events));
    await this.#db.batch(operations, { sync: false });
  }

  /**
   * Removes what index wrote for a block that is about to be deleted. A transaction that came again
   * later is found there. Doing it again changes nothing.
   */
  async forget(applied: AppliedBlock): Promise<void> {
    const { block, result } = applied;
    const height = block.header.height;
    const written = blockOperations(height, result.events);
    block.data.txs.forEach((tx, index) => {
      const txResult = result.txResults[index];
      if (!txResult) return;
      const [record, ...others] = txOperations({ height, index, tx, result: txResult });
      if (record && this.tx(txHash(tx))?.height === height) written.push(record);
      written.push(...others);
    });
    await this.#db.batch(
      written.map(({ key }) => ({ key, value: undefined })),
      { sync: false },
    );
  }

  #txsOf({ block, result }: AppliedBlock): Operation[] {
    const { height } = block.header;
    const operations: Operation[] = [];
    const succeeded = new Set<string>();
    block.data.txs.forEach((tx, index) => {
      const txResult = result.txResults[index];
      if (!txResult) return;
      const hash = txHash(tx);
      if (txResult.code === 0) succeeded.add(toHex(hash));
      else if (succeeded.has(toHex(hash)) || this.#hasSucceeded(hash)) return;
      operations.push(...txOperations({ height, index, tx, result: txResult }));
    });
    return operations;
  }

  /** Whether these bytes took effect before: then a repetition that fails does not hide it. */
  #hasSucceeded(hash: Uint8Array): boolean {
    return this.tx(hash)?.result.code === 0;
  }

  /** The transaction of this hash. */
  tx(hash: Uint8Array): IndexedTx | undefined {
    const stored = this.#db.get(txKey(hash));
    return stored && TxResult.decode(stored);
  }
}

function txOperations(tx: IndexedTx): Operation[] {
  const hash = txHash(tx.tx);
  const at = { height: tx.height, index: tx.index };
  const attributes = indexedAttributes(tx.result.events).map(({ name, value, sequence }) => ({
    key: txAttributeKey({ name, value }, at, sequence),
    value: hash,
  }));
  const encoded = TxResult.encode(TxResult.fromPartial(tx)).finish();
  return [{ key: txKey(hash), value: encoded }, { key: heightKey(at), value: hash }, ...attributes];
}

function blockOperations(height: bigint, events: readonly Event[]): Operation[] {
  const own = { name: "block.height", value: String(height) };
  const attributes = indexedAttributes(events).map(({ name, value, sequence }) => ({
    key: blockAttributeKey({ name, value }, height, sequence + 1),
    value: nothing,
  }));
  return [{ key: blockAttributeKey(own, height, 0), value: nothing }, ...attributes];
}

/** Names that the index answers from elsewhere: an application cannot take them. */
const reservedNames: readonly string[] = ["tx.hash", "tx.height", "block.height"];

/** The attributes marked for indexing, each with the position of its event. */
function indexedAttributes(events: readonly Event[]) {
  return events.flatMap((event, sequence) =>
    event.attributes
      .filter(({ key, index }) => index && key !== "" && event.type !== "")
      .map(({ key, value }) => ({ name: `${event.type}.${key}`, value, sequence }))
      // A zero byte ends the name in a key; no query can spell one.
      .filter(({ name }) => !reservedNames.includes(name) && !name.includes("\0")),
  );
}
