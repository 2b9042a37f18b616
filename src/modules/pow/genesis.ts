/** app_state.pow, both ways. spec/modules/pow.md, "Genesis". */
import type { ValidatorUpdate } from "cosmjs-types/tendermint/abci/types";
import { parseAmount } from "../../encoding/coins.ts";
import { GenesisState } from "../../gen/gonka/pow/v1/genesis.ts";
import { Params } from "../../gen/gonka/pow/v1/params.ts";
import { Host, Standing, Totals } from "../../gen/gonka/pow/v1/types.ts";
import { GenesisValue } from "../genesis-json.ts";
import { readProto, refusedAt } from "../genesis-proto.ts";
import { snakeKeys } from "../gonka-msg.ts";
import type { Context } from "../module.ts";
import { exportHistory, historyFields, initHistory } from "./genesis-history.ts";
import {
  checkConsensusKey,
  checkDescription,
  checkGrants,
  checkWorkerKey,
} from "./hosts/checks.ts";
import { powInvariants } from "./invariants.ts";
import type { PowKeeper } from "./keeper.ts";
import { emissionRateMax, validateParams, weightMax } from "./params.ts";
import { updateSeats } from "./settlement/seats.ts";
import { apportion, totalPower } from "./weight/power.ts";

const fields: readonly string[] = [
  "params",
  "scheduled_params",
  "hosts",
  "standings",
  "next_emission",
  "totals",
  "beacon_chain",
  ...historyFields,
];

/** Writes the state and returns the first validator set. */
export function initGenesis(pow: PowKeeper, ctx: Context, state: unknown): ValidatorUpdate[] {
  const root = new GenesisValue(state, "app_state.pow");
  const params = root.at("params"); // Refuses anything but an object first.
  for (const name of Object.keys(Object(state))) {
    if (!fields.includes(name)) throw root.at(name).error("is not a known field here");
  }
  pow.params.init(ctx, readParams(params));
  const scheduled = root.at("scheduled_params");
  if (scheduled.isPresent) pow.params.schedule(ctx, readParams(scheduled));
  initHosts(pow, ctx, root.at("hosts"));
  initStandings(pow, ctx, root.at("standings"));
  initMoney(pow, ctx, root);
  initHistory(pow, ctx, root);
  const seats = updateSeats(pow, ctx);
  for (const [name, check] of Object.entries(powInvariants)) {
    const problem = check(pow, ctx);
    if (problem !== undefined) throw root.error(`${name}, but ${problem}`);
  }
  return seats;
}

/** The inverse of initGenesis: what a new chain needs to go on from here. */
export function exportGenesis(pow: PowKeeper, ctx: Context): unknown {
  const scheduled = pow.params.scheduled(ctx);
  const state = GenesisState.fromPartial({
    params: pow.params.get(ctx),
    ...(scheduled ? { scheduledParams: scheduled } : {}),
    hosts: pow.hosts.all(ctx),
    standings: pow.hosts.standings.list(ctx),
    nextEmission: String(pow.rewards.rate(ctx)),
    totals: pow.rewards.totals(ctx),
    ...exportHistory(pow, ctx),
  });
  return snakeKeys(GenesisState.toJSON(state));
}

function readParams(place: GenesisValue): Params {
  const params = readProto(Params, place);
  return refusedAt(place, () => validateParams(params));
}

function initHosts(pow: PowKeeper, ctx: Context, place: GenesisValue): void {
  for (const item of place.list()) {
    const host = readProto(Host, item);
    refusedAt(item, () => {
      pow.addresses.parse(host.operator, "operator");
      checkWorkerKey(host.workerPubKey);
      checkConsensusKey(host.consensusPubKey);
      checkDescription(host);
      checkGrants(host.workerGrants);
      if (pow.hosts.find(ctx, host.operator)) throw item.error("this operator has a host already");
      pow.hosts.insert(ctx, host);
    });
  }
}

/** Power is given for every host (an exported state), or follows from the reference weights. */
function initStandings(pow: PowKeeper, ctx: Context, place: GenesisValue): void {
  const standings = place.list().map((item) => {
    const standing = readProto(Standing, item);
    const isHost = refusedAt(item, () => pow.hosts.find(ctx, standing.operator) !== undefined);
    if (!isHost) throw item.error(`${standing.operator} is not one of the hosts`);
    if (pow.hosts.hasStanding(ctx, standing.operator)) throw item.error("is there twice");
    if (standing.referenceWeight > weightMax) {
      throw item.at("reference_weight").error(`must be at most ${weightMax}`);
    }
    pow.hosts.setStanding(ctx, standing);
    return standing;
  });
  const given = standings.reduce((sum, { power }) => sum + power, 0n);
  if (given !== 0n && given !== totalPower) {
    throw place.error(`power adds up to ${given}, must be ${totalPower} or left out everywhere`);
  }
  const weights = standings.map(({ referenceWeight }) => referenceWeight);
  const powers = given === 0n ? apportion(totalPower, weights) : standings.map((s) => s.power);
  if (powers.every((power) => power === 0n)) {
    throw place.error("no host has weight: give at least one a reference_weight above zero");
  }
  for (const [i, standing] of standings.entries()) {
    pow.hosts.setStanding(ctx, { ...standing, power: powers[i] ?? 0n });
  }
}

function initMoney(pow: PowKeeper, ctx: Context, root: GenesisValue): void {
  const rate = amount(root.at("next_emission"));
  if (rate > emissionRateMax) {
    throw root.at("next_emission").error(`must be at most ${emissionRateMax} (10^-18 ngonka)`);
  }
  pow.rewards.setRate(ctx, rate);
  const place = root.at("totals");
  if (!place.isPresent) return;
  const totals = readProto(Totals, place);
  const [emitted, paid, toPool, vesting] = (["emitted", "paid", "to_pool", "vesting"] as const).map(
    (name) => amount(place.at(name)),
  );
  if (emitted !== (paid ?? 0n) + (toPool ?? 0n) + (vesting ?? 0n)) {
    throw place.error("emitted must be paid + to_pool + vesting");
  }
  // Before the first reward nothing is stored: an exported state must come back as the same state.
  const isFresh = Object.values(totals).every((amount) => amount === "0");
  if (!isFresh) pow.rewards.setTotals(ctx, totals);
}

function amount(place: GenesisValue): bigint {
  const value = parseAmount(place.text());
  if (value === undefined) throw place.error("must be a whole number without sign");
  return value;
}
