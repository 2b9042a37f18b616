/** The parameters of slashing, with their bounds. Fractions are texts of 10^-18 in bytes. */
import type { Params } from "cosmjs-types/cosmos/slashing/v1beta1/slashing";
import { utf8 } from "../../encoding/bytes.ts";
import { formatDecimal, one, parseDecimal, roundToInt } from "../../encoding/decimal.ts";
import type { Time } from "../../encoding/time.ts";
import type { GenesisValue } from "../genesis-json.ts";

const nanosPerSecond = 1_000_000_000n;
const maxJailSeconds = 31_536_000n;
const [minWindow, maxWindow] = [10n, 100_000n];

/** What is wrong with the parameters, or undefined. Names fields as JSON spells them. */
export function checkSlashingParams(params: Params): string | undefined {
  const { signedBlocksWindow: window } = params;
  if (window < minWindow || window > maxWindow) {
    return `signed_blocks_window is ${window}, must be ${minWindow} to ${maxWindow}`;
  }
  const minSigned = fractionOf(params.minSignedPerWindow);
  if (minSigned === undefined || minSigned > one) {
    return "min_signed_per_window must be a decimal from 0 to 1";
  }
  const nanos = durationNanos(params.downtimeJailDuration);
  if (nanos <= 0n || nanos > maxJailSeconds * nanosPerSecond) {
    return `downtime_jail_duration must be above 0s and at most ${maxJailSeconds}s`;
  }
  for (const [name, fraction] of [
    ["slash_fraction_double_sign", params.slashFractionDoubleSign],
    ["slash_fraction_downtime", params.slashFractionDowntime],
  ] as const) {
    if (fractionOf(fraction) !== 0n) return `${name} must be 0: hosts have no stake to cut`;
  }
  return undefined;
}

/** How many blocks of a window a validator may miss before it is jailed. */
export function maxMissed({ signedBlocksWindow, minSignedPerWindow }: Params): bigint {
  const part = fractionOf(minSignedPerWindow) ?? 0n;
  return signedBlocksWindow - roundToInt(part * signedBlocksWindow);
}

export function durationNanos({ seconds, nanos }: Time): bigint {
  return seconds * nanosPerSecond + BigInt(nanos);
}

/** A fraction as it stands in the message; empty bytes are zero. */
function fractionOf(bytes: Uint8Array): bigint | undefined {
  const text = Buffer.from(bytes).toString("latin1");
  if (text === "") return 0n;
  return /^\d{1,40}$/.test(text) ? BigInt(text) : undefined;
}

/** Reads and checks. Throws GenesisError. */
export function paramsFromJson(json: GenesisValue): Params {
  const fraction = (name: string) => {
    const value = parseDecimal(json.at(name).text());
    if (value === undefined || value < 0n) throw json.at(name).error('must be such as "0.05"');
    return utf8(String(value));
  };
  const duration = /^(\d{1,10})s$/.exec(json.at("downtime_jail_duration").text());
  if (!duration) throw json.at("downtime_jail_duration").error('must be seconds such as "600s"');
  const params: Params = {
    signedBlocksWindow: json.at("signed_blocks_window").uint64(),
    minSignedPerWindow: fraction("min_signed_per_window"),
    downtimeJailDuration: { seconds: BigInt(duration[1] ?? "0"), nanos: 0 },
    slashFractionDoubleSign: fraction("slash_fraction_double_sign"),
    slashFractionDowntime: fraction("slash_fraction_downtime"),
  };
  const bad = checkSlashingParams(params);
  if (bad !== undefined) throw json.error(bad);
  return params;
}

/** The inverse of paramsFromJson. */
export function paramsToJson(params: Params): Record<string, string> {
  const fraction = (bytes: Uint8Array) => formatDecimal(fractionOf(bytes) ?? 0n);
  return {
    signed_blocks_window: String(params.signedBlocksWindow),
    min_signed_per_window: fraction(params.minSignedPerWindow),
    downtime_jail_duration: `${params.downtimeJailDuration.seconds}s`,
    slash_fraction_double_sign: fraction(params.slashFractionDoubleSign),
    slash_fraction_downtime: fraction(params.slashFractionDowntime),
  };
}
