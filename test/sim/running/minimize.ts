/** What of a failing seed's world the failure does not need. */
import { type Ingredient, ingredients } from "../plan.ts";
import type { RunResult, SeedOptions } from "../run-seed.ts";

/** Leaves out one ingredient after the other, while the seed still fails. */
export async function minimize(
  seed: number,
  runSeed: (seed: number, options: SeedOptions) => Promise<RunResult>,
): Promise<{ readonly without: readonly Ingredient[]; readonly result: RunResult }> {
  let without: readonly Ingredient[] = [];
  let result = await runSeed(seed, {});
  for (const ingredient of ingredients) {
    const fewer = [...without, ingredient];
    const tried = await runSeed(seed, { without: fewer });
    if (tried.violation === undefined) continue;
    without = fewer;
    result = tried;
  }
  return { without, result };
}

/** The command that replays what is left. */
export const replayCommand = (seed: number, without: readonly Ingredient[]): string =>
  `npm run sim -- --seed ${seed}${without.map((each) => ` --without "${each}"`).join("")}`;
