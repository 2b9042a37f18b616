/**
 * Waiting transactions and their gossip. Restates cometbft v0.38.25
 * mempool/clist_mempool_test.go (ReapMaxBytesMaxGas, Filters, Update, KeepInvalidTxsInCache,
 * CheckTxChecksTxSize, TxsBytes, SerialReap), cache_test.go and reactor_test.go
 * (BroadcastTxsMessage, NoBroadcastToSender, TestMempoolVectors).
 */

import type { ResponseCheckTx } from "cosmjs-types/tendermint/abci/types";
import t from "tap";
import { fromHex, fromUtf8, toHex, utf8 } from "../../../src/encoding/bytes.ts";
import { defaultMempoolLimits, Mempool } from "../../../src/mempool/mempool.ts";
import { MempoolReactor } from "../../../src/mempool/reactor.ts";
import { SeenTxs } from "../../../src/mempool/seen-txs.ts";
import { decodeTxs, encodeTxs } from "../../../src/mempool/tx-message.ts";
import { emptyDisk, KvStoreApp } from "../../support/kvstore.ts";
import { until } from "../../support/p2p-nodes.ts";
import { prng } from "../../support/prng.ts";
import { silentLog } from "../../support/test-chain.ts";
import { fastClock, TestNetwork } from "../../support/test-network.ts";

const unlimited = { maxDataBytes: -1n, maxGas: -1n };
const ok = { code: 0, data: new Uint8Array(), log: "", info: "" };
const result = (code: number) =>
  ({ ...ok, code, gasWanted: 0n, gasUsed: 0n, events: [], codespace: "" }) as const;

/** 20 bytes, as in CometBFT's tests. */
const tx = (n: number) => utf8(`key-${String(n).padStart(6, "0")}=123456789`.slice(0, 20));

function mempoolOf(limits: Partial<typeof defaultMempoolLimits> = {}) {
  const app = new KvStoreApp(emptyDisk());
  const mempool = new Mempool(app, { ...defaultMempoolLimits, ...limits }, silentLog);
  return { app, mempool };
}

async function fill(mempool: Mempool, count: number, from = 0): Promise<void> {
  for (let n = from; n < from + count; n++) await mempool.checkTx(tx(n));
}

async function update(
  mempool: Mempool,
  txs: Uint8Array[],
  codes: number[] = [],
  limits = unlimited,
  height = 1n,
) {
  mempool.lock();
  const results = txs.map((_, index) => ({ ...result(codes[index] ?? 0), events: [] }));
  await mempool.update({ height, txs, results }, limits);
  mempool.unlock();
}

t.test("a block takes the first transactions that fit [ReapMaxBytesMaxGas]", async (t) => {
  const table: readonly [txs: number, bytes: bigint, gas: bigint, expected: number][] = [
    [20, -1n, -1n, 20],
    [20, -1n, 0n, 0],
    [20, -1n, 10n, 10],
    [20, -1n, 30n, 20],
    [20, 0n, -1n, 0],
    [20, 0n, 10n, 0],
    [20, 10n, 10n, 0],
    [20, 24n, 10n, 1],
    [20, 240n, 5n, 5],
    [20, 240n, -1n, 10],
    [20, 240n, 10n, 10],
    [20, 240n, 15n, 10],
    [20, 20_000n, -1n, 20],
    [20, 20_000n, 5n, 5],
    [20, 20_000n, 30n, 20],
  ];
  t.equal(tx(0).length, 20);
  for (const [count, bytes, gas, expected] of table) {
    const { mempool } = mempoolOf();
    await fill(mempool, count);
    const got = mempool.reapMaxBytesMaxGas(bytes, gas);
    t.equal(got.length, expected, `${bytes} bytes, ${gas} gas`);
    t.same(
      got,
      Array.from({ length: expected }, (_, n) => tx(n)),
      "in order of arrival",
    );
  }
});

t.test("size, bytes and order stay true through entry, blocks and flush [TxsBytes]", async (t) => {
  const { mempool } = mempoolOf();
  await fill(mempool, 5);
  t.same([mempool.size, mempool.totalBytes], [5, 100]);
  await update(mempool, [tx(1), tx(3)]);
  t.same(mempool.reapMaxTxs(10), [tx(0), tx(2), tx(4)]);
  t.same(mempool.reapMaxTxs(2), [tx(0), tx(2)]);
  t.same([mempool.size, mempool.totalBytes], [3, 60]);
  mempool.flush();
  t.same([mempool.size, mempool.totalBytes], [0, 0]);
  await fill(mempool, 1);
  t.equal(mempool.size, 1, "flush forgets the hashes too");
});

t.test("a transaction is taken once; a decided one never again [Update]", async (t) => {
  const { mempool } = mempoolOf();
  await fill(mempool, 1);
  t.match(await mempool.checkTx(tx(0)), { refused: "seen", message: /already exists in cache/ });
  await update(mempool, [tx(7)]);
  t.match(await mempool.checkTx(tx(7)), { refused: "seen" }, "decided before it came here");
  await update(mempool, [tx(0), tx(8)], [0, 5]);
  t.match(await mempool.checkTx(tx(0)), { refused: "seen" });
  t.match(await mempool.checkTx(tx(8)), { code: 0 }, "failed in its block: may try again");
});

t.test("a refused transaction is forgotten, or remembered [KeepInvalidTxsInCache]", async (t) => {
  const bad = utf8("not a pair");
  const forgetful = mempoolOf().mempool;
  t.match(await forgetful.checkTx(bad), { code: 2 });
  t.match(await forgetful.checkTx(bad), { code: 2 }, "asked again");
  const stern = mempoolOf({ invalidTxs: "remember" }).mempool;
  t.match(await stern.checkTx(bad), { code: 2 });
  t.match(await stern.checkTx(bad), { refused: "seen" });
  t.equal(stern.size, 0);
});

t.test("one transaction and all of them have limits [CheckTxChecksTxSize, Filters]", async (t) => {
  const { mempool } = mempoolOf({ maxTxBytes: 20, maxTxs: 3, maxTotalBytes: 50 });
  const long = utf8(`k=${"v".repeat(19)}`);
  t.match(await mempool.checkTx(long), {
    refused: "too-large",
    message: /Max size is 20, but got 21/,
  });
  await fill(mempool, 2);
  t.match(await mempool.checkTx(tx(2)), {
    refused: "full",
    message: /total txs bytes 40 \(max: 50/,
  });
  await mempool.checkTx(utf8("a=1"));
  t.match(await mempool.checkTx(utf8("b=2")), { refused: "full", message: /txs 3 \(max: 3\)/ });
  await update(mempool, [tx(0), tx(1)], [], { maxDataBytes: 21n, maxGas: -1n });
  t.match(await mempool.checkTx(tx(5)), { refused: "too-large", message: /too big: 22, max: 21/ });
  await update(mempool, [], [], { maxDataBytes: 22n, maxGas: 0n });
  t.equal(mempool.size, 0, "a=1 wants 1 gas: gone on recheck");
  t.match(await mempool.checkTx(tx(5)), { refused: "gas", message: /gas wanted 1 is greater/ });
  await update(mempool, [], [], { maxDataBytes: 22n, maxGas: 1n });
  t.match(await mempool.checkTx(tx(5)), { code: 0 });
});

t.test("after a block the rest is asked again, in order, and may go", async (t) => {
  const { app, mempool } = mempoolOf();
  await fill(mempool, 4);
  const asked: string[] = [];
  app.checkTx = ({ tx: bytes, type }): ResponseCheckTx => {
    asked.push(`${type} ${fromUtf8(bytes).slice(4, 10)}`);
    return { ...result(fromUtf8(bytes).includes("02") ? 9 : 0), events: [] };
  };
  await update(mempool, [tx(0)]);
  t.same(asked, ["1 000001", "1 000002", "1 000003"]);
  t.same(mempool.reapMaxTxs(9), [tx(1), tx(3)]);
  t.match(await mempool.checkTx(tx(2)), { code: 9 }, "and is not remembered");
});

t.test("an application that fails on a transaction loses it, and nothing else", async (t) => {
  const { app, mempool } = mempoolOf();
  await fill(mempool, 3);
  const check = app.checkTx.bind(app);
  app.checkTx = (request) => {
    if (fromUtf8(request.tx).includes("01")) throw new Error("a bug");
    return check(request);
  };
  t.match(await mempool.checkTx(utf8("01=x")), { code: 111222, codespace: "undefined" });
  await update(mempool, [tx(0)]);
  t.same(mempool.reapMaxTxs(9), [tx(2)]);
});

t.test("while locked, questions wait in line; too many are refused", async (t) => {
  const { mempool } = mempoolOf({ maxTxs: 2 });
  mempool.lock();
  const waiting = [0, 1, 2].map((n) => mempool.checkTx(tx(n)));
  t.equal(mempool.size, 0);
  t.match(await waiting[2], { refused: "full" });
  t.throws(() => mempool.lock());
  mempool.unlock();
  await Promise.all(waiting);
  t.same(mempool.reapMaxTxs(9), [tx(0), tx(1)]);
});

t.test("the memory of hashes drops the least recent", async (t) => {
  const seen = new SeenTxs(2);
  t.same(
    [seen.push("a"), seen.push("b"), seen.push("a"), seen.push("c")],
    [true, true, false, true],
  );
  t.same([seen.has("a"), seen.has("b"), seen.has("c")], [true, false, true]);
  seen.remove("a");
  t.equal(seen.push("a"), true);
});

t.test("messages encode as CometBFT's [TestMempoolVectors]", async (t) => {
  const vectors: readonly [Uint8Array, string][] = [
    [Uint8Array.of(123), "0a030a017b"],
    [
      utf8("proto encoding in mempool"),
      "0a1b0a1970726f746f20656e636f64696e6720696e206d656d706f6f6c",
    ],
  ];
  for (const [bytes, hex] of vectors) {
    t.equal(toHex(encodeTxs([bytes])), hex);
    t.same(decodeTxs(fromHex(hex), 100), [bytes]);
  }
});

t.test("foreign bytes are transactions or nothing", async (t) => {
  const bad = ["", "0a00", "0a020a00", "0a030a02", "12030a017b", "ff"];
  for (const hex of bad) t.equal(decodeTxs(fromHex(hex), 100), undefined, hex);
  t.equal(decodeTxs(encodeTxs([new Uint8Array(101)]), 100), undefined, "too long");
  const many = Array.from({ length: 4_097 }, () => Uint8Array.of(1));
  t.equal(decodeTxs(encodeTxs(many), 100_000), undefined, "too many");
  for (let seed = 1; seed <= 1_000; seed++) {
    const random = prng(seed);
    const bytes = Uint8Array.from({ length: Math.floor(random() * 40) }, () => random() * 256);
    t.doesNotThrow(() => decodeTxs(bytes, 100), `seed ${seed}`);
  }
});

function nodeOf(id: string) {
  const { mempool } = mempoolOf();
  const network = new TestNetwork(id);
  const clock = fastClock(1);
  const maxTxBytes = 100_000;
  const reactor = new MempoolReactor({ mempool, network, clock, log: silentLog, maxTxBytes });
  return { mempool, network, reactor };
}

t.test(
  "every node gets every transaction, in order; none goes back [NoBroadcastToSender]",
  async (t) => {
    const nodes = ["a", "b", "c", "d"].map(nodeOf);
    const [a, b, c, d] = nodes as [
      (typeof nodes)[0],
      (typeof nodes)[0],
      (typeof nodes)[0],
      (typeof nodes)[0],
    ];
    a.network.connect(b.network);
    b.network.connect(c.network);
    await fill(a.mempool, 500);
    await until("c has all", () => c.mempool.size === 500);
    t.same(c.mempool.reapMaxTxs(500), a.mempool.reapMaxTxs(500));
    t.same(c.network.sent, [], "what b sent does not go back to b");
    t.ok(b.network.sent.every(({ to }) => to === "c"));
    t.ok(a.network.sent.length < 20, "500 transactions go in batches");
    c.network.connect(d.network);
    await until("d, connected later, has all", () => d.mempool.size === 500);
  },
);

t.test("a full queue delays, a decided transaction is not sent any more", async (t) => {
  const [a, b] = [nodeOf("a"), nodeOf("b")];
  a.network.refuseSends = 3;
  a.network.connect(b.network);
  await fill(a.mempool, 3);
  await update(a.mempool, [tx(1)]);
  await until("b has the rest", () => b.mempool.size === 2);
  t.same(b.mempool.reapMaxTxs(9), [tx(0), tx(2)]);
  t.equal(a.network.refuseSends, 0);
});

t.test("a large transaction travels alone; a malformed message bans", async (t) => {
  const [a, b] = [nodeOf("a"), nodeOf("b")];
  a.network.connect(b.network);
  await a.mempool.checkTx(utf8(`k=${"v".repeat(90_000)}`));
  await a.mempool.checkTx(utf8("x=y"));
  await until("both arrive", () => b.mempool.size === 2);
  t.equal(a.network.sent.length, 2);
  const invalid = encodeTxs([utf8("no pair")]);
  const peer = { id: "a", send: () => true };
  b.reactor.receive(0x30, peer, invalid);
  await new Promise((resolve) => setImmediate(resolve));
  t.same(b.network.bans, [], "an invalid transaction is no offence");
  b.reactor.receive(0x30, peer, utf8("garbage"));
  t.match(b.network.bans, ["a: malformed mempool message"]);
});

t.test("what waits longer than ttlBlocks goes, and may come again", async (t) => {
  const { mempool } = mempoolOf({ ttlBlocks: 2 });
  const pass = (height: bigint) => update(mempool, [], [], unlimited, height);
  await fill(mempool, 2);
  await pass(1n);
  await fill(mempool, 1, 2);
  await pass(2n);
  t.equal(mempool.size, 3, "two blocks are allowed");
  await pass(3n);
  t.same(mempool.reapMaxTxs(9), [tx(2)], "the first two have waited for three");
  t.equal(mempool.totalBytes, 20);
  t.match(await mempool.checkTx(tx(0)), { code: 0 }, "not refused as seen");
  await pass(4n);
  t.same(mempool.reapMaxTxs(9), [tx(0)]);
});

t.test("one peer fills its share, not the mempool", async (t) => {
  const { mempool } = mempoolOf({ maxTxsPerPeer: 2 });
  const from = (peer: string | undefined, ...ns: number[]) =>
    Promise.all(ns.map((n) => mempool.checkTx(tx(n), peer)));
  t.match(await from("flood", 0, 1, 2), [{ code: 0 }, { code: 0 }, { refused: "peer-full" }]);
  t.match(await from("flood", 0), [{ refused: "seen" }], "what is here is no news");
  t.match(await from("other", 2, 0), [{ code: 0 }, { refused: "seen" }], "others may bring it");
  t.match(
    await from(undefined, 3, 4, 5),
    [{ code: 0 }, { code: 0 }, { code: 0 }],
    "RPC is no peer",
  );
  await update(mempool, [tx(0)]);
  t.match(await from("flood", 6, 7), [{ code: 0 }, { refused: "peer-full" }], "one has gone");
  mempool.flush();
  t.match(await from("flood", 8, 9), [{ code: 0 }, { code: 0 }]);
});

t.test("an application that looks ahead is asked in order, batch by batch", async (t) => {
  const app = new KvStoreApp(emptyDisk());
  const batches: string[][] = [];
  const asked: string[] = [];
  const check = app.checkTx.bind(app);
  app.checkTx = (request) => {
    asked.push(fromUtf8(request.tx));
    return check(request);
  };
  const looked: (() => void)[] = [];
  const lookAhead = (txs: readonly Uint8Array[]) => {
    batches.push(txs.map(fromUtf8));
    return new Promise<void>((resolve) => looked.push(resolve));
  };
  const limits = { ...defaultMempoolLimits, maxTxs: 75 };
  const mempool = new Mempool(Object.assign(app, { lookAhead }), limits, silentLog);
  const all = Array.from({ length: 76 }, (_, n) => tx(n));
  const answers = Promise.all([...all, tx(0)].map((one) => mempool.checkTx(one)));
  await until("the first batch is looked at", () => batches.length === 1);
  t.equal(asked.length, 0);
  looked[0]?.();
  await until("the first is judged, the second on its way", () => asked.length === 32);
  t.equal(batches.length, 2);
  mempool.lock();
  looked[1]?.();
  await until("the third is on its way", () => batches.length === 3);
  t.equal(asked.length, 32, "the second waits for the block");
  looked[2]?.();
  mempool.unlock();
  const outcomes = await answers;
  t.same(
    batches.map(({ length }) => length),
    [32, 32, 11],
  );
  t.same(asked, all.slice(0, 75).map(fromUtf8));
  t.ok(outcomes.slice(0, 75).every((outcome) => "code" in outcome && outcome.code === 0));
  t.match(outcomes.slice(75), [{ refused: "full" }, { refused: "full" }]);
  t.match(await mempool.checkTx(tx(5)), { refused: "full" });
  await update(mempool, [tx(0)]);
  t.match(await mempool.checkTx(tx(0)), { refused: "seen" });
  t.equal(batches.length, 3, "what was seen before is not looked at");
  const shared = new Mempool(app, { ...limits, maxTxsPerPeer: 1 }, silentLog);
  const first = shared.checkTx(tx(400), "flood");
  await until("it is looked at", () => batches.length === 4);
  looked[3]?.();
  t.match(await first, { code: 0 });
  t.match(await shared.checkTx(tx(401), "flood"), { refused: "peer-full" });
  t.equal(batches.length, 4, "nor what is over a peer's share");
});
