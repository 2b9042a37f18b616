/** Vesting accounts in the SDK's genesis JSON. */
import * as types from "cosmjs-types/cosmos/vesting/v1beta1/vesting";
import { toProtoCoins } from "../../../encoding/coins.ts";
import type { GenesisValue } from "../../genesis-json.ts";
import { checkVesting, type Vesting } from "./schedule.ts";
import { vestingTypes } from "./vesting-codec.ts";

/** The type URLs that readVesting knows. */
export const vestingTypeUrls: readonly string[] = Object.keys(vestingTypes);

const kinds: Readonly<Record<string, Vesting["kind"]>> = {
  [types.ContinuousVestingAccount.typeUrl]: "continuous",
  [types.DelayedVestingAccount.typeUrl]: "delayed",
  [types.PeriodicVestingAccount.typeUrl]: "periodic",
  [types.PermanentLockedAccount.typeUrl]: "permanent",
};

/** The schedule of an account of this type. Throws GenesisError. */
export function readVesting(type: string, json: GenesisValue): Vesting {
  const base = json.at("base_vesting_account");
  const ground = {
    original: base.at("original_vesting").coins(),
    delegatedFree: base.at("delegated_free").coins(),
    delegatedVesting: base.at("delegated_vesting").coins(),
    endTime: base.at("end_time").uint64(),
  };
  const vesting = withKind(kinds[type], ground, json);
  const bad = checkVesting(vesting);
  if (bad !== undefined) throw json.error(bad);
  return vesting;
}

type Ground = Omit<Vesting & { readonly kind: "delayed" }, "kind">;

function withKind(kind: Vesting["kind"] | undefined, ground: Ground, json: GenesisValue): Vesting {
  if (kind === "continuous") {
    return { ...ground, kind, startTime: json.at("start_time").uint64() };
  }
  if (kind === "delayed" || kind === "permanent") return { ...ground, kind };
  const periods = json
    .at("vesting_periods")
    .list()
    .map((period) => ({
      length: period.at("length").uint64(),
      amount: period.at("amount").coins(),
    }));
  return { ...ground, kind: "periodic", startTime: json.at("start_time").uint64(), periods };
}

/** The inverse of readVesting; base is the JSON of the base account. */
export function writeVesting(vesting: Vesting, base: unknown): Record<string, unknown> {
  const typeUrl = vestingTypeUrls.find((url) => kinds[url] === vesting.kind);
  const account = {
    "@type": typeUrl,
    base_vesting_account: {
      base_account: base,
      original_vesting: toProtoCoins(vesting.original),
      delegated_free: toProtoCoins(vesting.delegatedFree),
      delegated_vesting: toProtoCoins(vesting.delegatedVesting),
      end_time: String(vesting.endTime),
    },
  };
  if (vesting.kind === "delayed" || vesting.kind === "permanent") return account;
  const start_time = String(vesting.startTime);
  if (vesting.kind === "continuous") return { ...account, start_time };
  const vesting_periods = vesting.periods.map(({ length, amount }) => ({
    length: String(length),
    amount: toProtoCoins(amount),
  }));
  return { ...account, start_time, vesting_periods };
}
