/** The messages of slashing. spec/modules/slashing.md. */
import * as tx from "cosmjs-types/cosmos/slashing/v1beta1/tx";
import { withDecimals } from "../../encoding/proto-json.ts";
import { sdkErrors } from "../errors.ts";
import { type MsgHandler, msgHandler } from "../module.ts";
import type { SlashingKeeper } from "./keeper.ts";
import { checkSlashingParams, durationNanos, paramsToJson } from "./params.ts";

export function slashingMsgs(slashing: SlashingKeeper): readonly MsgHandler[] {
  return [unjail(slashing), updateParams(slashing)];
}

function unjail(slashing: SlashingKeeper): MsgHandler {
  const operatorOf = ({ validatorAddr }: tx.MsgUnjail): Uint8Array =>
    slashing.operators.parse(validatorAddr, "validator input address");
  return msgHandler<tx.MsgUnjail>({
    typeUrl: tx.MsgUnjail.typeUrl,
    responseTypeUrl: tx.MsgUnjailResponse.typeUrl,
    codec: tx.MsgUnjail,
    amino: {
      name: "cosmos-sdk/MsgUnjail",
      // The one field whose name in amino is not that of the protobuf file.
      toJson: ({ validatorAddr }) => ({ address: validatorAddr }),
    },
    signers: (msg) => [slashing.parts.addresses.text(operatorOf(msg))],
    validate: (msg) => {
      operatorOf(msg);
    },
    execute: (ctx, msg) => {
      slashing.unjail(ctx, operatorOf(msg));
      return tx.MsgUnjailResponse.encode({}).finish();
    },
  });
}

const fractions = [
  "min_signed_per_window",
  "slash_fraction_double_sign",
  "slash_fraction_downtime",
];

function updateParams(slashing: SlashingKeeper): MsgHandler {
  const { addresses, authority } = slashing.parts;
  return msgHandler<tx.MsgUpdateParams>({
    typeUrl: tx.MsgUpdateParams.typeUrl,
    responseTypeUrl: tx.MsgUpdateParamsResponse.typeUrl,
    codec: withDecimals(tx.MsgUpdateParams, ...fractions.map((name) => `params.${name}`)),
    amino: {
      name: "cosmos-sdk/x/slashing/MsgUpdateParams",
      toJson: (msg) => ({
        authority: msg.authority,
        params: {
          ...paramsToJson(msg.params),
          // Amino writes a duration as its nanoseconds.
          downtime_jail_duration: String(durationNanos(msg.params.downtimeJailDuration)),
        },
      }),
    },
    signers: (msg) => [msg.authority],
    validate: (msg) => {
      addresses.parse(msg.authority, "invalid authority address");
      const bad = checkSlashingParams(msg.params);
      if (bad !== undefined) throw sdkErrors.invalidRequest(bad);
    },
    execute: (ctx, msg) => {
      if (msg.authority !== authority) {
        const detail = `invalid authority; expected ${authority}, got ${msg.authority}`;
        throw sdkErrors.unauthorized(detail);
      }
      slashing.params.schedule(ctx, msg.params);
      return tx.MsgUpdateParamsResponse.encode({}).finish();
    },
  });
}
