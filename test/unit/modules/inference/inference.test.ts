/** The registry of models and the offers: spec/modules/inference.md. */
import { readFileSync } from "node:fs";
import t from "tap";
import { fromHex, toHex } from "../../../../src/encoding/bytes.ts";
import {
  EngineKind,
  type Model,
  Params,
} from "../../../../src/gen/gonka/inference/v1/inference.ts";
import { ModuleError, sdkErrors } from "../../../../src/modules/errors.ts";
import { checkParams, wholeRules } from "../../../../src/modules/inference/checks.ts";
import { InferenceKeeper } from "../../../../src/modules/inference/keeper.ts";
import { offerKey } from "../../../../src/modules/inference/keys.ts";
import { inferenceModule } from "../../../../src/modules/inference/module.ts";
import { type Context, checkMessage, GenesisError } from "../../../../src/modules/module.ts";
import { Branch } from "../../../../src/store/branch.ts";
import { StoreKey } from "../../../../src/store/kv.ts";
import { addresses, authority, chainId, hostKeys } from "../../../support/pow-chain.ts";

const text = (path: string) =>
  readFileSync(new URL(`../../../../${path}`, import.meta.url), "utf8");

function profileState(changes: object = {}) {
  const { app_state } = JSON.parse(text("genesis/localnet.json")) as {
    app_state: { inference: { params: object } };
  };
  const { inference } = app_state;
  return { ...inference, params: { ...inference.params, ...changes } };
}

const ann = hostKeys("ann");
const bob = hostKeys("bob");

/** The module over an empty store; ann and bob are hosts, and their workers may act for them. */
function start(state: unknown = profileState()) {
  const kv = new Branch({ get: () => undefined, has: () => false, iterate: () => [] });
  const ctx: Context = {
    chainId,
    block: {
      height: 7n,
      time: { seconds: 0n, nanos: 0 },
      hash: new Uint8Array(),
      proposerAddress: new Uint8Array(),
      lastVotes: [],
      misbehavior: [],
    },
    gas: { limit: 0n, consumed: 0n, consume: () => {} },
    isSimulation: false,
    kv: () => kv,
    emit: () => {},
    atomically: (run) => run(ctx),
  };
  const gone = new Set<string>();
  const hosts = {
    isHost: (_: Context, operator: string) => !gone.has(operator),
    assertMayAct: (_: Context, { signer, host }: { signer: string; host: string }) => {
      const own = [ann, bob].find(({ operator }) => operator === host);
      if (!own || (signer !== own.operator && signer !== own.worker)) {
        throw sdkErrors.unauthorized(`${signer} for ${host}`);
      }
    },
  };
  const market = new InferenceKeeper({
    store: new StoreKey("inference"),
    addresses,
    authority,
    hosts,
  });
  const module = inferenceModule(market);
  module.initGenesis(ctx, state);
  const send = (name: string, message: object): string => {
    const handler = module.msgs.find(({ typeUrl }) => typeUrl === `/gonka.inference.v1.${name}`);
    if (!handler) throw new Error(`no message ${name}`);
    try {
      const decoded = handler.codec.decode(handler.codec.encode(message).finish());
      checkMessage({ handler, message: decoded });
      handler.execute(ctx, decoded);
      return "taken";
    } catch (error) {
      if (error instanceof ModuleError) return `${error.codespace} ${error.code}`;
      throw error;
    }
  };
  const ask = <Response>(name: string, request: object): Response => {
    const query = module.queries.find(({ path }) => path === `/gonka.inference.v1.Query/${name}`);
    if (!query) throw new Error(`no query ${name}`);
    return query.handle(ctx, query.request.fromJSON(request)) as Response;
  };
  return { ctx, module, market, send, ask, gone };
}

const model: Model = {
  id: "meta/llama-3.1-8b",
  files: [
    { name: "model.safetensors", lengthBytes: 5000n, sha256: new Uint8Array(32).fill(1) },
    { name: "config.json", lengthBytes: 100n, sha256: new Uint8Array(32).fill(2) },
  ],
  modelRoot: new Uint8Array(32).fill(3),
  rows: 2n,
  engine: EngineKind.ENGINE_KIND_DETERMINISTIC,
  contextTokens: 8192n,
  distanceThreshold: "",
  registeredHeight: 0n,
  retired: false,
};

const offer = {
  signer: ann.worker,
  host: ann.operator,
  modelId: model.id,
  inputPrice: "2000",
  outputPrice: "4000",
  endpoint: "https://ann.example/v1",
  capacity: 8,
};

t.test("models: registered by governance, well-formed, once, and at most so many", async (t) => {
  const { send, ask } = start(profileState({ max_models: 2 }));
  const register = (change: object, signer = authority) =>
    send("MsgRegisterModel", { authority: signer, model: { ...model, ...change } });
  t.equal(register({}, ann.operator), "sdk 4");
  t.equal(send("MsgRegisterModel", { authority }), "inference 2");
  t.equal(register({ id: "no spaces" }), "inference 2");
  t.equal(register({ files: [] }), "inference 2");
  t.equal(register({ files: [model.files[0], model.files[0]], rows: 3n }), "inference 2");
  t.equal(register({ modelRoot: new Uint8Array(31) }), "inference 2");
  t.equal(register({ rows: 1n }), "inference 2", "5100 bytes are two rows of 4096");
  t.equal(register({ engine: 7 }), "inference 2");
  t.equal(register({ engine: EngineKind.ENGINE_KIND_FLOAT }), "inference 2", "no threshold");
  t.equal(register({ distanceThreshold: "0.1" }), "inference 2", "a threshold for exact answers");
  t.equal(register({ contextTokens: 0n }), "inference 2");
  t.equal(register({ registeredHeight: 5n }), "inference 2");
  t.equal(register({}), "taken");
  t.equal(register({}), "inference 3");
  const float = { engine: EngineKind.ENGINE_KIND_FLOAT, distanceThreshold: "0.05" };
  t.equal(register({ ...float, id: "second" }), "taken");
  t.equal(register({ id: "third" }), "inference 6");
  t.equal(send("MsgRetireModel", { authority, modelId: "second" }), "taken");
  t.equal(send("MsgRetireModel", { authority, modelId: "second" }), "inference 5");
  t.equal(send("MsgRetireModel", { authority, modelId: "fourth" }), "inference 4");
  t.equal(register({ id: "third" }), "taken", "a retired model makes room");
  t.equal(register({ id: "second" }), "inference 3", "but keeps its id");
  const { models } = ask<{ models: Model[] }>("Models", {});
  t.same(
    models.map(({ id, retired }) => [id, retired]),
    [
      ["third", false],
      ["second", true],
      [model.id, false],
    ],
  );
  t.equal(ask<{ model: Model }>("Model", { modelId: model.id }).model.registeredHeight, 7n);
});

t.test(
  "offers: by hosts and their workers, at or above the floor, replaced and withdrawn",
  async (t) => {
    const { send, ask } = start(profileState({ max_offers_per_host: 1 }));
    for (const id of [model.id, "second"]) {
      send("MsgRegisterModel", { authority, model: { ...model, id } });
    }
    const make = (change: object) => send("MsgOfferModel", { ...offer, ...change });
    t.equal(make({ signer: bob.worker }), "sdk 4");
    t.equal(make({ modelId: "unknown" }), "inference 4");
    t.equal(make({ inputPrice: "999" }), "inference 7", "below the floor");
    t.equal(make({ outputPrice: "1.5" }), "inference 7");
    t.equal(make({ endpoint: "ftp://x" }), "inference 7");
    t.equal(make({ capacity: 0 }), "inference 7");
    t.equal(make({}), "taken");
    t.equal(make({ inputPrice: "3000" }), "taken", "replaces");
    t.equal(make({ modelId: "second" }), "inference 9");
    t.equal(send("MsgOfferModel", { ...offer, signer: bob.operator, host: bob.operator }), "taken");
    const offers = (request: object) =>
      ask<{ offers: { inputPrice: string }[] }>("Offers", request).offers.map((o) => o.inputPrice);
    t.same(offers({ operator: ann.operator }), ["3000"]);
    t.same(offers({ modelId: model.id }).sort(), ["2000", "3000"]);
    t.same(offers({ modelId: "second" }), []);
    const withdrawal = { signer: ann.operator, host: ann.operator, modelId: model.id };
    t.equal(send("MsgWithdrawOffer", { ...withdrawal, signer: bob.operator }), "sdk 4");
    t.equal(send("MsgWithdrawOffer", withdrawal), "taken");
    t.equal(send("MsgWithdrawOffer", withdrawal), "inference 8");
    const endless = { ...withdrawal, modelId: "m".repeat(300) };
    t.equal(send("MsgWithdrawOffer", endless), "inference 8", "no id is too long for a refusal");
    t.equal(send("MsgRetireModel", { authority, modelId: model.id }), "taken");
    t.same(offers({}), [], "a retired model has no offers");
    t.equal(make({}), "inference 5");
  },
);

t.test("the offers of a host that is gone go with the next epoch", async (t) => {
  const { ctx, module, market, send, gone } = start();
  send("MsgRegisterModel", { authority, model });
  send("MsgOfferModel", offer);
  send("MsgOfferModel", { ...offer, signer: bob.operator, host: bob.operator });
  gone.add(ann.operator);
  module.beginEpoch?.(ctx);
  t.same(
    market.offers(ctx).map(({ operator }) => operator),
    [bob.operator],
  );
});

t.test("parameters: in range, by governance, from the next epoch on", async (t) => {
  const { ctx, module, market, send } = start();
  const now = market.params.get(ctx);
  const update = (change: object, signer = authority) =>
    send("MsgUpdateParams", { authority: signer, params: { ...now, ...change } });
  t.equal(update({}, ann.operator), "sdk 4");
  t.equal(update({ maxModels: 0 }), "inference 10");
  t.equal(update({ trainingFundShare: "0.95" }), "inference 10", "0.95 + 0.1");
  t.equal(update({ priceFloor: "-1" }), "inference 10");
  t.equal(update({ priceFloor: "5000" }), "taken");
  t.equal(market.params.get(ctx).priceFloor, "1000");
  module.beginEpoch?.(ctx);
  t.equal(market.params.get(ctx).priceFloor, "5000");
});

t.test("genesis: refused with its path, exported as it was read", async (t) => {
  const good = start();
  good.send("MsgRegisterModel", { authority, model });
  good.send("MsgOfferModel", offer);
  const state = JSON.parse(JSON.stringify(good.module.exportGenesis(good.ctx))) as {
    models: object[];
    offers: object[];
  };
  const copy = start(state);
  t.same(copy.module.exportGenesis(copy.ctx), state);
  const pathOf = (bad: unknown): string => {
    try {
      start(bad);
      return "taken";
    } catch (error) {
      if (error instanceof GenesisError) return error.path;
      throw error;
    }
  };
  t.equal(pathOf("no object"), "app_state.inference");
  t.equal(pathOf({ ...state, more: 1 }), "app_state.inference.more");
  t.equal(pathOf(profileState({ max_models: 0 })), "app_state.inference.params");
  t.equal(
    pathOf({ ...state, models: [] }),
    "app_state.inference.offers[0]",
    "an offer for nothing",
  );
  const twice = { ...state, models: [...state.models, ...state.models] };
  t.equal(pathOf(twice), "app_state.inference.models[1]");
});

t.test(
  "profiles are valid and documented; keys and the invariant are what the spec says",
  async (t) => {
    const readme = text("genesis/README.md");
    for (const profile of ["gonka", "localnet"]) {
      const { app_state } = JSON.parse(text(`genesis/${profile}.json`)) as {
        app_state: { inference: { params: object } };
      };
      checkParams(Params.fromJSON(app_state.inference.params));
      for (const name of Object.keys(app_state.inference.params)) t.match(readme, `\`${name}\``);
    }
    for (const { min, max, unit } of wholeRules) t.match(readme, `${unit} | ${min} to ${max}`);
    t.equal(toHex(offerKey(fromHex("0102"), "m")), "03020102016d");
    const { ctx, module, market, send } = start();
    send("MsgRegisterModel", { authority, model });
    send("MsgOfferModel", offer);
    const [check] = Object.values(module.invariants);
    t.equal(check?.(ctx), undefined);
    market.setModel(ctx, { ...model, retired: true });
    t.equal(check?.(ctx), `${ann.operator} offers ${model.id}`);
  },
);
