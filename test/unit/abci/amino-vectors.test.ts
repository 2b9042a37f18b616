/**
 * Legacy amino JSON of the SDK's messages, literally as its own tests have it
 * (test/vectors/sdk-amino.json), and of staking and distribution as CosmJS makes it. Addresses in
 * them are texts that nobody parses.
 */
import { readFileSync } from "node:fs";
import { AminoTypes, createDefaultAminoConverters } from "@cosmjs/stargate";
import { GenericAuthorization } from "cosmjs-types/cosmos/authz/v1beta1/authz";
import * as authz from "cosmjs-types/cosmos/authz/v1beta1/tx";
import { SendAuthorization } from "cosmjs-types/cosmos/bank/v1beta1/authz";
import * as bank from "cosmjs-types/cosmos/bank/v1beta1/tx";
import * as distribution from "cosmjs-types/cosmos/distribution/v1beta1/tx";
import { BasicAllowance, PeriodicAllowance } from "cosmjs-types/cosmos/feegrant/v1beta1/feegrant";
import * as feegrant from "cosmjs-types/cosmos/feegrant/v1beta1/tx";
import * as gov from "cosmjs-types/cosmos/gov/v1/tx";
import { TextProposal } from "cosmjs-types/cosmos/gov/v1beta1/gov";
import * as legacy from "cosmjs-types/cosmos/gov/v1beta1/tx";
import { MsgUnjail } from "cosmjs-types/cosmos/slashing/v1beta1/tx";
import * as staking from "cosmjs-types/cosmos/staking/v1beta1/tx";
import { MsgSoftwareUpgrade } from "cosmjs-types/cosmos/upgrade/v1beta1/tx";
import type { Any } from "cosmjs-types/google/protobuf/any";
import t from "tap";
import { wireSimapp } from "../../../src/abci/simapp.ts";
import { Registry } from "../../../src/abci/tx/registry.ts";
import { wireModules } from "../../../src/abci/wiring.ts";
import { canonicalJson } from "../../../src/encoding/canonical-json.ts";
import { Addresses } from "../../../src/modules/addresses.ts";
import { any } from "../../support/app-chain.ts";

function registryOf(wire: typeof wireModules): Registry {
  const registry = new Registry();
  const identity = { addresses: new Addresses("cosmos"), baseDenom: "stake" };
  for (const module of wire(identity, registry).modules) registry.add(module);
  return registry;
}
const registry = registryOf(wireModules);
const file = new URL("../../vectors/sdk-amino.json", import.meta.url);
const vectors = (JSON.parse(readFileSync(file, "utf8")) as { messages: unknown[] }).messages;
const aminoOf = (message: Any, known = registry): string => {
  const { handler, message: value } = known.decode(message);
  return canonicalJson({ type: handler.amino.name, value: handler.amino.toJson(value) });
};

const stake = (amount: string, denom = "stake") => [{ denom, amount }];
const parties = { granter: "cosmos1abc", grantee: "cosmos1def" };
const expiration = { seconds: -62_135_589_539n, nanos: 1 };
const grant = (authorization: Any) =>
  any(authz.MsgGrant, { ...parties, grant: { authorization, expiration } });
const send = (from: string, to: string, amount: { denom: string; amount: string }[]) =>
  any(bank.MsgSend, { fromAddress: from, toAddress: to, amount });
const proposal = (messages: Any[], title: string, summary: string) =>
  any(gov.MsgSubmitProposal, gov.MsgSubmitProposal.fromPartial({ messages, title, summary }));

/** In the order of the vectors. */
const messages: readonly Any[] = [
  send("cosmos1d9h8qat57ljhcm", "cosmos1da6hgur4wsmpnjyg", stake("10", "atom")),
  any(bank.MsgMultiSend, {
    inputs: [{ address: "cosmos1d9h8qat57ljhcm", coins: stake("10", "atom") }],
    outputs: [{ address: "cosmos1da6hgur4wsmpnjyg", coins: stake("10", "atom") }],
  }),
  any(bank.MsgSetSendEnabled, {
    authority: "cartman",
    sendEnabled: [
      { denom: "casafiestacoin", enabled: false },
      { denom: "kylecoin", enabled: true },
    ],
    useDefaultFor: [],
  }),
  grant(any(GenericAuthorization, { msg: "/cosmos.bank.v1beta1.MsgSend" })),
  grant(any(SendAuthorization, { spendLimit: stake("1000"), allowList: [] })),
  any(authz.MsgRevoke, { ...parties, msgTypeUrl: "/cosmos.bank.v1beta1.MsgSend" }),
  any(authz.MsgExec, { grantee: "cosmos1def", msgs: [send("cosmos1ghi", "cosmos1jkl", [])] }),
  any(feegrant.MsgGrantAllowance, {
    ...parties,
    allowance: any(BasicAllowance, { spendLimit: stake("100", "foo") }),
  }),
  any(feegrant.MsgRevokeAllowance, parties),
  any(gov.MsgDeposit, {
    proposalId: 0n,
    depositor: "cosmos1v9jxgu33kfsgr5",
    amount: stake("1000"),
  }),
  any(legacy.MsgDeposit, {
    proposalId: 0n,
    depositor: "cosmos1v9jxgu33kfsgr5",
    amount: stake("1000"),
  }),
  proposal(
    [
      any(
        gov.MsgVote,
        gov.MsgVote.fromPartial({ proposalId: 1n, voter: "cosmos1w3jhxap3gempvr", option: 1 }),
      ),
    ],
    "gov/MsgVote",
    "Proposal for a governance vote msg",
  ),
  any(legacy.MsgSubmitProposal, {
    content: any(TextProposal, { title: "test", description: "abcd" }),
    initialDeposit: [],
    proposer: "",
  }),
  any(MsgUnjail, { validatorAddr: "cosmosvaloper1v93xxeqhg9nn6" }),
];

for (const [index, message] of messages.entries()) {
  t.test(`amino JSON ${index} of ${message.typeUrl}`, async (t) => {
    t.equal(aminoOf(message), canonicalJson(vectors[index]));
  });
}

t.test("every vector was compared", async (t) => {
  t.equal(vectors.length, messages.length);
});

t.test("what no calendar has and what is no number is told, not thrown", async (t) => {
  const simapp = registryOf(wireSimapp as typeof wireModules);
  const strange = [-(1n << 63n), (1n << 63n) - 1n, 253_402_300_800n];
  for (const seconds of strange) {
    const late = { seconds, nanos: 5 };
    const basic = { spendLimit: [], expiration: late };
    const periodic = PeriodicAllowance.fromPartial({ basic, periodReset: late });
    const generic = any(GenericAuthorization, { msg: "m" });
    const granted = any(authz.MsgGrant, {
      ...parties,
      grant: { authorization: generic, expiration: late },
    });
    for (const message of [
      granted,
      any(authz.MsgExec, { grantee: "g", msgs: [granted] }),
      any(feegrant.MsgGrantAllowance, { ...parties, allowance: any(BasicAllowance, basic) }),
      any(feegrant.MsgGrantAllowance, { ...parties, allowance: any(PeriodicAllowance, periodic) }),
      any(MsgSoftwareUpgrade, MsgSoftwareUpgrade.fromPartial({ plan: { time: late } })),
    ]) {
      t.match(aminoOf(message), `${seconds} seconds 5 nanos`);
    }
  }
  const commission = { rate: "abc", maxRate: "", maxChangeRate: "-1" };
  const create = any(
    staking.MsgCreateValidator,
    staking.MsgCreateValidator.fromPartial({ commission }),
  );
  t.match(aminoOf(create, simapp), '"rate":"abc"');
});

t.test("amino JSON of staking and distribution is CosmJS's", async (t) => {
  const simapp = registryOf(wireSimapp as typeof wireModules);
  const cosmjs = new AminoTypes(createDefaultAminoConverters());
  const pair = { delegatorAddress: "d", validatorAddress: "v" };
  const [amount] = stake("7");
  if (!amount) throw new Error("a coin");
  const description = { moniker: "m", identity: "", website: "", securityContact: "", details: "" };
  const messages = [
    any(staking.MsgDelegate, { ...pair, amount }),
    any(staking.MsgUndelegate, { ...pair, amount }),
    any(staking.MsgBeginRedelegate, {
      ...{ delegatorAddress: "d", validatorSrcAddress: "v", validatorDstAddress: "w", amount },
    }),
    any(staking.MsgEditValidator, {
      ...{ description, validatorAddress: "v", minSelfDelegation: "1" },
      commissionRate: "200000000000000000",
    }),
    any(distribution.MsgWithdrawDelegatorReward, pair),
    any(distribution.MsgSetWithdrawAddress, { delegatorAddress: "d", withdrawAddress: "w" }),
    any(distribution.MsgFundCommunityPool, { amount: stake("7"), depositor: "d" }),
    any(distribution.MsgWithdrawValidatorCommission, { validatorAddress: "v" }),
  ];
  let compared = 0;
  for (const message of messages) {
    if (!simapp.has(message.typeUrl)) continue;
    compared++;
    const { message: value } = simapp.decode(message);
    const expected = canonicalJson(cosmjs.toAmino({ typeUrl: message.typeUrl, value }));
    t.equal(aminoOf(message, simapp), expected, message.typeUrl);
  }
  t.ok(compared >= 5, `${compared} messages`);
});
