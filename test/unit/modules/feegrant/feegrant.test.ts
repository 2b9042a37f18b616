/** Fees paid by others. Semantics: cosmos-sdk x/feegrant. spec/modules/feegrant.md. */
import { MsgSend } from "cosmjs-types/cosmos/bank/v1beta1/tx";
import {
  AllowedMsgAllowance,
  BasicAllowance,
  PeriodicAllowance,
} from "cosmjs-types/cosmos/feegrant/v1beta1/feegrant";
import * as q from "cosmjs-types/cosmos/feegrant/v1beta1/query";
import {
  MsgGrantAllowance,
  MsgPruneAllowances,
  MsgRevokeAllowance,
} from "cosmjs-types/cosmos/feegrant/v1beta1/tx";
import type { Any } from "cosmjs-types/google/protobuf/any";
import t from "tap";
import {
  AppChain,
  alice,
  any,
  appState,
  bob,
  carol,
  type Dev,
  dev,
  genesisTime,
  signTx,
  startBalance,
} from "../../../support/app-chain.ts";

const coins = (amount: number, denom = "ngonka") => [{ denom, amount: String(amount) }];
const at = (seconds: number) => ({ seconds: genesisTime.seconds + BigInt(seconds), nanos: 0 });
const basic = (limit?: number, expiration?: number) =>
  any(BasicAllowance, {
    spendLimit: limit === undefined ? [] : coins(limit),
    ...(expiration !== undefined && { expiration: at(expiration) }),
  });
const grantMsg = (allowance: Any | undefined, from = alice, to = bob.address) =>
  any(MsgGrantAllowance, {
    granter: from.address,
    grantee: to,
    ...(allowance && { allowance }),
  });
const sendMsg = (from: Dev) =>
  any(MsgSend, { fromAddress: from.address, toAddress: carol.address, amount: coins(1) });
/** Bob sends a coin; alice pays the fee. */
const paid = (sequence: number, fee = 2000, messages = [sendMsg(bob)]) =>
  signTx({
    from: bob,
    sequence: BigInt(sequence),
    messages,
    fee: coins(fee),
    granter: alice.address,
  });
const grantTx = (allowance: Any, sequence = 0) =>
  signTx({ from: alice, sequence: BigInt(sequence), messages: [grantMsg(allowance)], fee: [] });

async function granted(allowance: Any): Promise<AppChain> {
  const chain = await AppChain.start();
  const { txResults } = await chain.block([grantTx(allowance)]);
  t.equal(txResults[0]?.code, 0, txResults[0]?.log ?? "");
  return chain;
}

async function result(chain: AppChain, tx: Uint8Array) {
  const { txResults } = await chain.block([tx]);
  t.same(chain.app.brokenInvariants(), []);
  const [first] = txResults;
  return { code: first?.code, space: first?.codespace, log: first?.log ?? "", all: first };
}

const allowanceOf = (chain: AppChain) =>
  chain.ask(
    "/cosmos.feegrant.v1beta1.Query/Allowance",
    { request: q.QueryAllowanceRequest, response: q.QueryAllowanceResponse },
    { granter: alice.address, grantee: bob.address },
  ).allowance;

t.test("a basic allowance pays until it is used up, and then is gone", async (t) => {
  const chain = await granted(basic(5000));
  t.match(chain.check(paid(0)), { code: 0 });
  const first = await result(chain, paid(0));
  t.equal(first.code, 0, first.log);
  t.equal(chain.balance(alice.address), startBalance - 2000n);
  t.equal(chain.balance(bob.address), startBalance - 1n, "the sender pays no fee");
  const types = first.all?.events.map(({ type }) => type) ?? [];
  t.same(types.slice(0, 3), ["use_feegrant", "update_feegrant", "coin_spent"]);
  const payer = first.all?.events.flatMap(({ attributes }) => attributes);
  t.ok(payer?.some(({ key, value }) => key === "fee_payer" && value === alice.address));
  const left = BasicAllowance.decode(allowanceOf(chain)?.allowance?.value ?? new Uint8Array());
  t.same(left.spendLimit, coins(3000));
  const over = await result(chain, paid(1, 3001));
  t.same([over.code, over.space], [2, "feegrant"]);
  t.match(
    over.log,
    /^gonka1\w+ does not allow to pay fees for gonka1\w+: basic allowance: fee limit exceeded$/,
  );
  const last = await result(chain, paid(1, 3000));
  t.same(
    last.all?.events.slice(0, 2).map(({ type }) => type),
    ["revoke_feegrant", "use_feegrant"],
  );
  t.throws(() => allowanceOf(chain), /NotFound.*fee-grant not found/);
  t.match(await result(chain, paid(2)), { code: 38 });
});

t.test("an allowance ends at its time, and is removed", async (t) => {
  const chain = await granted(basic(undefined, 3));
  t.equal((await result(chain, paid(0))).code, 0, "no limit");
  await chain.wait(1);
  const late = await result(chain, paid(1));
  t.match(late.log, /fee-grant not found|fee allowance expired/);
  t.throws(() => allowanceOf(chain), /not found/);
});

t.test("a periodic allowance fills up again", async (t) => {
  const periodic = any(PeriodicAllowance, {
    basic: { spendLimit: coins(7000) },
    period: { seconds: 10n, nanos: 0 },
    periodSpendLimit: coins(3000),
    periodCanSpend: coins(3000),
    periodReset: at(10),
  });
  const chain = await granted(periodic);
  t.equal((await result(chain, paid(0))).code, 0);
  const over = await result(chain, paid(1));
  t.same([over.code, over.log.includes("period limit: fee limit exceeded")], [2, true], over.log);
  await chain.wait(8);
  t.equal((await result(chain, paid(1, 3000))).code, 0, "a new period");
  const kept = PeriodicAllowance.decode(allowanceOf(chain)?.allowance?.value ?? new Uint8Array());
  t.same(kept.basic.spendLimit, coins(2000));
  t.equal(kept.periodReset.seconds, at(20).seconds, "the rhythm stays");
  await chain.wait(30);
  t.equal((await result(chain, paid(2, 1000))).code, 0);
  const later = PeriodicAllowance.decode(allowanceOf(chain)?.allowance?.value ?? new Uint8Array());
  t.same(later.periodCanSpend, coins(1000), "no more than is left in total");
  t.equal(later.periodReset.seconds, genesisTime.seconds + 43n + 10n, "after a pause, anew");
});

t.test("a filtered allowance pays for the listed messages only", async (t) => {
  const filtered = any(AllowedMsgAllowance, {
    allowance: basic(9000),
    allowedMessages: [MsgSend.typeUrl],
  });
  const chain = await granted(filtered);
  t.equal((await result(chain, paid(0))).code, 0);
  const revoke = any(MsgRevokeAllowance, { granter: bob.address, grantee: carol.address });
  const other = await result(chain, paid(1, 2000, [revoke]));
  t.same([other.code, other.space], [7, "feegrant"], other.log);
});

t.test("what is refused when it is granted", async (t) => {
  const filter = (allowance: Any | undefined, allowedMessages: string[]) =>
    any(AllowedMsgAllowance, { allowedMessages, ...(allowance && { allowance }) });
  let nested = basic(1);
  for (let i = 0; i < 6; i++) nested = filter(nested, ["/a"]);
  const periodic = (edit: Partial<PeriodicAllowance>) =>
    any(PeriodicAllowance, {
      basic: { spendLimit: [] },
      period: { seconds: 1n, nanos: 0 },
      periodSpendLimit: coins(1),
      periodCanSpend: coins(1),
      periodReset: at(1),
      ...edit,
    });
  const cases: readonly [string, Any, number, string][] = [
    ["nothing", grantMsg(undefined), 5, "feegrant"],
    ["to himself", grantMsg(basic(1), alice, alice.address), 7, "sdk"],
    ["an unknown type", grantMsg({ typeUrl: "/x.Y", value: new Uint8Array() }), 2, "sdk"],
    ["a message, no allowance", grantMsg(sendMsg(alice)), 2, "sdk"],
    ["unknown fields", grantMsg({ ...basic(1), value: Uint8Array.of(0x50, 1) }), 2, "sdk"],
    ["a limit of zero", grantMsg(basic(0)), 10, "sdk"],
    ["a time before 1970", grantMsg(basic(1, -2_000_000_000)), 4, "feegrant"],
    ["a time that has passed", grantMsg(basic(1, -1)), 18, "sdk"],
    ["no messages in the filter", grantMsg(filter(basic(1), [])), 6, "feegrant"],
    ["no allowance in the filter", grantMsg(filter(undefined, ["/a"])), 5, "feegrant"],
    ["deep nesting", grantMsg(nested), 18, "sdk"],
    [
      "a negative period",
      grantMsg(periodic({ period: { seconds: -1n, nanos: 0 } })),
      4,
      "feegrant",
    ],
    ["a period without limit", grantMsg(periodic({ periodSpendLimit: [] })), 10, "sdk"],
    [
      "other coins than in total",
      grantMsg(periodic({ basic: { spendLimit: coins(1, "abc") } })),
      10,
      "sdk",
    ],
  ];
  for (const [name, message, code, space] of cases) {
    const chain = await AppChain.start();
    const got = await result(chain, signTx({ from: alice, sequence: 0n, messages: [message] }));
    t.same([got.code, got.space], [code, space], `${name}: ${got.log}`);
  }
});

t.test("grants are single, revoked, listed, and make an account", async (t) => {
  const chain = await granted(basic(5000, 100));
  t.match(await result(chain, grantTx(basic(1), 1)), { code: 18, log: /already exists/ });
  const newcomer = dev("newcomer", 0).address;
  const message = grantMsg(basic(7), alice, newcomer);
  const made = signTx({ from: alice, sequence: 2n, messages: [message], fee: [] });
  t.equal((await result(chain, made)).code, 0);
  const listed = chain.ask(
    "/cosmos.feegrant.v1beta1.Query/AllowancesByGranter",
    {
      request: q.QueryAllowancesByGranterRequest,
      response: q.QueryAllowancesByGranterResponse,
    },
    { granter: alice.address },
  );
  t.same(listed.allowances.map(({ grantee }) => grantee).sort(), [bob.address, newcomer].sort());
  const mine = chain.ask(
    "/cosmos.feegrant.v1beta1.Query/Allowances",
    { request: q.QueryAllowancesRequest, response: q.QueryAllowancesResponse },
    { grantee: bob.address },
  );
  t.same(
    mine.allowances.map(({ granter }) => granter),
    [alice.address],
  );
  const revoke = any(MsgRevokeAllowance, { granter: alice.address, grantee: bob.address });
  const revoked = signTx({ from: alice, sequence: 3n, messages: [revoke], fee: [] });
  t.equal((await result(chain, revoked)).code, 0);
  const again = signTx({ from: alice, sequence: 4n, messages: [revoke], fee: [] });
  t.match(await result(chain, again), { code: 38, log: /fee-grant not found/ });
  const prune = any(MsgPruneAllowances, { pruner: bob.address });
  const pruned = await result(chain, signTx({ from: bob, sequence: 0n, messages: [prune] }));
  t.ok(pruned.all?.events.some(({ type }) => type === "prune_feegrant"));
});

t.test("genesis has allowances in the SDK's JSON", async (t) => {
  const coins = (amount: string) => [{ denom: "ngonka", amount }];
  const basic = { spend_limit: coins("9"), expiration: "2030-01-01T00:00:00.5Z" };
  const periodic = {
    "@type": "/cosmos.feegrant.v1beta1.PeriodicAllowance",
    basic: { spend_limit: [], expiration: null },
    period: "3600s",
    period_spend_limit: coins("5"),
    period_can_spend: coins("2"),
    period_reset: "2029-01-01T00:00:00Z",
  };
  const filtered = {
    "@type": "/cosmos.feegrant.v1beta1.AllowedMsgAllowance",
    allowance: periodic,
    allowed_messages: ["/cosmos.bank.v1beta1.MsgSend"],
  };
  const [granter, grantee] = [alice.address, bob.address];
  const allowances = [
    { granter, grantee, allowance: filtered },
    {
      ...{ granter: bob.address, grantee: alice.address },
      allowance: { "@type": "/cosmos.feegrant.v1beta1.BasicAllowance", ...basic },
    },
  ];
  const start = (list: unknown) =>
    AppChain.start({
      state: appState({
        edit: (state) => {
          state.feegrant = { allowances: list };
        },
      }),
    });
  const chain = await start(allowances);
  await chain.block();
  const shown = chain.app.exportState().appState.feegrant as { allowances: typeof allowances };
  const sorted = (list: readonly { granter: string }[]) =>
    JSON.parse(JSON.stringify(list.toSorted((a, b) => (a.granter < b.granter ? -1 : 1))));
  t.same(sorted(shown.allowances), sorted(allowances));
  const bad: readonly [object, RegExp][] = [
    [{ ...periodic, period: "1h" }, /allowance.period: must be seconds/],
    [{ ...periodic, period_reset: "soon" }, /period_reset: must be a time/],
    [{ ...periodic, period_spend_limit: coins("0") }, /period_spend_limit: must be coins/],
    [{ "@type": "/cosmos.bank.v1beta1.MsgSend" }, /is no fee allowance/],
  ];
  for (const [allowance, problem] of bad) {
    await t.rejects(start([{ granter, grantee, allowance }]), problem);
  }
});
