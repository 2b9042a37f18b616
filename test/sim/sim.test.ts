/**
 * Three thousand worlds of four validators: whatever loss, delay, partitions, crashes and a
 * validator that runs twice do to them, no two nodes decide differently, and after the faults all
 * go on.
 */
import t from "tap";
import { runSeed } from "./run-seed.ts";
import { runSeeds } from "./running/run-seeds.ts";

const seeds = 3_000;
const workers = 2;

t.setTimeout(900_000); // Minutes on a free machine; the bound is for a busy one.

t.test("one seed is one run, to the last message", async (t) => {
  const [first, second] = [await runSeed(5), await runSeed(5)];
  t.same(first, second);
  t.not(first.plan, (await runSeed(6)).plan);
});

t.test(`seeds 1 to ${seeds}: safety always, progress after the faults`, async (t) => {
  const range = { from: 1, count: seeds, workers };
  const { failures, runs, text } = await runSeeds(range, (line) => t.comment(line));
  t.comment(text);
  t.equal(runs, seeds);
  t.same(
    [...failures]
      .sort((a, b) => a.seed - b.seed)
      .map(({ seed, violation }) => `seed ${seed}: ${violation}`),
    [],
  );
});
