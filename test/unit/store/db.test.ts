/** The same tests for both databases, then what only one can do (spec/store.md, clause 1). */
import { mkdtemp, readdir, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import t, { type Test } from "tap";
import { toHex, utf8 } from "../../../src/encoding/bytes.ts";
import { type Db, DbError } from "../../../src/store/db.ts";
import { type KeyRange, prefixRange } from "../../../src/store/kv.ts";
import { openLevelDb } from "../../../src/store/leveldb.ts";
import { MemoryDb } from "../../../src/store/memory-db.ts";
import { Multistore } from "../../../src/store/multistore.ts";
import { Xorshift } from "../../support/xorshift.ts";

async function folderFor(t: Test): Promise<string> {
  const folder = await mkdtemp(path.join(tmpdir(), "gonka-db-"));
  t.teardown(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

async function keysOf(db: Db, range?: KeyRange): Promise<string[]> {
  const keys: string[] = [];
  for await (const [key] of db.iterate(range)) keys.push(toHex(key));
  return keys;
}

async function holds(t: Test, db: Db): Promise<void> {
  const none = new Uint8Array();
  t.equal(db.get(utf8("a")), undefined);
  await db.batch(
    [
      { key: utf8("a"), value: utf8("1") },
      { key: utf8("b"), value: none },
      { key: utf8("a"), value: utf8("2") },
      { key: utf8("c"), value: utf8("3") },
      { key: utf8("c"), value: undefined },
    ],
    { sync: true },
  );
  t.same([...(db.get(utf8("a")) ?? [])], [...utf8("2")], "the last write of a key wins");
  t.equal(db.get(utf8("b"))?.length, 0, "an empty value is a value");
  t.equal(db.get(utf8("c")), undefined);
  await db.batch(
    [0, 1, 127, 128, 255].map((byte) => ({ key: Uint8Array.of(9, byte), value: none })),
    {
      sync: false,
    },
  );
  const all = ["0900", "0901", "097f", "0980", "09ff"];
  t.same(await keysOf(db, prefixRange(Uint8Array.of(9))), all, "keys sort as unsigned bytes");
  t.same(await keysOf(db, prefixRange(Uint8Array.of(9), true)), [...all].reverse());
  t.same(await keysOf(db, { start: Uint8Array.of(9, 1), end: Uint8Array.of(9, 0x80) }), [
    "0901",
    "097f",
  ]);
  const seen: string[] = [];
  for await (const [key] of db.iterate(prefixRange(Uint8Array.of(9)))) {
    seen.push(toHex(key));
    if (seen.length === 1) {
      await db.batch([{ key: Uint8Array.of(9, 2), value: none }], { sync: false });
    }
  }
  t.same(seen, all, "an iteration does not see later writes");
  for await (const _ of db.iterate()) break;
  await db.close();
  t.throws(() => db.get(utf8("a")), DbError);
  await t.rejects(db.batch([], { sync: true }), DbError);
}

t.test("in memory", async (t) => holds(t, new MemoryDb()));
t.test("on disk", async (t) => holds(t, await openLevelDb(await folderFor(t))));

t.test("a folder is open once, and its contents are there again", async (t) => {
  const folder = await folderFor(t);
  const db = await openLevelDb(folder);
  await t.rejects(openLevelDb(folder), { name: "DbError", message: /another process has it open/ });
  await db.batch([{ key: utf8("a"), value: utf8("1") }], { sync: true });
  await db.close();
  const again = await openLevelDb(folder);
  t.ok(again.get(utf8("a")));
  await again.close();
});

t.test("a power cut loses unsynced batches, the last ones first, each as a whole", async (t) => {
  const random = new Xorshift(5);
  for (let run = 0; run < 50; run++) {
    const db = new MemoryDb();
    const states: string[] = [""];
    let synced = 0;
    for (let batch = 1; batch <= 12; batch++) {
      const ops = Array.from({ length: 1 + random.below(4) }, () => ({
        key: random.bytes(1),
        value: random.below(4) === 0 ? undefined : Uint8Array.of(batch),
      }));
      const sync = random.below(4) === 0;
      await db.batch(ops, { sync });
      states.push((await keysOf(db)).join());
      if (sync) synced = batch;
    }
    t.equal(db.unsyncedBatches, 12 - synced);
    const survivingBatches = random.below(12 - synced + 1);
    const left = db.crash({ survivingBatches });
    t.equal((await keysOf(left)).join(), states[synced + survivingBatches]);
    t.throws(() => db.get(utf8("a")), DbError);
  }
});

t.test("pruning gives the disk back", async (t) => {
  const folder = await folderFor(t);
  const db = await openLevelDb(folder);
  let writtenBytes = 0;
  const counting: Db = {
    get: (key) => db.get(key),
    iterate: (range) => db.iterate(range),
    close: () => db.close(),
    batch: (ops, options) => {
      for (const { value } of ops) writtenBytes += value?.length ?? 0;
      return db.batch(ops, options);
    },
  };
  const store = await Multistore.open(counting, ["bank"], { keepVersions: 5, snapshotOps: 200 });
  const random = new Xorshift(3);
  for (let version = 0; version < 120; version++) {
    for (let i = 0; i < 20; i++) {
      store.working("bank").set(random.bytes(1), random.bytes(10_000)); // Does not compress.
    }
    await store.commit();
  }
  const sizes = await Promise.all(
    (await readdir(folder)).map(async (file) => (await stat(path.join(folder, file))).size),
  );
  const heldBytes = sizes.reduce((sum, size) => sum + size, 0);
  // LevelDB compacts when it sees fit, so the bound is loose; without pruning all would be held.
  t.ok(heldBytes < writtenBytes * 0.75, `${heldBytes} bytes held of ${writtenBytes} written`);
  await db.close();
});
