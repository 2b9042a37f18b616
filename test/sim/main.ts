/**
 * npm run sim -- --seed N          replays one seed and shows what its nodes log
 * npm run sim -- --seeds N --from K --workers W   runs many; exit code 1 when one fails
 */
import { parseArgs } from "node:util";
import type { Logger } from "../../src/consensus/expected.ts";
import { runSeeds } from "./run-seeds.ts";
import { runSeed } from "./world.ts";

const { values } = parseArgs({
  options: {
    seed: { type: "string" },
    seeds: { type: "string", default: "100" },
    from: { type: "string", default: "1" },
    workers: { type: "string", default: "2" },
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

if (values.seed !== undefined) {
  const result = await runSeed(Number(values.seed), log);
  console.log(result);
  process.exitCode = result.violation === undefined ? 0 : 1;
} else {
  const [from, count, workers] = [values.from, values.seeds, values.workers].map(Number);
  const summary = await runSeeds({ from, count, workers }, (done) => console.log(done));
  console.log(summary.text);
  process.exitCode = summary.failures.length === 0 ? 0 : 1;
}
