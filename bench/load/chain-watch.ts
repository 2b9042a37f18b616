/** Follows a chain over RPC: when blocks came, with how many transactions, in which round. */
import { setTimeout as sleep } from "node:timers/promises";
import { HttpLine } from "./http-line.ts";

const pollMs = 250;
/** A node answers with at most so many blocks. */
const pageBlocks = 20;

export interface SeenBlock {
  readonly height: number;
  /** Header time in milliseconds. */
  readonly timeMs: number;
  readonly txs: number;
}

interface Meta {
  readonly header: { readonly height: string; readonly time: string };
  readonly num_txs: string;
}

export class ChainWatch {
  readonly blocks: SeenBlock[] = [];
  committed = 0;
  readonly #line: HttpLine;
  #isStopped = false;
  #running: Promise<void> = Promise.resolve();

  constructor(port: number) {
    this.#line = new HttpLine(port);
  }

  get height(): number {
    return this.blocks.at(-1)?.height ?? 0;
  }

  start(): void {
    this.#running = this.#follow();
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    await this.#running;
    this.#line.close();
  }

  /** Rounds of the commits of these heights, and how often each. */
  async rounds(heights: readonly number[]): Promise<Record<string, number>> {
    const found: Record<string, number> = {};
    for (const height of heights) {
      const { signed_header } = await this.#line.call<{
        signed_header: { commit: { round: number } };
      }>("commit", { height: String(height) });
      const { round } = signed_header.commit;
      found[round] = (found[round] ?? 0) + 1;
    }
    return found;
  }

  async #follow(): Promise<void> {
    while (!this.#isStopped) {
      const page = await this.#page();
      if (page < pageBlocks) await sleep(pollMs);
    }
  }

  /** Takes the blocks after the last known one; returns how many. */
  async #page(): Promise<number> {
    const min = this.height + 1;
    const range = { minHeight: String(min), maxHeight: String(min + pageBlocks - 1) };
    const { block_metas: metas } = await this.#line
      .call<{ block_metas: readonly Meta[] }>("blockchain", range)
      .catch(() => ({ block_metas: [] as readonly Meta[] })); // None so high yet.
    for (const { header, num_txs } of [...metas].reverse()) {
      const height = Number(header.height);
      if (height < min) continue;
      this.blocks.push({ height, timeMs: Date.parse(header.time), txs: Number(num_txs) });
      this.committed += Number(num_txs);
    }
    return metas.length;
  }
}
