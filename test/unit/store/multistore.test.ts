/** Commits, reopening, discarding and historic reads (spec/store.md, clauses 4 to 7). */
import { readFileSync } from "node:fs";
import t from "tap";
import { fromHex, toHex, utf8 } from "../../../src/encoding/bytes.ts";
import { DbError } from "../../../src/store/db.ts";
import { MemoryDb } from "../../../src/store/memory-db.ts";
import { Multistore } from "../../../src/store/multistore.ts";
import { headerKey, logKey } from "../../../src/store/persistence/format.ts";

interface Chain {
  initialVersion: number;
  names: string[];
  versions: [store: string, key: string, value: string][][];
  appHashes: string[];
  hashBeforeFirstCommit: string;
}
const { chains } = JSON.parse(
  readFileSync(new URL("../../vectors/iavl/multistore.json", import.meta.url), "utf8"),
) as { chains: Chain[] };

for (const chain of chains) {
  t.test(`the hashes of the SDK's rootmulti from version ${chain.initialVersion}`, async (t) => {
    const db = new MemoryDb();
    const initialVersion = BigInt(chain.initialVersion);
    let store = await Multistore.open(db, chain.names, { initialVersion });
    t.equal(toHex(store.appHash()), chain.hashBeforeFirstCommit);
    for (const [index, writes] of chain.versions.entries()) {
      for (const [name, key, value] of writes) {
        if (value === "delete") store.working(name).delete(fromHex(key));
        else store.working(name).set(fromHex(key), fromHex(value));
      }
      t.equal(toHex(store.workingHash()), chain.appHashes[index]);
      const { version, appHash } = await store.commit();
      t.equal(version, initialVersion + BigInt(index));
      t.equal(toHex(appHash), chain.appHashes[index]);
      store = await Multistore.open(db, chain.names);
      t.equal(store.version, version);
      t.equal(toHex(store.appHash()), chain.appHashes[index]);
    }
  });
}

const fill = (store: Multistore, keys: number, bytes: number, fillWith: number): void => {
  for (let i = 0; i < keys; i++) {
    store.working("bank").set(utf8(`key ${i}`), new Uint8Array(bytes).fill(fillWith));
  }
};

t.test("a discarded version leaves no trace in the hash of the next one", async (t) => {
  const [given, straight] = [new MemoryDb(), new MemoryDb()];
  const [a, b] = [
    await Multistore.open(given, ["bank"]),
    await Multistore.open(straight, ["bank"]),
  ];
  fill(a, 100, 10, 1);
  fill(b, 100, 10, 1);
  await a.commit();
  await b.commit();
  fill(a, 150, 20, 2);
  a.workingHash();
  a.working("bank").delete(utf8("key 7"));
  a.discard();
  t.same(a.workingHash(), a.appHash());
  t.same(a.working("bank").get(utf8("key 7")), new Uint8Array(10).fill(1));
  fill(a, 30, 5, 3);
  fill(b, 30, 5, 3);
  t.same((await a.commit()).appHash, (await b.commit()).appHash);
});

t.test("the order of writes within a version does not change the hash", async (t) => {
  const hashes = await Promise.all(
    [
      [1, 2, 3, 4, 5, 6],
      [6, 1, 5, 2, 4, 3],
    ].map(async (order) => {
      const store = await Multistore.open(new MemoryDb(), ["bank"]);
      for (const key of order) store.working("bank").set(Uint8Array.of(key), Uint8Array.of(key));
      return toHex((await store.commit()).appHash);
    }),
  );
  t.equal(hashes[0], hashes[1]);
});

t.test(
  "rewriting a key with the same value is a change, an untouched store keeps its hash",
  async (t) => {
    const store = await Multistore.open(new MemoryDb(), ["bank"]);
    fill(store, 3, 1, 1);
    const { appHash } = await store.commit();
    t.same((await store.commit()).appHash, appHash);
    fill(store, 1, 1, 1);
    t.notSame((await store.commit()).appHash, appHash);
  },
);

for (const keepVersions of [1, 5])
  t.test(`the disk holds ${keepVersions} versions`, async (t) => {
    const options = { keepVersions, snapshotOps: 60 };
    const oldest = keepVersions - 1;
    let db = new MemoryDb();
    let store = await Multistore.open(db, ["bank"], options);
    const hashes: string[] = [];
    const sizes: number[] = [];
    for (let version = 1; version <= 70; version++) {
      fill(store, 20, 150_000, version); // Three megabytes: a snapshot takes several commits.
      hashes.push(toHex((await store.commit()).appHash));
      sizes.push(db.sizeBytes);
      if (version % 17 !== 0) continue;
      db = db.crash();
      store = await Multistore.open(db, ["bank"], options);
      t.equal(toHex(store.appHash()), hashes.at(-1));
      t.equal(
        toHex(store.at(BigInt(version - oldest))?.appHash ?? new Uint8Array()),
        hashes.at(-keepVersions),
      );
      t.equal(
        store
          .at(BigInt(version - oldest))
          ?.store("bank")
          .get(utf8("key 3"))?.[0],
        version - oldest,
      );
      t.equal(store.at(BigInt(version - keepVersions)), undefined);
    }
    const live = 20 * 150_000;
    t.ok(Math.max(...sizes) < 30 * live, `${Math.max(...sizes) / live} states on disk`);
    t.ok(Math.max(...sizes.slice(40)) <= Math.max(...sizes.slice(0, 40)), "it does not grow");
  });

t.test(
  "a view fails once its version is pruned, and iteration once the store is written",
  async (t) => {
    const store = await Multistore.open(new MemoryDb(), ["bank"], { keepVersions: 2 });
    fill(store, 5, 1, 1);
    await store.commit();
    const view = store.at(1n)?.store("bank");
    const walk = view?.iterate()[Symbol.iterator]();
    t.equal(walk?.next().done, false);
    const working = store.working("bank").iterate()[Symbol.iterator]();
    working.next();
    fill(store, 5, 1, 2);
    t.throws(() => working.next(), { message: "written to while iterating" });
    await store.commit();
    t.same(view?.get(utf8("key 1")), Uint8Array.of(1));
    await store.commit();
    t.throws(() => view?.get(utf8("key 1")), { message: "version 1 is no longer kept" });
    t.throws(() => walk?.next(), { message: "version 1 is no longer kept" });
  },
);

t.test("stores may be added but not left out", async (t) => {
  const db = new MemoryDb();
  const store = await Multistore.open(db, ["bank"]);
  fill(store, 5, 1, 1);
  await store.commit();
  await t.rejects(Multistore.open(db, ["gov"]), { message: /has a store bank/ });
  await t.rejects(Multistore.open(db, ["bank", "bank"]), { message: /given twice/ });
  const wider = await Multistore.open(db, ["bank", "gov"]);
  t.same(wider.appHash(), store.appHash());
  wider.working("gov").set(utf8("a"), utf8("b"));
  const { appHash } = await wider.commit();
  const again = await Multistore.open(db, ["gov", "bank"]);
  t.same(again.appHash(), appHash);
  t.same(again.at(2n)?.store("gov").get(utf8("a")), utf8("b"));
});

t.test("damage is noticed at opening", async (t) => {
  const damaged = async (
    key: Uint8Array,
    change: (value: Uint8Array) => void,
  ): Promise<unknown> => {
    const db = new MemoryDb();
    const store = await Multistore.open(db, ["bank"]);
    fill(store, 5, 1, 1);
    await store.commit();
    const value = db.get(key) ?? new Uint8Array();
    change(value);
    await db.batch([{ key, value }], { sync: true });
    return Multistore.open(db, ["bank"]);
  };
  const corrupt = { name: "StoreCorruptError" };
  await t.rejects(
    damaged(headerKey, (v) => {
      v[0] = 0;
    }),
    corrupt,
    "foreign header",
  );
  await t.rejects(
    damaged(headerKey, (v) => {
      v[11] = 9;
    }),
    { message: /format 9/ },
  );
  await t.rejects(
    damaged(logKey(1), (v) => {
      v[20] = 255;
    }),
    corrupt,
    "a root hash",
  );
  await t.rejects(
    damaged(logKey(1), (v) => {
      v[v.length - 1] = 7;
    }),
    corrupt,
    "a value",
  );
});

t.test("a failed write leaves the store unusable instead of ahead of the disk", async (t) => {
  const db = new MemoryDb();
  const store = await Multistore.open(db, ["bank"]);
  fill(store, 5, 1, 1);
  await db.close();
  await t.rejects(store.commit(), DbError);
  t.equal(store.version, 0n);
  await t.rejects(store.commit(), { message: /being committed/ });
});

t.test("the first version is the genesis's initial height", async (t) => {
  const store = await Multistore.open(new MemoryDb(), ["bank"]);
  store.setInitialVersion(5_000_000_000n);
  fill(store, 5, 1, 1);
  t.equal((await store.commit()).version, 5_000_000_000n);
  t.equal(store.at(4_999_999_999n), undefined);
  t.throws(() => store.setInitialVersion(7n), { message: /already committed/ });
  await t.rejects(Multistore.open(new MemoryDb(), [], { initialVersion: 0n }), {
    message: /2\^53/,
  });
});

t.test("versions that left the memory are read back from the disk", async (t) => {
  const options = { keepVersions: "all", snapshotOps: 150 } as const;
  let db = new MemoryDb();
  let store = await Multistore.open(db, ["bank"], options);
  const hashes: string[] = [""];
  for (let version = 1; version <= 230; version++) {
    fill(store, 1 + (version % 7), 3, version);
    hashes.push(toHex((await store.commit()).appHash));
    if (version !== 180) continue;
    db = db.crash();
    store = await Multistore.open(db, ["bank"], options);
  }
  for (const version of [1, 2, 40, 41, 120, 129, 130, 131, 230]) {
    const past = store.at(BigInt(version));
    t.equal(past && toHex(past.appHash), hashes[version]);
    t.same(past?.store("bank").get(utf8("key 0")), new Uint8Array(3).fill(version));
    t.throws(() => past?.store("gov"), { message: /no store gov/ });
  }
  t.equal(store.at(0n), undefined);
  t.equal(store.at(231n), undefined);
});

t.test("a genesis of very many keys is one commit", async (t) => {
  const db = new MemoryDb();
  const store = await Multistore.open(db, ["bank"]);
  fill(store, 150_000, 1, 1);
  await store.commit();
  await store.commit(); // Begins a snapshot of several chunks; each commit writes one.
  for (let i = 0; i < 8; i++) await store.commit();
  const again = await Multistore.open(db, ["bank"], { keepVersions: 1 });
  t.same(again.appHash(), store.appHash());
  t.same(again.working("bank").get(utf8("key 149999")), Uint8Array.of(1));
});
