/**
 * The simapp profile with an unmodified CosmJS: what its own integration tests count on. Accounts,
 * keys and numbers are those of @cosmjs/stargate's test chain. spec/modules/delegation.md.
 */
import "../../src/p2p/promise-shim.ts"; // Before anything of libp2p.
import { createMultisigThresholdPubkey, pubkeyToAddress, Secp256k1HdWallet } from "@cosmjs/amino";
import { toBase64 } from "@cosmjs/encoding";
import { DirectSecp256k1HdWallet, makeCosmoshubPath } from "@cosmjs/proto-signing";
import {
  assertIsDeliverTxSuccess,
  calculateFee,
  GasPrice,
  makeMultisignedTxBytes,
  QueryClient,
  SigningStargateClient,
  StargateClient,
  setupDistributionExtension,
  setupStakingExtension,
} from "@cosmjs/stargate";
import { Comet38Client, Tendermint37Client } from "@cosmjs/tendermint-rpc";
import { MsgSend } from "cosmjs-types/cosmos/bank/v1beta1/tx";
import { MsgWithdrawDelegatorReward } from "cosmjs-types/cosmos/distribution/v1beta1/tx";
import { MsgDelegate, MsgUndelegate } from "cosmjs-types/cosmos/staking/v1beta1/tx";
import t from "tap";
import { profileFiles, readDefinition } from "../../src/localnet/definition.ts";
import { type OneNode, startOneNode } from "../support/one-node.ts";

const file = profileFiles.get("simapp") ?? "";
const { mnemonic } = readDefinition(file);
const paths = [0, 1, 2, 3, 4].map(makeCosmoshubPath);
const gasPrice = GasPrice.fromString("0.025ucosm");
const sendFee = calculateFee(100_000, gasPrice);
const stakeFee = calculateFee(222_000, gasPrice);
const validator = "cosmosvaloper12nt2hqjps8r065wc02qks88tvqzdeua06e982h";
const unused = "cosmos1cjsxept9rkggzxztslae9ndgpdyt2408lk850u";
const nobody = "cosmos1p79apjaufyphcmsn4g07cynqf0wyjuezqu84hd";
const options = { gasPrice, broadcastPollIntervalMs: 100 };

let running: OneNode;
let direct: SigningStargateClient;
let amino: SigningStargateClient;
let faucet: readonly string[];
let died: unknown;

t.before(async () => {
  running = await startOneNode((error) => {
    died = error;
  }, file);
  const wallet = await DirectSecp256k1HdWallet.fromMnemonic(mnemonic, { hdPaths: paths });
  const aminoWallet = await Secp256k1HdWallet.fromMnemonic(mnemonic, { hdPaths: paths });
  faucet = (await wallet.getAccounts()).map(({ address }) => address);
  direct = await SigningStargateClient.connectWithSigner(running.rpcUrl, wallet, options);
  amino = await SigningStargateClient.connectWithSigner(running.rpcUrl, aminoWallet, options);
  for (let height = 0; height < 2; ) height = await direct.getHeight().catch(() => 0);
});

t.teardown(async () => {
  direct?.disconnect();
  amino?.disconnect();
  await running?.stop();
});

const account = (index: number): string => faucet[index] ?? "";
const ucosm = (amount: string) => [{ denom: "ucosm", amount }];
const delegation = (amount: string, from = account(0)) => ({
  typeUrl: MsgDelegate.typeUrl,
  value: MsgDelegate.fromPartial({
    delegatorAddress: from,
    validatorAddress: validator,
    amount: { denom: "ustake", amount },
  }),
});

t.test("chain id, accounts and balances are those that CosmJS's tests name", async (t) => {
  t.equal(await direct.getChainId(), "simd-testing");
  t.equal(account(0), "cosmos1pkptre7fdkl6gfrzlesjjvhxhlc3r4gmmk8rs6");
  t.same(await direct.getAccount(unused), {
    address: unused,
    pubkey: null,
    accountNumber: 16,
    sequence: 0,
  });
  t.equal(await direct.getAccount(nobody), null);
  t.same(await direct.getAllBalances(unused), [
    { denom: "ucosm", amount: "1000000000" },
    { denom: "ustake", amount: "2000000000" },
  ]);
  const operator = await direct.getAccount("cosmos12nt2hqjps8r065wc02qks88tvqzdeua0ld3jxy");
  t.match(operator, { accountNumber: 0, sequence: 1 });
  t.equal(operator?.pubkey?.value, "A0RZ3+xLf9xJiySHQxQsQtW8HJYEcniJKbFxG2R9ZEQv");
});

t.test("both dialects of CometBFT read the same block", async (t) => {
  const dialects = [
    await Comet38Client.connect(running.rpcUrl),
    await Tendermint37Client.connect(running.rpcUrl),
  ];
  const hashes = [];
  for (const client of dialects) {
    const stargate = StargateClient.create(client);
    hashes.push((await stargate.getBlock(1)).id);
    stargate.disconnect();
  }
  t.equal(hashes[0], hashes[1]);
});

t.test("a send signed directly, and one signed as amino JSON", async (t) => {
  for (const [client, index] of [
    [direct, 0],
    [amino, 1],
  ] as const) {
    const memo = "ampersand:&,lt:<,gt:>";
    const from = account(index);
    const sent = await client.sendTokens(from, account(4), ucosm("7890"), sendFee, memo);
    assertIsDeliverTxSuccess(sent);
    t.equal(sent.gasWanted, 100_000n);
    const sender = `message.sender='${from}'`;
    const query = `message.action='/cosmos.bank.v1beta1.MsgSend' AND ${sender}`;
    const found = await client.searchTx(query);
    t.ok(found.some(({ hash }) => hash === sent.transactionHash));
  }
});

t.test("delegations come and go, and count", async (t) => {
  const simulated = await direct.simulate(account(0), [delegation("1234")], "");
  t.ok(simulated > 101_000 && simulated < 200_000, `${simulated} gas`);
  assertIsDeliverTxSuccess(
    await direct.delegateTokens(
      account(0),
      validator,
      { denom: "ustake", amount: "1234" },
      stakeFee,
    ),
  );
  const byAmino = await amino.signAndBroadcast(
    account(1),
    [delegation("777", account(1))],
    stakeFee,
  );
  assertIsDeliverTxSuccess(byAmino);
  t.same(await direct.getDelegation(account(1), validator), { denom: "ustake", amount: "777" });
  t.equal(await direct.getDelegation(unused, validator), null);
  const undelegate = {
    typeUrl: MsgUndelegate.typeUrl,
    value: MsgUndelegate.fromPartial(delegation("234").value),
  };
  const withdraw = {
    typeUrl: MsgWithdrawDelegatorReward.typeUrl,
    value: { delegatorAddress: account(0), validatorAddress: validator },
  };
  const both = await direct.signAndBroadcast(
    account(0),
    [undelegate, withdraw],
    calculateFee(400_000, gasPrice),
  );
  assertIsDeliverTxSuccess(both);
  t.same(await direct.getBalanceStaked(account(0)), { denom: "ustake", amount: "1000" });
  const client = await Comet38Client.connect(running.rpcUrl);
  const ask = QueryClient.withExtensions(client, setupStakingExtension, setupDistributionExtension);
  const { delegationResponses } = await ask.staking.validatorDelegations(validator);
  t.same(delegationResponses.map(({ balance }) => balance.amount).sort(), [
    "1000",
    "3000000",
    "777",
  ]);
  const { unbond } = await ask.staking.unbondingDelegation(account(0), validator);
  t.same(
    unbond.entries.map(({ balance }) => balance),
    ["234"],
  );
  const { pool } = await ask.staking.pool();
  t.same(pool, { bondedTokens: "3001777", notBondedTokens: "234" });
  t.match((await ask.staking.validator(validator)).validator, { status: 3, tokens: "3001777" });
  t.same((await ask.distribution.delegatorValidators(account(0))).validators, [validator]);
  client.disconnect();
  const rest = await fetch(`${running.restUrl}/cosmos/staking/v1beta1/validators/${validator}`);
  t.match(await rest.json(), {
    validator: {
      delegator_shares: "3001777.000000000000000000",
      commission: { commission_rates: { rate: "0.100000000000000000" } },
    },
  });
});

t.test("what a delegation is refused for", async (t) => {
  const codeOf = async (change: object) => {
    const value = MsgDelegate.fromPartial({ ...delegation("5").value, ...change });
    const message = { typeUrl: MsgDelegate.typeUrl, value };
    const result = await direct.signAndBroadcast(account(0), [message], stakeFee);
    return result.code;
  };
  t.equal(await codeOf({ amount: { denom: "ucosm", amount: "5" } }), 18, "another denom");
  t.equal(await codeOf({ amount: { denom: "ustake", amount: "9999999999999" } }), 5, "too much");
  const stranger = "cosmosvaloper1v75snhly7wfndk83ud4daygh397vcmktacqa2d";
  t.equal(await codeOf({ validatorAddress: stranger }), 7, "a broken address");
});

t.test("two of five sign for a multisig account", async (t) => {
  const wallet = await Secp256k1HdWallet.fromMnemonic(mnemonic, { hdPaths: paths });
  const pubkeys = (await wallet.getAccounts()).map(({ pubkey }) => ({
    type: "tendermint/PubKeySecp256k1",
    value: toBase64(pubkey),
  }));
  const multisig = createMultisigThresholdPubkey(pubkeys, 2);
  const address = pubkeyToAddress(multisig, "cosmos");
  t.equal(address, "cosmos1h90ml36rcu7yegwduzgzderj2jmq49hcpfclw9", "known at genesis");
  const { accountNumber, sequence } = await amino.getSequence(address);
  t.equal(BigInt(accountNumber), 19n);
  const message = {
    typeUrl: MsgSend.typeUrl,
    value: { fromAddress: address, toAddress: account(2), amount: ucosm("55") },
  };
  const fee = calculateFee(200_000, gasPrice);
  const signerData = { accountNumber, sequence, chainId: "simd-testing" };
  const offline = await SigningStargateClient.offline(wallet);
  const signatures = new Map<string, Uint8Array>();
  let body = new Uint8Array();
  for (const signer of [account(0), account(3)]) {
    const signed = await offline.sign(signer, [message], fee, "for two", signerData);
    signatures.set(signer, signed.signatures[0] ?? new Uint8Array());
    body = new Uint8Array(signed.bodyBytes);
  }
  const tx = makeMultisignedTxBytes(multisig, sequence, fee, body, signatures);
  assertIsDeliverTxSuccess(await amino.broadcastTx(tx));
  t.equal((await amino.getSequence(address)).sequence, sequence + 1);
});

t.test("every coin is still there, and nothing stopped the node", async (t) => {
  const supply = await fetch(`${running.restUrl}/cosmos/bank/v1beta1/supply`);
  t.match(await supply.json(), {
    supply: [
      { denom: "ucosm", amount: "21000000000" },
      { denom: "ustake", amount: "42000000000" },
    ],
  });
  t.equal(died, undefined);
});
