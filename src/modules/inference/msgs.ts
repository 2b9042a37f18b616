/** The messages of the inference market. spec/modules/inference.md, "Messages". */
import * as tx from "../../gen/gonka/inference/v1/tx.ts";
import { sdkErrors } from "../errors.ts";
import { gonkaMsg } from "../gonka-msg.ts";
import type { MsgHandler } from "../module.ts";
import { checkModel, checkOffer, checkParams } from "./checks.ts";
import { inferenceErrors } from "./errors.ts";
import type { InferenceKeeper } from "./keeper.ts";

const module = "inference";

export function inferenceMsgs(market: InferenceKeeper): MsgHandler[] {
  return [...authorityMsgs(market), offerModel(market), withdrawOffer(market)];
}

function authorityMsgs(market: InferenceKeeper): MsgHandler[] {
  const signer = ({ authority }: { authority: string }) => authority;
  const checkSigner = (authority: string) => market.addresses.parse(authority, "authority");
  return [
    gonkaMsg<tx.MsgRegisterModel>({
      module,
      name: "MsgRegisterModel",
      codec: tx.MsgRegisterModel,
      signer,
      validate: ({ authority, model }) => {
        checkSigner(authority);
        const { registeredHeight, retired } = checkModel(model);
        if (registeredHeight !== 0n || retired) {
          throw inferenceErrors.invalidModel(
            "registered_height and retired are the chain's to set",
          );
        }
      },
      execute: (ctx, { authority, model }) => {
        assertAuthority(market, authority);
        const checked = checkModel(model);
        market.register(ctx, checked);
        ctx.emit("model_register", [["model", checked.id]]);
      },
    }),
    gonkaMsg<tx.MsgRetireModel>({
      module,
      name: "MsgRetireModel",
      codec: tx.MsgRetireModel,
      signer,
      validate: ({ authority }) => {
        checkSigner(authority);
      },
      execute: (ctx, { authority, modelId }) => {
        assertAuthority(market, authority);
        market.retire(ctx, modelId);
        ctx.emit("model_retire", [["model", modelId]]);
      },
    }),
    gonkaMsg<tx.MsgUpdateParams>({
      module,
      name: "MsgUpdateParams",
      codec: tx.MsgUpdateParams,
      signer,
      validate: ({ authority, params }) => {
        checkSigner(authority);
        checkParams(params);
      },
      execute: (ctx, { authority, params }) => {
        assertAuthority(market, authority);
        market.params.schedule(ctx, checkParams(params));
      },
    }),
  ];
}

function offerModel(market: InferenceKeeper): MsgHandler {
  return gonkaMsg<tx.MsgOfferModel>({
    module,
    name: "MsgOfferModel",
    codec: tx.MsgOfferModel,
    signer: ({ signer }) => signer,
    validate: (msg) => {
      market.addresses.parse(msg.signer, "signer");
      market.addresses.parse(msg.host, "host");
      checkOffer(msg);
    },
    execute: (ctx, { signer, host, ...offer }) => {
      market.hosts.assertMayAct(ctx, {
        signer,
        host,
        typeUrl: "/gonka.inference.v1.MsgOfferModel",
      });
      market.offer(ctx, { ...offer, operator: host, height: ctx.block.height });
      ctx.emit("model_offer", [
        ["host", host],
        ["model", offer.modelId],
      ]);
    },
  });
}

function withdrawOffer(market: InferenceKeeper): MsgHandler {
  const typeUrl = "/gonka.inference.v1.MsgWithdrawOffer";
  return gonkaMsg<tx.MsgWithdrawOffer>({
    module,
    name: "MsgWithdrawOffer",
    codec: tx.MsgWithdrawOffer,
    signer: ({ signer }) => signer,
    validate: ({ signer, host }) => {
      market.addresses.parse(signer, "signer");
      market.addresses.parse(host, "host");
    },
    execute: (ctx, { signer, host, modelId }) => {
      market.hosts.assertMayAct(ctx, { signer, host, typeUrl });
      market.withdraw(ctx, { operator: host, modelId });
      ctx.emit("model_withdraw", [
        ["host", host],
        ["model", modelId],
      ]);
    },
  });
}

function assertAuthority(market: InferenceKeeper, got: string): void {
  if (got === market.authority) return;
  throw sdkErrors.unauthorized(`invalid authority; expected ${market.authority}, got ${got}`);
}
