/** Legacy amino JSON of allowances: durations in nanoseconds, absent times left out. */
import type { BasicAllowance } from "cosmjs-types/cosmos/feegrant/v1beta1/feegrant";
import { formatTime } from "../../encoding/time.ts";
import type { Allowance } from "./allowance.ts";

/** {"type": name, "value": ...} of an allowance. */
export function allowanceAmino(allowance: Allowance): unknown {
  if (allowance.kind === "basic") {
    return { type: "cosmos-sdk/BasicAllowance", value: basicAmino(allowance.basic) };
  }
  if (allowance.kind === "filtered") {
    const value = {
      allowance: allowanceAmino(allowance.inner),
      allowed_messages: allowance.messages.length > 0 ? allowance.messages : undefined,
    };
    return { type: "cosmos-sdk/AllowedMsgAllowance", value };
  }
  const { basic, period, periodSpendLimit, periodCanSpend, periodReset } = allowance.periodic;
  const value = {
    basic: basicAmino(basic),
    period: String(period.seconds * 1_000_000_000n + BigInt(period.nanos)),
    period_spend_limit: periodSpendLimit,
    period_can_spend: periodCanSpend,
    period_reset: formatTime(periodReset),
  };
  return { type: "cosmos-sdk/PeriodicAllowance", value };
}

function basicAmino({ spendLimit, expiration }: BasicAllowance): unknown {
  return { spend_limit: spendLimit, expiration: expiration && formatTime(expiration) };
}
