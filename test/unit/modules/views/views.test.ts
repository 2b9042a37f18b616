/** What explorers read of staking, distribution, mint and params. spec/modules/views.md. */
import * as distribution from "cosmjs-types/cosmos/distribution/v1beta1/query";
import * as params from "cosmjs-types/cosmos/params/v1beta1/query";
import * as staking from "cosmjs-types/cosmos/staking/v1beta1/query";
import t from "tap";
import { ed25519PublicKey } from "../../../../src/crypto/ed25519.ts";
import { sha256 } from "../../../../src/crypto/hash.ts";
import { secp256k1Address } from "../../../../src/crypto/secp256k1.ts";
import { toBech32 } from "../../../../src/encoding/bech32.ts";
import { toBase64, utf8 } from "../../../../src/encoding/bytes.ts";
import { type AnyJsonCodecs, protoJson } from "../../../../src/encoding/proto-json.ts";
import type { Codec } from "../../../../src/modules/module.ts";
import { paginateItems } from "../../../../src/modules/pagination.ts";
import { AppChain, alice, appState, bob, carol, type Dev } from "../../../support/app-chain.ts";

const valoper = (who: Dev) => toBech32("gonkavaloper", secp256k1Address(who.publicKey));

/** A query as REST shows it. */
function ask<T extends object>(
  chain: AppChain,
  path: string,
  codec?: { fromPartial(o: object): T; encode(m: T): { finish(): Uint8Array } },
  fields: object = {},
): unknown {
  const data = codec ? codec.encode(codec.fromPartial(fields)).finish() : new Uint8Array();
  const handler = chain.app.queries.find((query) => query.path === path);
  const answer = chain.app.query({ path, data, height: 0n, prove: false });
  if (!handler || answer.code !== 0) throw new Error(answer.log || path);
  const response = handler.response as Codec<object>;
  const anys: AnyJsonCodecs = (url) => chain.app.anyTypes.get(url) as Codec<object> | undefined;
  return protoJson(response, response.decode(answer.value), anys);
}

async function start(): Promise<AppChain> {
  // Three hosts with power, and one that registered and has proven nothing.
  const state = appState({
    edit: (s) => {
      const { standings } = s.pow as { standings: { reference_weight: string }[] };
      const [, , , last] = standings;
      if (last) last.reference_weight = "0";
      (s.bank as { balances: unknown[] }).balances.push({
        address: toBech32("gonka", sha256(utf8("community_pool")).slice(0, 20)),
        coins: [{ denom: "ngonka", amount: "7" }],
      });
    },
  });
  const chain = await AppChain.start({ state });
  await chain.block();
  return chain;
}

t.test("a host as a validator, in the JSON of the SDK", async (t) => {
  const chain = await start();
  const path = "/cosmos.staking.v1beta1.Query/Validator";
  const shown = ask(chain, path, staking.QueryValidatorRequest, { validatorAddr: valoper(bob) });
  t.same(shown, {
    validator: {
      operator_address: valoper(bob),
      consensus_pubkey: {
        "@type": "/cosmos.crypto.ed25519.PubKey",
        key: toBase64(ed25519PublicKey(sha256(utf8("consensus bob")))),
      },
      jailed: false,
      status: "BOND_STATUS_BONDED",
      tokens: "333333000000",
      delegator_shares: "333333000000.000000000000000000",
      description: {
        moniker: "bob",
        identity: "",
        website: "",
        security_contact: "",
        details: "",
      },
      unbonding_height: "0",
      unbonding_time: "1970-01-01T00:00:00Z",
      commission: {
        commission_rates: {
          rate: "0.000000000000000000",
          max_rate: "0.000000000000000000",
          max_change_rate: "0.000000000000000000",
        },
        update_time: "1970-01-01T00:00:00Z",
      },
      min_self_delegation: "1",
      unbonding_on_hold_ref_count: "0",
      unbonding_ids: [],
    },
  });
  const missing = { validatorAddr: toBech32("gonkavaloper", new Uint8Array(20)) };
  const notFound = /code = NotFound desc = validator gonkavaloper1\w+ not found/;
  t.throws(() => ask(chain, path, staking.QueryValidatorRequest, missing), notFound);
  const foreign = { validatorAddr: bob.address };
  t.throws(
    () => ask(chain, path, staking.QueryValidatorRequest, foreign),
    /invalid Bech32 prefix; expected gonkavaloper/,
  );
});

t.test("validators by status and in pages", async (t) => {
  const chain = await start();
  const path = "/cosmos.staking.v1beta1.Query/Validators";
  const codec = staking.QueryValidatorsRequest;
  const count = (fields: object) =>
    (ask(chain, path, codec, fields) as { validators: unknown[] }).validators.length;
  t.equal(count({}), 4);
  t.equal(count({ status: "BOND_STATUS_BONDED" }), 3);
  t.equal(count({ status: "BOND_STATUS_UNBONDED" }), 1);
  t.equal(count({ status: "BOND_STATUS_UNBONDING" }), 0);
  t.throws(() => count({ status: "bonded" }), /invalid validator status bonded/);
  const first = ask(chain, path, codec, { pagination: { limit: 3n, countTotal: true } });
  t.match(first, { pagination: { next_key: /.+/, total: "4" } });
  t.equal(count({ pagination: { offset: 3n } }), 1);
});

t.test("pool, parameters and the height of now", async (t) => {
  const chain = await start();
  t.same(ask(chain, "/cosmos.staking.v1beta1.Query/Pool"), {
    pool: { not_bonded_tokens: "0", bonded_tokens: "1000000000000" },
  });
  t.same(ask(chain, "/cosmos.staking.v1beta1.Query/Params"), {
    params: {
      unbonding_time: "172800s",
      max_validators: 100,
      max_entries: 7,
      historical_entries: 10000,
      bond_denom: "ngonka",
      min_commission_rate: "0.000000000000000000",
    },
  });
  const path = "/cosmos.staking.v1beta1.Query/HistoricalInfo";
  const hist = ask(chain, path, staking.QueryHistoricalInfoRequest, { height: 1n });
  t.match(hist, { hist: { header: { height: "1" }, valset: { length: 3 } } });
  t.throws(() => ask(chain, path, staking.QueryHistoricalInfoRequest, { height: 9n }), /NotFound/);
});

t.test("every operator is bonded to itself and to nobody else", async (t) => {
  const chain = await start();
  const path = "/cosmos.staking.v1beta1.Query/Delegation";
  const own = { delegatorAddr: bob.address, validatorAddr: valoper(bob) };
  t.same(ask(chain, path, staking.QueryDelegationRequest, own), {
    delegation_response: {
      delegation: {
        delegator_address: bob.address,
        validator_address: valoper(bob),
        shares: "333333000000.000000000000000000",
      },
      balance: { denom: "ngonka", amount: "333333000000" },
    },
  });
  const other = { ...own, validatorAddr: valoper(carol) };
  // CosmJS tests for this end of the text.
  const missing = /delegation with delegator \w+ not found for validator \w+: key not found/;
  t.throws(() => ask(chain, path, staking.QueryDelegationRequest, other), missing);
  const all = "/cosmos.staking.v1beta1.Query/DelegatorDelegations";
  const request = staking.QueryDelegatorDelegationsRequest;
  t.match(ask(chain, all, request, { delegatorAddr: alice.address }), {
    delegation_responses: [{ balance: { amount: "333334000000" } }],
    pagination: { total: "1" },
  });
  const empty = ask(
    chain,
    "/cosmos.staking.v1beta1.Query/DelegatorUnbondingDelegations",
    staking.QueryDelegatorUnbondingDelegationsRequest,
    { delegatorAddr: alice.address },
  );
  t.same(empty, { unbonding_responses: [], pagination: { next_key: null, total: "0" } });
});

t.test("distribution, mint and the parameters of old", async (t) => {
  const chain = await start();
  t.same(ask(chain, "/cosmos.distribution.v1beta1.Query/CommunityPool"), {
    pool: [{ denom: "ngonka", amount: "7.000000000000000000" }],
  });
  t.same(ask(chain, "/cosmos.distribution.v1beta1.Query/Params"), {
    params: {
      community_tax: "0.000000000000000000",
      base_proposer_reward: "0.000000000000000000",
      bonus_proposer_reward: "0.000000000000000000",
      withdraw_addr_enabled: false,
    },
  });
  const rewards = ask(
    chain,
    "/cosmos.distribution.v1beta1.Query/DelegationTotalRewards",
    distribution.QueryDelegationTotalRewardsRequest,
    { delegatorAddress: alice.address },
  );
  t.same(rewards, {
    rewards: [{ validator_address: valoper(alice), reward: [] }],
    total: [],
  });
  // 323,000 GNK for 60 blocks: as many in a year as there are epochs in it.
  t.same(ask(chain, "/cosmos.mint.v1beta1.Query/AnnualProvisions"), {
    annual_provisions: `${(323_000n * 10n ** 9n * 6_311_520n) / 60n}.000000000000000000`,
  });
  t.match(ask(chain, "/cosmos.mint.v1beta1.Query/Inflation"), { inflation: /^\d+\.\d{18}$/ });
  const path = "/cosmos.params.v1beta1.Query/Params";
  const asked = { subspace: "staking", key: "UnbondingTime" };
  t.same(ask(chain, path, params.QueryParamsRequest, asked), {
    param: { subspace: "staking", key: "UnbondingTime", value: '"172800000000000"' },
  });
  const unknown = { subspace: "__proto__", key: "x" };
  t.throws(() => ask(chain, path, params.QueryParamsRequest, unknown), /unknown subspace/);
  const bare = ask(chain, "/cosmos.params.v1beta1.Query/Subspaces") as { subspaces: unknown[] };
  t.ok(bare.subspaces.length >= 4);
});

t.test("pages of items at hand are those of a store", async (t) => {
  const items = [1, 2, 3, 4, 5].map((n) => ({ key: Uint8Array.of(n), item: n }));
  const page = (fields: object) => {
    const request = { key: new Uint8Array(), offset: 0n, limit: 2n, countTotal: true };
    return paginateItems(items, { ...request, reverse: false, ...fields });
  };
  t.same(page({}).items, [1, 2]);
  t.same([...page({}).pagination.nextKey], [3]);
  t.same(page({ key: Uint8Array.of(3) }).items, [3, 4]);
  t.same(page({ key: Uint8Array.of(5) }).items, [5]);
  t.same(page({ reverse: true }).items, [5, 4]);
  t.same(page({ reverse: true, key: Uint8Array.of(3) }).items, [3, 2]);
  t.equal(page({}).pagination.total, 5n);
  t.same(paginateItems([], undefined).items, []);
});
