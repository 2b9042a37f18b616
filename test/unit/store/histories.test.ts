/**
 * Random lives of a multistore against a second IAVL implementation and plain maps: writes,
 * removals, discarded blocks, early hashes, reopening, power cuts, snapshots, pruning, the past.
 */
import t, { type Test } from "tap";
import { compareBytes, toHex } from "../../../src/encoding/bytes.ts";
import { appHashOf } from "../../../src/store/commit-info.ts";
import type { ReadStore } from "../../../src/store/kv.ts";
import { MemoryDb } from "../../../src/store/memory-db.ts";
import { Multistore } from "../../../src/store/multistore.ts";
import { keyBytes, keyText } from "../../../src/store/sorted-keys.ts";
import { NaiveTree } from "../../support/naive-iavl.ts";
import { Xorshift } from "../../support/xorshift.ts";

type Contents = Map<string, Uint8Array>;
const names = ["bank", "acc", "pow"];
const histories = 48;

/** What the multistore must be: contents per store, naive trees, and all of the past. */
class Expected {
  readonly past = new Map<bigint, { appHash: string; contents: Map<string, Contents> }>();
  contents = new Map<string, Contents>(names.map((name) => [name, new Map()]));
  #pending = new Map<string, Map<string, Uint8Array | undefined>>();
  #trees: Map<string, NaiveTree>;

  constructor(initialVersion: bigint) {
    this.#trees = new Map(names.map((name) => [name, new NaiveTree(initialVersion)]));
  }

  write(name: string, key: Uint8Array, value: Uint8Array | undefined): void {
    const text = keyText(key);
    const pending = this.#pending.get(name) ?? new Map<string, Uint8Array | undefined>();
    this.#pending.set(name, pending.set(text, value));
    if (value) this.contents.get(name)?.set(text, value);
    else this.contents.get(name)?.delete(text);
  }

  hash(): string {
    const infos = [...names].sort().map((name) => {
      const tree = this.#trees.get(name);
      if (!tree) throw new Error(name);
      const writes = [...(this.#pending.get(name) ?? [])].sort(([a], [b]) => (a < b ? -1 : 1));
      for (const [key, value] of writes) {
        if (value) tree.set(keyBytes(key), value);
        else tree.remove(keyBytes(key));
      }
      return { name, root: tree.hash() };
    });
    this.#pending.clear();
    return toHex(appHashOf(infos));
  }

  commit(version: bigint): string {
    const appHash = this.hash();
    for (const tree of this.#trees.values()) tree.commit();
    const contents = new Map([...this.contents].map(([name, held]) => [name, new Map(held)]));
    this.past.set(version, { appHash, contents });
    return appHash;
  }
}

function assertSame(t: Test, store: ReadStore, held: Contents, random: Xorshift): void {
  const keys = [...held.keys()].sort();
  const [a, b] = [random.bytes(random.below(3)), random.bytes(random.below(3))];
  const [start, end] = compareBytes(a, b) < 0 ? [a, b] : [b, a];
  const reverse = random.below(2) === 1;
  const range = random.below(3) === 0 ? { reverse } : { start, end, reverse };
  const inRange = keys.filter(
    (key) => !("end" in range) || (key >= keyText(start) && key < keyText(end)),
  );
  const expected = (reverse ? inRange.reverse() : inRange).map((key) => [key, held.get(key)]);
  const found = [...store.iterate(range)].map(([key, value]) => [keyText(key), value]);
  t.equal(pairsText(found), pairsText(expected)); // Not t.same: it formats what it compares.
  const probes = Array.from({ length: 5 }, () => random.bytes(1 + random.below(2)));
  t.equal(
    probes.map((key) => `${store.get(key)} ${store.has(key)}`).join("\n"),
    probes.map((key) => `${held.get(keyText(key))} ${held.has(keyText(key))}`).join("\n"),
  );
}

const pairsText = (pairs: (string | Uint8Array | undefined)[][]): string =>
  pairs
    .map(([key, value]) => `${Buffer.from(String(key), "latin1").toString("hex")} ${value}`)
    .join("\n");

async function live(t: Test, seed: number): Promise<void> {
  const random = new Xorshift(seed * 2654435761);
  const initialVersion = BigInt(1 + random.below(2) * random.below(1000));
  const keepVersions = [1, 3, 12, "all" as const][random.below(4)] ?? 1;
  const options = { initialVersion, keepVersions, snapshotOps: 10 + random.below(200) };
  const expected = new Expected(initialVersion);
  let db = new MemoryDb();
  let store = await Multistore.open(db, names, options);
  const opsMax = 1 + random.below(60);

  for (let height = initialVersion; height < initialVersion + 20n; height++) {
    if (random.below(6) === 0) {
      // A block that is executed, then given up.
      for (let i = 0; i < 10; i++) store.working("acc").set(random.bytes(2), random.bytes(3));
      if (random.below(2) === 0) store.workingHash();
      store.discard();
    }
    const ops = random.below(opsMax);
    for (let i = 0; i < ops; i++) {
      const name = names[random.below(names.length)] ?? "";
      const key = random.bytes(1 + random.below(2));
      const value = random.below(3) === 0 ? undefined : random.bytes(random.below(30));
      if (value) store.working(name).set(key, value);
      else store.working(name).delete(key);
      expected.write(name, key, value);
      if (random.below(40) === 0) t.equal(toHex(store.workingHash()), expected.hash());
    }
    for (const name of names) {
      assertSame(t, store.working(name), expected.contents.get(name) ?? new Map(), random);
    }
    const committed = await store.commit();
    t.equal(committed.version, height);
    t.equal(toHex(committed.appHash), expected.commit(height));
    if (random.below(5) === 0) {
      db = db.crash();
      store = await Multistore.open(db, names, options);
      t.equal(store.version, height);
      t.equal(toHex(store.appHash()), toHex(committed.appHash));
    }
    checkPast(t, { store, expected, height, initialVersion, keepVersions, random });
  }
}

function checkPast(
  t: Test,
  at: {
    store: Multistore;
    expected: Expected;
    height: bigint;
    initialVersion: bigint;
    keepVersions: number | "all";
    random: Xorshift;
  },
): void {
  const { store, expected, height, initialVersion, keepVersions, random } = at;
  const age = BigInt(random.below(16));
  const kept = keepVersions === "all" || age < BigInt(keepVersions);
  const past = expected.past.get(height - age);
  const read = store.at(height - age);
  if (!kept || height - age < initialVersion || !past) {
    t.equal(read, undefined, `version ${height - age} is not kept at ${height}`);
    return;
  }
  t.equal(read && toHex(read.appHash), past.appHash);
  const name = names[random.below(names.length)] ?? "";
  if (read) assertSame(t, read.store(name), past.contents.get(name) ?? new Map(), random);
  t.equal(store.at(height + 1n), undefined);
}

for (let seed = 1; seed <= histories; seed++) {
  t.test(`history of seed ${seed}`, async (t) => live(t, seed));
}
