/**
 * npm run sim -- --seed N          replays one seed and shows what its nodes log
 * npm run sim -- --seeds N --from K --workers W   runs many; exit code 1 when one fails
 * With --without INGREDIENT (see plan.ts) something of the seed's world is left out.
 */
import { parseArgs } from "node:util";
import type { Logger } from "../../src/consensus/expected.ts";
import { ingredients } from "./plan.ts";
import { bundles, isRealSeed } from "./running/bundle.ts";
import { minimize, replayCommand } from "./running/minimize.ts";
import { runSeeds } from "./running/run-seeds.ts";

/** So many failing seeds are minimised. */
const minimizedMax = 3;

const { values } = parseArgs({
  options: {
    seed: { type: "string" },
    seeds: { type: "string", default: "100" },
    from: { type: "string", default: "1" },
    workers: { type: "string", default: "2" },
    without: { type: "string", multiple: true, default: [] },
    verbose: { type: "boolean", default: false },
  },
});

const show = (level: string) => (message: string, fields?: Readonly<Record<string, unknown>>) =>
  console.log(
    level,
    message,
    JSON.stringify(fields, (_, v) => (typeof v === "bigint" ? `${v}` : v)),
  );
const log: Logger = {
  debug: values.verbose ? show("debug") : () => undefined,
  info: show("info"),
  warn: show("warn"),
  error: show("error"),
};

const compiled = await bundles();
const simulator = (seed: number) => import(isRealSeed(seed) ? compiled.real : compiled.shortcuts);
if (values.seed !== undefined) {
  const seed = Number(values.seed);
  const { runSeed } = await simulator(seed);
  const without = ingredients.filter((each) => values.without.includes(each));
  const result = await runSeed(seed, { log, without });
  console.log(result);
  process.exitCode = result.violation === undefined ? 0 : 1;
} else {
  const [from, count, workers] = [values.from, values.seeds, values.workers].map(Number);
  const tell = (line: string) => console.log(new Date().toISOString(), line);
  const { failures, text } = await runSeeds({ from, count, workers }, tell, compiled);
  for (const { seed } of failures.slice(0, minimizedMax)) {
    const { runSeed } = await simulator(seed);
    const { without, result } = await minimize(seed, runSeed);
    console.log(`minimised: ${result.violation} (${result.plan}): ${replayCommand(seed, without)}`);
  }
  console.log(text);
  process.exitCode = failures.length === 0 ? 0 : 1;
}
compiled.remove();
