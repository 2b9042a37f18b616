/**
 * Chooses anew in every round who hears whose votes, and who gets the block: what one receiver is
 * kept from is kept from it on every way, and comes late or never. So quorums differ from node to
 * node, rounds fail half-way, and locks of several rounds meet.
 */
import { toHex } from "../../../src/encoding/bytes.ts";
import { prng } from "../../support/prng.ts";
import type { Attack, Sent, Stage } from "./attack.ts";

/** How much is hidden, and for how long. */
export interface MaskPlan {
  readonly seed: number;
  readonly probability: number;
  /** Hidden things are there after at most this; what is hidden for longer is lost. */
  readonly holdMs: number;
}

/** A mask over every round of every height. */
export class RoundMasks implements Attack {
  readonly plan: string;
  readonly faulty = undefined;
  readonly #stage: Stage;
  readonly #how: MaskPlan;
  /** When what is hidden may be seen, by what it is. */
  readonly #shownMs = new Map<string, number>();

  constructor(stage: Stage, how: MaskPlan) {
    this.#stage = stage;
    this.#how = how;
    this.plan = `masks ${how.probability.toFixed(2)} ${how.holdMs} ms`;
  }

  holdMs({ message, toKey, fromKey, to }: Sent): number {
    if (message?.type === "proposal" || message?.type === "blockPart") {
      const { height, round } = message.type === "proposal" ? message.proposal : message;
      return fromKey === toKey ? 0 : this.#hidden(`${height}/${round}/data/${to}`);
    }
    if (message?.type !== "vote") return 0;
    const { height, round, type, validatorAddress, blockId } = message.vote;
    const voter = this.#stage.keyOf(validatorAddress);
    const block = toHex(blockId.hash.subarray(0, 4));
    return this.#hidden(`${height}/${round}/${type}/${voter}/${block}/${to}`);
  }

  replaced(): undefined {
    return undefined;
  }

  #hidden(name: string): number {
    const now = this.#stage.nowMs();
    const shownMs = this.#shownMs.get(name) ?? this.#choose(name, now);
    return Math.max(0, shownMs - now);
  }

  #choose(name: string, now: number): number {
    const { seed, probability, holdMs } = this.#how;
    const random = prng([...name].reduce((hash, c) => Math.imul(hash, 31) + c.charCodeAt(0), seed));
    const [isHidden, isLost] = [random() < probability, random() < 0.5];
    const shownMs = isHidden ? now + (isLost ? 2 * holdMs : random() * holdMs) : now;
    this.#shownMs.set(name, shownMs);
    return shownMs;
  }
}
