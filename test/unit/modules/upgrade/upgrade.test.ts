/** Planned upgrades: voted, halted at, carried out by the next program. spec/modules/upgrade.md. */
import { VoteOption } from "cosmjs-types/cosmos/gov/v1/gov";
import { MsgSubmitProposal, MsgVote } from "cosmjs-types/cosmos/gov/v1/tx";
import * as q from "cosmjs-types/cosmos/upgrade/v1beta1/query";
import * as tx from "cosmjs-types/cosmos/upgrade/v1beta1/tx";
import type { Any } from "cosmjs-types/google/protobuf/any";
import t from "tap";
import { type AppOptions, createApp } from "../../../../src/abci/app.ts";
import { toBech32 } from "../../../../src/encoding/bech32.ts";
import { utf8 } from "../../../../src/encoding/bytes.ts";
import { protoJson } from "../../../../src/encoding/proto-json.ts";
import { moduleAddress } from "../../../../src/modules/addresses.ts";
import type { Codec, Context } from "../../../../src/modules/module.ts";
import { UpgradeNeeded } from "../../../../src/modules/upgrade/halt.ts";
import { StoreKey } from "../../../../src/store/kv.ts";
import {
  AppChain,
  alice,
  any,
  appState,
  bob,
  carol,
  chainId,
  dave,
  signTx,
  silentLog,
} from "../../../support/app-chain.ts";

const authority = toBech32("gonka", moduleAddress("gov"));
const deposit = [{ denom: "ngonka", amount: "10000000000" }];
/** The localnet votes for 30 seconds: the plan passes at the end of block 32. */
const passHeight = 32n;
const planHeight = 36n;

function upgrade(plan: { name?: string; height?: bigint; info?: string } = {}): Any {
  const time = { seconds: -62_135_596_800n, nanos: 0 };
  const { name = "v2", height = planHeight, info = "read the notes" } = plan;
  return any(tx.MsgSoftwareUpgrade, { authority, plan: { name, height, info, time } });
}

/** Blocks until the vote on these messages has passed. */
async function pass(chain: AppChain, messages: Any[]): Promise<void> {
  const proposal = MsgSubmitProposal.fromPartial({
    messages,
    initialDeposit: deposit,
    proposer: alice.address,
    title: "Upgrade",
    summary: "New rules",
  });
  const opened = await chain.block([
    signTx({
      from: alice,
      sequence: 0n,
      gas: 1_000_000n,
      messages: [any(MsgSubmitProposal, proposal)],
    }),
  ]);
  t.match(opened.txResults[0], { code: 0 });
  const votes = [bob, carol, dave].map((from) =>
    signTx({
      from,
      sequence: 0n,
      messages: [
        any(MsgVote, {
          proposalId: 1n,
          voter: from.address,
          option: VoteOption.VOTE_OPTION_YES,
          metadata: "",
        }),
      ],
    }),
  );
  await chain.block(votes);
  while (chain.height < passHeight) await chain.block();
}

function open(chain: AppChain, options: Partial<AppOptions>) {
  return createApp({
    db: chain.db,
    chainId,
    bech32Prefix: "gonka",
    baseDenom: "ngonka",
    minGasPrices: "",
    version: "0.0.0-test",
    log: silentLog,
    ...options,
  });
}

const ask = <Request, Response>(
  chain: AppChain,
  method: string,
  codecs: { readonly request: Codec<Request>; readonly response: Codec<Response> },
  request: Request,
) => chain.ask(`/cosmos.upgrade.v1beta1.Query/${method}`, codecs, request);
const planCodecs = { request: q.QueryCurrentPlanRequest, response: q.QueryCurrentPlanResponse };
const appliedCodecs = { request: q.QueryAppliedPlanRequest, response: q.QueryAppliedPlanResponse };

t.test("a chain halts at its plan, and goes on with a program that knows it", async (t) => {
  const chain = await AppChain.start();
  await pass(chain, [upgrade()]);
  const answer = ask(chain, "CurrentPlan", planCodecs, {});
  t.same(
    protoJson(q.QueryCurrentPlanResponse, answer, () => undefined),
    {
      plan: {
        name: "v2",
        time: "0001-01-01T00:00:00Z",
        height: "36",
        info: "read the notes",
        upgraded_client_state: null,
      },
    },
  );
  while (chain.height < planHeight - 1n) await chain.block();
  const text = 'UPGRADE "v2" NEEDED at height: 36: read the notes';
  const needed = new UpgradeNeeded({ name: "v2", height: 36n, info: "read the notes" });
  t.throws(() => chain.app.finalizeBlock(chain.request([])), needed);
  t.throws(
    () => chain.app.finalizeBlock(chain.request([])),
    { message: text },
    "and again, however often",
  );
  t.equal(chain.app.info().lastBlockHeight, planHeight - 1n, "nothing was committed");

  const told: string[] = [];
  const log = { info: (message: string) => told.push(message), error: () => undefined };
  const key = new StoreKey("upgrade");
  const write = (ctx: Context) => ctx.kv(key).set(utf8("marked"), Uint8Array.of(7));
  const upgradeHandlers = new Map([["v2", write]]);
  chain.app = await open(chain, { upgradeHandlers, log });
  await chain.block();
  t.ok(told.includes('applying upgrade "v2" at height: 36'));
  t.same(ask(chain, "CurrentPlan", planCodecs, {}), {});
  t.same(ask(chain, "AppliedPlan", appliedCodecs, { name: "v2" }), { height: 36n });
  t.same(ask(chain, "AppliedPlan", appliedCodecs, { name: "v3" }), { height: 0n });
  const marked = chain.app.query({
    path: "/store/upgrade/key",
    data: utf8("marked"),
    height: 0n,
    prove: false,
  });
  t.same([...marked.value], [7], "the handler wrote into the state");
  await chain.block();
  t.same(chain.app.brokenInvariants(), []);

  chain.app = await open(chain, {});
  const old = /Wrong app version, upgrade handler is missing for v2 upgrade plan/;
  t.throws(() => chain.app.finalizeBlock(chain.request([])), old, "an old program cannot go on");
});

t.test("operators can agree to drop a plan", async (t) => {
  const chain = await AppChain.start();
  await pass(chain, [upgrade()]);
  chain.app = await open(chain, { skipUpgrades: [planHeight] });
  while (chain.height < planHeight + 2n) await chain.block();
  t.same(ask(chain, "CurrentPlan", planCodecs, {}), {});
  t.same(ask(chain, "AppliedPlan", appliedCodecs, { name: "v2" }), { height: 0n });
});

t.test("a program that is too early says so", async (t) => {
  const chain = await AppChain.start();
  await pass(chain, [upgrade()]);
  chain.app = await open(chain, { upgradeHandlers: new Map([["v2", () => undefined]]) });
  const early = /BINARY UPDATED BEFORE TRIGGER! UPGRADE "v2" - in binary but not executed on chain/;
  t.throws(() => chain.app.finalizeBlock(chain.request([])), early);
});

t.test("a plan can be cancelled by the same vote that made it", async (t) => {
  const chain = await AppChain.start();
  await pass(chain, [upgrade(), any(tx.MsgCancelUpgrade, { authority })]);
  t.same(ask(chain, "CurrentPlan", planCodecs, {}), {});
});

t.test("plans that cannot be are refused before any vote", async (t) => {
  const chain = await AppChain.start();
  const timed = tx.MsgSoftwareUpgrade.fromPartial({
    authority,
    plan: { name: "v2", height: 5n, time: { seconds: 1_800_000_000n } },
  });
  const cases: [string, Any, RegExp][] = [
    ["no name", upgrade({ name: "" }), /name cannot be empty/],
    ["no height", upgrade({ height: 0n }), /height must be greater than 0/],
    ["by time", any(tx.MsgSoftwareUpgrade, timed), /time-based upgrades have been deprecated/],
  ];
  for (const [name, message, log] of cases) {
    const proposal = MsgSubmitProposal.fromPartial({
      messages: [message],
      initialDeposit: deposit,
      proposer: alice.address,
      title: "Upgrade",
      summary: "New rules",
    });
    const tx = signTx({ from: alice, sequence: 0n, messages: [any(MsgSubmitProposal, proposal)] });
    t.match(chain.attempt(tx), { code: 18, log }, name);
  }
  const direct = signTx({ from: alice, sequence: 0n, messages: [upgrade()] });
  t.not(chain.check(direct).code, 0, "nobody can sign for gov");
});

t.test("a plan in the past fails the proposal", async (t) => {
  const chain = await AppChain.start();
  await pass(chain, [upgrade({ height: 3n })]);
  t.same(ask(chain, "CurrentPlan", planCodecs, {}), {});
});

t.test("modules and authority; export and import keep plans", async (t) => {
  const chain = await AppChain.start();
  await pass(chain, [upgrade({ height: 500n })]);
  const versionCodecs = {
    request: q.QueryModuleVersionsRequest,
    response: q.QueryModuleVersionsResponse,
  };
  const { moduleVersions } = ask(chain, "ModuleVersions", versionCodecs, { moduleName: "bank" });
  t.same(moduleVersions, [{ name: "bank", version: 1n }]);
  const unknown = () => ask(chain, "ModuleVersions", versionCodecs, { moduleName: "nft" });
  t.throws(unknown, /module nft not found/);
  const authorityCodecs = { request: q.QueryAuthorityRequest, response: q.QueryAuthorityResponse };
  t.same(ask(chain, "Authority", authorityCodecs, {}), { address: authority });
  const exported = chain.app.exportState().appState as Record<string, unknown>;
  t.same(exported.upgrade, { plan: { name: "v2", height: "500", info: "read the notes" } });
  const copy = await AppChain.start({ state: exported });
  await copy.block();
  t.same(copy.app.exportState().appState.upgrade, exported.upgrade);
  const bad = appState({
    edit: (state) => {
      state.upgrade = { plan: { name: "", height: "1", info: "" } };
    },
  });
  await t.rejects(AppChain.start({ state: bad }), /app_state.upgrade.plan: name cannot be empty/);
});
