/** A primary, whose blocks are taken, and witnesses, which are asked what they have instead. */
import type { LightBlock } from "../types/light/light-block.ts";
import { LightClientError, ProviderError } from "./errors.ts";
import type { Logger, Provider } from "./expected.ts";
import { fetchBlock } from "./traces.ts";

export class Providers {
  readonly #chainId: string;
  readonly #log: Logger;
  #primary: Provider;
  #witnesses: readonly Provider[];

  /** Throws LightClientError without a witness: one provider alone can show anything. */
  constructor(parts: {
    readonly chainId: string;
    readonly log: Logger;
    readonly primary: Provider;
    readonly witnesses: readonly Provider[];
  }) {
    if (parts.witnesses.length === 0) {
      throw new LightClientError("bad options", "at least one witness is needed");
    }
    this.#chainId = parts.chainId;
    this.#log = parts.log;
    this.#primary = parts.primary;
    this.#witnesses = parts.witnesses;
  }

  get primary(): Provider {
    return this.#primary;
  }

  get witnesses(): readonly Provider[] {
    return this.#witnesses;
  }

  /**
   * A block of the primary; where it fails, of the first witness that has it, which becomes the
   * primary. Throws the last ProviderError when nobody has it.
   */
  async fetch(height: bigint | "latest"): Promise<LightBlock> {
    const tries = this.#witnesses.length + 1;
    let last: ProviderError | undefined;
    for (let attempt = 0; attempt < tries; attempt++) {
      try {
        return await fetchBlock(this.#primary, height, this.#chainId);
      } catch (error) {
        if (!(error instanceof ProviderError)) throw error;
        last = error;
        if (!this.replacePrimary(error)) break;
      }
    }
    throw last ?? new Error("there is always a primary to ask");
  }

  /** Forgets witnesses that have given wrong answers. */
  drop(witnesses: readonly Provider[]): void {
    this.#witnesses = this.#witnesses.filter((each) => !witnesses.includes(each));
    for (const { name } of witnesses) this.#log.warn("witness dropped", { witness: name });
  }

  /** Takes the next witness as primary; false when there is none. */
  replacePrimary(error: ProviderError): boolean {
    const [next, ...others] = this.#witnesses;
    if (!next) return false;
    const before = this.#primary;
    this.#log.warn("primary replaced", { from: before.name, to: next.name, why: error.message });
    this.#primary = next;
    // Who merely lacks the block may still be a witness of others.
    this.#witnesses = error.fault === "bad block" ? others : [...others, before];
    return true;
  }
}
