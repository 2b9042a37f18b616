/** What holds after every block: spec/modules/pow.md, "Invariants". */
import { one } from "../../encoding/decimal.ts";
import type { Context } from "../module.ts";
import type { PowKeeper } from "./keeper.ts";
import { epochKey } from "./keys.ts";
import { fractionOf } from "./params.ts";
import { totalPower } from "./weight/power.ts";

type Check = (pow: PowKeeper, ctx: Context) => string | undefined;

/** Name to check: undefined when it holds, else what is broken. */
export const powInvariants: Readonly<Record<string, Check>> = {
  "emitted = paid + pool + vesting": emissionGap,
  "the module's account holds what vests": vestingGap,
  "power adds up to one million": powerGap,
  "the validator set is not empty and is the hosts with power": seatGap,
  "a settlement moves at most max_step of the power": stepExcess,
  "rewards and pool share out the emission": settlementGap,
};

function emissionGap(pow: PowKeeper, ctx: Context): string | undefined {
  const { emitted, paid, toPool, vesting } = pow.rewards.totals(ctx);
  const known = BigInt(paid) + BigInt(toPool) + BigInt(vesting);
  return BigInt(emitted) === known ? undefined : `emitted ${emitted}, accounted for ${known}`;
}

function vestingGap(pow: PowKeeper, ctx: Context): string | undefined {
  const owed = sum(pow.rewards.vesting.list(ctx).map(({ balance }) => BigInt(balance)));
  const { vesting } = pow.rewards.totals(ctx);
  if (owed !== BigInt(vesting)) return `hosts wait for ${owed}, counted ${vesting}`;
  const held = pow.rewards.held(ctx).find(({ denom }) => denom === pow.rewards.denom)?.amount ?? 0n;
  return held === owed ? undefined : `the account holds ${held}, hosts wait for ${owed}`;
}

function powerGap(pow: PowKeeper, ctx: Context): string | undefined {
  const total = sum(pow.hosts.standings.list(ctx).map(({ power }) => power));
  return total === totalPower ? undefined : `power adds up to ${total}`;
}

function seatGap(pow: PowKeeper, ctx: Context): string | undefined {
  const seats = pow.seats.list(ctx);
  if (seats.length === 0) return "no validator has a seat";
  const total = sum(seats.map(({ power }) => power));
  return total === totalPower ? undefined : `seats have the power ${total}`;
}

/** Rounding may move one unit per host. */
function stepExcess(pow: PowKeeper, ctx: Context): string | undefined {
  const epoch = pow.epochs.current(ctx);
  const last = epoch && pow.settlements.get(ctx, epochKey(epoch.index));
  if (!last) return undefined; // Parameters are those of the running epoch: judge only it.
  const params = pow.params.get(ctx);
  if (last.hosts.length > params.maxValidators) return undefined; // Seats were given up.
  const gained = last.hosts.map(({ powerBefore, powerAfter }) =>
    powerAfter > powerBefore ? powerAfter - powerBefore : 0n,
  );
  const step = (fractionOf(params, "maxStep") * totalPower) / one;
  const moved = sum(gained);
  return moved <= step + BigInt(last.hosts.length)
    ? undefined
    : `epoch ${last.epoch} moved ${moved} of the power`;
}

function settlementGap(pow: PowKeeper, ctx: Context): string | undefined {
  const epoch = pow.epochs.current(ctx);
  const last = epoch && pow.settlements.get(ctx, epochKey(epoch.index));
  if (!last) return undefined;
  const shared = sum(last.hosts.map(({ reward }) => BigInt(reward))) + BigInt(last.toPool);
  if (shared !== BigInt(last.emission)) return `shared ${shared} of ${last.emission}`;
  const registered = sum(last.hosts.map((host) => host.registeredWeight));
  return registered === last.registeredWeight
    ? undefined
    : `weights add up to ${registered}, registered ${last.registeredWeight}`;
}

function sum(values: readonly bigint[]): bigint {
  return values.reduce((total, value) => total + value, 0n);
}
