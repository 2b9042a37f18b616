/** gov v1beta1: what older clients send and read. spec/modules/gov.md, "v1beta1". */
import { AminoTypes, createDefaultAminoConverters } from "@cosmjs/stargate";
import { MsgSend } from "cosmjs-types/cosmos/bank/v1beta1/tx";
import * as v1query from "cosmjs-types/cosmos/gov/v1/query";
import * as v1 from "cosmjs-types/cosmos/gov/v1/tx";
import { TextProposal, VoteOption } from "cosmjs-types/cosmos/gov/v1beta1/gov";
import * as q from "cosmjs-types/cosmos/gov/v1beta1/query";
import * as tx from "cosmjs-types/cosmos/gov/v1beta1/tx";
import type { Any } from "cosmjs-types/google/protobuf/any";
import t from "tap";
import { toBech32 } from "../../../../src/encoding/bech32.ts";
import { type AnyJsonCodecs, protoJson } from "../../../../src/encoding/proto-json.ts";
import { moduleAddress } from "../../../../src/modules/addresses.ts";
import type { Codec } from "../../../../src/modules/module.ts";
import { AppChain, alice, any, bob, carol, dave, signTx } from "../../../support/app-chain.ts";

const authority = toBech32("gonka", moduleAddress("gov"));
const deposit = [{ denom: "ngonka", amount: "10000000000" }];
const text = any(TextProposal, { title: "A text", description: "What it says" });
const submit = (content: Any, initialDeposit = deposit) =>
  any(tx.MsgSubmitProposal, { content, initialDeposit, proposer: alice.address });
const signed = (from: typeof alice, message: Any, sequence = 0n) =>
  signTx({ from, sequence, messages: [message], gas: 1_000_000n });

/** A query as REST shows it. */
function rest(chain: AppChain, method: string, request: Uint8Array): unknown {
  const path = `/cosmos.gov.v1beta1.Query/${method}`;
  const handler = chain.app.queries.find((query) => query.path === path);
  const answer = chain.app.query({ path, data: request, height: 0n, prove: false });
  if (!handler || answer.code !== 0) throw new Error(answer.log);
  const codec = handler.response as Codec<object>;
  const anys: AnyJsonCodecs = (url) => chain.app.anyTypes.get(url) as Codec<object> | undefined;
  return protoJson(codec, codec.decode(answer.value), anys);
}

t.test("a text proposal: submitted, funded, voted on and passed by v1beta1", async (t) => {
  const chain = await AppChain.start();
  const opened = (await chain.block([signed(alice, submit(text, []))])).txResults[0];
  t.match(opened, { code: 0 });
  const funds = any(tx.MsgDeposit, { proposalId: 1n, depositor: bob.address, amount: deposit });
  t.match((await chain.block([signed(bob, funds)])).txResults[0], { code: 0 });
  const votes = [
    signed(
      carol,
      any(tx.MsgVote, {
        proposalId: 1n,
        voter: carol.address,
        option: VoteOption.VOTE_OPTION_YES,
      }),
    ),
    signed(
      dave,
      any(tx.MsgVoteWeighted, {
        proposalId: 1n,
        voter: dave.address,
        options: [
          { option: VoteOption.VOTE_OPTION_YES, weight: "700000000000000000" },
          { option: VoteOption.VOTE_OPTION_NO, weight: "300000000000000000" },
        ],
      }),
    ),
  ];
  const { txResults } = await chain.block(votes);
  t.same(
    txResults.map(({ code }) => code),
    [0, 0],
  );
  t.match(rest(chain, "Votes", q.QueryVotesRequest.encode({ proposalId: 1n }).finish()), {
    votes: [{ option: "VOTE_OPTION_UNSPECIFIED" }, { option: "VOTE_OPTION_UNSPECIFIED" }],
  });
  const one = q.QueryVoteRequest.encode({ proposalId: 1n, voter: dave.address }).finish();
  t.same(rest(chain, "Vote", one), {
    vote: {
      proposal_id: "1",
      voter: dave.address,
      option: "VOTE_OPTION_UNSPECIFIED",
      options: [
        { option: "VOTE_OPTION_YES", weight: "0.700000000000000000" },
        { option: "VOTE_OPTION_NO", weight: "0.300000000000000000" },
      ],
    },
  });
  const tally = q.QueryTallyResultRequest.encode({ proposalId: 1n }).finish();
  t.same(rest(chain, "TallyResult", tally), {
    tally: { yes: "425000", abstain: "0", no: "75000", no_with_veto: "0" },
  });
  await chain.wait(40);
  const asked = q.QueryProposalRequest.encode({ proposalId: 1n }).finish();
  t.match(rest(chain, "Proposal", asked), {
    proposal: {
      proposal_id: "1",
      content: {
        "@type": "/cosmos.gov.v1beta1.TextProposal",
        title: "A text",
        description: "What it says",
      },
      status: "PROPOSAL_STATUS_PASSED",
      final_tally_result: { yes: "425000", abstain: "0", no: "75000", no_with_veto: "0" },
      total_deposit: deposit,
    },
  });
  const codecs = {
    request: v1query.QueryProposalRequest,
    response: v1query.QueryProposalResponse,
  };
  const { proposal } = chain.ask("/cosmos.gov.v1.Query/Proposal", codecs, { proposalId: 1n });
  t.equal(proposal?.messages[0]?.typeUrl, "/cosmos.gov.v1.MsgExecLegacyContent");
  t.equal(proposal?.summary, "What it says");
  t.same(chain.app.brokenInvariants(), []);
});

t.test("a proposal of v1 messages has a text for readers of v1beta1", async (t) => {
  const chain = await AppChain.start();
  const message = any(MsgSend, { fromAddress: authority, toAddress: bob.address, amount: deposit });
  const proposal = v1.MsgSubmitProposal.fromPartial({
    messages: [message],
    initialDeposit: deposit,
    proposer: alice.address,
    title: "Pay bob",
    summary: "He is owed",
  });
  await chain.block([signed(alice, any(v1.MsgSubmitProposal, proposal))]);
  const list = q.QueryProposalsRequest.encode(q.QueryProposalsRequest.fromPartial({})).finish();
  t.match(rest(chain, "Proposals", list), {
    proposals: [
      {
        content: { title: "Pay bob", description: "He is owed" },
        status: "PROPOSAL_STATUS_VOTING_PERIOD",
      },
    ],
    pagination: { next_key: null, total: "1" },
  });
});

t.test("each group of parameters, in the JSON of the SDK", async (t) => {
  const chain = await AppChain.start();
  await chain.block();
  const ask = (paramsType: string) =>
    rest(chain, "Params", q.QueryParamsRequest.encode({ paramsType }).finish());
  const zero = "0.000000000000000000";
  t.same(ask("tallying"), {
    voting_params: { voting_period: "0s" },
    deposit_params: { min_deposit: [], max_deposit_period: "0s" },
    tally_params: {
      quorum: "0.250000000000000000",
      threshold: "0.500000000000000000",
      veto_threshold: "0.334000000000000000",
    },
  });
  t.match(ask("voting"), {
    voting_params: { voting_period: "30s" },
    tally_params: { quorum: zero, threshold: zero, veto_threshold: zero },
  });
  t.match(ask("deposit"), { deposit_params: { min_deposit: deposit } });
  t.throws(() => ask("other"), /InvalidArgument desc = other is not a valid parameter type/);
});

t.test("contents other than texts, and texts without words, are refused", async (t) => {
  const chain = await AppChain.start();
  const parameterChange = "/cosmos.params.v1beta1.ParameterChangeProposal";
  const cases: [string, Any, number][] = [
    ["another content", submit({ typeUrl: parameterChange, value: new Uint8Array() }), 9],
    ["no title", submit(any(TextProposal, { title: " ", description: "b" })), 5],
    ["long", submit(any(TextProposal, { title: "a".repeat(141), description: "b" })), 5],
    ["bytes that are none", submit({ typeUrl: TextProposal.typeUrl, value: Uint8Array.of(7) }), 5],
  ];
  for (const [name, message, code] of cases) {
    t.match(chain.attempt(signed(alice, message)), { codespace: "gov", code }, name);
  }
});

t.test("the amino JSON is CosmJS's", async (t) => {
  const chain = await AppChain.start();
  const cosmjs = new AminoTypes(createDefaultAminoConverters());
  const weighted = tx.MsgVoteWeighted.fromPartial({
    proposalId: 3n,
    voter: bob.address,
    options: [
      { option: 1, weight: "500000000000000000" },
      { option: 3, weight: "500000000000000000" },
    ],
  });
  const cases: [string, object][] = [
    [tx.MsgSubmitProposal.typeUrl, { content: text, initialDeposit: deposit, proposer: "p" }],
    [tx.MsgDeposit.typeUrl, { proposalId: 2n, depositor: "d", amount: deposit }],
    [tx.MsgVote.typeUrl, { proposalId: 2n, voter: "v", option: 1 }],
    [tx.MsgVoteWeighted.typeUrl, weighted],
  ];
  for (const [typeUrl, value] of cases) {
    const handler = chain.app.msgs.find((msg) => msg.typeUrl === typeUrl);
    const shown = { type: handler?.amino.name, value: handler?.amino.toJson(value) };
    t.same(shown, cosmjs.toAmino({ typeUrl, value }), typeUrl);
  }
});
