/** Many seeds on several workers. */
import { fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { RunResult } from "./world.ts";

/** Which seeds. */
export interface SeedRange {
  readonly from: number | undefined;
  readonly count: number | undefined;
  readonly workers: number | undefined;
}

/** All results in short. */
export interface SeedSummary {
  readonly runs: number;
  readonly failures: readonly RunResult[];
  readonly text: string;
}

/** Progress is told after so many seeds. */
const seedsPerLine = 100;

/** Runs the seeds, each worker one at a time; tells progress and every failing seed. */
export async function runSeeds(
  { from = 1, count = 100, workers = 2 }: SeedRange,
  tell: (line: string) => void,
): Promise<SeedSummary> {
  const results: RunResult[] = [];
  let next = from;
  const file = fileURLToPath(new URL("./worker.ts", import.meta.url));
  const runWorker = () =>
    new Promise<void>((resolve, reject) => {
      const worker = fork(file, { execArgv: ["--import", "tsx"] });
      let isDone = false;
      const goOn = () => {
        if (next < from + count) {
          worker.send(next++);
          return;
        }
        isDone = true;
        worker.disconnect();
      };
      worker.on("error", reject);
      worker.on("exit", (code) => (isDone ? resolve() : reject(new Error(`worker left: ${code}`))));
      worker.on("message", (result: RunResult) => {
        results.push(result);
        if (result.violation !== undefined) tell(failureLine(result));
        if (results.length % seedsPerLine === 0) tell(`${results.length} of ${count} seeds`);
        goOn();
      });
      goOn();
    });
  await Promise.all(Array.from({ length: workers }, runWorker));
  return summarize(results);
}

const failureLine = ({ seed, violation, plan }: RunResult): string =>
  `seed ${seed} failed: ${violation} (${plan}); replay: npm run sim -- --seed ${seed}`;

function summarize(results: readonly RunResult[]): SeedSummary {
  const failures = results.filter((result) => result.violation !== undefined);
  const sum = (of: (result: RunResult) => number) => results.reduce((total, r) => total + of(r), 0);
  const text =
    `${results.length} seeds, ${failures.length} failed: ${sum((r) => r.heights)} heights, ` +
    `${sum((r) => r.messages)} messages, ${sum((r) => r.crashes)} crashes, ` +
    `${sum((r) => r.evidence)} pieces of evidence committed`;
  return { runs: results.length, failures, text };
}
