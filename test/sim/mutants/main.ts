/**
 * npm run sim:mutants -- --limit N --workers W --only TEXT
 * Plants one bug after the other and runs seeds until one fails. Prints a table; exit code 1 when
 * a bug survives.
 */
import { parseArgs } from "node:util";
import { consensusMutants } from "./consensus-mutants.ts";
import { extensionMutants } from "./extension-mutants.ts";
import { huntMutant } from "./hunt.ts";
import { nodeMutants } from "./node-mutants.ts";

const { values } = parseArgs({
  options: {
    limit: { type: "string", default: "2000" },
    workers: { type: "string", default: "1" },
    only: { type: "string", default: "" },
  },
});

const [limit, workers] = [Number(values.limit), Number(values.workers)];
const survivors: string[] = [];
console.log("| mutation | file | seeds | found as |\n|---|---|---|---|");
for (const mutant of [...consensusMutants, ...nodeMutants, ...extensionMutants]) {
  if (!mutant.name.includes(values.only)) continue;
  const { seeds, foundAs } = await huntMutant(mutant, { limit, workers });
  const files = [...new Set(mutant.patches.map(({ file }) => file.replace("src/", "")))].join(", ");
  console.log(`| ${mutant.name} | ${files} | ${seeds} | ${foundAs ?? "SURVIVED"} |`);
  if (foundAs === undefined) survivors.push(mutant.name);
}
if (survivors.length > 0) console.log(`${survivors.length} survived`);
process.exitCode = survivors.length > 0 ? 1 : 0;
