/**
 * How much of a vesting account's coins is still locked: cosmos-sdk x/auth/vesting/types, amount by
 * amount and rounding by rounding. Times are seconds since the Unix epoch. Pure.
 */
import { addCoins, type Coin } from "../../../encoding/coins.ts";
import { mulRound, one, quoRound, roundToInt } from "../../../encoding/decimal.ts";

/** Coins that vest after so many seconds more. */
export interface VestingPeriod {
  readonly length: bigint;
  readonly amount: readonly Coin[];
}

/** What every kind of vesting account has. The delegated coins are zero where nothing is bonded. */
interface VestingGround {
  readonly original: readonly Coin[];
  readonly delegatedFree: readonly Coin[];
  readonly delegatedVesting: readonly Coin[];
  readonly endTime: bigint;
}

/** When the coins of an account come free. */
export type Vesting = VestingGround &
  (
    | { readonly kind: "continuous"; readonly startTime: bigint }
    | { readonly kind: "delayed" }
    | {
        readonly kind: "periodic";
        readonly startTime: bigint;
        readonly periods: readonly VestingPeriod[];
      }
    | { readonly kind: "permanent" }
  );

/** What may not be spent at this time: what has not vested, less what of it is delegated. */
export function lockedCoins(vesting: Vesting, now: bigint): Coin[] {
  const vested = vestedCoins(vesting, now);
  return vesting.original.flatMap(({ denom, amount }) => {
    const taken = amountOf(vested, denom) + amountOf(vesting.delegatedVesting, denom);
    return amount > taken ? [{ denom, amount: amount - taken }] : [];
  });
}

function vestedCoins(vesting: Vesting, now: bigint): readonly Coin[] {
  if (vesting.kind === "permanent") return [];
  if (vesting.kind === "delayed") return now >= vesting.endTime ? vesting.original : [];
  if (now <= vesting.startTime) return [];
  if (now >= vesting.endTime) return vesting.original;
  if (vesting.kind === "periodic") return endedPeriods(vesting, now);
  const passed = (now - vesting.startTime) * one;
  const part = quoRound(passed, (vesting.endTime - vesting.startTime) * one);
  return vesting.original.map(({ denom, amount }) => ({
    denom,
    amount: roundToInt(mulRound(amount * one, part)),
  }));
}

function endedPeriods(
  vesting: { readonly startTime: bigint; readonly periods: readonly VestingPeriod[] },
  now: bigint,
): readonly Coin[] {
  let vested: Coin[] = [];
  let end = vesting.startTime;
  for (const { length, amount } of vesting.periods) {
    end += length;
    if (now < end) break;
    vested = addCoins(vested, amount);
  }
  return vested;
}

function amountOf(coins: readonly Coin[], denom: string): bigint {
  return coins.find((coin) => coin.denom === denom)?.amount ?? 0n;
}

const maxTime = (1n << 63n) - 1n;

/** What is wrong with a schedule, or undefined. */
export function checkVesting(vesting: Vesting): string | undefined {
  const { endTime } = vesting;
  if (endTime < 0n || endTime > maxTime) return "end time cannot be negative";
  // A message may ask for an end that has passed; its account must survive an export.
  if (vesting.kind !== "periodic") return undefined;
  let [sum, end]: [readonly Coin[], bigint] = [[], vesting.startTime];
  for (const { length, amount } of vesting.periods) {
    if (length < 1n) return `a period of ${length} seconds`;
    sum = addCoins(sum, amount);
    end += length;
  }
  if (end !== endTime) return "vesting end time does not match length of all vesting periods";
  const isWhole =
    sum.length === vesting.original.length &&
    sum.every(({ denom, amount }) => amountOf(vesting.original, denom) === amount);
  return isWhole ? undefined : "original vesting coins does not match the sum of all coins";
}
