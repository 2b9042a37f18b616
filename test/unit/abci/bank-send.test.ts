/**
 * A bank send from signed bytes to changed balances, signed by CosmJS in both modes and by a
 * multisig. spec/abci.md, "Ante chain", "Events".
 */
import {
  createMultisigThresholdPubkey,
  makeSignDoc as makeAminoSignDoc,
  pubkeyToAddress,
  Secp256k1Wallet,
} from "@cosmjs/amino";
import {
  DirectSecp256k1Wallet,
  encodePubkey,
  makeAuthInfoBytes,
  makeSignDoc,
} from "@cosmjs/proto-signing";
import { AminoTypes, createDefaultAminoConverters, makeMultisignedTxBytes } from "@cosmjs/stargate";
import {
  QueryAccountInfoRequest,
  QueryAccountInfoResponse,
} from "cosmjs-types/cosmos/auth/v1beta1/query";
import { MsgSend, MsgSendResponse } from "cosmjs-types/cosmos/bank/v1beta1/tx";
import { TxMsgData } from "cosmjs-types/cosmos/base/abci/v1beta1/abci";
import { SignMode } from "cosmjs-types/cosmos/tx/signing/v1beta1/signing";
import { TxBody, TxRaw } from "cosmjs-types/cosmos/tx/v1beta1/tx";
import t from "tap";
import { fromBase64 } from "../../../src/encoding/bytes.ts";
import {
  AppChain,
  alice,
  any,
  bob,
  carol,
  chainId,
  type Dev,
  dave,
  signTx,
  startBalance,
  verifyLater,
} from "../../support/app-chain.ts";

const coin = (amount: number) => [{ denom: "ngonka", amount: String(amount) }];
const send = (from: Dev, to: string, amount: number) =>
  any(MsgSend, { fromAddress: from.address, toAddress: to, amount: coin(amount) });
const body = (message: ReturnType<typeof send>, memo = "") =>
  TxBody.encode(TxBody.fromPartial({ messages: [message], memo })).finish();

t.test("a send signed by CosmJS in SIGN_MODE_DIRECT moves coins, fee and sequence", async (t) => {
  const chain = await AppChain.start();
  const wallet = await DirectSecp256k1Wallet.fromKey(alice.privateKey, "gonka");
  const [account] = await wallet.getAccounts();
  t.equal(account?.address, alice.address);
  const pubkey = encodePubkey({
    type: "tendermint/PubKeySecp256k1",
    value: Buffer.from(alice.publicKey).toString("base64"),
  });
  const signDoc = makeSignDoc(
    body(send(alice, bob.address, 1000)),
    makeAuthInfoBytes([{ pubkey, sequence: 0 }], coin(2500), 100_000, undefined, undefined),
    chainId,
    0,
  );
  const { signed, signature } = await wallet.signDirect(alice.address, signDoc);
  const tx = TxRaw.encode({
    bodyBytes: signed.bodyBytes,
    authInfoBytes: signed.authInfoBytes,
    signatures: [fromBase64(signature.signature)],
  }).finish();
  const checked = chain.check(tx);
  t.same({ code: checked.code, log: checked.log }, { code: 0, log: "" });
  const { txResults } = await chain.block([tx]);
  const [result] = txResults;
  t.equal(result?.code, 0);
  t.equal(result?.log, "");
  t.equal(result?.gasWanted, 100_000n);
  t.ok(
    (result?.gasUsed ?? 0n) > 40_000n && (result?.gasUsed ?? 0n) < 100_000n,
    `${result?.gasUsed}`,
  );
  t.equal(chain.balance(bob.address), startBalance + 1000n);
  t.equal(chain.balance(alice.address), startBalance - 1000n - 2500n);
  const data = TxMsgData.decode(result?.data ?? new Uint8Array());
  t.same(
    data.msgResponses.map(({ typeUrl, value }) => [typeUrl, value.length]),
    [[MsgSendResponse.typeUrl, 0]],
  );
  const shown = result?.events.map(({ type, attributes }) =>
    [type, ...attributes.map(({ key, value }) => `${key}=${value}`)].join(" "),
  );
  const { address } = alice;
  // The same bytes as the fee collector of every SDK chain: cosmos17xpfvakm...8c5lserqta.
  const collector = "gonka17xpfvakm2amg962yls6f84z3kell8c5lqvy7vl";
  t.same(shown, [
    `coin_spent spender=${address} amount=2500ngonka`,
    `coin_received receiver=${collector} amount=2500ngonka`,
    `transfer recipient=${collector} sender=${address} amount=2500ngonka`,
    `message sender=${address}`,
    `tx fee=2500ngonka fee_payer=${address}`,
    `tx acc_seq=${address}/0`,
    `tx signature=${signature.signature}`,
    `message action=/cosmos.bank.v1beta1.MsgSend sender=${address} module=bank msg_index=0`,
    `coin_spent spender=${address} amount=1000ngonka msg_index=0`,
    `coin_received receiver=${bob.address} amount=1000ngonka msg_index=0`,
    `transfer recipient=${bob.address} sender=${address} amount=1000ngonka msg_index=0`,
    `message sender=${address} msg_index=0`,
  ]);
});

t.test(
  "a send signed by CosmJS in amino JSON is valid, HTML characters in the memo too",
  async (t) => {
    const chain = await AppChain.start();
    const wallet = await Secp256k1Wallet.fromKey(alice.privateKey, "gonka");
    const types = new AminoTypes(createDefaultAminoConverters());
    const message = MsgSend.fromPartial({
      fromAddress: alice.address,
      toAddress: bob.address,
      amount: coin(7),
    });
    const memo = "ampersand:&,lt:<,gt:>";
    const document = makeAminoSignDoc(
      [types.toAmino({ typeUrl: MsgSend.typeUrl, value: message })],
      { amount: coin(2500), gas: "100000" },
      chainId,
      memo,
      0,
      0,
    );
    const { signature, signed } = await wallet.signAmino(alice.address, document);
    const pubkey = encodePubkey(signature.pub_key);
    const mode = SignMode.SIGN_MODE_LEGACY_AMINO_JSON;
    const authInfoBytes = makeAuthInfoBytes(
      [{ pubkey, sequence: 0 }],
      coin(2500),
      100_000,
      undefined,
      undefined,
      mode,
    );
    const bodyBytes = body(any(MsgSend, message), signed.memo);
    const signatures = [fromBase64(signature.signature)];
    const tx = TxRaw.encode({ bodyBytes, authInfoBytes, signatures }).finish();
    t.match(chain.check(tx), { code: 0 });
    const { txResults } = await chain.block([tx]);
    t.equal(txResults[0]?.code, 0, txResults[0]?.log ?? "");
    t.equal(chain.balance(bob.address), startBalance + 7n);
  },
);

t.test("two of three keys of a multisig can send, one cannot", async (t) => {
  const devs = [bob, carol, dave];
  const pubkeys = devs.map(({ publicKey }) => ({
    type: "tendermint/PubKeySecp256k1",
    value: Buffer.from(publicKey).toString("base64"),
  }));
  const multisig = createMultisigThresholdPubkey(pubkeys, 2);
  const address = pubkeyToAddress(multisig, "gonka");
  const chain = await AppChain.start({ verifyBatch: verifyLater });
  const funding = signTx({ from: alice, sequence: 0n, messages: [send(alice, address, 50_000)] });
  t.match((await chain.block([funding])).txResults[0], { code: 0 });
  const accountInfo = { request: QueryAccountInfoRequest, response: QueryAccountInfoResponse };
  const path = "/cosmos.auth.v1beta1.Query/AccountInfo";
  const { info } = chain.ask(path, accountInfo, { address });

  const message = MsgSend.fromPartial({
    fromAddress: address,
    toAddress: alice.address,
    amount: coin(5),
  });
  const types = new AminoTypes(createDefaultAminoConverters());
  const fee = { amount: coin(2500), gas: "200000" };
  const document = makeAminoSignDoc(
    [types.toAmino({ typeUrl: MsgSend.typeUrl, value: message })],
    fee,
    chainId,
    "",
    Number(info?.accountNumber),
    0,
  );
  const signatures = new Map<string, Uint8Array>();
  for (const signer of [bob, dave]) {
    const wallet = await Secp256k1Wallet.fromKey(signer.privateKey, "gonka");
    const { signature } = await wallet.signAmino(signer.address, document);
    signatures.set(signer.address, fromBase64(signature.signature));
  }
  const bodyBytes = body(any(MsgSend, message));
  const good = makeMultisignedTxBytes(multisig, 0, fee, bodyBytes, signatures);
  const first = new Map([...signatures].slice(0, 1));
  const short = makeMultisignedTxBytes(multisig, 0, fee, bodyBytes, first);
  const swapped = new Map(
    [...signatures].map(([who], i) => [who, [...signatures.values()][1 - i]!]),
  );
  const wrong = makeMultisignedTxBytes(multisig, 0, fee, bodyBytes, swapped);
  const before = chain.app.verifiedSignatures;
  await chain.app.lookAhead?.([short, wrong, good]);
  t.equal(chain.app.verifiedSignatures - before, 4, "two of each but of the short one");
  t.match(chain.check(short), { code: 4, codespace: "sdk", log: /1 of 2 signatures/ });
  t.match(chain.check(wrong), { code: 4, log: /signature 0: unable to verify/ });
  t.match(chain.check(good), { code: 0 });
  t.match((await chain.block([good])).txResults[0], { code: 0 });
  t.equal(chain.app.verifiedSignatures - before, 4, "none of them again");
  t.equal(chain.balance(address), 50_000n - 5n - 2500n);
});
