/**
 * The index of transactions and blocks. Cases from cometbft v0.38 state/txindex/kv/kv_test.go and
 * state/indexer/block/kv/kv_test.go. Where CometBFT answers a contradictory query with something
 * (the first of two heights, a range instead of an equality), we answer with nothing: ADR 039.
 */
import { type Event, ResponseFinalizeBlock } from "cosmjs-types/tendermint/abci/types";
import { Block } from "cosmjs-types/tendermint/types/block";
import { BlockID } from "cosmjs-types/tendermint/types/types";
import t from "tap";
import { toHex, toUpperHex, utf8 } from "../../../src/encoding/bytes.ts";
import { Indexer } from "../../../src/rpc/indexer/indexer.ts";
import { searchBlocks, searchTxs } from "../../../src/rpc/indexer/search.ts";
import { parseQuery } from "../../../src/rpc/query/parser.ts";
import { MemoryDb } from "../../../src/store/memory-db.ts";
import { txHash } from "../../../src/types/tx.ts";

interface Tx {
  readonly tx: string;
  readonly events: readonly Event[];
  readonly code?: number;
}

const applied = (height: bigint, txs: readonly Tx[], events: readonly Event[] = []) => ({
  block: Block.fromPartial({
    header: { height },
    data: { txs: txs.map(({ tx }) => utf8(tx)) },
  }),
  blockId: BlockID.fromPartial({}),
  result: ResponseFinalizeBlock.fromPartial({
    events: [...events],
    txResults: txs.map(({ events, code = 0 }) => ({ code, events: [...events] })),
  }),
});

/** "account|number=1|owner=Ana": an event; a key with "!" before it is not indexed. */
function event(text: string): Event {
  const [type = "", ...attributes] = text.split("|");
  return {
    type,
    attributes: attributes.map((attribute) => {
      const at = attribute.indexOf("=");
      const key = attribute.slice(0, at).replace("!", "");
      return { key, value: attribute.slice(at + 1), index: !attribute.startsWith("!") };
    }),
  };
}

async function indexOf(blocks: readonly ReturnType<typeof applied>[]) {
  const db = new MemoryDb();
  const index = new Indexer(db, ({ height, index }) => {
    const block = blocks.find(({ block: { header } }) => header.height === height);
    const [tx, result] = [block?.block.data.txs[index], block?.result.txResults[index]];
    return tx && result && { height, index, tx, result };
  });
  for (const block of blocks) await index.index(block);
  const txs = async (query: string) => {
    const found = await searchTxs(index, db, parseQuery(query));
    return found.map((at) => Buffer.from(index.at(at)?.tx ?? []).toString());
  };
  const heights = async (query: string) => (await searchBlocks(db, parseQuery(query))).map(Number);
  return { db, index, txs, heights };
}

const hello = (...events: string[]) => ({ tx: "HELLO WORLD", events: events.map(event) });

t.test("TxSearch", async (t) => {
  const { txs } = await indexOf([
    applied(1n, [hello("account|number=1", "account|owner=/Ivan/", "|not_allowed=Vlad")]),
  ]);
  const hash = txHash(utf8("HELLO WORLD"));
  const cases: [string, number][] = [
    [`tx.hash = '${toUpperHex(hash)}'`, 1],
    [`tx.hash = '${toHex(hash)}'`, 1],
    ["tx.hash = 'zz'", 0],
    ["account.number = 1", 1],
    ["account.number = 1 AND account.owner = 'Ivan'", 0],
    ["account.owner = '/Ivan/'", 1],
    ["account.owner = 'Vlad' AND account.number >= 1", 0],
    ["account.number <= 0", 0],
    ["account.owner = 'Iv'", 0],
    ["account.number >= 1 AND account.number <= 5", 1],
    ["account.number >= 1", 1],
    ["account.number <= 5", 1],
    ["account.number <= 1", 1],
    ["not_allowed = 'Vlad'", 0],
    ["account.number >= 2 AND account.number <= 5 AND tx.height > 0", 0],
    ["account.date >= TIME 2013-05-03T14:45:00Z", 0],
    ["account.owner CONTAINS 'an'", 1],
    ["account.owner CONTAINS 'Vlad'", 0],
    ["account.owner CONTAINS ' Ivan'", 0],
    ["account.number CONTAINS 'Iv'", 0],
    ["account.number EXISTS", 1],
    ["account.date EXISTS", 0],
    ["not_allowed EXISTS", 0],
    ["tm.event = 'Tx'", 1],
    ["tm.event = 'Tx' AND account.number = 1", 1],
    ["tm.event = 'NewBlock'", 0],
  ];
  for (const [query, count] of cases) t.equal((await txs(query)).length, count, query);
});

t.test("TxSearchEventMatch: conditions hold within one event", async (t) => {
  const { txs } = await indexOf([
    applied(1n, [
      hello(
        "account|number=1|owner=Ana",
        "account|number=2|owner=/Ivan/.test",
        "account|!number=3|!owner=Mickey",
        "|not_allowed=Vlad",
      ),
    ]),
  ]);
  const cases: [string, number][] = [
    ["tx.height = 1", 1],
    ["account.number = 3 AND account.owner = 'Mickey'", 0],
    ["tx.height > 0", 1],
    ["tx.height <= 1", 1],
    ["tx.height = 1 AND tx.height = 1", 1],
    [
      "tx.height < 2 AND tx.height > 0 AND account.number > 0 AND account.number <= 1 AND account.owner CONTAINS 'Ana'",
      1,
    ],
    [
      "tx.height < 2 AND account.number = 1 AND account.owner CONTAINS 'Ana' AND account.owner CONTAINS 'An'",
      1,
    ],
    ["tx.height < 2 AND tx.height > 0 AND account.number = 2 AND account.owner = 'Ana'", 0],
    ["account.number = 2 AND account.owner = 'Ana' AND tx.height = 1", 0],
    ["tx.height < 2 AND account.number = 3 AND account.number = 2 AND account.number = 5", 0],
    ["account.number < 2 AND account.owner = '/Ivan/.test'", 0],
    ["account.number <= 2 AND account.owner = '/Ivan/.test' AND tx.height > 0", 1],
    ["account.number <= 2 AND account.owner CONTAINS '/Iv' AND account.owner CONTAINS 'an'", 1],
  ];
  for (const [query, count] of cases) t.equal((await txs(query)).length, count, query);
});

t.test("TxSearchEventMatchByHeight and the order of answers", async (t) => {
  const { txs } = await indexOf([
    applied(1n, [{ tx: "one", events: [event("account|number=1|owner=Ana")] }]),
    applied(10n, [
      { tx: "ten a", events: [event("account|number=1|owner=/Ivan/.test")] },
      { tx: "ten b", events: [event("account|number.id=1")] },
    ]),
    applied(11n, [{ tx: "eleven", events: [event("account|number=2|amount=77ngonka")] }]),
  ]);
  t.same(await txs("tx.height = 1"), ["one"]);
  t.same(await txs("tx.height = 10"), ["ten a", "ten b"]);
  t.same(await txs("tx.height = 5"), []);
  t.same(await txs("tx.height >= 2 AND tx.height <= 5"), []);
  t.same(await txs("tx.height >= 1 AND tx.height <= 10"), ["one", "ten a", "ten b"]);
  t.same(await txs("tx.height >= 1 AND tx.height <= 5 AND account.number=1"), ["one"]);
  t.same(await txs("tx.height >= 1 AND tx.height <= 10 AND account.number=1"), ["one", "ten a"]);
  t.same(await txs("account.number >= 1"), ["one", "ten a", "eleven"]);
  t.same(await txs("account.amount = 77"), [], "equality is of the whole text");
  t.same(await txs("account.amount > 76"), ["eleven"], "order is of the leading number");
  t.same(await txs("tx.height = 1 AND tx.height = 10"), [], "not both, unlike CometBFT");
});

t.test("TxIndexDuplicatePreviouslySuccessful", async (t) => {
  const mock = (code: number) => ({ tx: "MOCK_TX_HASH", events: [], code });
  const height = async (...codes: number[]) => {
    const blocks = codes.map((code, index) => applied(BigInt(index + 1), [mock(code)]));
    const { index } = await indexOf(blocks);
    return Number(index.tx(txHash(utf8("MOCK_TX_HASH")))?.height);
  };
  t.equal(await height(0, 1), 1, "a failure does not hide a success");
  t.equal(await height(1, 1), 2);
  t.equal(await height(0, 0), 2);
  const { index } = await indexOf([applied(1n, [mock(0), mock(1)])]);
  t.equal(index.tx(txHash(utf8("MOCK_TX_HASH")))?.index, 0, "nor within a block");
});

t.test("an application cannot take the names of the index", async (t) => {
  const { txs } = await indexOf([applied(3n, [hello("tx|height=7|hash=00", "a\0b|c=d")])]);
  t.same(await txs("tx.height = 7"), []);
  t.same(await txs("tx.height = 3"), ["HELLO WORLD"]);
});

t.test("indexing goes on where it stopped, and twice is once", async (t) => {
  const block = applied(5n, [hello("account|number=1")]);
  const { index, txs } = await indexOf([block, block]);
  t.equal(index.lastHeight(), 5n);
  t.equal((await txs("account.number = 1")).length, 1);
});

t.test("BlockIndexer", async (t) => {
  const blocks = Array.from({ length: 11 }, (_, index) => {
    const height = BigInt(index + 1);
    const foo = height === 1n ? "foo=100" : `${height % 2n === 0n ? "" : "!"}foo=${height}`;
    return applied(height, [], [event("begin_event|proposer=FCAA001"), event(`end_event|${foo}`)]);
  });
  const { heights } = await indexOf(blocks);
  const all = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11];
  const cases: [string, number[]][] = [
    ["block.height = 100", []],
    ["block.height = 5", [5]],
    ["begin_event.key1 = 'value1'", []],
    ["begin_event.proposer = 'FCAA001'", all],
    ["end_event.foo <= 5", [2, 4]],
    ["end_event.foo >= 100", [1]],
    ["block.height > 2 AND end_event.foo <= 8", [4, 6, 8]],
    ["end_event.foo > 100", []],
    ["block.height >= 2 AND end_event.foo < 8", [2, 4, 6]],
    ["begin_event.proposer CONTAINS 'FFFFFFF'", []],
    ["begin_event.proposer CONTAINS 'FCAA001'", all],
    ["end_event.foo CONTAINS '1'", [1, 10]],
    ["tm.event = 'NewBlock'", all],
    ["tm.event = 'Tx'", []],
  ];
  for (const [query, expected] of cases) t.same(await heights(query), expected, query);
});

t.test("BlockIndexerMulti", async (t) => {
  const { heights } = await indexOf([
    applied(1n, [], ["", "end_event|foo=100|bar=200", "end_event|foo=300|bar=500"].map(event)),
    applied(2n, [], ["", "end_event|foo=100|bar=200", "end_event|foo=300|bar=400"].map(event)),
  ]);
  const cases: [string, number[]][] = [
    ["block.height = 1", [1]],
    ["block.height = 1 AND block.height = 2", []],
    ["block.height < 2 AND block.height > 0 AND block.height > 0", [1]],
    ["block.height < 1 AND block.height > 1", []],
    [
      "end_event.bar < 300 AND end_event.foo = 100 AND block.height > 0 AND block.height <= 2",
      [1, 2],
    ],
    ["end_event.foo = 100 AND end_event.bar = 400 AND block.height = 2", []],
    ["end_event.foo = 100 AND end_event.bar > 200 AND block.height > 0 AND block.height < 3", []],
    ["end_event.foo = 100 AND end_event.bar = 400", []],
    ["block.height  = 2 AND end_event.foo < 300", [2]],
    ["block.height  = 2 AND end_event.foo CONTAINS '30'", [2]],
    ["end_event.bar > 100 AND end_event.bar <= 500", [1, 2]],
    ["end_event.baz = 100", []],
  ];
  for (const [query, expected] of cases) t.same(await heights(query), expected, query);
});

t.test("a forgotten block leaves nothing, and what came again later stays", async (t) => {
  const again = { tx: "again", events: [event("account|number=7")] };
  const old = applied(
    1n,
    [hello("account|number=1|owner=Ana"), { ...again, code: 5 }],
    [event("begin_event|foo=100"), event("begin_event|foo=100")],
  );
  const late = applied(2n, [again], [event("begin_event|foo=100")]);
  const { db, index, txs, heights } = await indexOf([old, late]);
  await index.forget(old);
  await index.forget(old);
  t.same(await txs("tx.height > 0"), ["again"]);
  t.same(await txs("account.number = 1"), []);
  t.equal(index.tx(txHash(utf8("again")))?.height, 2n);
  t.same(await heights("begin_event.foo = 100"), [2]);
  const left: string[] = [];
  for await (const [key] of db.iterate({})) left.push(toHex(key));
  const fresh = await indexOf([late]);
  const expected: string[] = [];
  for await (const [key] of fresh.db.iterate({})) expected.push(toHex(key));
  t.same(left, expected);
});
