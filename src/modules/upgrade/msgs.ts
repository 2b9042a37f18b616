/** The messages of upgrade: gov's alone. */
import * as tx from "cosmjs-types/cosmos/upgrade/v1beta1/tx";
import type { Plan } from "cosmjs-types/cosmos/upgrade/v1beta1/upgrade";
import { formatTime, zeroTime } from "../../encoding/time.ts";
import { sdkErrors } from "../errors.ts";
import { type MsgHandler, msgHandler } from "../module.ts";
import type { UpgradePlan } from "./halt.ts";
import type { UpgradeKeeper } from "./keeper.ts";

const maxNameBytes = 140;
const maxInfoBytes = 65_536;
const maxHeight = (1n << 63n) - 1n;

export function upgradeMsgs(upgrades: UpgradeKeeper): readonly MsgHandler[] {
  return [schedule(upgrades), cancel(upgrades)];
}

function schedule(upgrades: UpgradeKeeper): MsgHandler {
  return msgHandler<tx.MsgSoftwareUpgrade>({
    typeUrl: tx.MsgSoftwareUpgrade.typeUrl,
    responseTypeUrl: tx.MsgSoftwareUpgradeResponse.typeUrl,
    codec: tx.MsgSoftwareUpgrade,
    amino: {
      name: "cosmos-sdk/MsgSoftwareUpgrade",
      toJson: ({ authority, plan }) => ({ authority, plan: planAmino(plan) }),
    },
    signers: (msg) => [msg.authority],
    validate: ({ authority, plan }) => {
      upgrades.parts.addresses.parse(authority, "authority");
      const bad = checkTime(plan) ?? checkPlan(plan);
      if (bad !== undefined) throw sdkErrors.invalidRequest(bad);
    },
    execute: (ctx, { authority, plan }) => {
      assertAuthority(upgrades, authority);
      upgrades.schedule(ctx, plan);
      return tx.MsgSoftwareUpgradeResponse.encode({}).finish();
    },
  });
}

function cancel(upgrades: UpgradeKeeper): MsgHandler {
  return msgHandler<tx.MsgCancelUpgrade>({
    typeUrl: tx.MsgCancelUpgrade.typeUrl,
    responseTypeUrl: tx.MsgCancelUpgradeResponse.typeUrl,
    codec: tx.MsgCancelUpgrade,
    amino: { name: "cosmos-sdk/MsgCancelUpgrade", toJson: ({ authority }) => ({ authority }) },
    signers: (msg) => [msg.authority],
    validate: ({ authority }) => {
      upgrades.parts.addresses.parse(authority, "authority");
    },
    execute: (ctx, { authority }) => {
      assertAuthority(upgrades, authority);
      upgrades.cancel(ctx);
      return tx.MsgCancelUpgradeResponse.encode({}).finish();
    },
  });
}

/** What is wrong with a plan, or undefined (cosmos-sdk Plan.ValidateBasic). */
export function checkPlan({ name, height, info }: UpgradePlan): string | undefined {
  if (name === "") return "name cannot be empty";
  if (Buffer.byteLength(name) > maxNameBytes) return `name has over ${maxNameBytes} bytes`;
  if (Buffer.byteLength(info) > maxInfoBytes) return `info has over ${maxInfoBytes} bytes`;
  if (height <= 0n || height > maxHeight) return "height must be greater than 0";
  return undefined;
}

/** Plans by time are history; a time that was left out decodes as the start of 1970. */
function checkTime({ time, upgradedClientState }: Plan): string | undefined {
  const { seconds, nanos } = time;
  const isNone = nanos === 0 && (seconds === 0n || seconds === zeroTime.seconds);
  if (!isNone) return "time-based upgrades have been deprecated in the SDK";
  if (upgradedClientState) return "upgrade logic for IBC has been moved to the IBC module";
  return undefined;
}

/** Amino leaves empty texts and a height of zero out, and never the time. */
function planAmino({ name, time, height, info }: Plan): unknown {
  return {
    name: name || undefined,
    time: formatTime(time),
    height: height === 0n ? undefined : String(height),
    info: info || undefined,
  };
}

function assertAuthority({ parts: { authority } }: UpgradeKeeper, got: string): void {
  if (got === authority) return;
  throw sdkErrors.unauthorized(`invalid authority; expected ${authority}, got ${got}`);
}
