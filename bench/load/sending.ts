/**
 * Sends signed transactions: every connection has accounts of its own, and what a node refuses is
 * sent again, so that the sequences of an account stay without a gap.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { HttpLine } from "./http-line.ts";
import type { LoadOptions } from "./options.ts";
import type { SignedTxs } from "./signed-txs.ts";

/** Code of the SDK for a sequence that is not the next one. */
const wrongSequence = 32;
const pauseMs = 20;

/** What was sent so far. */
export interface SendCounts {
  taken: number;
  refused: number;
  /** Refusals by what the nodes said. */
  readonly reasons: Map<string, number>;
}

interface Answer {
  readonly id: number;
  readonly result?: { readonly code: number; readonly log: string };
  readonly error?: { readonly data?: string };
}

/** All connections of a run. */
export class Senders {
  readonly counts: SendCounts = { taken: 0, refused: 0, reasons: new Map() };
  readonly #options: LoadOptions;
  readonly #txs: SignedTxs;
  readonly #mayWait: () => boolean;
  readonly #next: Int32Array;
  readonly #began = performance.now();
  #planned = 0;
  #isStopped = false;

  /** `hasRoom` says whether more transactions may wait for a block now. */
  constructor(options: LoadOptions, txs: SignedTxs, hasRoom: (taken: number) => boolean) {
    this.#options = options;
    this.#txs = txs;
    this.#mayWait = () => hasRoom(this.counts.taken);
    this.#next = new Int32Array(options.accounts);
  }

  /** Runs until stop, or until nothing signed is left. */
  async run(ports: readonly number[]): Promise<void> {
    const { connections, accounts } = this.#options;
    const lines = Array.from({ length: connections }, async (_, index) => {
      const from = Math.floor((index * accounts) / connections);
      const to = Math.floor(((index + 1) * accounts) / connections);
      const line = new HttpLine(ports[index % ports.length]!); // There is a node.
      await this.#sendOver(line, from, to);
      line.close();
    });
    await Promise.all(lines);
  }

  stop(): void {
    this.#isStopped = true;
  }

  async #sendOver(line: HttpLine, from: number, to: number): Promise<void> {
    let account = from;
    while (!this.#isStopped) {
      const count = Math.min(this.#options.batch, to - account);
      if (!this.#mayWait() || !this.#isDue(count)) {
        await sleep(pauseMs);
        continue;
      }
      const body = this.#body(account, count);
      if (!body) return;
      this.#planned += count;
      const hadRefusals = this.#take(await line.post(body), account, count);
      if (hadRefusals) await sleep(pauseMs);
      account = account + count >= to ? from : account + count;
    }
  }

  /** Whether the rate lets that many go now. */
  #isDue(count: number): boolean {
    const { rate } = this.#options;
    if (rate === 0) return true;
    return this.#planned + count <= (rate * (performance.now() - this.#began)) / 1000;
  }

  /** The batch for these accounts; undefined when one of them has nothing left. */
  #body(account: number, count: number): Buffer | undefined {
    const parts: Buffer[] = [Buffer.from("[")];
    for (let index = account; index < account + count; ) {
      const round = this.#next[index] ?? 0;
      if (round >= this.#txs.rounds) return undefined;
      let end = index + 1;
      while (end < account + count && this.#next[end] === round) end++;
      parts.push(this.#txs.read({ round, account: index, count: end - index }));
      index = end;
    }
    const body = Buffer.concat(parts);
    body[body.length - 1] = "]".charCodeAt(0); // In place of the last comma.
    return body;
  }

  /** Counts the answers; true when some were refused. */
  #take(text: string, account: number, count: number): boolean {
    const parsed = JSON.parse(text) as Answer | readonly Answer[];
    let refusals = 0;
    for (const answer of Array.isArray(parsed) ? (parsed as Answer[]) : [parsed as Answer]) {
      if (answer.result?.code === 0) {
        this.#next[answer.id] = (this.#next[answer.id] ?? 0) + 1;
        this.counts.taken++;
        continue;
      }
      refusals++;
      this.#refused(answer, { account, count });
    }
    this.counts.refused += refusals;
    return refusals > 0;
  }

  #refused({ id, result, error }: Answer, at: { account: number; count: number }): void {
    const { reasons } = this.counts;
    const log = result?.log ?? error?.data ?? "no reason";
    const reason = log.replace(/\d+/g, "n").slice(0, 60);
    reasons.set(reason, (reasons.get(reason) ?? 0) + 1);
    const isOurs = id >= at.account && id < at.account + at.count;
    // The node knows better which sequence is next: it says so.
    const expected = /expected (\d+), got/.exec(log)?.[1];
    if (isOurs && result?.code === wrongSequence && expected) this.#next[id] = Number(expected);
    if (isOurs && log.includes("already exists in cache")) this.#next[id] = this.#next[id]! + 1;
  }
}
