/** Allowances in genesis, as the SDK's JSON has them: {"@type", fields in snake case}. */
import * as types from "cosmjs-types/cosmos/feegrant/v1beta1/feegrant";
import { toProtoCoins } from "../../encoding/coins.ts";
import { formatTime, parseTime, type Time } from "../../encoding/time.ts";
import type { GenesisValue } from "../genesis-json.ts";
import type { Allowance } from "./allowance.ts";

/** Filtered allowances in filtered allowances. */
const maxNesting = 4;

export function allowanceJson(allowance: Allowance): object {
  if (allowance.kind === "basic") {
    return { "@type": types.BasicAllowance.typeUrl, ...basicJson(allowance.basic) };
  }
  if (allowance.kind === "filtered") {
    return {
      "@type": types.AllowedMsgAllowance.typeUrl,
      allowance: allowanceJson(allowance.inner),
      allowed_messages: allowance.messages,
    };
  }
  const { basic, period, periodSpendLimit, periodCanSpend, periodReset } = allowance.periodic;
  const fraction = period.nanos === 0 ? "" : `.${String(period.nanos).padStart(9, "0")}`;
  return {
    "@type": types.PeriodicAllowance.typeUrl,
    basic: basicJson(basic),
    period: `${period.seconds}${fraction}s`,
    period_spend_limit: periodSpendLimit,
    period_can_spend: periodCanSpend,
    period_reset: formatTime(periodReset),
  };
}

const basicJson = ({ spendLimit, expiration }: types.BasicAllowance): object => ({
  spend_limit: spendLimit,
  expiration: expiration ? formatTime(expiration) : null,
});

/** The inverse. Throws GenesisError. */
export function readAllowanceJson(json: GenesisValue, depth = 0): Allowance {
  if (depth > maxNesting) throw json.error("allowances nest too deeply");
  const type = json.at("@type").text();
  if (type === types.BasicAllowance.typeUrl) return { kind: "basic", basic: readBasic(json) };
  if (type === types.AllowedMsgAllowance.typeUrl) {
    const messages = json.at("allowed_messages").list();
    const inner = readAllowanceJson(json.at("allowance"), depth + 1);
    return { kind: "filtered", messages: messages.map((each) => each.text()), inner };
  }
  if (type !== types.PeriodicAllowance.typeUrl) throw json.at("@type").error("is no fee allowance");
  const periodic = {
    basic: readBasic(json.at("basic")),
    period: readDuration(json.at("period")),
    periodSpendLimit: toProtoCoins(json.at("period_spend_limit").coins()),
    periodCanSpend: toProtoCoins(json.at("period_can_spend").coins()),
    periodReset: readTime(json.at("period_reset")),
  };
  return { kind: "periodic", periodic };
}

function readBasic(json: GenesisValue): types.BasicAllowance {
  const expiration = json.at("expiration");
  return {
    spendLimit: toProtoCoins(json.at("spend_limit").coins()),
    ...(expiration.isPresent && { expiration: readTime(expiration) }),
  };
}

function readTime(json: GenesisValue): Time {
  const time = parseTime(json.text());
  if (!time) throw json.error("must be a time such as 2026-01-01T00:00:00Z");
  return time;
}

function readDuration(json: GenesisValue): Time {
  const [, seconds, fraction = ""] = /^(\d{1,12})(?:\.(\d{1,9}))?s$/.exec(json.text()) ?? [];
  if (seconds === undefined) throw json.error('must be a duration in seconds, such as "3600s"');
  return { seconds: BigInt(seconds), nanos: Number(fraction.padEnd(9, "0")) };
}
