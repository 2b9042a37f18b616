/** The sorted set of keys against a sorted array, with many chunks. */
import t from "tap";
import { keyBytes, keyText, SortedKeys } from "../../../src/store/sorted-keys.ts";
import { Xorshift } from "../../support/xorshift.ts";

for (let seed = 1; seed <= 12; seed++) {
  t.test(`keys of seed ${seed}`, async (t) => {
    const random = new Xorshift(seed * 7919);
    const keys = new SortedKeys();
    const model = new Set<string>();
    for (let step = 0; step < 6000; step++) {
      const key = keyText(random.bytes(1 + random.below(3)));
      const shrinks = Math.floor(step / 1500) % 2 === 1; // Grows and shrinks by turns.
      if (random.below(10) < (shrinks ? 7 : 2)) {
        const victim = random.below(2) === 0 ? key : (keys.iterate().next().value ?? key);
        keys.remove(victim);
        model.delete(victim);
      } else if (!model.has(key)) {
        keys.add(key);
        model.add(key);
      }
      if (step % 300 !== 0) continue;
      const sorted = [...model].sort();
      const [start, end] = [random.bytes(random.below(3)), random.bytes(random.below(3))];
      const inRange = sorted.filter((key) => key >= keyText(start) && key < keyText(end));
      t.equal([...keys.iterate()].join(), sorted.join());
      t.equal([...keys.iterate({ start, end })].join(), inRange.join());
      t.equal([...keys.iterate({ start, end, reverse: true })].join(), inRange.reverse().join());
      t.equal([...keys.iterate({ reverse: true })].join(), sorted.reverse().join());
    }
    keys.clear();
    t.same([...keys.iterate()], []);
  });
}

t.test("a key and its text are each other's inverse", async (t) => {
  const all = Uint8Array.from({ length: 256 }, (_, byte) => byte);
  t.same(keyBytes(keyText(all)), all);
  t.equal(keyText(all).length, 256);
});
