/**
 * The last block of an epoch: weights become rewards and power. spec/modules/pow.md,
 * "Settlement". Nothing here refuses: whatever happened in the epoch, it ends.
 */
import type { ValidatorUpdate } from "cosmjs-types/tendermint/abci/types";
import { one } from "../../../encoding/decimal.ts";
import type { Params } from "../../../gen/gonka/pow/v1/params.ts";
import { type Epoch, type HostSettlement, Outcome } from "../../../gen/gonka/pow/v1/types.ts";
import type { Context } from "../../module.ts";
import type { PowKeeper } from "../keeper.ts";
import { epochKey } from "../keys.ts";
import { fractionOf } from "../params.ts";
import { emit } from "../rewards/emission.ts";
import { rewardShares } from "../rewards/shares.ts";
import { capBound, capWeights } from "../weight/cap.ts";
import { expelJailed } from "../weight/jail.ts";
import { stepPowers } from "../weight/power.ts";
import {
  allowedClaim,
  confirmedWeight,
  nextReference,
  registeredWeight,
  type WeightRule,
} from "../weight/registered.ts";
import { auditTags } from "./audit.ts";
import { type HostResult, hostResults } from "./outcomes.ts";
import { updateSeats } from "./seats.ts";

/** A host's result with the weights that follow from it. */
interface Weighed extends HostResult {
  readonly registered: bigint;
  readonly confirmed: bigint;
  readonly pay: bigint;
}

/** Settles the running epoch and returns the changes of the validator set. */
export function settle(pow: PowKeeper, ctx: Context, epoch: Epoch): ValidatorUpdate[] {
  const params = pow.params.get(ctx);
  auditTags(pow, ctx, epoch);
  const hosts = weigh(hostResults(pow, ctx, epoch), params);
  const registered = sum(hosts.map((host) => host.registered));
  const confirmed = sum(hosts.map((host) => host.confirmed));
  // Of what was proven before: claims cost nothing, and must not keep an epoch from forming.
  const proven = sum(hosts.map(({ isParticipant, reference }) => (isParticipant ? reference : 0n)));
  const needed = fractionOf(params, "formationShare") * proven;
  const formed = confirmed > 0n && confirmed * one >= needed;
  const money = pay(pow, ctx, { epoch, hosts, params });
  const jailed = hosts.map(({ host }) => pow.isJailed(ctx, host.operator));
  const powers = nextPowers(hosts, { params, formed, jailed });
  const settled = hosts.map((host, i): HostSettlement => {
    const { operator } = host.host;
    return {
      operator,
      outcome: host.isParticipant ? host.outcome : Outcome.OUTCOME_UNSPECIFIED,
      claimedWeight: host.claimed ?? 0n,
      registeredWeight: host.registered,
      payWeight: host.pay,
      assignedHosts: host.assigned,
      attestedHosts: host.attested,
      reward: String(money.rewards[i] ?? 0n),
      powerBefore: host.power,
      powerAfter: powers[i] ?? 0n,
      missedBlocks: pow.hosts.missedBlocks(ctx, operator),
    };
  });
  pow.settlements.set(ctx, epochKey(epoch.index), {
    epoch: epoch.index,
    height: ctx.block.height,
    emission: String(money.minted),
    toPool: String(money.toPool),
    registeredWeight: registered,
    confirmedWeight: confirmed,
    formed,
    hosts: settled,
  });
  moveStandings(pow, ctx, { hosts, powers, rule: weightRule(params) });
  const updates = updateSeats(pow, ctx);
  for (const { host } of hosts) dropIfGone(pow, ctx, host.operator);
  pow.hosts.liveness.clear(ctx);
  ctx.emit("epoch_settle", [
    ["epoch", String(epoch.index)],
    ["formed", String(formed)],
    ["registered_weight", String(registered)],
    ["confirmed_weight", String(confirmed)],
    ["emission", String(money.minted)],
    ["to_pool", String(money.toPool)],
  ]);
  return updates;
}

function weigh(results: readonly HostResult[], params: Params): Weighed[] {
  const rule = weightRule(params);
  const weighed = results.map((result) => {
    const { outcome, claimed, reference, isParticipant } = result;
    if (!isParticipant) return { ...result, registered: 0n, confirmed: 0n };
    const registered = registeredWeight({ claimed, reference }, rule);
    const allowed = allowedClaim({ claimed, reference }, rule);
    const confirmed = confirmedWeight(outcome, { allowed, reference });
    return { ...result, registered, confirmed };
  });
  // The bound comes from the registered weights, which no failure moves.
  const bound = capBound(
    weighed.map(({ registered }) => registered),
    fractionOf(params, "maxShare"),
  );
  return weighed.map((host) => ({
    ...host,
    pay: bound !== undefined && host.confirmed > bound ? bound : host.confirmed,
  }));
}

/** Pays what is due from earlier epochs, mints this epoch's emission and shares it out. */
function pay(
  pow: PowKeeper,
  ctx: Context,
  { epoch, hosts, params }: { epoch: Epoch; hosts: readonly Weighed[]; params: Params },
) {
  pow.rewards.payInstallments(ctx, epoch.index);
  const { minted, next } = emit({
    rate: pow.rewards.rate(ctx),
    decay: fractionOf(params, "emissionDecay"),
    emitted: BigInt(pow.rewards.totals(ctx).emitted),
    cap: BigInt(params.emissionCap),
  });
  pow.rewards.mint(ctx, minted);
  pow.rewards.setRate(ctx, next);
  const rewards = rewardShares(hosts, {
    emission: minted,
    forfeitDestination: params.forfeitDestination,
    missedPenalty: fractionOf(params, "missedAttestationPenalty"),
  });
  const epochs = BigInt(params.vestingEpochs);
  for (const [i, { host }] of hosts.entries()) {
    const amount = rewards[i] ?? 0n;
    if (amount === 0n) continue;
    pow.rewards.award(ctx, { operator: host.operator, amount, epoch: epoch.index, epochs });
  }
  const toPool = minted - sum(rewards);
  pow.rewards.toPool(ctx, toPool);
  return { minted, rewards, toPool };
}

/** What is done is paid, but nobody decides from jail: there a weight makes no power. */
function nextPowers(
  hosts: readonly Weighed[],
  how: { readonly params: Params; readonly formed: boolean; readonly jailed: readonly boolean[] },
): bigint[] {
  const { params, formed, jailed } = how;
  const weights = capWeights(
    hosts.map(({ confirmed }, i) => (jailed[i] ? 0n : confirmed)),
    fractionOf(params, "maxShare"),
  );
  const before = hosts.map(({ power }, i) => ({ power, weight: weights[i] ?? 0n }));
  const { powers, maxStep } = expelJailed(before, jailed, fractionOf(params, "maxStep"));
  const contenders = before.map(({ weight }, i) => ({ weight, power: powers[i] ?? 0n }));
  return stepPowers(contenders, {
    factor: fractionOf(params, formed ? "averageFactor" : "staleFactor"),
    maxStep,
    minPower: params.minPower,
    maxSeats: params.maxValidators,
  });
}

function moveStandings(
  pow: PowKeeper,
  ctx: Context,
  { hosts, powers, rule }: { hosts: readonly Weighed[]; powers: bigint[]; rule: WeightRule },
): void {
  for (const [i, { host, outcome, confirmed, reference, isParticipant }] of hosts.entries()) {
    const referenceWeight = isParticipant
      ? nextReference(outcome, { confirmed, reference }, rule)
      : reference;
    const { operator } = host;
    pow.hosts.setStanding(ctx, { operator, referenceWeight, power: powers[i] ?? 0n });
  }
}

/** A host that left goes when its power is spent and its seat is given up. */
function dropIfGone(pow: PowKeeper, ctx: Context, operator: string): void {
  const host = pow.hosts.get(ctx, operator);
  if (host.leaving && pow.hosts.standing(ctx, operator).power === 0n) pow.hosts.remove(ctx, host);
}

function weightRule(params: Params): WeightRule {
  return {
    claimGrowth: fractionOf(params, "claimGrowth"),
    unprovenWeight: params.unprovenWeight,
    absentDecay: fractionOf(params, "absentDecay"),
  };
}

function sum(values: readonly bigint[]): bigint {
  return values.reduce((total, value) => total + value, 0n);
}
