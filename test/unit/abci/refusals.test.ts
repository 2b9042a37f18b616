/** Every way to be refused: the code, the codespace, and the text that tools look for. */
import { MsgSend } from "cosmjs-types/cosmos/bank/v1beta1/tx";
import { PubKey } from "cosmjs-types/cosmos/crypto/secp256k1/keys";
import { MsgDelegate } from "cosmjs-types/cosmos/staking/v1beta1/tx";
import { AuthInfo, TxBody, TxRaw } from "cosmjs-types/cosmos/tx/v1beta1/tx";
import {
  CheckTxType,
  ResponseProcessProposal_ProposalStatus,
} from "cosmjs-types/tendermint/abci/types";
import t from "tap";
import { concat, utf8 } from "../../../src/encoding/bytes.ts";
import { uvarint } from "../../../src/encoding/varint.ts";
import {
  AppChain,
  alice,
  any,
  bob,
  dev,
  signTx,
  startBalance,
  type TxOptions,
} from "../../support/app-chain.ts";

const stranger = dev("stranger", 99);
const coins = (amount: string, denom = "ngonka") => [{ denom, amount }];
const sendMsg = (amount = "1", to = bob.address, denom = "ngonka") =>
  any(MsgSend, { fromAddress: alice.address, toAddress: to, amount: coins(amount, denom) });
const tx = (options: Partial<TxOptions> = {}) =>
  signTx({ from: alice, sequence: 0n, messages: [sendMsg()], ...options });
/** Changes the parts of a signed transaction; the signature no longer fits, or never did. */
function edit(change: { body?: Partial<TxBody>; auth?: Partial<AuthInfo>; raw?: Partial<TxRaw> }) {
  const raw = TxRaw.decode(tx());
  const body = { ...TxBody.decode(raw.bodyBytes), ...change.body };
  const auth = { ...AuthInfo.decode(raw.authInfoBytes), ...change.auth };
  return TxRaw.encode({
    bodyBytes: TxBody.encode(body).finish(),
    authInfoBytes: AuthInfo.encode(auth).finish(),
    signatures: raw.signatures,
    ...change.raw,
  }).finish();
}
const signerInfo = AuthInfo.decode(TxRaw.decode(tx()).authInfoBytes).signerInfos[0];
if (!signerInfo) throw new Error("a signed transaction has a signer");
const raw = TxRaw.decode(tx());
const field = (number: number) => concat(uvarint(number * 8), Uint8Array.of(1));

const cases: readonly [name: string, bytes: Uint8Array, code: number, log: RegExp][] = [
  ["no bytes", new Uint8Array(), 2, /tx bytes are empty: tx parse error$/],
  ["garbage", utf8("definitely not protobuf"), 2, /: tx parse error$/],
  ["a trailing unknown field", concat(tx(), field(9)), 2, /unknown field 9: tx parse error$/],
  [
    "fields of the outer message out of order",
    concat(
      Uint8Array.of(0x12),
      uvarint(raw.authInfoBytes.length),
      raw.authInfoBytes,
      Uint8Array.of(0x0a),
      uvarint(raw.bodyBytes.length),
      raw.bodyBytes,
    ),
    2,
    /canonical/,
  ],
  [
    "an unknown critical field in the body",
    edit({ raw: { bodyBytes: concat(raw.bodyBytes, field(9)) } }),
    2,
    /unknown field 9/,
  ],
  [
    "an unknown field in the fee part, critical or not",
    edit({ raw: { authInfoBytes: concat(raw.authInfoBytes, field(1024)) } }),
    2,
    /unknown field 1024/,
  ],
  [
    "an unknown field inside a message",
    edit({ body: { messages: [{ ...sendMsg(), value: concat(sendMsg().value, field(7)) }] } }),
    2,
    /MsgSend: unknown field 7/,
  ],
  [
    "a field of another wire type inside a message",
    edit({ body: { messages: [{ ...sendMsg(), value: Uint8Array.of(0x08, 0x01) }] } }),
    2,
    /wire/,
  ],
  [
    "invalid UTF-8 in a text",
    edit({ body: { messages: [{ ...sendMsg(), value: Uint8Array.of(0x0a, 0x01, 0xff) }] } }),
    2,
    /tx parse error$/,
  ],
  [
    "a message of an unknown type",
    tx({ messages: [any(MsgDelegate, MsgDelegate.fromPartial({}))] }),
    2,
    /unable to resolve type URL \/cosmos.staking.v1beta1.MsgDelegate: tx parse error$/,
  ],
  ["no fee at all", edit({ auth: { fee: undefined as never } }), 2, /the fee is missing/],
  ["no messages", tx({ messages: [] }), 18, /must contain at least one message: invalid request$/],
  [
    "a wrong chain id",
    tx({ chainId: "other-1" }),
    4,
    /verify account number \(0\), sequence \(0\) and chain-id \(gonka-test-1\): \(unable/,
  ],
  ["a wrong account number", tx({ number: 5n }), 4, /signature verification failed/],
  [
    "a signature by another key",
    edit({ raw: { signatures: [new Uint8Array(64).fill(1)] } }),
    4,
    /unable to verify single signer signature\): unauthorized$/,
  ],
  [
    "a signature of the wrong length",
    edit({ raw: { signatures: [new Uint8Array(63)] } }),
    4,
    /signature of 63 bytes/,
  ],
  [
    "a sequence that is too high",
    tx({ sequence: 3n }),
    32,
    /^account sequence mismatch, expected 0, got 3: incorrect account sequence$/,
  ],
  [
    "an unknown signer",
    signTx({
      from: stranger,
      sequence: 0n,
      messages: [
        any(MsgSend, {
          fromAddress: stranger.address,
          toAddress: bob.address,
          amount: coins("1"),
        }),
      ],
    }),
    9,
    /does not exist: unknown address$/,
  ],
  ["no signature", edit({ raw: { signatures: [] } }), 15, /no signatures supplied/],
  [
    "one signature too many",
    edit({ raw: { signatures: [...raw.signatures, ...raw.signatures] } }),
    4,
    /wrong number of signers; expected 1, got 2: unauthorized$/,
  ],
  [
    "a signer info too few",
    edit({ auth: { signerInfos: [] } }),
    4,
    /wrong number of signers; expected 1, got 0/,
  ],
  [
    "an unknown sign mode",
    edit({
      auth: { signerInfos: [{ ...signerInfo, modeInfo: { single: { mode: 191 as never } } }] },
    }),
    4,
    /sign mode 191 is not supported/,
  ],
  [
    "a key of another account",
    edit({
      auth: { signerInfos: [{ ...signerInfo, publicKey: any(PubKey, { key: bob.publicKey }) }] },
    }),
    8,
    /does not match signer address .*: invalid pubkey$/,
  ],
  [
    "a key of an unknown type",
    edit({
      auth: {
        signerInfos: [{ ...signerInfo, publicKey: { typeUrl: "/x.Key", value: new Uint8Array() } }],
      },
    }),
    8,
    /unknown key type/,
  ],
  [
    "a key of the wrong length",
    edit({
      auth: {
        signerInfos: [{ ...signerInfo, publicKey: any(PubKey, { key: new Uint8Array(32) }) }],
      },
    }),
    8,
    /32 bytes, not 33/,
  ],
  [
    "a memo that is too long",
    tx({ memo: "m".repeat(257) }),
    12,
    /^maximum number of characters is 256 but received 257 characters: memo too large$/,
  ],
  [
    "an unordered transaction without a time",
    edit({ body: { unordered: true } }),
    18,
    /^unordered transaction must have timeout_timestamp set: invalid request$/,
  ],
  [
    "a tip",
    edit({ auth: { tip: { amount: coins("1"), tipper: bob.address } } }),
    37,
    /tips are not enabled/,
  ],
  [
    "an extension option",
    edit({ body: { extensionOptions: [sendMsg()] } }),
    31,
    /unknown extension options/,
  ],
  [
    "a fee that is not sorted",
    tx({ fee: [...coins("1", "zzz"), ...coins("1")] }),
    13,
    /invalid fee provided/,
  ],
  [
    "a fee that the account cannot pay",
    tx({ fee: coins("9000000000000") }),
    5,
    /^spendable balance 1\d{12}ngonka is smaller than 9\d{12}ngonka: insufficient funds$/,
  ],
  [
    "gas that does not cover the ante chain",
    tx({ gas: 5000n }),
    11,
    /^out of gas in location: \w+; gasWanted: 5000, gasUsed: \d+: out of gas$/,
  ],
  [
    "a fee granter who granted nothing",
    edit({
      auth: { fee: { amount: coins("1"), gasLimit: 200_000n, payer: "", granter: bob.address } },
    }),
    38,
    /^gonka1\w+ does not allow to pay fees for gonka1\w+: fee-grant not found: not found$/,
  ],
];
for (const [name, bytes, code, log] of cases) {
  t.test(`refused: ${name}`, async (t) => {
    const chain = await AppChain.start();
    await chain.block();
    const checked = chain.check(bytes);
    t.same([checked.codespace, checked.code], ["sdk", code], checked.log);
    t.match(checked.log, log);
    const { txResults } = await chain.block([bytes]);
    t.same([txResults[0]?.codespace, txResults[0]?.code], ["sdk", code], "and in a block as well");
    t.same(txResults[0]?.events, [], "nothing of the ante chain stays");
    t.equal(chain.balance(alice.address), startBalance);
  });
}

t.test("a body field that may be ignored is accepted in SIGN_MODE_DIRECT", async (t) => {
  const chain = await AppChain.start();
  const bodyBytes = concat(raw.bodyBytes, field(1024));
  const other = edit({ raw: { bodyBytes } });
  t.match(chain.check(other), { code: 4 }, "it is decoded, but the signature is over other bytes");
});

t.test("a low sequence is refused after its transaction", async (t) => {
  const chain = await AppChain.start();
  t.match(chain.check(tx()), { code: 0 });
  t.match(chain.check(tx()), {
    code: 32,
    log: "account sequence mismatch, expected 1, got 0: incorrect account sequence",
  });
  t.match(chain.check(tx({ sequence: 1n })), { code: 0 }, "the mempool may hold several");
  await chain.block([tx()]);
  t.match(chain.check(tx(), CheckTxType.RECHECK), { code: 32 });
  t.match(chain.check(tx({ sequence: 1n }), CheckTxType.RECHECK), { code: 0 });
});

t.test("fees below the node's price are refused by CheckTx alone", async (t) => {
  const chain = await AppChain.start({ minGasPrices: "0.025ngonka" });
  const cheap = tx({ fee: coins("4999") });
  t.match(chain.check(cheap), {
    code: 13,
    log: "insufficient fees; got: 4999ngonka required: 5000ngonka: insufficient fee",
  });
  t.match(chain.check(tx({ fee: [] })), {
    code: 13,
    log: "insufficient fees; got:  required: 5000ngonka: insufficient fee",
  });
  t.match(chain.check(tx({ fee: coins("0") })), { code: 13 }, "zero coins are no fee");
  t.match(chain.check(tx({ fee: coins("5000") })), { code: 0 });
  const free = await AppChain.start();
  t.match(free.check(tx({ fee: coins("0") })), { code: 0 });
  t.match(free.check(tx({ fee: [...coins("0", "abc"), ...coins("1")], sequence: 1n })), {
    code: 13,
    log: /invalid fee provided: 0abc,1ngonka/,
  });
  t.match((await chain.block([cheap])).txResults[0], { code: 0 });
});

t.test("a timeout height that has passed is refused with code 30", async (t) => {
  const chain = await AppChain.start();
  await chain.wait(3);
  const late = tx({ timeoutHeight: 2n });
  t.match(chain.check(late), {
    code: 30,
    log: "block height: 3, timeout height: 2: tx timeout height",
  });
  t.match(chain.check(tx({ timeoutHeight: 3n })), { code: 0 });
});

t.test("a failed message costs its fee and its sequence, and nothing else", async (t) => {
  const chain = await AppChain.start();
  const messages = [sendMsg("5"), sendMsg("1000000000000")];
  const { txResults } = await chain.block([tx({ messages })]);
  const [result] = txResults;
  t.match(result, {
    code: 5,
    codespace: "sdk",
    log:
      "failed to execute message; message index: 1: spendable balance 999999997995ngonka " +
      "is smaller than 1000000000000ngonka: insufficient funds",
  });
  t.equal(result?.data.length, 0);
  t.same(
    result?.events.map(({ type }) => type),
    ["coin_spent", "coin_received", "transfer", "message", "tx", "tx", "tx"],
    "the events of the ante chain stay",
  );
  t.equal(chain.balance(alice.address), startBalance - 2000n);
  t.equal(chain.balance(bob.address), startBalance);
  t.match(chain.check(tx({ sequence: 1n })), { code: 0 }, "the sequence is used");
});

t.test("running out of gas in a message keeps the fee and reports what was used", async (t) => {
  const chain = await AppChain.start();
  const { txResults } = await chain.block([tx({ gas: 45_000n })]);
  t.match(txResults[0], { code: 11, codespace: "sdk", gasWanted: 45_000n });
  t.match(txResults[0]?.log ?? "", /out of gas in location: \w+; gasWanted: 45000, gasUsed: 4\d+/);
  t.equal(chain.balance(alice.address), startBalance - 2000n);
});

t.test("messages may not send to the accounts of modules", async (t) => {
  const chain = await AppChain.start();
  const collector = "gonka17xpfvakm2amg962yls6f84z3kell8c5lqvy7vl";
  const { txResults } = await chain.block([tx({ messages: [sendMsg("1", collector)] })]);
  t.match(txResults[0], { code: 4, log: new RegExp(`${collector} is not allowed to receive`) });
});

t.test("a block has room for so much gas", async (t) => {
  const chain = await AppChain.start({ maxGas: 300_000n });
  t.match(chain.check(tx({ gas: 300_001n })), {
    code: 41,
    log: "tx gas limit 300001 exceeds block max gas 300000: invalid gas limit",
  });
  const txs = [0n, 1n, 2n, 3n, 4n, 5n, 6n, 7n].map((sequence) => tx({ sequence, gas: 100_000n }));
  const codes = (await chain.block(txs)).txResults.map(({ code }) => code);
  t.equal(codes[0], 0);
  t.equal(codes.at(-1), 11, "no block gas left");
  const request = { maxTxBytes: 10_000n, txs: [...txs, utf8("junk")], height: 2n };
  const prepared = chain.app.prepareProposal(request as never).txs;
  t.equal(prepared.length, 3, "three times 100,000 gas, and no junk");
  const { ACCEPT, REJECT } = ResponseProcessProposal_ProposalStatus;
  const judge = (list: Uint8Array[]) => chain.app.processProposal({ txs: list } as never).status;
  t.equal(judge(prepared), ACCEPT);
  t.equal(judge(txs), REJECT, "too much gas");
  t.equal(judge([utf8("junk")]), REJECT);
  const small = chain.app.prepareProposal({ ...request, maxTxBytes: 400n } as never).txs;
  t.equal(small.length, 1, "bytes are limited too");
});
