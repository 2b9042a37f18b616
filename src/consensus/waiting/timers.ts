/** The timers of one height: at most one per step, the latest. */
import { addNanos, compareTime, type Time, toNanos } from "../../encoding/time.ts";
import type { FiredTimeout } from "../engine/inputs.ts";
import type { Clock } from "../expected.ts";
import type { TimeoutStep } from "../round.ts";
import { type ConsensusTimeouts, timeoutMs } from "./timeouts.ts";

const nanosPerMilli = 1_000_000;

interface TimerParts {
  readonly clock: Clock;
  readonly timeouts: ConsensusTimeouts;
}

/** Timers that call `fire`, unless they are cancelled or replaced before. */
export class StepTimers {
  readonly #parts: TimerParts;
  readonly #fire: (fired: FiredTimeout) => void;
  readonly #cancels = new Map<TimeoutStep, () => void>();

  constructor(parts: TimerParts, fire: (fired: FiredTimeout) => void) {
    this.#parts = parts;
    this.#fire = fire;
  }

  /**
   * Waits for a step of a round; newHeight waits until the height's start time, and no longer than
   * the block interval: the clock may have been set back.
   */
  schedule(
    of: { readonly height: bigint; readonly startTime: Time },
    { step, round }: { readonly step: TimeoutStep; readonly round: number },
  ): void {
    const { clock, timeouts } = this.#parts;
    const delayMs =
      step === "newHeight"
        ? Math.min(millisUntil(of.startTime, clock.now()), timeouts.commitMs)
        : timeoutMs(timeouts, step, round);
    this.#cancels.get(step)?.();
    const fired: FiredTimeout = { height: of.height, round, step, delayMs };
    this.#cancels.set(
      step,
      clock.after(delayMs, () => this.#fire(fired)),
    );
  }

  cancelAll(): void {
    for (const cancel of this.#cancels.values()) cancel();
    this.#cancels.clear();
  }
}

/** At least 0; a fraction of a millisecond counts as a whole one. */
function millisUntil(then: Time, now: Time): number {
  if (compareTime(then, now) <= 0) return 0;
  return Math.ceil(Number(toNanos(then) - toNanos(now)) / nanosPerMilli);
}

/** The time that many whole milliseconds later. */
export const addMillis = (time: Time, millis: number): Time =>
  addNanos(time, BigInt(millis) * BigInt(nanosPerMilli));
