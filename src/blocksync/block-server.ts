/** Answers block requests at the pace at which the peer takes the answers. */
import { ExtendedCommit } from "cosmjs-types/tendermint/types/types";
import type { Blocks, Clock, Peer } from "./expected.ts";
import { blocksyncChannel, encodeMessage } from "./messages.ts";

/** Answers owed to one peer beyond which it asks too much. An honest one waits for eight. */
const maxOwed = 64;
/** When a peer's queue was full, try again after this. */
const retryMs = 50;

interface Debt {
  readonly peer: Peer;
  readonly heights: bigint[];
}

/** The serving half of block sync. */
export class BlockServer {
  readonly #blocks: Pick<Blocks, "loadBlockBytes" | "loadExtendedCommit">;
  readonly #clock: Clock;
  readonly #debts = new Map<string, Debt>();
  #isRetryDue = false;

  constructor(blocks: Pick<Blocks, "loadBlockBytes" | "loadExtendedCommit">, clock: Clock) {
    this.#blocks = blocks;
    this.#clock = clock;
  }

  /** Answers with the block, or that there is none. False when the peer asks too much. */
  answer(peer: Peer, height: bigint): boolean {
    const debt = this.#debts.get(peer.id) ?? { peer, heights: [] };
    if (debt.heights.length >= maxOwed) return false;
    debt.heights.push(height);
    this.#debts.set(peer.id, debt);
    if (debt.heights.length === 1) this.#pay(debt);
    return true;
  }

  forget(peerId: string): void {
    this.#debts.delete(peerId);
  }

  #pay(debt: Debt): void {
    for (let [height] = debt.heights; height !== undefined; [height] = debt.heights) {
      const block = this.#blocks.loadBlockBytes(height);
      const answer = encodeMessage(
        block
          ? { type: "block", block, extendedCommit: this.#extendedCommit(height) }
          : { type: "noBlock", height },
      );
      if (!debt.peer.send(blocksyncChannel, answer)) {
        this.#retry();
        return;
      }
      debt.heights.shift();
    }
    this.#debts.delete(debt.peer.id);
  }

  #extendedCommit(height: bigint): Uint8Array {
    const extended = this.#blocks.loadExtendedCommit(height);
    return extended ? ExtendedCommit.encode(extended).finish() : new Uint8Array(0);
  }

  #retry(): void {
    if (this.#isRetryDue) return;
    this.#isRetryDue = true;
    this.#clock.after(retryMs, () => {
      this.#isRetryDue = false;
      for (const debt of [...this.#debts.values()]) this.#pay(debt);
    });
  }
}
