/** New coins: spec/modules/pow.md, "Emission". Pure. */
import { mulFloor, one } from "../../../encoding/decimal.ts";

/** The emission of one epoch. */
export interface Emission {
  /** Coins to mint now, in ngonka. */
  readonly minted: bigint;
  /** Of the next epoch, in 10^-18 ngonka. */
  readonly next: bigint;
}

/**
 * What an epoch emits. rate: of this epoch, in 10^-18 ngonka; decay: 18 decimals in 0..1. Coins
 * below one ngonka are not minted; nothing is minted above the cap (in ngonka, over all epochs).
 */
export function emit({
  rate,
  decay,
  emitted,
  cap,
}: {
  readonly rate: bigint;
  readonly decay: bigint;
  readonly emitted: bigint;
  readonly cap: bigint;
}): Emission {
  const whole = rate / one;
  const room = cap > emitted ? cap - emitted : 0n;
  return { minted: whole < room ? whole : room, next: mulFloor(rate, decay) };
}
