/** The registry of models and the offers to serve them. spec/modules/inference.md. */
import { Model, Offer, Params } from "../../gen/gonka/inference/v1/inference.ts";
import { type KvStore, prefixRange, type StoreKey } from "../../store/kv.ts";
import type { Addresses } from "../addresses.ts";
import type { Context } from "../module.ts";
import { ParamStore } from "../params.ts";
import { isModelId } from "./checks.ts";
import { inferenceErrors } from "./errors.ts";
import type { Hosts } from "./expected.ts";
import * as keys from "./keys.ts";

/** What the inference market is built from. */
export interface InferenceParts {
  readonly store: StoreKey;
  readonly addresses: Addresses;
  /** The one account that may register models and change parameters: gov's. */
  readonly authority: string;
  readonly hosts: Hosts;
}

export class InferenceKeeper {
  readonly addresses: Addresses;
  readonly authority: string;
  readonly hosts: Hosts;
  readonly params: ParamStore<Params>;
  readonly #store: StoreKey;
  constructor({ store, addresses, authority, hosts }: InferenceParts) {
    this.#store = store;
    this.addresses = addresses;
    this.authority = authority;
    this.hosts = hosts;
    this.params = new ParamStore({
      store,
      codec: Params,
      activeKey: keys.activeParamsKey,
      scheduledKey: keys.scheduledParamsKey,
    });
  }

  /** Any text may be asked for: only what could be an id makes a key. */
  model(ctx: Context, id: string): Model | undefined {
    if (!isModelId(id)) return undefined;
    const bytes = this.kv(ctx).get(keys.modelKey(id));
    return bytes && Model.decode(bytes);
  }

  models(ctx: Context): Model[] {
    const pairs = this.kv(ctx).iterate(prefixRange(keys.modelPrefix));
    return [...pairs].map(([, value]) => Model.decode(value));
  }

  /** Throws inference code 3 or 6. A retired model keeps its id: offers and receipts name it. */
  register(ctx: Context, model: Model): void {
    if (this.model(ctx, model.id)) throw inferenceErrors.modelExists(`model ${model.id}`);
    const { maxModels } = this.params.get(ctx);
    const active = this.models(ctx).filter(({ retired }) => !retired).length;
    if (active >= maxModels) {
      throw inferenceErrors.tooManyModels(`${active} models, at most ${maxModels}`);
    }
    this.setModel(ctx, { ...model, registeredHeight: ctx.block.height, retired: false });
  }

  /** Closes a model; its offers go. Throws inference code 4 or 5. */
  retire(ctx: Context, id: string): void {
    const model = this.#active(ctx, id);
    this.setModel(ctx, { ...model, retired: true });
    for (const offer of this.offers(ctx)) {
      if (offer.modelId === id) this.removeOffer(ctx, offer);
    }
  }

  /** Writes or replaces an offer. Throws inference code 4, 5, 7 or 9. */
  offer(ctx: Context, offer: Offer): void {
    this.#active(ctx, offer.modelId);
    const { priceFloor, maxOffersPerHost } = this.params.get(ctx);
    const lowest = [offer.inputPrice, offer.outputPrice].find(
      (price) => BigInt(price) < BigInt(priceFloor),
    );
    if (lowest !== undefined) {
      throw inferenceErrors.invalidOffer(`price ${lowest} is below the floor of ${priceFloor}`);
    }
    const others = this.offersOf(ctx, offer.operator).filter((o) => o.modelId !== offer.modelId);
    if (others.length >= maxOffersPerHost) {
      throw inferenceErrors.tooManyOffers(`${others.length} offers, at most ${maxOffersPerHost}`);
    }
    this.setOffer(ctx, offer);
  }

  /** Throws inference code 8. */
  withdraw(ctx: Context, at: { readonly operator: string; readonly modelId: string }): void {
    if (!isModelId(at.modelId) || !this.kv(ctx).has(this.#offerKey(at))) {
      const id = at.modelId.slice(0, 128);
      throw inferenceErrors.offerUnknown(`${at.operator} does not offer ${id}`);
    }
    this.removeOffer(ctx, at);
  }

  offers(ctx: Context): Offer[] {
    const pairs = this.kv(ctx).iterate(prefixRange(keys.offerPrefix));
    return [...pairs].map(([, value]) => Offer.decode(value));
  }

  /** Removes the offers of hosts that are gone: nobody could withdraw them any more. */
  dropOrphans(ctx: Context): void {
    for (const offer of this.offers(ctx)) {
      if (!this.hosts.isHost(ctx, offer.operator)) this.removeOffer(ctx, offer);
    }
  }

  offersOf(ctx: Context, operator: string): Offer[] {
    const prefix = keys.hostOffersPrefix(this.addresses.parse(operator, "host"));
    return [...this.kv(ctx).iterate(prefixRange(prefix))].map(([, value]) => Offer.decode(value));
  }

  setModel(ctx: Context, model: Model): void {
    this.kv(ctx).set(keys.modelKey(model.id), Model.encode(model).finish());
  }

  setOffer(ctx: Context, offer: Offer): void {
    this.kv(ctx).set(this.#offerKey(offer), Offer.encode(offer).finish());
  }

  removeOffer(ctx: Context, at: { readonly operator: string; readonly modelId: string }): void {
    this.kv(ctx).delete(this.#offerKey(at));
  }

  /** The store, for the pages of queries. */
  kv(ctx: Context): KvStore {
    return ctx.kv(this.#store);
  }

  #active(ctx: Context, id: string): Model {
    const model = this.model(ctx, id);
    if (!model) throw inferenceErrors.modelUnknown(`model ${id.slice(0, 128)} is not registered`);
    if (model.retired) throw inferenceErrors.modelRetired(`model ${id}`);
    return model;
  }

  #offerKey({ operator, modelId }: { operator: string; modelId: string }): Uint8Array {
    return keys.offerKey(this.addresses.parse(operator, "host"), modelId);
  }
}
