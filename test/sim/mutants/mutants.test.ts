/** The planted bugs still fit the code, and the simulator still finds what is planted. */
import { readFileSync } from "node:fs";
import path from "node:path";
import t from "tap";
import { patched } from "../running/bundle.ts";
import { consensusMutants } from "./consensus-mutants.ts";
import { extensionMutants } from "./extension-mutants.ts";
import { huntMutant } from "./hunt.ts";
import { nodeMutants } from "./node-mutants.ts";

const root = path.resolve(import.meta.dirname, "../../..");
const mutants = [...consensusMutants, ...nodeMutants, ...extensionMutants];
/** Found within a few seeds; `npm run sim:mutants` hunts all of them. */
const quick = [
  "precommits of several rounds are counted together",
  "a commit names round 0",
  "votes leave before the log is synced",
];
const seedsForQuick = 40;

t.setTimeout(600_000); // Seconds on a free machine; the bound is for a busy one.

t.test("every planted bug changes a text that stands there exactly once", async (t) => {
  const misfits = mutants.flatMap(({ name, patches }) => {
    try {
      const files = new Map<string, string>();
      for (const patch of patches) {
        const text = files.get(patch.file) ?? readFileSync(path.join(root, patch.file), "utf8");
        files.set(patch.file, patched(text, patch));
      }
      return [];
    } catch (error) {
      return [`${name}: ${(error as Error).message}`];
    }
  });
  t.same(misfits, []);
  t.ok(mutants.length >= 24);
  t.equal(new Set(mutants.map(({ name }) => name)).size, mutants.length);
});

for (const name of quick) {
  t.test(`found: ${name}`, async (t) => {
    const mutant = mutants.find((each) => each.name === name);
    if (!mutant) throw new Error(`no planted bug has the name ${name}`);
    const { foundAs, seeds } = await huntMutant(mutant, { limit: seedsForQuick, workers: 1 });
    t.type(foundAs, "string", `in ${seeds} seeds`);
    t.comment(`${seeds} seeds: ${foundAs}`);
  });
}
