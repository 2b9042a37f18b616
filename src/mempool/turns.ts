/**
 * The way of transactions to CheckTx in an application that looks ahead: in batches, in order.
 * While one batch is judged on this thread, others verify what the next one needs.
 */
import { setImmediate } from "node:timers/promises";
import type { Application } from "../abci/application.ts";

type LookAhead = NonNullable<Application["lookAhead"]>;

/** So few that judging them does not hold the event loop for more than some milliseconds. */
export const turnTxs = 32;

interface Waiting {
  readonly tx: Uint8Array;
  readonly go: () => void;
}

export class Turns {
  readonly #lookAhead: LookAhead;
  readonly #closed: () => Promise<void> | undefined;
  #waiting: Waiting[] = [];
  #isRunning = false;

  /** closed: until when nobody may go, while that is so. */
  constructor(lookAhead: LookAhead, closed: () => Promise<void> | undefined) {
    this.#lookAhead = lookAhead;
    this.#closed = closed;
  }

  /** Resolves when it is the transaction's turn: in the order of the calls. */
  of(tx: Uint8Array): Promise<void> {
    return new Promise((go) => {
      this.#waiting.push({ tx, go });
      if (this.#isRunning) return;
      this.#isRunning = true;
      // What comes in the same breath, as out of one message, makes one batch.
      queueMicrotask(() => void this.#run());
    });
  }

  async #run(): Promise<void> {
    let batch = this.#take();
    while (batch) {
      await batch.ahead;
      const next = this.#take(); // On its way while this one is judged.
      // Those that a block held back go batch by batch too.
      for (let open = this.#closed(); open; open = this.#closed()) await open;
      for (const { go } of batch.txs) go();
      await setImmediate(); // Their turns come first, then the event loop's.
      batch = next ?? this.#take();
    }
    this.#isRunning = false;
  }

  #take() {
    if (this.#waiting.length === 0) return undefined;
    const txs = this.#waiting.slice(0, turnTxs);
    this.#waiting = this.#waiting.slice(turnTxs);
    return { txs, ahead: this.#lookAhead(txs.map(({ tx }) => tx)) };
  }
}
