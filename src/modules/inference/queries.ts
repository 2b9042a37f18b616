/** gonka.inference.v1.Query. spec/modules/inference.md, "Queries". */
import { Model, Offer } from "../../gen/gonka/inference/v1/inference.ts";
import * as q from "../../gen/gonka/inference/v1/query.ts";
import { sdkErrors } from "../errors.ts";
import { gonkaQuery } from "../gonka-query.ts";
import type { QueryHandler } from "../module.ts";
import { paginate } from "../pagination.ts";
import type { InferenceKeeper } from "./keeper.ts";
import { hostOffersPrefix, modelPrefix, offerPrefix } from "./keys.ts";

const module = "inference";

export function inferenceQueries(market: InferenceKeeper): QueryHandler[] {
  return [
    gonkaQuery<q.QueryParamsRequest, q.QueryParamsResponse>({
      module,
      name: "Params",
      request: q.QueryParamsRequest,
      response: q.QueryParamsResponse,
      path: "/params",
      handle: (ctx) => ({
        params: market.params.get(ctx),
        scheduled: market.params.scheduled(ctx),
      }),
    }),
    gonkaQuery<q.QueryModelsRequest, q.QueryModelsResponse>({
      module,
      name: "Models",
      request: q.QueryModelsRequest,
      response: q.QueryModelsResponse,
      path: "/models",
      handle: (ctx, { pagination }) => {
        const item = (_: Uint8Array, value: Uint8Array) => Model.decode(value);
        const page = paginate({ store: market.kv(ctx), prefix: modelPrefix, item }, pagination);
        return { models: page.items, pagination: page.pagination };
      },
    }),
    gonkaQuery<q.QueryModelRequest, q.QueryModelResponse>({
      module,
      name: "Model",
      request: q.QueryModelRequest,
      response: q.QueryModelResponse,
      path: "/models/{model_id=**}",
      handle: (ctx, { modelId }) => {
        const model = market.model(ctx, modelId);
        if (!model) throw sdkErrors.notFound(`model ${modelId}`);
        return { model };
      },
    }),
    gonkaQuery<q.QueryOffersRequest, q.QueryOffersResponse>({
      module,
      name: "Offers",
      request: q.QueryOffersRequest,
      response: q.QueryOffersResponse,
      path: "/offers",
      handle: (ctx, { modelId, operator, pagination }) => {
        const prefix =
          operator === ""
            ? offerPrefix
            : hostOffersPrefix(market.addresses.parse(operator, "operator"));
        const item = (_: Uint8Array, value: Uint8Array) => {
          const offer = Offer.decode(value);
          return modelId === "" || offer.modelId === modelId ? offer : undefined;
        };
        const page = paginate({ store: market.kv(ctx), prefix, item }, pagination);
        return { offers: page.items, pagination: page.pagination };
      },
    }),
  ];
}
