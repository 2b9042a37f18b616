/** The tree against hashes that cosmos/iavl v1.2.0 made (test/vectors/iavl, spec/store.md, Tree). */
import { readFileSync } from "node:fs";
import t from "tap";
import { toHex, utf8 } from "../../../src/encoding/bytes.ts";
import { Tree } from "../../../src/store/iavl/tree.ts";
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
