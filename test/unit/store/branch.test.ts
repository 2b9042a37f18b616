/** Branches against a plain map: nested, undone, flushed, discarded (spec/store.md, clause 3). */
import t, { type Test } from "tap";
import { utf8 } from "../../../src/encoding/bytes.ts";
import { Branch } from "../../../src/store/branch.ts";
import { UndoLog } from "../../../src/store/held-back/undo-log.ts";
import { Tree, TreeView } from "../../../src/store/iavl/tree.ts";
import {
  type KeyRange,
  KnownKey,
  type KvStore,
  prefixEnd,
  prefixRange,
  type ReadStore,
} from "../../../src/store/kv.ts";
import { keyBytes, keyText } from "../../../src/store/sorted-keys.ts";
import { Xorshift } from "../../support/xorshift.ts";

type Model = ReadonlyMap<string, Uint8Array>;

/** The text of a range of the model, as `show` makes it of a store. */
function pick(model: Model, { start, end, reverse }: KeyRange): string[] {
  const keys = [...model.keys()]
    .filter((key) => (!start || key >= keyText(start)) && (!end || key < keyText(end)))
    .sort();
  if (reverse) keys.reverse();
  return keys.map((key) => `${keyText(keyBytes(key))}=${keyText(model.get(key) as Uint8Array)}`);
}
const show = (store: ReadStore, range: KeyRange): string[] =>
  [...store.iterate(range)].map(([key, value]) => `${keyText(key)}=${keyText(value)}`);

/** Known keys that all stores of this file share: each finds its own value under them. */
const knownKeys = new Map<string, KnownKey>();

/** A key of one or two bytes, every other time a known one. */
function randomKey(random: Xorshift): Uint8Array {
  const key = random.bytes(1 + random.below(2));
  if (random.below(2) === 0) return key;
  const known = knownKeys.get(keyText(key)) ?? new KnownKey(key);
  knownKeys.set(known.text, known);
  return known;
}

function randomRange(random: Xorshift): KeyRange {
  const bound = () => (random.below(3) === 0 ? undefined : random.bytes(random.below(3)));
  return { start: bound(), end: bound(), reverse: random.below(2) === 1 };
}

/** A branch over the one below, or a scope of the same one; both hold back what is written. */
interface Level {
  readonly branch: Branch;
  /** Where the scope began; undefined for a branch. */
  readonly scope: number | undefined;
  readonly model: Map<string, Uint8Array>;
}

/** Ends the highest level: its writes go down, or are dropped. */
function end(levels: Level[], undoLog: UndoLog, isKept: boolean): void {
  const [top, below] = [levels.pop(), levels.at(-1)];
  if (!top || !below) throw new Error("the lowest branch stays");
  if (top.scope === undefined) {
    if (isKept) top.branch.flush(below.branch);
  } else if (isKept) undoLog.keep();
  else undoLog.undo(top.scope);
  if (!isKept) return;
  below.model.clear();
  for (const [k, v] of top.model) below.model.set(k, v);
}

function begin(levels: Level[], undoLog: UndoLog, isScope: boolean): void {
  const top = levels.at(-1);
  if (!top) throw new Error("the lowest branch stays");
  const model = new Map(top.model);
  if (isScope) levels.push({ branch: top.branch, scope: undoLog.open(), model });
  else levels.push({ branch: branchOver(top.branch, undoLog), scope: undefined, model });
}

function branchOver(base: ReadStore, undoLog: UndoLog): Branch {
  const branch = new Branch(base);
  branch.undoLog = undoLog;
  return branch;
}

function nest(t: Test, seed: number): void {
  const random = new Xorshift(seed * 40503);
  const tree = new Tree(1);
  const undoLog = new UndoLog();
  const levels: Level[] = [];
  const model = new Map<string, Uint8Array>();
  for (let i = 0; i < 40; i++) {
    const [key, value] = [random.bytes(1 + random.below(2)), random.bytes(random.below(4))];
    tree.set(key, value);
    model.set(keyText(key), value);
  }
  levels.push({ branch: branchOver(tree, undoLog), scope: undefined, model });
  for (let step = 0; step < 300; step++) {
    const top = levels.at(-1);
    if (!top) throw new Error("the lowest branch stays");
    const key = randomKey(random);
    const action = random.below(20);
    if (action < 8) {
      const value = random.bytes(random.below(4));
      top.branch.set(key, value);
      top.model.set(keyText(key), value);
    } else if (action < 13) {
      top.branch.delete(key);
      top.model.delete(keyText(key));
    } else if (action < 15 && levels.length < 6) begin(levels, undoLog, random.below(3) > 0);
    else if (action === 15 && levels.length > 1) end(levels, undoLog, true);
    else if (action === 16 && levels.length > 1) end(levels, undoLog, false);
    else {
      const range = randomRange(random);
      t.equal(show(top.branch, range).join(), pick(top.model, range).join());
      t.same(top.branch.get(key), top.model.get(keyText(key)));
      t.equal(top.branch.has(key), top.model.has(keyText(key)));
    }
  }
}

/** Versions of one branch over a tree, of which some are given up, and a branch beside it. */
function versions(t: Test, seed: number): void {
  const random = new Xorshift(seed * 69069);
  const [tree, undoLog] = [new Tree(1), new UndoLog()];
  const branch = branchOver(tree, undoLog);
  let last: Model = new Map();
  let now = new Map<string, Uint8Array>();
  const asideNow = () => {
    const aside = branch.aside(new TreeView(tree, tree.workingVersion - 1));
    aside.undoLog = undoLog;
    return aside;
  };
  let [aside, beside] = [asideNow(), new Map<string, Uint8Array>()];
  const into = { set: tree.set.bind(tree), delete: tree.remove.bind(tree) };
  const write = (store: KvStore, model: Map<string, Uint8Array>): void => {
    const [key, value] = [randomKey(random), random.bytes(random.below(4))];
    if (random.below(3) > 0) {
      store.set(key, value);
      model.set(keyText(key), value);
    } else {
      store.delete(key);
      model.delete(keyText(key));
    }
  };
  for (let step = 0; step < 300; step++) {
    const action = random.below(24);
    if (action < 8) write(branch, now);
    else if (action < 13) write(aside, beside);
    else if (action === 13) {
      const place = undoLog.open();
      for (let i = 0; i < 5; i++) write(i % 2 === 0 ? branch : aside, new Map());
      undoLog.undo(place);
    } else if (action < 16) branch.flush(into);
    else if (action === 16) {
      branch.discard();
      tree.rollback();
      now = new Map(last);
    } else if (action === 17) {
      branch.flush(into);
      tree.seal();
      branch.accept();
      last = new Map(now);
      [aside, beside] = [asideNow(), new Map(last)];
    } else {
      const [key, range] = [randomKey(random), randomRange(random)];
      for (const [store, model] of [
        [branch, now],
        [aside, beside],
      ] as const) {
        t.same(store.get(key), model.get(keyText(key)));
        t.equal(store.has(key), model.has(keyText(key)));
        t.equal(show(store, range).join(), pick(model, range).join());
      }
    }
  }
}
for (let seed = 1; seed <= 20; seed++) {
  t.test(`versions of seed ${seed}`, async (t) => versions(t, seed));
}
for (let seed = 1; seed <= 60; seed++) {
  t.test(`branches of seed ${seed}`, async (t) => nest(t, seed));
}

t.test("flush writes in key order, deletions among the sets", async (t) => {
  const branch = new Branch(new Tree(1));
  for (const key of ["c", "a", "d", "b"]) branch.set(utf8(key), utf8(key));
  branch.delete(utf8("b"));
  branch.delete(utf8("e"));
  branch.delete(utf8("a"));
  branch.set(utf8("a"), utf8("again"));
  const order: string[] = [];
  branch.flush({
    set: (key, value) => order.push(`${keyText(key)}=${keyText(value)}`),
    delete: (key) => order.push(`${keyText(key)} gone`),
  });
  t.same(order, ["a=again", "b gone", "c=c", "d=d", "e gone"]);
  order.length = 0;
  branch.set(utf8("c"), utf8("later"));
  branch.flush({ set: (key) => order.push(keyText(key)), delete: () => order.push("gone") });
  t.same(order, ["c"], "what was flushed is not flushed again");
});

t.test("a branch keeps its own copy of a key, and takes no empty one", async (t) => {
  const branch = new Branch(new Tree(1));
  const [key, value] = [utf8("key"), utf8("value")];
  branch.set(key, value);
  key.fill(0);
  t.equal(branch.get(utf8("key")), value);
  t.throws(() => branch.set(new Uint8Array(), value), { message: /never empty/ });
});

t.test("a known key finds its place again after a branch forgot what it knew", async (t) => {
  const tree = new Tree(1);
  const branch = new Branch(tree);
  const into = { set: tree.set.bind(tree), delete: tree.remove.bind(tree) };
  const commit = () => {
    branch.flush(into);
    tree.seal();
    branch.accept();
  };
  const key = new KnownKey(Uint8Array.of(1));
  branch.set(key, utf8("first"));
  for (let i = 0; i < 33_000; i++) branch.get(Uint8Array.of(2, i >> 8, i & 255));
  commit();
  branch.set(Uint8Array.of(1), utf8("second"));
  commit();
  t.same(branch.get(key), utf8("second"));
  branch.set(key, utf8("third"));
  t.same(branch.get(Uint8Array.of(1)), utf8("third"));
  t.same(key.subarray(0, 1), Uint8Array.of(1));
  t.notOk(key.subarray(0, 1) instanceof KnownKey);
});

t.test("iteration is lazy: it reads no further than it is asked to", async (t) => {
  let reads = 0;
  const endless: ReadStore = {
    get: () => undefined,
    has: () => false,
    *iterate() {
      for (let i = 0; ; i++) {
        reads++;
        yield [Uint8Array.of(0x80 + (i >> 8), i & 0xff), new Uint8Array()];
      }
    },
  };
  const branch = new Branch(new Branch(endless));
  branch.set(Uint8Array.of(0x01), new Uint8Array());
  const walk = branch.iterate()[Symbol.iterator]();
  for (let i = 0; i < 5; i++) walk.next();
  t.ok(reads <= 6, `${reads} reads`);
});

t.test("writing while iterating is refused", async (t) => {
  const branch = new Branch(new Tree(1));
  for (const key of ["a", "b"]) branch.set(utf8(key), utf8(key));
  t.throws(
    () => {
      for (const [key] of branch.iterate()) branch.delete(key);
    },
    { message: "written to while iterating" },
  );
});

t.test("the end of a prefix", async (t) => {
  t.same(prefixEnd(Uint8Array.of(1, 2)), Uint8Array.of(1, 3));
  t.same(prefixEnd(Uint8Array.of(1, 0xff)), Uint8Array.of(2));
  t.equal(prefixEnd(Uint8Array.of(0xff, 0xff)), undefined);
  const branch = new Branch(new Tree(1));
  for (const key of [
    [1, 1],
    [1, 2],
    [1, 2, 9],
    [1, 3],
  ]) {
    branch.set(Uint8Array.from(key), new Uint8Array());
  }
  t.same(
    [...branch.iterate(prefixRange(Uint8Array.of(1, 2), true))].map(([key]) => [...key]),
    [
      [1, 2, 9],
      [1, 2],
    ],
  );
});
