/** The machine's clock and timers, as the engine wants them. */
import { fromMillis, type Time } from "../encoding/time.ts";

export const machineClock = {
  now(): Time {
    return fromMillis(Date.now());
  },
  /** Calls back once after that many milliseconds; returns its cancellation. */
  after(delayMs: number, run: () => void): () => void {
    const timer = setTimeout(run, delayMs);
    return () => clearTimeout(timer);
  },
};
