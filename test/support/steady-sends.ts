/** Bank sends at a steady number a block, from a few accounts, each in the order of sequences. */
import { setTimeout as sleep } from "node:timers/promises";
import { MsgSend } from "cosmjs-types/cosmos/bank/v1beta1/tx";
import { toBase64 } from "../../src/encoding/bytes.ts";
import { any, type Dev, signTx } from "./app-chain.ts";
import type { RealNode } from "./real-node.ts";

const gas = 100_000n;
/** Code of a sequence that is not the next (SDK). */
const wrongSequence = 32;
const attemptsMax = 10;

/** The node has answered, and not with a yes. */
class Refused extends Error {
  override readonly name = "Refused";
}

interface SteadySendsOptions {
  readonly node: RealNode;
  readonly chainId: string;
  readonly accounts: readonly Dev[];
  readonly perBlock: number;
}

/** Sends until stop is called, a share of `perBlock` from every account. */
export class SteadySends {
  readonly #options: SteadySendsOptions;
  readonly #sequences = new Map<Dev, bigint>();
  #isOver = false;
  #taken = 0;
  #running: Promise<void> = Promise.resolve();

  constructor(options: SteadySendsOptions) {
    this.#options = options;
  }

  /** Transactions that CheckTx took. */
  get taken(): number {
    return this.#taken;
  }

  /** failed hears of a transaction that was refused, or a node that went away. */
  start(failed: (error: unknown) => void): void {
    this.#running = this.#run().catch(failed);
  }

  async stop(): Promise<void> {
    this.#isOver = true;
    await this.#running;
  }

  /** One signed transaction of an account, and the next sequence with the next one. */
  next(from: Dev): Uint8Array {
    const sequence = this.#sequences.get(from) ?? 0n;
    this.#sequences.set(from, sequence + 1n);
    const { chainId } = this.#options;
    const amount = [{ denom: "ngonka", amount: "1" }];
    const message = { fromAddress: from.address, toAddress: from.address, amount };
    return signTx({ from, sequence, messages: [any(MsgSend, message)], gas, fee: [], chainId });
  }

  async #run(): Promise<void> {
    const { node, perBlock, accounts } = this.#options;
    let due = 0;
    let last = await node.height();
    while (!this.#isOver) {
      const height = await node.height();
      // A burst after a stall would only fill the mempool.
      due += Math.min(Math.max(0, height - last), 10) * perBlock;
      last = Math.max(last, height);
      const each = Math.floor(due / accounts.length);
      due -= each * accounts.length;
      if (each > 0) await Promise.all(accounts.map((from) => this.#sendSome(from, each)));
      else await sleep(20);
    }
  }

  async #sendSome(from: Dev, count: number): Promise<void> {
    for (let i = 0; i < count; i++) {
      await this.#send(toBase64(this.next(from)));
      this.#taken += 1;
    }
  }

  /** A node that stands for a while may cut a connection off unanswered: it is asked again. */
  async #send(tx: string): Promise<void> {
    for (let attempt = 1; ; attempt++) {
      try {
        const answer = await this.#ask(tx);
        const { result, error } = answer;
        if (result?.code === 0) return;
        // Taken the first time: it still waits, or its block has raised the sequence.
        if (attempt > 1 && (error || result?.code === wrongSequence)) return;
        throw new Refused(JSON.stringify(answer));
      } catch (error) {
        if (error instanceof Refused || attempt === attemptsMax) throw error;
        await sleep(1000);
      }
    }
  }

  async #ask(tx: string) {
    const body = JSON.stringify({
      jsonrpc: "2.0",
      id: 1,
      method: "broadcast_tx_sync",
      params: { tx },
    });
    // A kept connection may be closed by the node just when it is used again.
    const headers = { connection: "close" };
    const response = await fetch(this.#options.node.rpc, { method: "POST", headers, body });
    return (await response.json()) as { result?: { code: number; log: string }; error?: object };
  }
}
