/**
 * Histories of 1,000 operations against the naive tree: inserts, updates, deletions, versions,
 * pruning, power cuts and rollbacks. A few here; `npm run test:store` plays 200.
 */
import t, { type Test } from "tap";
import { equalBytes, toHex } from "../../../src/encoding/bytes.ts";
import { appHashOf } from "../../../src/store/commit-info.ts";
import { MemoryDb } from "../../../src/store/memory-db.ts";
import { Multistore } from "../../../src/store/multistore.ts";
import { RollbackRefused, rollBack } from "../../../src/store/rollback.ts";
import { keyBytes, keyText } from "../../../src/store/sorted-keys.ts";
import { NaiveTree } from "../../support/naive-iavl.ts";
import { Xorshift } from "../../support/xorshift.ts";

const operations = 1_000;
const count = Number(process.env.GONKA_STORE_HISTORIES ?? 16);
const firstSeed = Number(process.env.GONKA_TEST_SEED ?? 1);

/** A version as it must be: its tree and its keys. */
interface Version {
  readonly tree: NaiveTree;
  readonly keys: readonly string[];
}

class History {
  readonly #random: Xorshift;
  readonly #options: { keepVersions: number; snapshotOps: number };
  readonly #keyBytesMax: number;
  #db = new MemoryDb();
  #store!: Multistore;
  #tree = new NaiveTree(1n);
  #keys = new Set<string>();
  #writes = new Map<string, Uint8Array | undefined>();
  /** By height; rollbacks take the last ones away. */
  #versions: Version[] = [{ tree: this.#tree.copy(), keys: [] }];
  rollbacks = 0;
  refused = 0;

  constructor(seed: number) {
    this.#random = new Xorshift(seed * 2654435761);
    const [keep, ops] = [1 + this.#random.below(12), 5 + this.#random.below(120)];
    this.#options = { keepVersions: keep, snapshotOps: ops };
    this.#keyBytesMax = 1 + this.#random.below(3);
  }

  async play(t: Test): Promise<void> {
    await this.#open();
    for (let i = 0; i < operations; i++) {
      const action = this.#random.below(100);
      if (action < 40) this.#set(this.#random.bytes(1 + this.#random.below(this.#keyBytesMax)));
      else if (action < 65) this.#set(this.#known());
      else if (action < 90) this.#remove();
      else if (action < 97) await this.#commit(t);
      else if (action < 98) this.#discard();
      else if (action < 99) await this.#crash(t);
      else await this.#rollBack(t);
    }
    await this.#commit(t);
    await this.#crash(t);
  }

  async #open(): Promise<void> {
    this.#store = await Multistore.open(this.#db, ["bank"], this.#options);
  }

  #known(): Uint8Array {
    const keys = [...this.#keys];
    return keyBytes(keys[this.#random.below(keys.length || 1)] ?? "a");
  }

  #set(key: Uint8Array): void {
    const value = this.#random.bytes(this.#random.below(40));
    this.#store.working("bank").set(key, value);
    this.#writes.set(keyText(key), value);
    this.#keys.add(keyText(key));
  }

  #remove(): void {
    const key = this.#random.below(5) === 0 ? this.#random.bytes(2) : this.#known();
    this.#store.working("bank").delete(key);
    this.#writes.set(keyText(key), undefined);
    this.#keys.delete(keyText(key));
  }

  async #commit(t: Test): Promise<void> {
    for (const [key, value] of [...this.#writes].sort(([a], [b]) => (a < b ? -1 : 1))) {
      if (value) this.#tree.set(keyBytes(key), value);
      else this.#tree.remove(keyBytes(key));
    }
    this.#writes.clear();
    const root = this.#tree.commit();
    this.#versions.push({ tree: this.#tree.copy(), keys: [...this.#keys] });
    const { version, appHash } = await this.#store.commit();
    const expected = toHex(appHashOf([{ name: "bank", root }]));
    if (toHex(appHash) !== expected) t.fail(`version ${version}: ${toHex(appHash)}, ${expected}`);
    this.#checkPast(t);
  }

  #discard(): void {
    this.#store.discard();
    this.#goTo(this.#versions.at(-1)!);
  }

  async #crash(t: Test): Promise<void> {
    this.#db = this.#db.crash();
    await this.#open();
    this.#goTo(this.#versions.at(-1)!);
    const height = this.#versions.length - 1;
    if (this.#store.version !== BigInt(height)) t.fail(`${this.#store.version}, not ${height}`);
    if (height > 0) this.#checkPast(t);
  }

  async #rollBack(t: Test): Promise<void> {
    this.#db = this.#db.crash();
    try {
      await rollBack(this.#db);
      this.#versions.pop();
      this.rollbacks++;
    } catch (error) {
      if (!(error instanceof RollbackRefused)) throw error;
      this.refused++;
    }
    await this.#crash(t);
  }

  /** Forgets what was not committed. */
  #goTo({ tree, keys }: Version): void {
    this.#tree = tree.copy();
    this.#keys = new Set(keys);
    this.#writes.clear();
  }

  #checkPast(t: Test): void {
    const height = this.#versions.length - 1;
    const age = this.#random.below(this.#options.keepVersions + 3);
    const committed = this.#store.at(BigInt(height - age));
    if (age >= this.#options.keepVersions || age >= height) {
      if (committed) t.fail(`version ${height - age} is kept at ${height}`);
      return;
    }
    // A rollback can leave fewer than the kept versions: pruning was ahead.
    if (!committed && this.rollbacks > 0) return;
    const { tree, keys } = this.#versions[height - age]!;
    const root = tree.hash();
    const isSame =
      committed !== undefined &&
      equalBytes(committed.appHash, appHashOf([{ name: "bank", root }])) &&
      keys.every((key) => {
        const [a, b] = [committed.store("bank").get(keyBytes(key)), tree.get(keyBytes(key))];
        return a !== undefined && b !== undefined && equalBytes(a, b);
      }) &&
      [...committed.store("bank").iterate()].length === keys.length;
    if (!isSame) t.fail(`version ${height - age} at ${height} is not what it was`);
  }
}

t.test(`${count} histories of ${operations} operations from seed ${firstSeed}`, async (t) => {
  let [rollbacks, refused] = [0, 0];
  for (let seed = firstSeed; seed < firstSeed + count; seed++) {
    const history = new History(seed);
    await history.play(t).catch((error: unknown) => {
      throw new Error(`seed ${seed}: ${error instanceof Error ? error.stack : error}`);
    });
    if (!t.passing()) throw new Error(`seed ${seed} (GONKA_TEST_SEED)`);
    rollbacks += history.rollbacks;
    refused += history.refused;
  }
  t.comment(`${rollbacks} rollbacks, ${refused} refused`);
  t.ok(rollbacks > count, `${rollbacks} rollbacks in ${count} histories`);
});
