/**
 * Passes transactions on: each to every peer that has not sent it, batched, in order of arrival.
 * spec/p2p.md, channel 0x30.
 */
import type { Clock, Logger, Network, Peer } from "./expected.ts";
import type { Mempool, WaitingTx } from "./mempool.ts";
import {
  decodeTxs,
  encodedTxBytes,
  encodeTxs,
  maxMessageBytes,
  mempoolChannel,
} from "./tx-message.ts";

/** A batch is sent when it is this large, or when flushMs have passed since its first tx. */
const batchBytes = 16_384;
const flushMs = 5;
/** When a peer's queue was full, try again after this. */
const retryMs = 50;
const sendQueueCapacity = 1_000;

/** What one peer still has to get. */
interface Outbox {
  readonly peer: Peer;
  waiting: WaitingTx[];
}

/** The gossip of one mempool. */
export class MempoolReactor {
  readonly #mempool: Mempool;
  readonly #network: Network;
  readonly #clock: Clock;
  readonly #log: Logger;
  readonly #maxMessageBytes: number;
  readonly #outboxes = new Map<string, Outbox>();
  #isFlushDue = false;

  /** Registers channel 0x30 with the network. */
  constructor(parts: {
    readonly mempool: Mempool;
    readonly network: Network;
    readonly clock: Clock;
    readonly log: Logger;
    readonly maxTxBytes: number;
  }) {
    this.#mempool = parts.mempool;
    this.#network = parts.network;
    this.#clock = parts.clock;
    this.#log = parts.log;
    this.#maxMessageBytes = maxMessageBytes(parts.maxTxBytes, batchBytes);
    parts.mempool.onAdded((added) => this.#spread(added));
    const channel = { id: mempoolChannel, maxMessageBytes: this.#maxMessageBytes };
    parts.network.register([{ ...channel, sendQueueCapacity, stream: "mempool" }], this);
  }

  addPeer(peer: Peer): void {
    const waiting = [...this.#mempool.waiting()].filter((tx) => !tx.senders.has(peer.id));
    this.#outboxes.set(peer.id, { peer, waiting });
    if (waiting.length > 0) this.#flushAfter(flushMs);
  }

  removePeer(peer: Peer): void {
    this.#outboxes.delete(peer.id);
  }

  receive(_channel: number, peer: Peer, message: Uint8Array): void {
    const txs = decodeTxs(message, this.#maxMessageBytes);
    if (!txs) {
      this.#network.ban(peer, "malformed mempool message");
      return;
    }
    for (const tx of txs) void this.#take(tx, peer);
  }

  /** A refused transaction is no offence: the peer may stand at another height. */
  async #take(tx: Uint8Array, peer: Peer): Promise<void> {
    const outcome = await this.#mempool.checkTx(tx, peer.id);
    if ("refused" in outcome && outcome.refused !== "seen") {
      this.#log.debug("refused gossiped transaction", { peer: peer.id, why: outcome.message });
    }
  }

  #spread(added: WaitingTx): void {
    for (const { peer, waiting } of this.#outboxes.values()) {
      if (!added.senders.has(peer.id)) waiting.push(added);
    }
    this.#flushAfter(flushMs);
  }

  #flushAfter(delayMs: number): void {
    if (this.#isFlushDue) return;
    this.#isFlushDue = true;
    this.#clock.after(delayMs, () => {
      this.#isFlushDue = false;
      const isStuck = [...this.#outboxes.values()].filter((outbox) => !this.#flush(outbox));
      if (isStuck.length > 0) this.#flushAfter(retryMs);
    });
  }

  /** Sends what waits for a peer; false when its queue was full before the end. */
  #flush(outbox: Outbox): boolean {
    const { peer, waiting } = outbox;
    // What a block has taken since, or the peer itself has sent since, is not worth sending.
    const wanted = waiting.filter((tx) => this.#mempool.has(tx.key) && !tx.senders.has(peer.id));
    let sent = 0;
    while (sent < wanted.length) {
      const batch = nextBatch(wanted, sent);
      if (!peer.send(mempoolChannel, encodeTxs(batch))) break;
      sent += batch.length;
    }
    outbox.waiting = wanted.slice(sent);
    return sent === wanted.length;
  }
}

/** Transactions from an index on: at least one, then as many as the batch has room for. */
function nextBatch(wanted: readonly WaitingTx[], from: number): Uint8Array[] {
  const batch: Uint8Array[] = [];
  let bytes = 0;
  for (let index = from; index < wanted.length; index++) {
    const { tx } = wanted[index]!; // The index is below the length.
    bytes += encodedTxBytes(tx);
    if (batch.length > 0 && bytes > batchBytes) break;
    batch.push(tx);
  }
  return batch;
}
