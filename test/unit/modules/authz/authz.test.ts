/** Acting for others. Semantics: cosmos-sdk x/authz. spec/modules/authz.md. */
import { GenericAuthorization } from "cosmjs-types/cosmos/authz/v1beta1/authz";
import * as q from "cosmjs-types/cosmos/authz/v1beta1/query";
import {
  MsgExec,
  MsgExecResponse,
  MsgGrant,
  MsgRevoke,
} from "cosmjs-types/cosmos/authz/v1beta1/tx";
import { SendAuthorization } from "cosmjs-types/cosmos/bank/v1beta1/authz";
import { MsgMultiSend, MsgSend } from "cosmjs-types/cosmos/bank/v1beta1/tx";
import { TxMsgData } from "cosmjs-types/cosmos/base/abci/v1beta1/abci";
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
  dave,
  genesisTime,
  signTx,
  startBalance,
} from "../../../support/app-chain.ts";

const coins = (amount: number) => [{ denom: "ngonka", amount: String(amount) }];
const send = (from: Dev, amount = 10, to = carol) =>
  any(MsgSend, { fromAddress: from.address, toAddress: to.address, amount: coins(amount) });
const generic = (msg = MsgSend.typeUrl) => any(GenericAuthorization, { msg });
const sends = (limit: number, allowList: string[] = []) =>
  any(SendAuthorization, { spendLimit: coins(limit), allowList });
const grant = (authorization: Any | undefined, seconds?: number, grantee = bob.address) =>
  any(MsgGrant, {
    granter: alice.address,
    grantee,
    grant: {
      ...(authorization && { authorization }),
      ...(seconds !== undefined && {
        expiration: { seconds: genesisTime.seconds + BigInt(seconds), nanos: 0 },
      }),
    },
  });
const exec = (...msgs: Any[]) => any(MsgExec, { grantee: bob.address, msgs });
const revoke = any(MsgRevoke, {
  granter: alice.address,
  grantee: bob.address,
  msgTypeUrl: MsgSend.typeUrl,
});

/** Runs each transaction in a block of its own. */
class Run {
  readonly #sequences = new Map<string, bigint>();
  readonly chain: AppChain;
  constructor(chain: AppChain) {
    this.chain = chain;
  }

  async by(from: Dev, ...messages: Any[]) {
    const sequence = this.#sequences.get(from.name) ?? 0n;
    const tx = signTx({ from, sequence, messages, fee: [], gas: 500_000n });
    const { txResults } = await this.chain.block([tx]);
    const [first] = txResults;
    if (first?.events.some(({ type }) => type === "tx")) {
      this.#sequences.set(from.name, sequence + 1n);
    }
    t.same(this.chain.app.brokenInvariants(), []);
    return { code: first?.code, space: first?.codespace, log: first?.log ?? "", all: first };
  }
}

async function start(authorization: Any, seconds?: number): Promise<Run> {
  const run = new Run(await AppChain.start());
  const made = await run.by(alice, grant(authorization, seconds));
  t.equal(made.code, 0, made.log);
  return run;
}

t.test("a generic authorization allows messages of its type until it is revoked", async (t) => {
  const run = await start(generic());
  const done = await run.by(bob, exec(send(alice), send(alice, 5), send(bob, 1)));
  t.equal(done.code, 0, done.log);
  t.equal(run.chain.balance(alice.address), startBalance - 15n);
  t.equal(run.chain.balance(carol.address), startBalance + 16n);
  const received = done.all?.events.filter(({ type }) => type === "coin_received") ?? [];
  const indexes = received.map(({ attributes }) =>
    attributes.slice(-2).map((a) => Object.values(a)),
  );
  t.same(indexes[2], [
    ["authz_msg_index", "2", true],
    ["msg_index", "0", true],
  ]);
  const data = TxMsgData.decode(done.all?.data ?? new Uint8Array());
  const answer = MsgExecResponse.decode(data.msgResponses[0]?.value ?? new Uint8Array());
  t.equal(answer.results.length, 3);
  const multi = any(MsgMultiSend, {
    inputs: [{ address: alice.address, coins: coins(1) }],
    outputs: [{ address: bob.address, coins: coins(1) }],
  });
  t.match(await run.by(bob, exec(multi)), { code: 2, space: "authz" }, "another type");
  const ended = await run.by(alice, revoke);
  t.ok(ended.all?.events.some(({ type }) => type === "cosmos.authz.v1beta1.EventRevoke"));
  t.match(await run.by(bob, exec(send(alice))), { code: 2, space: "authz" });
  t.match(await run.by(alice, revoke), { code: 2, space: "authz" });
});

t.test("a send authorization counts down, and names receivers", async (t) => {
  const run = await start(sends(30, [carol.address]));
  t.equal((await run.by(bob, exec(send(alice, 20)))).code, 0);
  t.match(await run.by(bob, exec(send(alice, 5, dave))), { code: 4, log: /cannot send to gonka1/ });
  t.match(await run.by(bob, exec(send(alice, 11))), { code: 5, log: /more than spend limit/ });
  const last = await run.by(bob, exec(send(alice, 10)));
  t.ok(last.all?.events.some(({ type }) => type === "cosmos.authz.v1beta1.EventRevoke"));
  t.match(await run.by(bob, exec(send(alice, 1))), { code: 2, space: "authz" });
});

t.test("of messages that fail, none takes effect, and the grant is not used", async (t) => {
  const run = await start(sends(30));
  const failed = await run.by(bob, exec(send(alice, 20), send(bob, Number(startBalance) * 2)));
  t.match(failed, { code: 5, log: /message index: 0: failed to execute message: spendable/ });
  t.equal(run.chain.balance(carol.address), startBalance);
  t.equal((await run.by(bob, exec(send(alice, 30)))).code, 0, "the whole limit is left");
});

t.test("a grant ends at its time, and is removed", async (t) => {
  const run = await start(generic(), 4);
  t.equal((await run.by(bob, exec(send(alice)))).code, 0);
  await run.chain.wait(2);
  t.match(await run.by(bob, exec(send(alice))), { space: "authz" });
  await run.chain.wait(1);
  const path = "/cosmos.authz.v1beta1.Query/Grants";
  const types = { request: q.QueryGrantsRequest, response: q.QueryGrantsResponse };
  const parties = { granter: alice.address, grantee: bob.address };
  t.same(run.chain.ask(path, types, { ...parties, msgTypeUrl: "" }).grants, []);
});

t.test("a later grant for the same type takes the place of the earlier", async (t) => {
  const run = await start(generic(), 100);
  t.equal((await run.by(alice, grant(sends(10), 200))).code, 0);
  t.equal((await run.by(alice, grant(sends(20)))).code, 0);
  t.match(await run.by(bob, exec(send(alice, 21))), { code: 5 });
});

t.test("the queries of both sides", async (t) => {
  const run = await start(generic(), 100);
  t.equal((await run.by(alice, grant(generic(MsgMultiSend.typeUrl)))).code, 0);
  const path = "/cosmos.authz.v1beta1.Query";
  const one = run.chain.ask(
    `${path}/Grants`,
    { request: q.QueryGrantsRequest, response: q.QueryGrantsResponse },
    { granter: alice.address, grantee: bob.address, msgTypeUrl: MsgSend.typeUrl },
  );
  t.equal(one.grants[0]?.expiration?.seconds, genesisTime.seconds + 100n);
  const given = run.chain.ask(
    `${path}/GranterGrants`,
    { request: q.QueryGranterGrantsRequest, response: q.QueryGranterGrantsResponse },
    { granter: alice.address },
  );
  t.same(
    given.grants.map(({ grantee }) => grantee),
    [bob.address, bob.address],
  );
  const held = run.chain.ask(
    `${path}/GranteeGrants`,
    { request: q.QueryGranteeGrantsRequest, response: q.QueryGranteeGrantsResponse },
    { grantee: bob.address },
  );
  t.same(held.grants.length, 2);
});

t.test("what is refused", async (t) => {
  let nested = send(bob);
  for (let i = 0; i < 5; i++) nested = exec(nested);
  let fine = send(bob);
  for (let i = 0; i < 4; i++) fine = exec(fine);
  const twoSigners = any(MsgMultiSend, { inputs: [], outputs: [] });
  const cases: readonly [string, Dev, Any, number, string][] = [
    ["no authorization", alice, grant(undefined), 29, "sdk"],
    ["to himself", alice, grant(generic(), undefined, alice.address), 7, "authz"],
    ["a type that is no message", alice, grant(generic("/x.Y")), 29, "sdk"],
    [
      "an unknown authorization",
      alice,
      grant({ typeUrl: "/x.Y", value: new Uint8Array() }),
      2,
      "sdk",
    ],
    ["a limit of nothing", alice, grant(sends(0)), 10, "sdk"],
    ["a receiver twice", alice, grant(sends(1, ["a", "a"])), 8, "bank"],
    ["a time that has passed", alice, grant(generic(), 1), 3, "authz"],
    ["no messages", bob, exec(), 18, "sdk"],
    ["a message that is not valid", bob, exec(send(bob, 0)), 10, "sdk"],
    ["a message without signers", bob, exec(twoSigners), 9, "authz"],
    ["deep nesting", bob, nested, 18, "sdk"],
    ["what nobody granted", bob, exec(send(alice)), 2, "authz"],
  ];
  for (const [name, from, message, code, space] of cases) {
    const run = new Run(await AppChain.start());
    const got = await run.by(from, message);
    t.same([got.code, got.space], [code, space], `${name}: ${got.log}`);
  }
  t.equal((await new Run(await AppChain.start()).by(bob, fine)).code, 0, "four levels are fine");
});

t.test("genesis has authorizations in the SDK's JSON", async (t) => {
  const entry = (authorization: object) => ({
    ...{ granter: alice.address, grantee: bob.address, authorization },
    expiration: "2030-01-01T00:00:00Z",
  });
  const generic = {
    "@type": "/cosmos.authz.v1beta1.GenericAuthorization",
    msg: "/cosmos.gov.v1.MsgVote",
  };
  const send = {
    "@type": "/cosmos.bank.v1beta1.SendAuthorization",
    spend_limit: [{ denom: "ngonka", amount: "9" }],
    allow_list: [bob.address],
  };
  const start = (authorization: unknown) =>
    AppChain.start({
      state: appState({
        edit: (state) => {
          state.authz = { authorization };
        },
      }),
    });
  const both = [entry(send), entry(generic)];
  const chain = await start(both);
  await chain.block();
  const { authz } = chain.app.exportState().appState;
  t.same(JSON.parse(JSON.stringify(authz)), { authorization: both });
  const bad: readonly [object, RegExp][] = [
    [{ ...send, spend_limit: [] }, /spend limit cannot be nil/],
    [{ ...send, "@type": "/no.Such" }, /is no authorization/],
    [{ ...generic, msg: "/no.Such" }, /is no message of this chain/],
  ];
  for (const [authorization, problem] of bad) {
    await t.rejects(start([entry(authorization)]), problem);
  }
});
