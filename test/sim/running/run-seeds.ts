/** Many seeds on several workers. */
import { fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { RunResult } from "../run-seed.ts";
import { type Bundles, bundles, isRealSeed } from "./bundle.ts";

/** Which seeds. */
export interface SeedRange {
  readonly from: number | undefined;
  readonly count: number | undefined;
  readonly workers: number | undefined;
  /** Ends with the first failure. */
  readonly isSearch?: boolean;
}

/** All results in short. */
export interface SeedSummary {
  readonly runs: number;
  readonly failures: readonly RunResult[];
  readonly text: string;
}

/** Progress is told after so many seeds. */
const seedsPerLine = 100;
/** Ten hours: no world takes so long, however busy the machine, unless it hangs. */
const seedLimitMs = 36_000_000;
/** A world makes much garbage and keeps little; a collector with threads of its own costs more. */
const workerFlags = ["--max-semi-space-size=64", "--single-threaded-gc"];
const workerFile = fileURLToPath(new URL("./worker.mjs", import.meta.url));

/** Runs the seeds, each worker one at a time; tells progress and every failing seed. */
export async function runSeeds(
  range: SeedRange,
  tell: (line: string) => void,
  compiled?: Bundles,
): Promise<SeedSummary> {
  const made = compiled ?? (await bundles());
  try {
    return summarize(await runAll(range, tell, made));
  } finally {
    if (!compiled) made.remove();
  }
}

async function runAll(
  { from = 1, count = 100, workers = 2, isSearch = false }: SeedRange,
  tell: (line: string) => void,
  { shortcuts, real }: Bundles,
): Promise<readonly RunResult[]> {
  const results: RunResult[] = [];
  let next = from;
  let hasFailed = false;
  const runWorker = () =>
    new Promise<void>((resolve, reject) => {
      const worker = fork(workerFile, [shortcuts, real], { execArgv: workerFlags });
      let running: number | undefined;
      let watch: NodeJS.Timeout | undefined;
      const goOn = () => {
        clearTimeout(watch);
        running = next < from + count && !(isSearch && hasFailed) ? next++ : undefined;
        if (running === undefined) {
          worker.disconnect();
          return;
        }
        watch = setTimeout(() => worker.kill(), seedLimitMs);
        worker.send({ seed: running, isReal: isRealSeed(running) });
      };
      worker.on("error", reject);
      worker.on("exit", (code, signal) => {
        clearTimeout(watch);
        if (running !== undefined)
          results.push(lost(running, `the process ended: ${code ?? signal}`));
        resolve();
      });
      worker.on("message", (result: RunResult) => {
        results.push(result);
        hasFailed ||= result.violation !== undefined;
        if (result.violation !== undefined) tell(failureLine(result));
        if (results.length % seedsPerLine === 0) tell(`${results.length} of ${count} seeds`);
        goOn();
      });
      goOn();
    });
  await Promise.all(Array.from({ length: workers }, runWorker));
  return results;
}

/** A seed that broke its process, or kept it for too long. */
const lost = (seed: number, violation: string): RunResult => ({
  seed,
  violation,
  heights: 0,
  evidence: 0,
  messages: 0,
  crashes: 0,
  virtualMs: 0,
  plan: "",
});

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
