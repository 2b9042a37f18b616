/**
 * The parameters of proof of work: unit and range of each, checked at genesis and on every change.
 * genesis/README.md has the same table for people; a test compares the two.
 */
import { parseAmount } from "../../encoding/coins.ts";
import { formatDecimal, one, parseDecimal } from "../../encoding/decimal.ts";
import { ForfeitDestination, type Params } from "../../gen/gonka/pow/v1/params.ts";
import { serveBlocks } from "./epoch/schedule.ts";
import { powErrors } from "./errors.ts";

type KeysOf<Value> = {
  [Name in keyof Params]: Params[Name] extends Value ? Name : never;
}[keyof Params];

/** A whole number: lowest and highest value, and what it counts. */
interface WholeRule {
  readonly name: KeysOf<bigint | number>;
  readonly min: bigint;
  readonly max: bigint;
  readonly unit: string;
}

const whole = (name: WholeRule["name"], min: bigint, max: bigint, unit: string): WholeRule => ({
  name,
  min,
  max,
  unit,
});

/** Parameters that are whole numbers. The order is that of genesis/README.md. */
export const wholeRules: readonly WholeRule[] = [
  whole("epochBlocks", 20n, 1_000_000n, "blocks"),
  whole("generateBlocks", 1n, 100_000n, "blocks"),
  whole("commitBlocks", 1n, 10_000n, "blocks"),
  whole("openBlocks", 3n, 10_000n, "blocks"),
  whole("verifyBlocks", 1n, 100_000n, "blocks"),
  whole("beacon1LeadBlocks", 1n, 10_000n, "blocks"),
  whole("verifiersPerHost", 1n, 64n, "hosts"),
  whole("samplesPerVerifier", 1n, 256n, "leaves"),
  whole("tagAudits", 0n, 4n, "tags per epoch"),
  whole("confirmationSprints", 0n, 0n, "Sprints per epoch"),
  whole("confirmationBlocks", 1n, 10_000n, "blocks"),
  whole("unprovenWeight", 1n, 1n << 40n, "weight"),
  whole("minPower", 0n, 100_000n, "power, of 1,000,000"),
  whole("maxValidators", 1n, 10_000n, "validators"),
  whole("vestingEpochs", 0n, 10_000n, "epochs"),
];

/** Fractions with up to 18 decimals: lowest and highest value. */
interface FractionRule {
  readonly name: KeysOf<string>;
  readonly min: bigint;
  readonly max: bigint;
}

const fraction = (name: FractionRule["name"], min: string, max: string): FractionRule => ({
  name,
  min: decimalOf(min),
  max: decimalOf(max),
});

/** Parameters that are fractions. */
export const fractionRules: readonly FractionRule[] = [
  fraction("attestQuorum", "0.01", "1"),
  fraction("missedAttestationPenalty", "0", "1"),
  fraction("confirmationTolerance", "0.5", "1"),
  fraction("claimGrowth", "1", "100"),
  fraction("absentDecay", "0", "1"),
  fraction("maxShare", "0.01", "1"),
  fraction("averageFactor", "0.001", "1"),
  fraction("maxStep", "0.001", "0.33"),
  fraction("formationShare", "0", "1"),
  fraction("staleFactor", "0", "0.1"),
  fraction("emissionDecay", "0.5", "1"),
];

/** One GNK is 10^9 ngonka: the cap cannot be above the supply of the network. */
const emissionCapMax = 1_000_000_000n * 1_000_000_000n;
/** Profiles that the state machine re-executes itself; larger ones need votes on disputes. */
const judgedProfiles: readonly string[] = ["T", "C"];
const tierMaxK = 20;
const tierMaxC = 1 << 20;
const maxTiers = 16;

/** Throws pow code 18, naming the parameter, its value and its range. */
export function validateParams(params: Params | undefined): Params {
  if (!params) throw powErrors.invalidParams("params are missing");
  for (const { name, min, max, unit } of wholeRules) {
    const value = BigInt(params[name]);
    if (value < min || value > max) {
      throw powErrors.invalidParams(`${name} ${value} is outside of ${min}..${max} ${unit}`);
    }
  }
  for (const { name, min, max } of fractionRules) {
    const value = parseDecimal(params[name]);
    if (value === undefined || value < min || value > max) {
      const range = `${formatDecimal(min)}..${formatDecimal(max)}`;
      throw powErrors.invalidParams(`${name} ${shown(params[name])} is outside of ${range}`);
    }
  }
  validateTiers(params);
  validateEpoch(params);
  const cap = parseAmount(params.emissionCap);
  if (cap === undefined || cap > emissionCapMax) {
    const range = `0..${emissionCapMax} ngonka`;
    throw powErrors.invalidParams(
      `emissionCap ${shown(params.emissionCap)} is outside of ${range}`,
    );
  }
  const { forfeitDestination: to } = params;
  const isKnown =
    to === ForfeitDestination.FORFEIT_DESTINATION_COMMUNITY_POOL ||
    to === ForfeitDestination.FORFEIT_DESTINATION_PEERS;
  if (!isKnown) throw powErrors.invalidParams(`forfeitDestination ${to} is not known`);
  return params;
}

function validateTiers({ tiers, profile }: Params): void {
  if (!judgedProfiles.includes(profile)) {
    throw powErrors.invalidParams(`profile ${shown(profile)} is not one of ${judgedProfiles}`);
  }
  if (tiers.length === 0 || tiers.length > maxTiers) {
    throw powErrors.invalidParams(`${tiers.length} tiers, outside of 1..${maxTiers}`);
  }
  let last = -1;
  for (const { k, c } of tiers) {
    if (k <= last || k > tierMaxK) {
      throw powErrors.invalidParams(`tier k ${k} must rise and be at most ${tierMaxK}`);
    }
    if (c > tierMaxC) throw powErrors.invalidParams(`tier c ${c} is outside of 0..${tierMaxC}`);
    last = k;
  }
}

function validateEpoch(params: Params): void {
  const serve = serveBlocks(params);
  if (serve <= params.beacon1LeadBlocks) {
    const need = `more than the ${params.beacon1LeadBlocks} of beacon1LeadBlocks`;
    throw powErrors.invalidParams(`the phases leave ${serve} blocks to serve, not ${need}`);
  }
}

/** A fraction of validated parameters, with 18 decimals. */
export function fractionOf(params: Params, name: FractionRule["name"]): bigint {
  return decimalOf(params[name]);
}

function decimalOf(text: string): bigint {
  const value = parseDecimal(text);
  if (value === undefined) throw new Error(`${text} is not a decimal`);
  return value;
}

function shown(text: string): string {
  return JSON.stringify(text.slice(0, 80));
}

/** The largest claim, 2^32 hits of 2^20: no reference weight is above, and sums fit 64 bits. */
export const weightMax: bigint = 1n << 52n;

/** The range of a rate of emission at genesis, in 10^-18 ngonka. */
export const emissionRateMax: bigint = emissionCapMax * one;
