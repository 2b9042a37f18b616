/** The messages of feegrant. spec/modules/feegrant.md. */
import * as tx from "cosmjs-types/cosmos/feegrant/v1beta1/tx";
import { sdkErrors } from "../errors.ts";
import { type MsgHandler, msgHandler } from "../module.ts";
import { checkAllowance, readAllowance } from "./allowance.ts";
import { allowanceAmino } from "./amino.ts";
import type { FeegrantKeeper, Parties } from "./keeper.ts";

/** Expired allowances that one message removes. */
const prunedPerMessage = 75;

export function feegrantMsgs(feegrant: FeegrantKeeper): readonly MsgHandler[] {
  return [grantAllowance(feegrant), revokeAllowance(feegrant), pruneAllowances(feegrant)];
}

function partiesOf(
  { addresses }: FeegrantKeeper,
  msg: { readonly granter: string; readonly grantee: string },
): Parties {
  return {
    granter: addresses.parse(msg.granter, "invalid granter address"),
    grantee: addresses.parse(msg.grantee, "invalid grantee address"),
  };
}

function grantAllowance(feegrant: FeegrantKeeper): MsgHandler {
  const { anyTypes } = feegrant;
  return msgHandler<tx.MsgGrantAllowance>({
    typeUrl: tx.MsgGrantAllowance.typeUrl,
    responseTypeUrl: tx.MsgGrantAllowanceResponse.typeUrl,
    codec: tx.MsgGrantAllowance,
    amino: {
      name: "cosmos-sdk/MsgGrantAllowance",
      toJson: ({ granter, grantee, allowance }) => ({
        granter,
        grantee,
        allowance: allowanceAmino(readAllowance(anyTypes, allowance)),
      }),
    },
    signers: (msg) => [msg.granter],
    precheck: (msg) => {
      readAllowance(anyTypes, msg.allowance);
    },
    validate: (msg) => {
      partiesOf(feegrant, msg);
      if (msg.granter === msg.grantee) {
        throw sdkErrors.invalidAddress("cannot self-grant fee authorization");
      }
      checkAllowance(readAllowance(anyTypes, msg.allowance));
    },
    execute: (ctx, msg) => {
      feegrant.grant(ctx, partiesOf(feegrant, msg), readAllowance(anyTypes, msg.allowance));
      return tx.MsgGrantAllowanceResponse.encode({}).finish();
    },
  });
}

function revokeAllowance(feegrant: FeegrantKeeper): MsgHandler {
  return msgHandler<tx.MsgRevokeAllowance>({
    typeUrl: tx.MsgRevokeAllowance.typeUrl,
    responseTypeUrl: tx.MsgRevokeAllowanceResponse.typeUrl,
    codec: tx.MsgRevokeAllowance,
    amino: {
      name: "cosmos-sdk/MsgRevokeAllowance",
      toJson: ({ granter, grantee }) => ({ granter, grantee }),
    },
    signers: (msg) => [msg.granter],
    validate: (msg) => {
      partiesOf(feegrant, msg);
      if (msg.granter === msg.grantee) {
        throw sdkErrors.invalidAddress("addresses must be different");
      }
    },
    execute: (ctx, msg) => {
      feegrant.revoke(ctx, partiesOf(feegrant, msg));
      return tx.MsgRevokeAllowanceResponse.encode({}).finish();
    },
  });
}

function pruneAllowances(feegrant: FeegrantKeeper): MsgHandler {
  return msgHandler<tx.MsgPruneAllowances>({
    typeUrl: tx.MsgPruneAllowances.typeUrl,
    responseTypeUrl: tx.MsgPruneAllowancesResponse.typeUrl,
    codec: tx.MsgPruneAllowances,
    // The SDK gives this message no amino name; its type URL stands in.
    amino: { name: tx.MsgPruneAllowances.typeUrl, toJson: ({ pruner }) => ({ pruner }) },
    signers: (msg) => [msg.pruner],
    validate: (msg) => {
      feegrant.addresses.parse(msg.pruner, "invalid pruner address");
    },
    execute: (ctx, { pruner }) => {
      feegrant.prune(ctx, prunedPerMessage);
      ctx.emit("prune_feegrant", [["pruner", pruner]]);
      return tx.MsgPruneAllowancesResponse.encode({}).finish();
    },
  });
}
