/**
 * The store at 100,000 keys, beside a naive tree of objects in the same run: gets, updates with
 * root hash, updates with a durable commit, iteration, opening. Run: node --import tsx
 * bench/store.ts [folder for the database, the system's temporary folder otherwise]
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { sha256 } from "../src/crypto/hash.ts";
import { equalBytes, u64be } from "../src/encoding/bytes.ts";
import { Tree } from "../src/store/iavl/tree.ts";
import { openLevelDb } from "../src/store/leveldb.ts";
import { Multistore } from "../src/store/multistore.ts";
import { NaiveTree } from "../test/support/naive-iavl.ts";
import { Xorshift } from "../test/support/xorshift.ts";

const keys = 100_000;
const batch = 2_000;
const rounds = 3;
const random = new Xorshift(1);
const allKeys = Array.from({ length: keys }, (_, i) => sha256(u64be(BigInt(i))).subarray(0, 22));
const keyAt = (i: number): Uint8Array => allKeys[i] ?? new Uint8Array();
const value = (): Uint8Array => random.bytes(60);

interface Writable {
  get(key: Uint8Array): Uint8Array | undefined;
  set(key: Uint8Array, value: Uint8Array): void;
}

/** Best of the rounds: the machine may be shared, and only ever makes a round slower. */
async function measure(name: string, count: number, run: () => void | Promise<void>) {
  let best = Number.POSITIVE_INFINITY;
  for (let round = 0; round < rounds; round++) {
    const start = performance.now();
    await run();
    best = Math.min(best, performance.now() - start);
  }
  const perSecond = Math.round((count / best) * 1000).toLocaleString("en-US");
  console.log(`${name.padEnd(52)} ${perSecond.padStart(10)} /s`);
}

const writes = Array.from({ length: batch }, () => [random.below(keys), value()] as const);
const update = (store: Writable) => {
  for (const [key, bytes] of writes) store.set(keyAt(key), bytes);
};
const read = (store: Writable) => {
  for (let i = 0; i < keys; i++) store.get(keyAt((i * 7919) % keys));
};

const naive = new NaiveTree(1n);
const tree = new Tree(1);
for (let i = 0; i < keys; i++) {
  const bytes = value();
  naive.set(keyAt(i), bytes);
  tree.set(keyAt(i), bytes);
}
if (!equalBytes(naive.commit(), tree.workingHash())) throw new Error("the trees differ");
tree.seal();

await measure("naive objects: gets", keys, () => read(naive));
await measure("tree: gets", keys, () => read(tree));
await measure("naive objects: updates, root hash", batch, () => {
  update(naive);
  naive.commit();
});
await measure("tree: updates, root hash", batch, () => {
  update(tree);
  tree.workingHash();
  tree.seal();
  tree.releaseBelow(tree.workingVersion - 1);
});
await measure("tree: pairs iterated", keys, () => {
  for (const _ of tree.iterate());
});

const folder = await mkdtemp(path.join(process.argv[2] ?? tmpdir(), "gonka-bench-"));
try {
  const db = await openLevelDb(folder);
  const store = await Multistore.open(db, ["bank"]);
  const bank = store.working("bank");
  for (let i = 0; i < keys; i++) bank.set(keyAt(i), value());
  await store.commit();
  await measure("multistore: gets", keys, () => read(bank));
  await measure("multistore: updates, root hash, fsynced commit", batch, async () => {
    update(bank);
    await store.commit();
  });
  await measure("multistore: empty commits", 1, async () => {
    await store.commit();
  });
  await measure("multistore: keys opened", keys, async () => {
    await Multistore.open(db, ["bank"]);
  });
  await db.close();
} finally {
  await rm(folder, { recursive: true });
}
console.log(`${Math.round(process.memoryUsage().rss / 2 ** 20)} MiB resident`);
