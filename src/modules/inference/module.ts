/** What the application can ask of the inference market, and app_state.inference both ways. */
import { GenesisState } from "../../gen/gonka/inference/v1/genesis.ts";
import { Model, Offer, Params } from "../../gen/gonka/inference/v1/inference.ts";
import { GenesisValue } from "../genesis-json.ts";
import { readProto, refusedAt } from "../genesis-proto.ts";
import { snakeKeys } from "../gonka-msg.ts";
import type { Context, Module } from "../module.ts";
import { checkModel, checkOffer, checkParams } from "./checks.ts";
import type { InferenceKeeper } from "./keeper.ts";
import { inferenceMsgs } from "./msgs.ts";
import { inferenceQueries } from "./queries.ts";

export function inferenceModule(market: InferenceKeeper): Module {
  return {
    name: "inference",
    stores: ["inference"],
    msgs: inferenceMsgs(market),
    queries: inferenceQueries(market),
    params: {
      updateTypeUrl: "/gonka.inference.v1.MsgUpdateParams",
      hash: (ctx) => market.params.hash(ctx),
    },
    beginEpoch: (ctx) => {
      market.params.activate(ctx);
      market.dropOrphans(ctx);
    },
    initGenesis: (ctx, state) => {
      initGenesis(market, ctx, state);
      return [];
    },
    exportGenesis: (ctx) => exportGenesis(market, ctx),
    invariants: {
      "every offer is for a model that is not retired": (ctx) => {
        const lost = market.offers(ctx).find(({ modelId }) => {
          const model = market.model(ctx, modelId);
          return model === undefined || model.retired;
        });
        return lost && `${lost.operator} offers ${lost.modelId}`;
      },
    },
  };
}

const fields: readonly string[] = ["params", "scheduled_params", "models", "offers"];

function initGenesis(market: InferenceKeeper, ctx: Context, state: unknown): void {
  const root = new GenesisValue(state, "app_state.inference");
  const params = root.at("params"); // Refuses anything but an object first.
  for (const name of Object.keys(Object(state))) {
    if (!fields.includes(name)) throw root.at(name).error("is not a known field here");
  }
  const read = (place: GenesisValue) =>
    refusedAt(place, () => checkParams(readProto(Params, place)));
  market.params.init(ctx, read(params));
  const scheduled = root.at("scheduled_params");
  if (scheduled.isPresent) market.params.schedule(ctx, read(scheduled));
  for (const place of root.at("models").list()) {
    const model = refusedAt(place, () => checkModel(readProto(Model, place)));
    if (market.model(ctx, model.id)) throw place.error(`model ${model.id} is there twice`);
    market.setModel(ctx, model);
  }
  for (const place of root.at("offers").list()) {
    const offer = readProto(Offer, place);
    refusedAt(place, () => checkOffer(offer));
    const model = market.model(ctx, offer.modelId);
    if (!model || model.retired) throw place.error(`model ${offer.modelId} is not registered`);
    refusedAt(place, () => market.setOffer(ctx, offer));
  }
}

function exportGenesis(market: InferenceKeeper, ctx: Context): unknown {
  const scheduled = market.params.scheduled(ctx);
  const state = GenesisState.fromPartial({
    params: market.params.get(ctx),
    ...(scheduled ? { scheduledParams: scheduled } : {}),
    models: market.models(ctx),
    offers: market.offers(ctx),
  });
  return snakeKeys(GenesisState.toJSON(state));
}
