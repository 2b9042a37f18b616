/**
 * Waiting for something to decide: with create_empty_blocks off, round 0 begins when there are
 * transactions (cometbft consensus/state.go enterNewRound, needProofBlock). spec/consensus.md, E.
 */
import { equalBytes } from "../../encoding/bytes.ts";
import type { Height } from "../engine/height.ts";
import type { BlockStore, Clock } from "../expected.ts";

/** When a height without transactions begins. */
export interface IdlePolicy {
  /** Whether transactions wait for a block. */
  readonly hasTxs: () => boolean;
  /** After so many milliseconds without any, an empty block is made; 0: none is. */
  readonly intervalMs: number;
}

interface IdleParts {
  readonly policy: IdlePolicy;
  readonly clock: Clock;
  readonly blocks: Pick<BlockStore, "loadBlock">;
}

export class Idle {
  readonly #parts: IdleParts;
  readonly #begin: (height: bigint) => void;
  /** The height that waits, or has been let go. */
  #height = -1n;
  #isHeld = false;
  #cancel: () => void = () => undefined;

  /** begin is called when a height that was held may begin. */
  constructor(parts: IdleParts, begin: (height: bigint) => void) {
    this.#parts = parts;
    this.#begin = begin;
  }

  /** Whether round 0 of the height has to wait; end() or the interval lets it go, for good. */
  holds(h: Height): boolean {
    if (h.height === this.#height) return this.#isHeld;
    this.#cancel();
    this.#height = h.height;
    const { policy, clock } = this.#parts;
    this.#isHeld = !h.proposal && !policy.hasTxs() && !this.#needsProof(h);
    if (this.#isHeld && policy.intervalMs > 0) {
      this.#cancel = clock.after(policy.intervalMs, () => this.end());
    }
    return this.#isHeld;
  }

  /** There is something to decide: the height that waits begins. */
  end(): void {
    if (!this.#isHeld) return;
    this.#isHeld = false;
    this.#cancel();
    this.#begin(this.#height);
  }

  /** Clients prove state against a header, so a change of the state is followed by a block. */
  #needsProof({ state }: Height): boolean {
    if (state.lastBlockHeight === 0n) return true;
    const last = this.#parts.blocks.loadBlock(state.lastBlockHeight);
    return !last || !equalBytes(last.header.appHash, state.appHash);
  }
}
