/** The bytes on disk, written out by hand, and what becomes of wrong ones (spec/store.md, 6). */
import t from "tap";
import { toHex, utf8 } from "../../../src/encoding/bytes.ts";
import { Tree } from "../../../src/store/iavl/tree.ts";
import { MemoryDb } from "../../../src/store/memory-db.ts";
import { Multistore } from "../../../src/store/multistore.ts";
import {
  chunkKey,
  decodeHeader,
  decodeLog,
  encodeHeader,
  encodeLog,
  logKey,
  StoreCorruptError,
} from "../../../src/store/persistence/format.ts";
import { readSnapshot, snapshotChunks } from "../../../src/store/persistence/snapshot.ts";
import { Xorshift } from "../../support/xorshift.ts";

const header = {
  initialVersion: 1,
  version: 300,
  oldestLog: 5,
  snapshots: [{ version: 4, chunks: 2 }],
  unfinished: { version: 299, chunks: 1 },
};
const log = [
  { name: "acc", root: new Uint8Array(32).fill(0xaa), ops: [] },
  {
    name: "bank",
    root: new Uint8Array(32).fill(0xbb),
    ops: [
      { key: utf8("a"), value: utf8("xy") },
      { key: utf8("bc"), value: undefined },
      { key: utf8("d"), value: new Uint8Array() },
    ],
  },
];
/** Three keys in three versions: b, a rotated under it, then b again. */
function smallTree(): Tree {
  const tree = new Tree(1);
  for (const [key, value] of [
    ["b", "1"],
    ["a", "2"],
    ["b", "3"],
  ] as const) {
    tree.set(utf8(key), utf8(value));
    tree.workingHash();
    tree.seal();
  }
  return tree;
}
const chunksOf = (tree: Tree): Uint8Array[] => [
  ...snapshotChunks([{ name: "bank", nodes: tree.nodes, root: tree.committedRoot }], 1 << 16),
];

t.test("keys", async (t) => {
  t.equal(toHex(logKey(300)), "6c000000000000012c");
  t.equal(toHex(chunkKey(300, 2)), "73000000000000012c0000000000000002");
});

t.test("header", async (t) => {
  const text = `${toHex(utf8("gonka-store"))}0101ac02050102${"0402"}${"ab0201"}`;
  t.equal(toHex(encodeHeader(header)), text);
  t.same(decodeHeader(encodeHeader(header)), header);
  const finished = { ...header, unfinished: undefined };
  t.same(decodeHeader(encodeHeader(finished)), finished);
});

t.test("log", async (t) => {
  const stores = [`03616363${"aa".repeat(32)}00`, `0462616e6b${"bb".repeat(32)}03`];
  t.equal(toHex(encodeLog(log)), `02${stores[0]}${stores[1]}0161037879${"02626300"}${"016401"}`);
  t.same(decodeLog(encodeLog(log)), log);
});

t.test("snapshot", async (t) => {
  const tree = smallTree();
  const chunks = chunksOf(tree);
  t.same(chunks.map(toHex), [`020462616e6b${"000201610132"}${"000301620133"}${"0103"}`]);
  const read = readSnapshot(3, chunks).get("bank");
  t.same(read?.workingHash(), tree.workingHash());
  t.equal(read?.workingVersion, 4);
});

t.test("wrong bytes are damage, never another error", async (t) => {
  const random = new Xorshift(11);
  const decoders: [string, Uint8Array, (bytes: Uint8Array) => unknown][] = [
    ["header", encodeHeader(header), decodeHeader],
    ["log", encodeLog(log), decodeLog],
    ["snapshot", chunksOf(smallTree())[0] ?? new Uint8Array(), (b) => readSnapshot(3, [b])],
  ];
  for (const [name, good, decode] of decoders) {
    let refused = 0;
    for (let run = 0; run < 2000; run++) {
      const bytes = good.slice(0, random.below(3) === 0 ? random.below(good.length) : good.length);
      for (let i = random.below(4); i > 0; i--)
        bytes[random.below(bytes.length || 1)] = random.next();
      try {
        decode(bytes);
      } catch (error) {
        if (!(error instanceof StoreCorruptError)) throw error;
        refused++;
      }
    }
    t.ok(refused > 200, `${name}: ${refused} of 2000 refused`);
  }
});

t.test("what a commit writes is the log of its operations in key order", async (t) => {
  const db = new MemoryDb();
  const store = await Multistore.open(db, ["bank"]);
  for (const key of ["c", "a"]) store.working("bank").set(utf8(key), utf8(key));
  store.working("bank").delete(utf8("b"));
  await store.commit();
  const [bank] = decodeLog(db.get(logKey(1)) ?? new Uint8Array());
  t.same(
    bank?.ops.map(({ key, value }) => [key, value]),
    [
      [utf8("a"), utf8("a")],
      [utf8("c"), utf8("c")],
    ],
  );
});
