/** The parameters of gov, with their bounds. Ratios are 18-digit decimals from 0 to 1. */
import type { Params } from "cosmjs-types/cosmos/gov/v1/gov";
import { fromProtoCoins } from "../../encoding/coins.ts";
import { one, parseDecimal } from "../../encoding/decimal.ts";
import type { Time } from "../../encoding/time.ts";

const nanosPerSecond = 1_000_000_000n;
const maxPeriodSeconds = 31_536_000n;

/** Ratios: [name, may be zero]. */
const ratios: readonly (readonly [name: RatioName, isZeroAllowed: boolean])[] = [
  ["quorum", true],
  ["threshold", false],
  ["vetoThreshold", false],
  ["minInitialDepositRatio", true],
  ["proposalCancelRatio", true],
  ["expeditedThreshold", false],
  ["minDepositRatio", true],
];
type RatioName =
  | "quorum"
  | "threshold"
  | "vetoThreshold"
  | "minInitialDepositRatio"
  | "proposalCancelRatio"
  | "expeditedThreshold"
  | "minDepositRatio";

/** A ratio of stored parameters, which were checked when they were written. */
export function ratioOf(params: Params, name: RatioName): bigint {
  const ratio = parseDecimal(params[name]);
  if (ratio === undefined) throw new Error(`stored ratio ${name} is ${params[name]}`);
  return ratio;
}

/** Nanoseconds of a period; an unset one is zero. */
export function periodNanos(period: Time | undefined): bigint {
  return period ? period.seconds * nanosPerSecond + BigInt(period.nanos) : 0n;
}

/** What is wrong with the parameters, or undefined. Names fields as JSON spells them. */
export function checkGovParams(params: Params): string | undefined {
  return checkDeposits(params) ?? checkPeriods(params) ?? checkRatios(params);
}

function checkDeposits({ minDeposit, expeditedMinDeposit }: Params): string | undefined {
  const [usual, expedited] = [fromProtoCoins(minDeposit), fromProtoCoins(expeditedMinDeposit)];
  if (!usual || usual.length === 0) return "min_deposit must be positive, sorted coins";
  if (!expedited || expedited.length === 0) return "expedited_min_deposit must be sorted coins";
  const isHigher = usual.every(({ denom, amount }) =>
    expedited.some((coin) => coin.denom === denom && coin.amount > amount),
  );
  return isHigher ? undefined : "expedited_min_deposit must be greater than min_deposit";
}

function checkPeriods(params: Params): string | undefined {
  const periods = [
    ["max_deposit_period", params.maxDepositPeriod],
    ["voting_period", params.votingPeriod],
    ["expedited_voting_period", params.expeditedVotingPeriod],
  ] as const;
  for (const [name, period] of periods) {
    const nanos = periodNanos(period);
    if (nanos <= 0n || nanos > maxPeriodSeconds * nanosPerSecond) {
      return `${name} must be above 0s and at most ${maxPeriodSeconds}s`;
    }
  }
  const isShorter = periodNanos(params.expeditedVotingPeriod) < periodNanos(params.votingPeriod);
  return isShorter ? undefined : "expedited_voting_period must be less than voting_period";
}

function checkRatios(params: Params): string | undefined {
  for (const [name, isZeroAllowed] of ratios) {
    const ratio = parseDecimal(params[name]);
    const isLow = ratio === undefined || ratio < 0n || (ratio === 0n && !isZeroAllowed);
    if (isLow || ratio > one) return `${name} is ${params[name]}, must be a decimal from 0 to 1`;
  }
  if (ratioOf(params, "expeditedThreshold") <= ratioOf(params, "threshold")) {
    return "expedited_threshold must be greater than threshold";
  }
  return undefined;
}
