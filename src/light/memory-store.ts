/** Verified blocks in memory: for browsers, and for who starts from a trusted hash each time. */
import type { LightBlock } from "../types/light/light-block.ts";
import type { TrustedStore } from "./expected.ts";

export class MemoryTrustedStore implements TrustedStore {
  readonly #blocks = new Map<bigint, LightBlock>();

  async get(height: bigint): Promise<LightBlock | undefined> {
    return this.#blocks.get(height);
  }

  async heights(): Promise<readonly bigint[]> {
    return [...this.#blocks.keys()].sort((a, b) => (a < b ? -1 : 1));
  }

  async save(block: LightBlock): Promise<void> {
    this.#blocks.set(block.header.height, block);
  }

  async remove(height: bigint): Promise<void> {
    this.#blocks.delete(height);
  }
}
