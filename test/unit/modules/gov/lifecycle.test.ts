/** Proposals from submission to their effect. spec/modules/gov.md; tests carry its clause names. */
import { QueryParamsRequest, QueryParamsResponse } from "cosmjs-types/cosmos/auth/v1beta1/query";
import { MsgUpdateParams as AuthUpdate } from "cosmjs-types/cosmos/auth/v1beta1/tx";
import { MsgSend } from "cosmjs-types/cosmos/bank/v1beta1/tx";
import { MsgUpdateParams as ConsensusUpdate } from "cosmjs-types/cosmos/consensus/v1/tx";
import { type Proposal, ProposalStatus, VoteOption } from "cosmjs-types/cosmos/gov/v1/gov";
import * as q from "cosmjs-types/cosmos/gov/v1/query";
import * as tx from "cosmjs-types/cosmos/gov/v1/tx";
import type { Any } from "cosmjs-types/google/protobuf/any";
import type { Event, ResponseFinalizeBlock } from "cosmjs-types/tendermint/abci/types";
import t from "tap";
import { toBech32 } from "../../../../src/encoding/bech32.ts";
import { moduleAddress } from "../../../../src/modules/addresses.ts";
import { defaultAuthParams } from "../../../../src/modules/auth/params.ts";
import { defaultConsensusParams } from "../../../../src/types/consensus-params.ts";
import {
  AppChain,
  alice,
  any,
  appState,
  bob,
  carol,
  type Dev,
  dave,
  signTx,
  startBalance,
} from "../../../support/app-chain.ts";

const authority = toBech32("gonka", moduleAddress("gov"));
const minDeposit = 10_000_000_000n;
const coins = (amount: bigint, denom = "ngonka") => [{ denom, amount: String(amount) }];
const { PROPOSAL_STATUS_DEPOSIT_PERIOD, PROPOSAL_STATUS_VOTING_PERIOD } = ProposalStatus;
const { PROPOSAL_STATUS_PASSED, PROPOSAL_STATUS_REJECTED, PROPOSAL_STATUS_FAILED } = ProposalStatus;
const { VOTE_OPTION_YES, VOTE_OPTION_NO, VOTE_OPTION_NO_WITH_VETO, VOTE_OPTION_ABSTAIN } =
  VoteOption;

/** A chain with sequences kept; a failed message fails the test unless its code is expected. */
class GovChain {
  readonly chain: AppChain;
  readonly #sequences = new Map<string, bigint>();
  constructor(chain: AppChain) {
    this.chain = chain;
  }

  async send(from: Dev, ...messages: Any[]): Promise<ResponseFinalizeBlock["txResults"][0]> {
    const sequence = this.#sequences.get(from.name) ?? 0n;
    const bytes = signTx({ from, sequence, messages, gas: 2_000_000n });
    const [result] = (await this.chain.block([bytes])).txResults;
    if (!result) throw new Error("a transaction has a result");
    if (result.events.length > 0) this.#sequences.set(from.name, sequence + 1n); // It was used.
    return result;
  }

  async propose(
    messages: Any[],
    options: { deposit?: bigint; expedited?: boolean; title?: string; from?: Dev } = {},
  ) {
    const from = options.from ?? alice;
    return this.send(
      from,
      any(tx.MsgSubmitProposal, {
        messages,
        initialDeposit: options.deposit === 0n ? [] : coins(options.deposit ?? minDeposit),
        proposer: from.address,
        metadata: "",
        title: options.title ?? "A change",
        summary: "Why it is good",
        expedited: options.expedited ?? false,
      }),
    );
  }

  async vote(from: Dev, option: VoteOption, proposalId = 1n) {
    return this.send(
      from,
      any(tx.MsgVote, { proposalId, voter: from.address, option, metadata: "" }),
    );
  }

  proposal(proposalId = 1n): Proposal | undefined {
    const types = { request: q.QueryProposalRequest, response: q.QueryProposalResponse };
    return this.chain.ask("/cosmos.gov.v1.Query/Proposal", types, { proposalId }).proposal;
  }

  memoLimit(): bigint {
    const types = { request: QueryParamsRequest, response: QueryParamsResponse };
    return this.chain.ask("/cosmos.auth.v1beta1.Query/Params", types, {}).params.maxMemoCharacters;
  }
}

const start = async (edit?: (state: Record<string, unknown>) => void): Promise<GovChain> =>
  new GovChain(await AppChain.start({ state: appState(edit ? { edit } : {}) }));
const changeMemo = (maxMemoCharacters: bigint) =>
  any(AuthUpdate, { authority, params: { ...defaultAuthParams, maxMemoCharacters } });
const spend = (to: Dev, amount: bigint) =>
  any(MsgSend, { fromAddress: authority, toAddress: to.address, amount: coins(amount) });
const named = (events: readonly Event[] | undefined, type: string) =>
  (events ?? [])
    .filter((event) => event.type === type)
    .map(({ attributes }) => attributes.map(({ key, value }) => `${key}=${value}`).join(" "));

t.test("a parameter change: deposit, votes, tally, and effect at the next epoch", async (t) => {
  const gov = await start();
  t.match(await gov.propose([changeMemo(300n)]), { code: 0 });
  t.match(gov.proposal(), { status: PROPOSAL_STATUS_VOTING_PERIOD, id: 1n });
  t.equal(gov.chain.balance(alice.address), startBalance - minDeposit - 2000n);
  t.match(await gov.vote(alice, VOTE_OPTION_YES), { code: 0 });
  t.match(await gov.vote(bob, VOTE_OPTION_YES), { code: 0 });
  t.match(await gov.vote(carol, VOTE_OPTION_NO), { code: 0 });
  const tallyTypes = { request: q.QueryTallyResultRequest, response: q.QueryTallyResultResponse };
  const live = gov.chain.ask("/cosmos.gov.v1.Query/TallyResult", tallyTypes, { proposalId: 1n });
  t.same(live.tally, {
    yesCount: "500000",
    abstainCount: "0",
    noCount: "250000",
    noWithVetoCount: "0",
  });
  await gov.chain.wait(26);
  t.match(gov.proposal(), { status: PROPOSAL_STATUS_VOTING_PERIOD }, "30 s have not passed");
  const { events } = await gov.chain.block();
  t.same(named(events, "active_proposal"), [
    "proposal_id=1 proposal_result=proposal_passed proposal_log=passed mode=EndBlock",
  ]);
  t.match(gov.proposal(), { status: PROPOSAL_STATUS_PASSED, finalTallyResult: live.tally });
  t.equal(gov.chain.balance(alice.address), startBalance - 2n * 2000n, "the deposit came back");
  t.equal(gov.memoLimit(), 256n, "the epoch has not ended");
  while (gov.chain.height < 60n) await gov.chain.block();
  t.equal(gov.memoLimit(), 256n);
  await gov.chain.block(); // Height 61: an epoch has 60 blocks.
  t.equal(gov.memoLimit(), 300n);
  t.same(gov.chain.app.brokenInvariants(), []);
});

t.test(
  "consensus parameters change at the engine in the block that begins the epoch",
  async (t) => {
    const gov = await start();
    const { block, evidence, validator } = defaultConsensusParams();
    const message = { authority, block: { ...block, maxBytes: 2_000_000n }, evidence, validator };
    t.match(await gov.propose([any(ConsensusUpdate, message)]), { code: 0 });
    for (const voter of [alice, bob, carol]) await gov.vote(voter, VOTE_OPTION_YES);
    const updates: bigint[] = [];
    while (gov.chain.height < 65n) {
      const { consensusParamUpdates } = await gov.chain.block();
      if (consensusParamUpdates) updates.push(gov.chain.height);
    }
    t.match(gov.proposal(), { status: PROPOSAL_STATUS_PASSED });
    t.same(updates, [61n]);
  },
);

const outcomes: readonly [
  name: string,
  votes: readonly [Dev, VoteOption][],
  status: number,
  burned: boolean,
][] = [
  ["no votes: below quorum", [], PROPOSAL_STATUS_REJECTED, false],
  [
    "a quarter of the power is the quorum",
    [[alice, VOTE_OPTION_YES]],
    PROPOSAL_STATUS_PASSED,
    false,
  ],
  [
    "all abstain",
    [
      [alice, VOTE_OPTION_ABSTAIN],
      [bob, VOTE_OPTION_ABSTAIN],
    ],
    PROPOSAL_STATUS_REJECTED,
    false,
  ],
  [
    "half is not more than the threshold",
    [
      [alice, VOTE_OPTION_YES],
      [bob, VOTE_OPTION_NO],
    ],
    PROPOSAL_STATUS_REJECTED,
    false,
  ],
  [
    "abstaining does not count against",
    [
      [alice, VOTE_OPTION_YES],
      [bob, VOTE_OPTION_ABSTAIN],
    ],
    PROPOSAL_STATUS_PASSED,
    false,
  ],
  [
    "more than a third vetoes: the deposit burns",
    [
      [alice, VOTE_OPTION_YES],
      [bob, VOTE_OPTION_NO_WITH_VETO],
    ],
    PROPOSAL_STATUS_REJECTED,
    true,
  ],
  [
    "a quarter of vetoes is not enough",
    [
      [alice, VOTE_OPTION_YES],
      [bob, VOTE_OPTION_YES],
      [carol, VOTE_OPTION_YES],
      [dave, VOTE_OPTION_NO_WITH_VETO],
    ],
    PROPOSAL_STATUS_PASSED,
    false,
  ],
];
for (const [name, votes, status, burned] of outcomes) {
  t.test(`tally: ${name}`, async (t) => {
    const gov = await start();
    await gov.propose([changeMemo(300n)], { from: dave });
    for (const [voter, option] of votes) await gov.vote(voter, option);
    await gov.chain.wait(31);
    t.equal(gov.proposal()?.status, status);
    const fees = 2000n * (1n + BigInt(votes.filter(([voter]) => voter === dave).length));
    const kept = burned ? minDeposit : 0n;
    t.equal(gov.chain.balance(dave.address), startBalance - fees - kept);
    t.equal(gov.chain.balance(authority), 0n);
    t.same(gov.chain.app.brokenInvariants(), [], "burnt coins left the supply");
  });
}

t.test("a deposit below the minimum waits, and others may complete it", async (t) => {
  const gov = await start();
  await gov.propose([changeMemo(300n)], { deposit: minDeposit / 2n });
  t.match(gov.proposal(), { status: PROPOSAL_STATUS_DEPOSIT_PERIOD });
  t.match(await gov.vote(bob, VOTE_OPTION_YES), { code: 3, codespace: "gov" });
  const deposit = (amount: bigint, denom?: string) =>
    any(tx.MsgDeposit, { proposalId: 1n, depositor: bob.address, amount: coins(amount, denom) });
  t.match(await gov.send(bob, deposit(1n)), { code: 16, codespace: "gov" }, "below 1 %");
  t.match(await gov.send(bob, deposit(5n, "other")), { code: 23, codespace: "gov" });
  t.match(await gov.send(bob, deposit(minDeposit / 2n)), { code: 0 });
  t.match(gov.proposal(), { status: PROPOSAL_STATUS_VOTING_PERIOD });
  t.match(
    await gov.send(
      bob,
      any(tx.MsgDeposit, { proposalId: 9n, depositor: bob.address, amount: coins(minDeposit) }),
    ),
    { code: 2, codespace: "gov", log: /unknown proposal$/ },
  );
});

t.test("a proposal whose deposit is not completed disappears, its deposit goes back", async (t) => {
  const gov = await start();
  await gov.propose([changeMemo(300n)], { deposit: minDeposit / 2n });
  await gov.chain.wait(31);
  t.throws(() => gov.proposal(), /proposal 1 doesn't exist/);
  t.equal(gov.chain.balance(alice.address), startBalance - 2000n);
});

t.test("expedited: passes sooner with more votes, else goes on as a usual one", async (t) => {
  const fast = await start();
  await fast.propose([changeMemo(300n)], { deposit: 5n * minDeposit, expedited: true });
  for (const voter of [alice, bob, carol]) await fast.vote(voter, VOTE_OPTION_YES);
  await fast.chain.wait(18);
  t.match(fast.proposal(), { status: PROPOSAL_STATUS_PASSED });

  const slow = await start();
  await slow.propose([changeMemo(300n)], { deposit: 5n * minDeposit, expedited: true });
  for (const voter of [alice, bob]) await slow.vote(voter, VOTE_OPTION_YES);
  await slow.vote(carol, VOTE_OPTION_NO);
  await slow.chain.wait(18);
  t.match(slow.proposal(), { status: PROPOSAL_STATUS_VOTING_PERIOD, expedited: false });
  await slow.chain.wait(10);
  t.match(slow.proposal(), { status: PROPOSAL_STATUS_PASSED }, "two to one: the votes stayed");
});

t.test("messages that fail leave nothing behind and give the reason", async (t) => {
  const gov = await start();
  await gov.propose([changeMemo(300n), spend(bob, 1n)]);
  await gov.vote(alice, VOTE_OPTION_YES);
  await gov.chain.wait(31);
  const proposal = gov.proposal();
  t.equal(proposal?.status, PROPOSAL_STATUS_FAILED);
  t.match(proposal?.failedReason ?? "", /spendable balance 0ngonka is smaller than 1ngonka/);
  while (gov.chain.height < 62n) await gov.chain.block();
  t.equal(gov.memoLimit(), 256n, "the first message took no effect either");
});

t.test("deposits cannot be spent: their refund would stop the chain", async (t) => {
  const gov = await start();
  await gov.propose([spend(dave, minDeposit)]);
  await gov.vote(alice, VOTE_OPTION_YES);
  await gov.chain.wait(20);
  await gov.propose([changeMemo(300n)], { from: bob });
  await gov.chain.wait(11);
  t.match(gov.proposal(1n), {
    status: PROPOSAL_STATUS_FAILED,
    failedReason: /deposits of open proposals/,
  });
  t.equal(gov.chain.balance(dave.address), startBalance);
  const deposit = { proposalId: 2n, depositor: authority, amount: coins(minDeposit) };
  await gov.propose([any(tx.MsgDeposit, deposit)], { from: carol });
  await gov.vote(alice, VOTE_OPTION_YES, 3n);
  await gov.chain.wait(31);
  t.equal(gov.chain.balance(authority), 0n, "every deposit went back");
  t.same(gov.chain.app.brokenInvariants(), []);
});

t.test("a change written against parameters that have changed since is refused", async (t) => {
  const gov = await start();
  await gov.propose([changeMemo(300n)]);
  await gov.propose([changeMemo(400n)], { from: bob });
  for (const id of [1n, 2n]) await gov.vote(alice, VOTE_OPTION_YES, id);
  await gov.chain.wait(33);
  t.equal(gov.proposal(1n)?.status, PROPOSAL_STATUS_PASSED);
  t.match(gov.proposal(2n), {
    status: PROPOSAL_STATUS_FAILED,
    failedReason: /the parameters have changed since the proposal was submitted: invalid proposal$/,
  });
  while (gov.chain.height < 62n) await gov.chain.block();
  t.equal(gov.memoLimit(), 300n);
});

t.test("weighted votes split power; a later vote replaces the earlier one", async (t) => {
  const gov = await start();
  await gov.propose([changeMemo(300n)]);
  await gov.vote(alice, VOTE_OPTION_NO);
  const options = [
    { option: VOTE_OPTION_YES, weight: "0.7" },
    { option: VOTE_OPTION_ABSTAIN, weight: "0.3" },
  ];
  const weighted = { proposalId: 1n, voter: alice.address, options, metadata: "" };
  t.match(await gov.send(alice, any(tx.MsgVoteWeighted, weighted)), { code: 0 });
  const types = { request: q.QueryTallyResultRequest, response: q.QueryTallyResultResponse };
  const { tally } = gov.chain.ask("/cosmos.gov.v1.Query/TallyResult", types, { proposalId: 1n });
  t.match(tally, { yesCount: "175000", abstainCount: "75000", noCount: "0" });
  for (const [bad, code] of [
    [["0.7"], 7],
    [["0.7", "0.4"], 7],
    [["1.5", "-0.5"], 7],
  ] as const) {
    const wrong = bad.map((weight, index) => ({ option: (index + 1) as VoteOption, weight }));
    const vote = any(tx.MsgVoteWeighted, { ...weighted, voter: bob.address, options: wrong });
    t.match(await gov.send(bob, vote), { code, codespace: "gov" }, bad.join(" "));
  }
});

t.test("the proposer may cancel and pays a part of the deposits", async (t) => {
  const gov = await start();
  await gov.propose([changeMemo(300n)]);
  const cancel = (proposer: Dev) =>
    any(tx.MsgCancelProposal, { proposalId: 1n, proposer: proposer.address });
  t.match(await gov.send(bob, cancel(bob)), { code: 18, codespace: "gov" });
  t.match(await gov.send(alice, cancel(alice)), { code: 0 });
  t.throws(() => gov.proposal(), /doesn't exist/);
  t.equal(gov.chain.balance(alice.address), startBalance - minDeposit / 2n - 4000n);
  t.same(gov.chain.app.brokenInvariants(), []);
});

t.test("what a proposal may not hold", async (t) => {
  const gov = await start();
  const nested = any(
    tx.MsgSubmitProposal,
    tx.MsgSubmitProposal.fromPartial({ proposer: authority }),
  );
  const own = any(MsgSend, {
    fromAddress: alice.address,
    toAddress: bob.address,
    amount: coins(1n),
  });
  const cases: [string, Any[], string, number, string?][] = [
    ["a message that somebody else must sign", [own], "gov", 13],
    ["a proposal", [nested], "gov", 10],
    ["an unknown message", [{ typeUrl: "/x.Msg", value: new Uint8Array() }], "sdk", 2],
    ["a malformed message", [{ ...own, value: Uint8Array.of(0xff) }], "sdk", 2],
    ["parameters out of bounds", [changeMemo(0n)], "sdk", 18],
    ["neither messages nor metadata", [], "gov", 11],
    ["a title that is too long", [changeMemo(9n)], "gov", 15, "t".repeat(256)],
    ["no title", [changeMemo(9n)], "sdk", 18, ""],
  ];
  for (const [name, messages, codespace, code, title] of cases) {
    const result = await gov.propose(messages, title === undefined ? {} : { title });
    t.same([result.codespace, result.code], [codespace, code], `${name}: ${result.log}`);
  }
  const forged = signTx({ from: bob, sequence: 0n, messages: [changeMemo(300n)], fee: [] });
  t.match(gov.chain.check(forged), { code: 8 }, "no key has the address of gov");
});

t.test("export in the middle of a vote, import, and the vote ends the same", async (t) => {
  const gov = await start();
  await gov.propose([changeMemo(300n)]);
  await gov.vote(alice, VOTE_OPTION_YES);
  const state = JSON.parse(JSON.stringify(gov.chain.app.exportState().appState));
  const other = new GovChain(await AppChain.start({ state }));
  await other.chain.block();
  const again = JSON.parse(JSON.stringify(other.chain.app.exportState().appState));
  t.same(again.gov, state.gov);
  t.equal(state.gov.param_guards.length, 1);
  await other.chain.wait(35);
  t.match(other.proposal(), { status: PROPOSAL_STATUS_PASSED });
});
