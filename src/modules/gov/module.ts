/** What the application can ask of gov. */

import { MsgUpdateParams, MsgUpdateParamsResponse } from "cosmjs-types/cosmos/gov/v1/tx";
import { TextProposal } from "cosmjs-types/cosmos/gov/v1beta1/gov";
import { fromProtoCoins } from "../../encoding/coins.ts";
import { sdkErrors } from "../errors.ts";
import { type Context, type Module, type MsgHandler, msgHandler } from "../module.ts";
import { paramsAmino } from "./amino.ts";
import { exportGovGenesis, initGovGenesis } from "./genesis.ts";
import type { GovKeeper } from "./keeper.ts";
import { legacyMsgs } from "./legacy/msgs.ts";
import { legacyQueries } from "./legacy/queries.ts";
import { govMsgs } from "./msgs.ts";
import { checkGovParams } from "./params.ts";
import { endBlock } from "./proposal/end-block.ts";
import { govQueries } from "./queries.ts";

export function govModule(gov: GovKeeper): Module {
  return {
    name: "gov",
    stores: ["gov"],
    msgs: [...govMsgs(gov), ...legacyMsgs(gov), updateParams(gov)],
    queries: [...govQueries(gov), ...legacyQueries(gov)],
    anyTypes: { [TextProposal.typeUrl]: TextProposal },
    params: { updateTypeUrl: MsgUpdateParams.typeUrl, hash: (ctx) => gov.params.hash(ctx) },
    beginEpoch: (ctx) => {
      gov.params.activate(ctx);
    },
    endBlock: (ctx) => {
      endBlock(ctx, gov);
      return [];
    },
    initGenesis: (ctx, state) => {
      initGovGenesis(gov, ctx, state);
      return [];
    },
    exportGenesis: (ctx) => exportGovGenesis(gov, ctx),
    invariants: {
      "every proposal has the deposits that it counts": (ctx) => depositGap(gov, ctx),
      "gov's account holds every deposit": (ctx) => gov.escrowGap(ctx),
    },
  };
}

function depositGap(gov: GovKeeper, ctx: Context): string | undefined {
  for (const { id, status, totalDeposit } of gov.proposals(ctx)) {
    const isOpen = status === 1 || status === 2;
    const sums = new Map<string, bigint>();
    const add = (coins: readonly { denom: string; amount: string }[], sign: bigint) => {
      for (const { denom, amount } of fromProtoCoins(coins) ?? []) {
        sums.set(denom, (sums.get(denom) ?? 0n) + sign * amount);
      }
    };
    if (isOpen) add(totalDeposit, 1n);
    for (const { amount } of gov.deposits(ctx, id)) add(amount, -1n);
    const gap = [...sums].find(([, sum]) => sum !== 0n);
    if (gap) return `proposal ${id}: its deposits miss ${gap[1]}${gap[0]}`;
  }
  return undefined;
}

function updateParams(gov: GovKeeper): MsgHandler {
  return msgHandler<MsgUpdateParams>({
    typeUrl: MsgUpdateParams.typeUrl,
    responseTypeUrl: MsgUpdateParamsResponse.typeUrl,
    codec: MsgUpdateParams,
    amino: {
      name: "cosmos-sdk/x/gov/v1/MsgUpdateParams",
      toJson: ({ authority, params }) => ({ authority, params: paramsAmino(params) }),
    },
    signers: (msg) => [msg.authority],
    validate: ({ authority, params }) => {
      gov.parts.addresses.parse(authority, "invalid authority address");
      const bad = checkGovParams(params);
      if (bad !== undefined) throw sdkErrors.invalidRequest(bad);
      const { proposalCancelDest: text } = params;
      if (text !== "" && gov.parts.bank.isBlocked(gov.parts.addresses.parse(text))) {
        throw sdkErrors.unauthorized(`${text} is not allowed to receive funds`);
      }
    },
    execute: (ctx, msg) => {
      if (msg.authority !== gov.authority) {
        const detail = `invalid authority; expected ${gov.authority}, got ${msg.authority}`;
        throw sdkErrors.unauthorized(detail);
      }
      gov.params.schedule(ctx, msg.params);
      return MsgUpdateParamsResponse.encode({}).finish();
    },
  });
}
