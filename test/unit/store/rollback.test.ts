/** Going back by versions, and what is refused (spec/store.md, clause 9). */
import t from "tap";
import { toHex, utf8 } from "../../../src/encoding/bytes.ts";
import { MemoryDb } from "../../../src/store/memory-db.ts";
import { Multistore } from "../../../src/store/multistore.ts";
import { forgetState, lastVersion, rollBack } from "../../../src/store/rollback.ts";

const options = { keepVersions: 6, snapshotOps: 1 };

/** Commits versions that differ from those of another salt, and returns their hashes. */
async function commit(db: MemoryDb, versions: number, salt: number): Promise<string[]> {
  const store = await Multistore.open(db, ["bank"], options);
  const hashes: string[] = [];
  for (let i = 0; i < versions; i++) {
    store
      .working("bank")
      .set(utf8(`key ${store.version % 3n}`), Uint8Array.of(salt, Number(store.version)));
    hashes.push(toHex((await store.commit()).appHash));
  }
  return hashes;
}

t.test("what is committed after going back is all that is remembered", async (t) => {
  for (let back = 1; back <= 4; back++) {
    const db = new MemoryDb();
    const first = await commit(db, 20, 1);
    for (let i = 1; i <= back; i++) t.equal(await rollBack(db), BigInt(20 - i));
    const store = await Multistore.open(db, ["bank"], options);
    t.equal(toHex(store.appHash()), first[19 - back], `${back} back`);
    const fork = new MemoryDb();
    await commit(fork, 20 - back, 1);
    const expected = await commit(fork, 12, 2);
    // One at a time, so that each one is read back from the disk before the next.
    for (const hash of expected) t.same(await commit(db, 1, 2), [hash]);
    t.equal(lastVersion(db), BigInt(32 - back));
  }
});

t.test("the first version, a pruned one and none are refused", async (t) => {
  const refused = { name: "RollbackRefused" };
  const db = new MemoryDb();
  await t.rejects(rollBack(db), refused);
  await commit(db, 1, 1);
  await t.rejects(rollBack(db), refused);
  t.equal(lastVersion(db), 1n);
  await commit(db, 30, 1);
  let count = 0;
  for (; count < 30; count++) if ((await rollBack(db).catch(() => undefined)) === undefined) break;
  t.ok(count >= 5 && count < 30, `${count} versions back`);
  await Multistore.open(db, ["bank"], options);
});

t.test("forgetting the state keeps other records", async (t) => {
  const db = new MemoryDb();
  await commit(db, 30, 1);
  await db.batch([{ key: utf8("m1"), value: utf8("kept") }], { sync: true });
  await forgetState(db);
  t.equal(lastVersion(db), 0n);
  t.equal(db.sizeBytes, 6);
  t.equal((await commit(db, 30, 1)).length, 30);
});
