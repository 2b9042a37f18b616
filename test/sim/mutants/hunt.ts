/** Looks for one planted bug. */
import { bundles } from "../running/bundle.ts";
import { runSeeds } from "../running/run-seeds.ts";
import type { Mutant } from "./mutant.ts";

/** What became of a hunt. */
export interface Catch {
  /** Seeds that were run: with the failing one when it was found. */
  readonly seeds: number;
  /** Undefined when no seed failed. */
  readonly foundAs: string | undefined;
}

/** Runs seeds from 1 on over the tree with the bug until one fails, or the limit is reached. */
export async function huntMutant(
  { patches }: Mutant,
  { limit, workers }: { readonly limit: number; readonly workers: number },
): Promise<Catch> {
  const compiled = await bundles(patches);
  try {
    const range = { from: 1, count: limit, workers, isSearch: true };
    const { runs, failures } = await runSeeds(range, () => undefined, compiled);
    const [first] = failures;
    return { seeds: first?.seed ?? runs, foundAs: first?.violation?.split("\n")[0] };
  } finally {
    compiled.remove();
  }
}
