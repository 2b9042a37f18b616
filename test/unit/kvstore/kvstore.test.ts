/** The kvstore application. spec/kvstore.md; literal answers are those of CometBFT's example. */
import * as abci from "cosmjs-types/tendermint/abci/types";
import t from "tap";
import { ed25519Address } from "../../../src/crypto/ed25519.ts";
import { fromUtf8, toBase64, toHex, utf8 } from "../../../src/encoding/bytes.ts";
import { KvStore } from "../../../src/kvstore/application.ts";
import { MemoryDb } from "../../../src/store/memory-db.ts";

const key = new Uint8Array(32).fill(7);
const validatorTx = (power: number) => utf8(`val=ed25519!${toBase64(key)}!${power}`);

function finalize(app: KvStore, height: bigint, txs: string[]): abci.ResponseFinalizeBlock {
  const request = { height, txs: txs.map(utf8) };
  return app.finalizeBlock(abci.RequestFinalizeBlock.fromPartial(request));
}
const query = (app: KvStore, path: string, data: Uint8Array, prove = false) =>
  app.query({ path, data, height: 0n, prove });

t.test("the transcript of the example's console", async (t) => {
  // cometbft abci/tests/test_cli/ex1.abci and ex1.abci.out: heights are 0 there.
  const app = await KvStore.open(new MemoryDb());
  t.equal(app.info().data, '{"size":0}');
  t.same(app.prepareProposal(abci.RequestPrepareProposal.fromPartial({ txs: [utf8("abc=123")] })), {
    txs: [utf8("abc=123")],
  });
  const proposal = (tx: string) =>
    app.processProposal(abci.RequestProcessProposal.fromPartial({ txs: [utf8(tx)] })).status;
  t.equal(proposal("abc==456"), 2);
  t.equal(proposal("abc=123"), 1);
  t.equal(toHex(finalize(app, 0n, ["abc=123"]).appHash), "0200000000000000");
  t.same(await app.commit(), { retainHeight: 0n });
  t.equal(app.info().data, '{"size":1}');
  const found = query(app, "", utf8("abc"));
  t.match(found, { code: 0, log: "exists", height: 0n, key: utf8("abc"), value: utf8("123") });
  t.equal(toHex(finalize(app, 0n, ["def=xyz", "ghi=123"]).appHash), "0600000000000000");
  await app.commit();
  t.match(query(app, "", utf8("def")), { log: "exists", value: utf8("xyz") });
  t.equal(app.checkTx({ tx: utf8("abc"), type: 0 }).code, 2);
});

t.test("what CheckTx takes", async (t) => {
  const app = await KvStore.open(new MemoryDb());
  const good = ["a=b", "a:b", `val=ed25519!${toBase64(key)}!0`, `val=!${toBase64(key)}!5`];
  for (const tx of good)
    t.match(app.checkTx({ tx: utf8(tx), type: 0 }), { code: 0, gasWanted: 1n });
  const bad = ["", "a", "=", "=b", "a=", "a:", ":b", "a=b=c", "a=b:c", "a:b:c", "val=a", "val=a=b"];
  bad.push(`val=ed25519!${toBase64(key)}!-1`, `val=ed25519!${toBase64(key)}!1!2`);
  bad.push("val=ed25519!AAAA!1", `val=other!${toBase64(key)}!1`, "val=other!%!1", "val=!!");
  for (const tx of bad)
    t.match(app.checkTx({ tx: utf8(tx), type: 0 }), { code: 2, gasWanted: 0n }, tx);
});

t.test("a proposer leaves out what is malformed and writes = for :", async (t) => {
  const app = await KvStore.open(new MemoryDb());
  const txs = ["k:v", "bad", "a=b"].map(utf8);
  const { txs: chosen } = app.prepareProposal(abci.RequestPrepareProposal.fromPartial({ txs }));
  t.same(chosen.map(fromUtf8), ["k=v", "a=b"]);
});

t.test("every transaction tells two events", async (t) => {
  const app = await KvStore.open(new MemoryDb());
  const [result] = finalize(app, 1n, ["k=v"]).txResults;
  const pairs = result?.events.map(({ type, attributes }) => [
    type,
    ...attributes.map(({ key, value, index }) => `${key}=${value}${index ? "" : " (no index)"}`),
  ]);
  t.same(pairs, [
    [
      "app",
      "creator=Cosmoshi Netowoko",
      "key=k",
      "index_key=index is working",
      "noindex_key=index is working (no index)",
    ],
    [
      "app",
      "creator=Cosmoshi",
      "key=v",
      "index_key=index is working",
      "noindex_key=index is working (no index)",
    ],
  ]);
  t.match(result, { code: 0, gasWanted: 0n, gasUsed: 0n, log: "" });
});

t.test("nothing is written before Commit, and FinalizeBlock may be repeated", async (t) => {
  const db = new MemoryDb();
  const app = await KvStore.open(db);
  finalize(app, 1n, ["k=v"]);
  t.equal(toHex(finalize(app, 1n, ["k=v"]).appHash), "0200000000000000");
  t.equal(query(app, "", utf8("k")).log, "does not exist");
  t.match((await KvStore.open(db)).info(), { lastBlockHeight: 0n, data: '{"size":0}' });
  await app.commit();
  const again = await KvStore.open(db);
  t.match(again.info(), { lastBlockHeight: 1n, data: '{"size":1}' });
  t.same(again.info(), app.info());
  t.match(query(again, "/store", utf8("k"), true), { log: "exists", index: -1n, height: 1n });
});

t.test(
  "validators: set by transactions, found under /val, punished for voting twice",
  async (t) => {
    const db = new MemoryDb();
    const app = await KvStore.open(db);
    app.initChain(
      abci.RequestInitChain.fromPartial({
        validators: [{ pubKey: { ed25519: key }, power: 10n }],
      }),
    );
    const response = finalize(app, 1n, [fromUtf8(validatorTx(12))]);
    t.same(response.validatorUpdates, [{ pubKey: { ed25519: key }, power: 12n }]);
    t.equal(toHex(response.appHash), "0200000000000000", "it counts as a transaction");
    await app.commit();
    const stored = query(app, "/val", key).value;
    t.equal(stored[0], stored.length - 1, "with its length before it");
    t.equal(abci.ValidatorUpdate.decode(stored.subarray(1)).power, 12n);
    const misbehavior = [
      {
        type: abci.MisbehaviorType.DUPLICATE_VOTE,
        validator: { address: ed25519Address(key), power: 12n },
      },
    ];
    const reopened = await KvStore.open(db);
    const punished = reopened.finalizeBlock(
      abci.RequestFinalizeBlock.fromPartial({ height: 2n, misbehavior }),
    );
    t.same(punished.validatorUpdates, [{ pubKey: { ed25519: key }, power: 11n }]);
    await reopened.commit();
    finalize(reopened, 3n, [fromUtf8(validatorTx(0))]);
    await reopened.commit();
    t.equal(query(reopened, "/val", key).value.length, 0, "power 0 removes it");
  },
);

t.test("it asks the engine to keep so many blocks", async (t) => {
  const app = await KvStore.open(new MemoryDb(), 5n);
  for (let height = 1n; height <= 7n; height++) {
    finalize(app, height, []);
    t.equal((await app.commit()).retainHeight, height < 5n ? 0n : height - 4n);
  }
});
