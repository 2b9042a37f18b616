/**
 * The order in which a proposer takes transactions: who pays more per gas comes first, but no
 * transaction before an earlier one of the same signer, whose sequence it builds on. With equal
 * fees that is the order of arrival (cosmos-sdk types/mempool, PriorityNonceMempool).
 */
import type { DecodedTx } from "./decode.ts";

/** Price per gas is a fraction; as a whole number it is of so many parts. */
const parts = 1_000_000_000n;

/** A waiting transaction with what it waits for. */
interface Waiting {
  readonly index: number;
  readonly tx: DecodedTx;
  readonly priority: bigint;
  /** Earlier transactions of its signers that are not taken yet. */
  blockers: number;
  readonly blocks: Waiting[];
}

/** What a transaction pays per gas: of several coins, the least. Nothing for what is no number. */
export function priorityOf({ fee }: DecodedTx): bigint {
  let least: bigint | undefined;
  for (const { amount } of fee.amount) {
    const paid = /^\d{1,78}$/.test(amount) ? BigInt(amount) : 0n;
    const price = (paid * parts) / (fee.gasLimit === 0n ? 1n : fee.gasLimit);
    if (least === undefined || price < least) least = price;
  }
  return least ?? 0n;
}

/** The same transactions, in the order in which they should be taken. */
export function byPriority(txs: readonly DecodedTx[]): DecodedTx[] {
  const ready = new ReadyTxs();
  for (const waiting of linked(txs)) if (waiting.blockers === 0) ready.add(waiting);
  const ordered: DecodedTx[] = [];
  for (let next = ready.take(); next; next = ready.take()) {
    ordered.push(next.tx);
    for (const blocked of next.blocks) if (--blocked.blockers === 0) ready.add(blocked);
  }
  return ordered;
}

/** Links every transaction to the next one of each signer; unordered ones wait for nothing. */
function linked(txs: readonly DecodedTx[]): Waiting[] {
  const lastOf = new Map<string, Waiting>();
  return txs.map((tx, index) => {
    const waiting: Waiting = { index, tx, priority: priorityOf(tx), blockers: 0, blocks: [] };
    if (tx.body.unordered) return waiting;
    for (const signer of tx.signers) {
      const last = lastOf.get(signer);
      if (last) {
        last.blocks.push(waiting);
        waiting.blockers++;
      }
      lastOf.set(signer, waiting);
    }
    return waiting;
  });
}

/** A binary heap: the highest priority first, then the earliest arrival. */
class ReadyTxs {
  readonly #heap: Waiting[] = [];

  add(waiting: Waiting): void {
    const heap = this.#heap;
    let at = heap.push(waiting) - 1;
    while (at > 0) {
      const above = (at - 1) >> 1;
      const parent = heap[above] as Waiting; // above < at < length
      if (!isBefore(waiting, parent)) break;
      heap[at] = parent;
      heap[above] = waiting;
      at = above;
    }
  }

  take(): Waiting | undefined {
    const heap = this.#heap;
    const [first] = heap;
    const last = heap.pop();
    if (!first || !last || heap.length === 0) return first;
    let at = 0;
    for (;;) {
      const [left, right] = [heap[at * 2 + 1], heap[at * 2 + 2]];
      const isRight = left !== undefined && right !== undefined && isBefore(right, left);
      const child = isRight ? right : left;
      if (!child || !isBefore(child, last)) break;
      heap[at] = child;
      at = at * 2 + (isRight ? 2 : 1);
    }
    heap[at] = last;
    return first;
  }
}

function isBefore(a: Waiting, b: Waiting): boolean {
  return a.priority === b.priority ? a.index < b.index : a.priority > b.priority;
}
