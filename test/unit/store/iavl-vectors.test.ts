/** The tree against hashes that cosmos/iavl v1.2.0 made (spec/store.md, clause 2). */
import { readFileSync } from "node:fs";
import t from "tap";
import { toHex, utf8 } from "../../../src/encoding/bytes.ts";
import { Tree } from "../../../src/store/iavl/tree.ts";
import { GoRand } from "../../support/go-rand.ts";
import { Xorshift } from "../../support/xorshift.ts";

interface History {
  seed: number;
  initialVersion: number;
  ops: number;
  keyBytesMax: number;
  deletePercent: number;
  hashes: string[];
}
const { histories } = JSON.parse(
  readFileSync(new URL("../../vectors/iavl/histories.json", import.meta.url), "utf8"),
) as { histories: History[] };

function play(history: History): string[] {
  const random = new Xorshift(history.seed);
  const tree = new Tree(history.initialVersion);
  return history.hashes.map(() => {
    const ops = random.below(history.ops + 1);
    for (let i = 0; i < ops; i++) {
      const key = random.bytes(1 + random.below(history.keyBytesMax));
      if (random.below(100) < history.deletePercent) tree.remove(key);
      else tree.set(key, random.bytes(random.below(48)));
      if (i % 97 === 96) tree.workingHash();
    }
    const hash = toHex(tree.workingHash());
    tree.seal();
    tree.releaseBelow(tree.workingVersion - 3);
    return hash;
  });
}

for (const history of histories) {
  t.test(`history of seed ${history.seed}`, async (t) => {
    t.same(play(history), history.hashes);
  });
}

t.test("the empty tree has the hash of nothing", async (t) => {
  const empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
  const tree = new Tree(1);
  t.equal(toHex(tree.workingHash()), empty);
  tree.set(utf8("key"), utf8("value"));
  t.not(toHex(tree.workingHash()), empty);
  tree.remove(utf8("key"));
  t.equal(toHex(tree.workingHash()), empty);
});

t.test("TestTreeHash of cosmos/iavl: four versions of 4096 random operations", async (t) => {
  const random = new GoRand(49872768940);
  const tree = new Tree(1);
  const keys: Uint8Array[] = [];
  const hashes = Array.from({ length: 4 }, () => {
    for (let op = 0; op < 4096; op++) {
      if (keys.length > 0 && random.float64() <= 0.2) {
        const [key] = keys.splice(random.intn(keys.length), 1);
        if (!key || !tree.remove(key)) throw new Error("the key must be there");
      } else if (keys.length > 0 && random.float64() <= 0.4) {
        const key = keys[random.intn(keys.length)] ?? new Uint8Array();
        tree.set(key, random.read(new Uint8Array(16)));
      } else {
        const key = random.read(new Uint8Array(16));
        tree.set(key, random.read(new Uint8Array(16)));
        keys.push(key);
      }
    }
    const hash = toHex(tree.workingHash());
    tree.seal();
    return hash;
  });
  t.same(hashes, [
    "58ec30fa27f338057e5964ed9ec3367e59b2b54bec4c194f10fde7fed16c2a1c",
    "91ad3ace227372f0064b2d63e8493ce8f4bdcbd16c7a8e4f4d54029c9db9570c",
    "92c25dce822c5968c228cfe7e686129ea281f79273d4a8fcf6f9130a47aa5421",
    "e44d170925554f42e00263155c19574837a38e3efed8910daccc7fa12f560fa0",
  ]);
});
