/** The community pool, and what only governance may do. */
import { type Coin, fromProtoCoins, type ProtoCoin } from "../../../encoding/coins.ts";
import * as tx from "../../../gen/gonka/pow/v1/tx.ts";
import { sdkErrors } from "../../errors.ts";
import { gonkaMsg } from "../../gonka-msg.ts";
import type { MsgHandler } from "../../module.ts";
import type { PowKeeper } from "../keeper.ts";
import { validateParams } from "../params.ts";

const module = "pow";

export function authorityMsgs(pow: PowKeeper): MsgHandler[] {
  return [fundPool(pow), spendPool(pow), updateParams(pow)];
}

function fundPool(pow: PowKeeper): MsgHandler {
  return gonkaMsg<tx.MsgFundCommunityPool>({
    module,
    name: "MsgFundCommunityPool",
    codec: tx.MsgFundCommunityPool,
    signer: ({ depositor }) => depositor,
    validate: ({ depositor, amount }) => {
      pow.addresses.parse(depositor, "depositor");
      readCoins(amount);
    },
    execute: (ctx, { depositor, amount }) => {
      pow.rewards.fundPool(ctx, pow.addresses.parse(depositor), readCoins(amount));
    },
  });
}

function spendPool(pow: PowKeeper): MsgHandler {
  return gonkaMsg<tx.MsgCommunityPoolSpend>({
    module,
    name: "MsgCommunityPoolSpend",
    codec: tx.MsgCommunityPoolSpend,
    signer: ({ authority }) => authority,
    validate: ({ authority, recipient, amount }) => {
      pow.addresses.parse(authority, "authority");
      pow.addresses.parse(recipient, "recipient");
      readCoins(amount);
    },
    execute: (ctx, { authority, recipient, amount }) => {
      assertAuthority(pow, authority);
      pow.rewards.spendPool(ctx, pow.addresses.parse(recipient), readCoins(amount));
    },
  });
}

function updateParams(pow: PowKeeper): MsgHandler {
  return gonkaMsg<tx.MsgUpdateParams>({
    module,
    name: "MsgUpdateParams",
    codec: tx.MsgUpdateParams,
    signer: ({ authority }) => authority,
    validate: ({ authority, params }) => {
      pow.addresses.parse(authority, "authority");
      validateParams(params);
    },
    execute: (ctx, { authority, params }) => {
      assertAuthority(pow, authority);
      pow.params.schedule(ctx, validateParams(params));
    },
  });
}

function assertAuthority(pow: PowKeeper, got: string): void {
  if (got === pow.authority) return;
  throw sdkErrors.unauthorized(`invalid authority; expected ${pow.authority}, got ${got}`);
}

function readCoins(amount: readonly ProtoCoin[]): Coin[] {
  const coins = fromProtoCoins(amount);
  if (coins && coins.length > 0) return coins;
  throw sdkErrors.invalidCoins("amount must be coins above zero, sorted, each denom once");
}
