/** Writes held in memory: what readers see, and what a power cut leaves at any moment. */
import t from "tap";
import { fromUtf8, utf8 } from "../../../src/encoding/bytes.ts";
import type { DbOp } from "../../../src/store/db.ts";
import { HeldDb, HeldWrites } from "../../../src/store/held-writes.ts";
import { MemoryDb } from "../../../src/store/memory-db.ts";
import { Xorshift } from "../../support/xorshift.ts";

const put = (key: string, value: string): DbOp => ({ key: utf8(key), value: utf8(value) });
const gone = (key: string): DbOp => ({ key: utf8(key), value: undefined });
const synced = { sync: true };
const text = (bytes: Uint8Array | undefined) => bytes && fromUtf8(bytes);

async function pairs(db: Pick<HeldDb, "iterate">, range = {}): Promise<string[]> {
  const found: string[] = [];
  for await (const [key, value] of db.iterate(range)) found.push(`${text(key)}=${text(value)}`);
  return found;
}

t.test("held writes are read, and reach the disk with settle", async (t) => {
  const disk = new MemoryDb();
  const db = new HeldDb(disk);
  const writes = new HeldWrites([db]);
  await db.batch([put("a", "1"), put("b", "1")], synced);
  t.equal(text(disk.get(utf8("a"))), "1", "nothing is held before hold");
  writes.hold();
  await db.batch([put("a", "2"), gone("b"), put("c", "2")], synced);
  t.same(
    ["a", "b", "c"].map((key) => text(db.get(utf8(key)))),
    ["2", undefined, "2"],
  );
  t.equal(text(disk.get(utf8("a"))), "1");
  t.equal(writes.heldBytes, 5);
  const settled = writes.settle();
  await Promise.resolve(); // It has begun.
  await db.batch([put("c", "3")], synced);
  t.equal(text(db.get(utf8("c"))), "3", "newer than what is on its way");
  await settled;
  t.same(await pairs(disk), ["a=2", "c=2"]);
  t.same(await pairs(db), ["a=2", "c=3"]);
  await writes.release();
  t.same(await pairs(disk), ["a=2", "c=3"]);
  t.equal(disk.unsyncedBatches, 0);
  await db.batch([put("d", "4")], synced);
  t.equal(text(disk.get(utf8("d"))), "4", "nothing is held after release");
});

t.test("the same pairs as a database that holds nothing, in any range", async (t) => {
  for (let seed = 1; seed <= 150; seed++) {
    const random = new Xorshift(seed);
    const key = () => String.fromCharCode(97 + random.below(12));
    const [plain, held] = [new MemoryDb(), new HeldDb(new MemoryDb())];
    const writes = new HeldWrites([held]);
    for (let step = 0; step < 20; step++) {
      const ops = Array.from({ length: random.below(4) }, () =>
        random.below(3) === 0 ? gone(key()) : put(key(), String(step)),
      );
      await Promise.all([plain, held].map((db) => db.batch(ops, { sync: random.below(2) === 0 })));
      if (step === 5) writes.hold();
      if (random.below(6) === 0) await writes.settle();
      const bound = () => (random.below(3) === 0 ? undefined : utf8(key()));
      const range = { start: bound(), end: bound(), reverse: random.below(2) === 0 };
      t.same(await pairs(held, range), await pairs(plain, range), `seed ${seed}, step ${step}`);
    }
  }
});

/** A disk whose power goes before its n-th write. */
class Failing extends MemoryDb {
  readonly #mayWrite: () => boolean;
  constructor(mayWrite: () => boolean) {
    super();
    this.#mayWrite = mayWrite;
  }
  override async batch(ops: readonly DbOp[], options: { readonly sync: boolean }): Promise<void> {
    if (!this.#mayWrite()) throw new Error("power cut");
    return super.batch(ops, options);
  }
}

t.test("a power cut leaves no database ahead of one before it", async (t) => {
  for (let cut = 0; cut <= 9; cut++) {
    let left = cut;
    const disks = [0, 1, 2].map(() => new Failing(() => left-- > 0));
    const dbs = disks.map((disk) => new HeldDb(disk));
    const writes = new HeldWrites(dbs);
    writes.hold();
    try {
      for (let round = 1; round <= 3; round++) {
        // The last database first, as a careless writer might.
        for (const db of [...dbs].reverse()) await db.batch([put("round", `${round}`)], synced);
        await writes.settle();
      }
    } catch (error) {
      t.match(error, /power cut/);
      await t.rejects(writes.settle(), /power cut/, "and nothing is written after it");
    }
    const rounds = disks.map((disk) => Number(text(disk.crash().get(utf8("round"))) ?? 0));
    const expected = [0, 1, 2].map((n) => Math.floor((cut + 2 - n) / 3));
    t.same(rounds, expected, `after ${cut} writes`);
  }
});
