/**
 * Sends the messages of a duty until the chain shows their effect: once now, again when a few
 * blocks have passed without it, with more gas if gas was missing. Sending twice is harmless: the
 * state machine takes the first message of its kind per epoch (spec/host.md, "Sending").
 */
import { type Chain, type Log, type OutgoingMsg, TxRefusal } from "./expected.ts";

/** Blocks to wait for the effect of a message before it is sent again. */
const resendAfterBlocks = 3n;
/** Gas of a message: a floor, and a price for every byte of it. */
const baseGas = 300_000;
const gasPerByte = 100;
/** What the SDK says when a transaction's gas did not suffice; explorers and wallets match it. */
const outOfGas = /out of gas/;
const maxGasDoublings = 4;

/** What is to be sent, and until when it makes sense. */
export interface Errand {
  /** Such as "commit 7": what is the same errand when it is tried again. */
  readonly name: string;
  readonly height: bigint;
  /** Last height that may include it. */
  readonly deadline: bigint;
  readonly msg: OutgoingMsg;
  readonly msgBytes: number;
  /** Gas for recomputation that the message asks of the state machine: known, so not doubled. */
  readonly extraGas?: number;
}

interface Attempt {
  readonly height: bigint;
  readonly hash: string | undefined;
}

/** The errands of the present duty. */
export class Outbox {
  readonly #chain: Chain;
  readonly #log: Log;
  #name = "";
  #last: Attempt | undefined;
  #doublings = 0;

  constructor(chain: Chain, log: Log) {
    this.#chain = chain;
    this.#log = log;
  }

  /** Sends unless a recent attempt may still be under way. Throws when the node is unreachable. */
  async deliver(errand: Errand): Promise<void> {
    if (errand.name !== this.#name) {
      this.#name = errand.name;
      this.#last = undefined;
      this.#doublings = 0;
    }
    if (errand.height >= errand.deadline || (await this.#isUnderWay(errand.height))) return;
    const { msg, msgBytes, deadline, extraGas = 0 } = errand;
    const gasLimit = (baseGas + gasPerByte * msgBytes) * 2 ** this.#doublings + extraGas;
    try {
      const hash = await this.#chain.send({ msg, gasLimit, timeoutHeight: deadline });
      this.#last = { height: errand.height, hash };
      this.#log.info("sent", { errand: errand.name, hash, gasLimit, height: errand.height });
    } catch (error) {
      if (!(error instanceof TxRefusal)) throw error;
      this.#last = { height: errand.height, hash: undefined };
      this.#adjust(error.message);
    }
  }

  async #isUnderWay(height: bigint): Promise<boolean> {
    const last = this.#last;
    if (!last || height >= last.height + resendAfterBlocks) return false;
    if (last.hash === undefined) return height === last.height; // Refused: again after a block.
    const outcome = await this.#chain.outcome(last.hash);
    if (outcome === undefined || outcome.code === 0) return true;
    this.#adjust(outcome.log);
    this.#last = undefined;
    return false;
  }

  #adjust(reason: string): void {
    this.#log.warn("refused", { errand: this.#name, reason });
    if (outOfGas.test(reason) && this.#doublings < maxGasDoublings) this.#doublings++;
  }
}
