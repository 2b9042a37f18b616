/** Transactions without a sequence, and those with a time to live. spec/abci.md, "Unordered". */
import { Secp256k1Wallet, type StdSignDoc } from "@cosmjs/amino";
import { MsgSend } from "cosmjs-types/cosmos/bank/v1beta1/tx";
import { SignMode } from "cosmjs-types/cosmos/tx/signing/v1beta1/signing";
import { AuthInfo, TxBody, TxRaw } from "cosmjs-types/cosmos/tx/v1beta1/tx";
import { CheckTxType } from "cosmjs-types/tendermint/abci/types";
import t from "tap";
import { decodeTx } from "../../../src/abci/tx/decode.ts";
import { fromBase64 } from "../../../src/encoding/bytes.ts";
import { formatTime } from "../../../src/encoding/time.ts";
import {
  AppChain,
  alice,
  any,
  bob,
  chainId,
  genesisTime,
  openApp,
  signTx,
  startBalance,
} from "../../support/app-chain.ts";

const coins = (amount: number) => [{ denom: "ngonka", amount: String(amount) }];
const message = (amount = 1) =>
  any(MsgSend, { fromAddress: alice.address, toAddress: bob.address, amount: coins(amount) });
const unordered = (seconds: number, options: { amount?: number; sequence?: bigint } = {}) =>
  signTx({
    from: alice,
    sequence: options.sequence ?? 0n,
    messages: [message(options.amount)],
    fee: [],
    unorderedUntil: genesisTime.seconds + BigInt(seconds),
  });

t.test("each timeout can be used once, in any order, and no sequence is used", async (t) => {
  const chain = await AppChain.start();
  await chain.block();
  const [late, early] = [unordered(300), unordered(200)];
  t.match(chain.check(late), { code: 0 });
  t.match(chain.check(late), {
    code: 18,
    log: /^failed to add unordered nonce: already used timeout timestamp/,
  });
  const { txResults } = await chain.block([late, early, late, unordered(300, { amount: 2 })]);
  t.same(
    txResults.map(({ code }) => code),
    [0, 0, 18, 18],
    "another transaction with the same time is refused too",
  );
  t.equal(chain.balance(bob.address), startBalance + 2n);
  const ordered = signTx({ from: alice, sequence: 0n, messages: [message()], fee: [] });
  t.match((await chain.block([ordered])).txResults[0], { code: 0 }, "sequence 0 is still free");
  t.match(chain.check(late, CheckTxType.RECHECK), { code: 18 });
  t.same(chain.app.brokenInvariants(), []);
});

t.test("its time must be set, not passed, and at most ten minutes away", async (t) => {
  const chain = await AppChain.start();
  await chain.wait(5);
  t.match(chain.check(unordered(4)), { code: 42, log: /: tx timeout$/ });
  t.match(chain.check(unordered(5)), { code: 0 });
  t.match(chain.check(unordered(5 + 600)), { code: 0 });
  t.match(chain.check(unordered(5 + 601)), { code: 18, log: /unordered tx ttl exceeds 10m0s/ });
  t.match(chain.check(unordered(50, { sequence: 1n })), {
    code: 18,
    log: /sequence is not allowed/,
  });
});

t.test("CheckTx knows the time right after a restart", async (t) => {
  const chain = await AppChain.start();
  await chain.wait(5);
  chain.app = await openApp(chain.db);
  t.match(chain.check(unordered(4)), { code: 42, log: /: tx timeout$/ });
  t.match(chain.check(unordered(5 + 601)), { code: 18, log: /unordered tx ttl exceeds 10m0s/ });
  t.match(chain.check(unordered(5 + 600)), { code: 0 });
});

t.test("what was used is forgotten when its time has passed, and not before", async (t) => {
  const chain = await AppChain.start();
  const used = unordered(4);
  await chain.block([used]);
  for (let second = 2; second <= 4; second++) {
    const { txResults } = await chain.block([used]);
    t.equal(txResults[0]?.code, 18, `second ${second}`);
  }
  t.equal((await chain.block([used])).txResults[0]?.code, 42);
  const { appState } = chain.app.exportState();
  t.same((appState.auth as { unordered_nonces: unknown }).unordered_nonces, []);
});

t.test("a simulation of it uses nothing, and its gas is enough", async (t) => {
  const chain = await AppChain.start();
  await chain.block();
  const tx = unordered(100);
  const query = { path: "/app/simulate", data: tx, height: 0n, prove: false };
  for (let i = 0; i < 2; i++) t.equal(chain.app.query(query).code, 0);
  const answer = JSON.parse(Buffer.from(chain.app.query(query).value).toString());
  const { txResults } = await chain.block([tx]);
  t.equal(txResults[0]?.code, 0);
  t.equal(String(txResults[0]?.gasUsed), answer.gas_info.gas_used);
  t.equal(answer.gas_info.gas_wanted, "18446744073709551615");
});

t.test("amino JSON shows the time and that there is no order", async (t) => {
  const chain = await AppChain.start();
  await chain.block();
  const timeout = { seconds: genesisTime.seconds + 60n, nanos: 500_000_000 };
  const wallet = await Secp256k1Wallet.fromKey(alice.privateKey, "gonka");
  const fee = { amount: coins(2500), gas: "100000" };
  const value = { from_address: alice.address, to_address: bob.address, amount: coins(1) };
  const document = {
    chain_id: chainId,
    account_number: "0",
    sequence: "0",
    fee,
    memo: "",
    msgs: [{ type: "cosmos-sdk/MsgSend", value }],
    unordered: true,
    timeout_timestamp: formatTime(timeout),
  } as StdSignDoc;
  const { signature } = await wallet.signAmino(alice.address, document);
  const body = { messages: [message()], unordered: true, timeoutTimestamp: timeout };
  const direct = AuthInfo.decode(TxRaw.decode(unordered(60)).authInfoBytes);
  const signerInfos = direct.signerInfos.map((info) => ({
    ...info,
    modeInfo: { single: { mode: SignMode.SIGN_MODE_LEGACY_AMINO_JSON } },
  }));
  const auth = { signerInfos, fee: { amount: coins(2500), gasLimit: 100_000n } };
  const tx = TxRaw.encode({
    bodyBytes: TxBody.encode(TxBody.fromPartial(body)).finish(),
    authInfoBytes: AuthInfo.encode(AuthInfo.fromPartial(auth)).finish(),
    signatures: [fromBase64(signature.signature)],
  }).finish();
  t.ok(decodeTx(chain.app.registry, tx).body.unordered);
  t.match(chain.check(tx), { code: 0 });
});

t.test("an ordered transaction may have a time as well", async (t) => {
  const chain = await AppChain.start();
  await chain.wait(9);
  const raw = TxRaw.decode(signTx({ from: alice, sequence: 0n, messages: [message()] }));
  const timeoutTimestamp = { seconds: genesisTime.seconds + 8n, nanos: 0 };
  const bodyBytes = TxBody.encode({ ...TxBody.decode(raw.bodyBytes), timeoutTimestamp }).finish();
  const log =
    "block time: 2023-11-14T22:13:29Z, timeout timestamp: 2023-11-14T22:13:28Z: tx timeout";
  t.match(chain.check(TxRaw.encode({ ...raw, bodyBytes }).finish()), { code: 42, log });
});
