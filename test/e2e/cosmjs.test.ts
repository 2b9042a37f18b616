/**
 * An unmodified CosmJS against a running node: what a wallet or a dapp does on its first day.
 * spec/rpc.md; the call lists are those of @cosmjs/stargate and @cosmjs/tendermint-rpc 0.39.
 */
import "../../src/p2p/promise-shim.ts"; // Before anything of libp2p.
import { toBase64, toBech32, toHex, toUtf8 } from "@cosmjs/encoding";
import { DirectSecp256k1HdWallet, makeCosmoshubPath } from "@cosmjs/proto-signing";
import {
  assertIsDeliverTxSuccess,
  BroadcastTxError,
  GasPrice,
  SigningStargateClient,
  type StargateClient,
} from "@cosmjs/stargate";
import { Comet38Client, connectComet } from "@cosmjs/tendermint-rpc";
import { MsgSend } from "cosmjs-types/cosmos/bank/v1beta1/tx";
import { TxRaw } from "cosmjs-types/cosmos/tx/v1beta1/tx";
import t from "tap";
import { devMnemonic } from "../support/dev-mnemonic.ts";
import { endWebsocket } from "../support/end-websocket.ts";
import { type OneNode, startOneNode } from "../support/one-node.ts";

const fee = { amount: [], gas: "200000" };
const one = { denom: "ngonka", amount: "1" };

let running: OneNode;
let wallet: DirectSecp256k1HdWallet;
let signing: SigningStargateClient;
let alice: string;
let bob: string;
let died: unknown;

t.before(async () => {
  running = await startOneNode((error) => {
    died = error;
  });
  wallet = await DirectSecp256k1HdWallet.fromMnemonic(devMnemonic, {
    prefix: "gonka",
    hdPaths: [0, 1].map(makeCosmoshubPath),
  });
  [alice, bob] = (await wallet.getAccounts()).map(({ address }) => address) as [string, string];
  signing = await SigningStargateClient.connectWithSigner(running.rpcUrl, wallet, {
    gasPrice: GasPrice.fromString("0ngonka"),
    broadcastPollIntervalMs: 100,
  });
  for (let height = 0; height < 2; ) height = await signing.getHeight().catch(() => 0);
});

t.teardown(async () => {
  signing?.disconnect();
  await running?.stop();
});

const send = (amount: string, memo = "") =>
  signing.sendTokens(alice, bob, [{ denom: "ngonka", amount }], fee, memo);

t.test("StargateClient finds out where it is", async (t) => {
  t.equal(await signing.getChainId(), running.plan.chainId);
  const height = await signing.getHeight();
  const block = await signing.getBlock(1);
  t.equal(block.header.height, 1);
  t.equal(block.header.chainId, running.plan.chainId);
  t.ok(height >= 1);
  const unknown = toBech32("gonka", new Uint8Array(20).fill(7));
  t.equal(await signing.getAccount(unknown).catch((error: Error) => error.message), null);
});

t.test("tokens sent are on the other balance, and the transaction is found", async (t) => {
  const before = BigInt((await signing.getBalance(bob, "ngonka")).amount);
  const result = await send("1234567", "ampersand:&,lt:<,gt:>");
  assertIsDeliverTxSuccess(result);
  t.equal(result.rawLog, "");
  t.ok(result.gasUsed > 0n && result.gasUsed < 200_000n);
  const after = BigInt((await signing.getBalance(bob, "ngonka")).amount);
  t.equal(after - before, 1_234_567n);
  t.ok((await signing.getAllBalances(bob)).some(({ denom }) => denom === "ngonka"));
  const found = await signing.getTx(result.transactionHash);
  t.equal(found?.height, result.height);
  t.equal(found?.code, 0);
  t.same(
    found?.msgResponses.map(({ typeUrl }) => typeUrl),
    ["/cosmos.bank.v1beta1.MsgSendResponse"],
  );
  t.equal(await signing.getTx("00".repeat(32)), null);
});

t.test("searches match within one event", async (t) => {
  const { transactionHash: hash, height } = await send("77");
  const hashes = async (query: Parameters<StargateClient["searchTx"]>[0]) =>
    (await signing.searchTx(query)).map((tx) => tx.hash);
  t.ok(
    (await hashes(`transfer.recipient = '${bob}' AND transfer.sender = '${alice}'`)).includes(hash),
  );
  const action = `message.action = '/cosmos.bank.v1beta1.MsgSend' AND message.sender = '${alice}'`;
  t.ok((await hashes(action)).includes(hash));
  t.same(await hashes(`message.sender = '${bob}' AND transfer.sender = '${alice}'`), []);
  t.same(await hashes(`tx.height = ${height}`), [hash]);
  t.same(
    await hashes([
      { key: "transfer.amount", value: "77ngonka" },
      { key: "tx.height", value: height },
    ]),
    [hash],
  );
  t.same(await hashes(`tx.hash = '${hash}'`), [hash]);
});

t.test("gas is simulated when the fee is auto", async (t) => {
  const gas = await signing.simulate(
    alice,
    [
      {
        typeUrl: "/cosmos.bank.v1beta1.MsgSend",
        value: MsgSend.fromPartial({ fromAddress: alice, toAddress: bob, amount: [one] }),
      },
    ],
    "",
  );
  t.ok(gas > 20_000 && gas < 200_000, `${gas}`);
  assertIsDeliverTxSuccess(await signing.sendTokens(alice, bob, [one], "auto"));
});

t.test("a wrong transaction is refused with its code", async (t) => {
  const message = {
    typeUrl: "/cosmos.bank.v1beta1.MsgSend",
    value: MsgSend.fromPartial({ fromAddress: alice, toAddress: bob, amount: [one] }),
  };
  const { accountNumber, sequence } = await signing.getSequence(alice);
  const chainId = running.plan.chainId;
  const signed = (change: { sequence?: number; chainId?: string; accountNumber?: bigint }) =>
    signing.sign(alice, [message], fee, "", { accountNumber, sequence, chainId, ...change });
  const codeOf = async (tx: TxRaw | Uint8Array): Promise<number> => {
    const bytes = tx instanceof Uint8Array ? tx : TxRaw.encode(tx).finish();
    const outcome = await signing.broadcastTxSync(bytes).catch((error: unknown) => error);
    return outcome instanceof BroadcastTxError ? outcome.code : Number.NaN;
  };
  t.equal(await codeOf(await signed({ chainId: "gonka-elsewhere-1" })), 4, "wrong chain id");
  t.equal(
    await codeOf(await signed({ accountNumber: BigInt(accountNumber) + 1n })),
    4,
    "wrong account",
  );
  t.equal(await codeOf(await signed({ sequence: sequence - 1 })), 32, "low sequence");
  const bent = await signed({});
  bent.signatures[0]![7]! ^= 1;
  t.equal(await codeOf(bent), 4, "wrong signature");
  t.equal(await codeOf(toUtf8("not a transaction")), 2, "malformed");
  t.equal(await codeOf(new Uint8Array(0)), 2, "empty");
  const tooMuch = await signing.sendTokens(
    alice,
    bob,
    [{ ...one, amount: `1${"0".repeat(30)}` }],
    fee,
  );
  t.equal(tooMuch.code, 5, "more than there is: included, but failed");
  t.equal((await signing.getSequence(alice)).sequence, sequence + 1, "and it used its sequence");
});

t.test("every read of Comet38Client", async (t) => {
  const comet = await connectComet(running.rpcUrl);
  t.ok(comet instanceof Comet38Client, "chosen by the version in status");
  if (!(comet instanceof Comet38Client)) return;
  const { height, hash, tx: sent } = (await signing.getTx((await send("5")).transactionHash))!;
  t.same(await comet.health(), null);
  const info = await comet.abciInfo();
  t.ok(info.lastBlockHeight! >= height);
  t.equal(info.lastBlockAppHash?.length, 32);
  const status = await comet.status();
  t.equal(status.nodeInfo.network, running.plan.chainId);
  t.equal(status.nodeInfo.other.get("tx_index"), "on");
  t.equal(status.syncInfo.catchingUp, false);
  t.equal(status.validatorInfo.votingPower > 0n, true);
  const genesis = await comet.genesis();
  t.equal(genesis.chainId, running.plan.chainId);
  const { block, blockId } = await comet.block(height);
  t.ok(block.txs.some((tx) => toHex(tx) === toHex(sent)));
  const results = await comet.blockResults(height);
  t.equal(results.results.length, block.txs.length);
  const chain = await comet.blockchain(1, 2);
  t.same(
    chain.blockMetas.map((meta) => meta.header.height),
    [2, 1],
  );
  const commit = await comet.commit(height - 1);
  t.equal(commit.canonical, true);
  t.equal(toHex(commit.commit.blockId.hash), toHex(block.header.lastBlockId!.hash));
  const found = await comet.tx({ hash: Buffer.from(hash, "hex"), prove: true });
  t.equal(found.height, height);
  t.equal(toHex(found.proof!.rootHash), toHex(block.header.dataHash));
  const search = await comet.txSearchAll({ query: `tx.height = ${height}`, prove: true });
  t.equal(search.totalCount, block.txs.length);
  const blocks = await comet.blockSearchAll({ query: `block.height = ${height}` });
  t.same(
    blocks.blocks.map((found) => toHex(found.blockId.hash)),
    [toHex(blockId.hash)],
  );
  const validators = await comet.validatorsAll(height);
  t.equal(validators.total, 1);
  t.equal(toHex(validators.validators[0]!.address), toHex(status.validatorInfo.address));
  const waiting = await comet.numUnconfirmedTxs();
  t.type(waiting.total, "number");
  const account = await comet.abciQuery({
    path: "/cosmos.bank.v1beta1.Query/Params",
    data: new Uint8Array(),
  });
  t.equal(account.code, 0);
  t.ok(account.height! >= height);
  comet.disconnect();
});

t.test("broadcastTxCommit answers when the transaction is in a block", async (t) => {
  const comet = await Comet38Client.connect(running.rpcUrl);
  const message = {
    typeUrl: "/cosmos.bank.v1beta1.MsgSend",
    value: MsgSend.fromPartial({ fromAddress: alice, toAddress: bob, amount: [one] }),
  };
  const tx = TxRaw.encode(await signing.sign(alice, [message], fee, "commit")).finish();
  const result = await comet.broadcastTxCommit({ tx });
  t.equal(result.checkTx.code, 0);
  t.equal(result.txResult?.code, 0);
  t.ok(result.height > 1);
  await t.rejects(comet.broadcastTxSync({ tx }), { message: /tx already exists in cache/ });
  comet.disconnect();
});

t.test("blocks, headers and transactions arrive over the websocket", async (t) => {
  const comet = await Comet38Client.connect(running.wsUrl);
  const take = async <T>(
    stream: { subscribe(l: object): { unsubscribe(): void } },
    count: number,
  ) => {
    const got: T[] = [];
    await new Promise<void>((resolve, reject) => {
      const subscription = stream.subscribe({
        next: (event: T) => {
          if (got.push(event) < count) return;
          subscription.unsubscribe();
          resolve();
        },
        error: reject,
      });
    });
    return got;
  };
  type Block = { header: { height: number }; txs?: readonly Uint8Array[] };
  const blocks = take<Block>(comet.subscribeNewBlock(), 2);
  const headers = take<{ height: number }>(comet.subscribeNewBlockHeader(), 2);
  const [first, second] = await blocks;
  t.equal(second!.header.height, first!.header.height + 1);
  const [a, b] = await headers;
  t.equal(b!.height, a!.height + 1);
  type TxEvent = { hash: Uint8Array; height: number; result: { code: number } };
  const heard = take<TxEvent>(comet.subscribeTx(`transfer.recipient = '${bob}'`), 1);
  const { transactionHash, height } = await send("9");
  const [event] = await heard;
  t.equal(toHex(event!.hash).toUpperCase(), transactionHash);
  t.equal(event!.height, height);
  t.equal(event!.result.code, 0);
  await endWebsocket(comet);
});

t.test("REST answers the same balance, the transaction, and takes one", async (t) => {
  const get = async (path: string) => {
    const response = await fetch(`${running.restUrl}${path}`);
    return { status: response.status, body: (await response.json()) as Record<string, never> };
  };
  const balance = (await get(`/cosmos/bank/v1beta1/balances/${bob}/by_denom?denom=ngonka`)).body;
  t.same(balance, { balance: await signing.getBalance(bob, "ngonka") });
  const message = {
    typeUrl: "/cosmos.bank.v1beta1.MsgSend",
    value: MsgSend.fromPartial({ fromAddress: alice, toAddress: bob, amount: [one] }),
  };
  const tx = TxRaw.encode(await signing.sign(alice, [message], fee, "over REST")).finish();
  const posted = await fetch(`${running.restUrl}/cosmos/tx/v1beta1/txs`, {
    method: "POST",
    body: JSON.stringify({ tx_bytes: toBase64(tx), mode: "BROADCAST_MODE_SYNC" }),
  });
  const { tx_response } = (await posted.json()) as {
    tx_response: { code: number; txhash: string };
  };
  t.equal(tx_response.code, 0);
  let found = await get(`/cosmos/tx/v1beta1/txs/${tx_response.txhash}`);
  for (; found.status !== 200; found = await get(`/cosmos/tx/v1beta1/txs/${tx_response.txhash}`)) {
    t.match(found.body, { code: 5, message: /tx not found/ });
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  t.match(found.body, {
    tx: { body: { memo: "over REST", messages: [{ "@type": "/cosmos.bank.v1beta1.MsgSend" }] } },
    tx_response: { code: 0, tx: { "@type": "/cosmos.tx.v1beta1.Tx" } },
  });
});

t.test("nothing of this stopped the node", async (t) => {
  t.equal(died, undefined);
});
