/** Allowances in genesis, as the SDK's JSON has them: {"@type", fields in snake case}. */
import * as types from "cosmjs-types/cosmos/feegrant/v1beta1/feegrant";
import { toProtoCoins } from "../../encoding/coins.ts";
import { formatDuration, formatTime } from "../../encoding/time.ts";
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
  return {
    "@type": types.PeriodicAllowance.typeUrl,
    basic: basicJson(basic),
    period: formatDuration(period),
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
    period: json.at("period").duration(),
    periodSpendLimit: toProtoCoins(json.at("period_spend_limit").coins()),
    periodCanSpend: toProtoCoins(json.at("period_can_spend").coins()),
    periodReset: json.at("period_reset").time(),
  };
  return { kind: "periodic", periodic };
}

function readBasic(json: GenesisValue): types.BasicAllowance {
  const expiration = json.at("expiration");
  return {
    spendLimit: toProtoCoins(json.at("spend_limit").coins()),
    ...(expiration.isPresent && { expiration: expiration.time() }),
  };
}
