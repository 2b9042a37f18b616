/**
 * npm run sim:byzantine -- --minutes M --seed N --only TEXT
 * One of four validators misbehaves in one way for so long, for every way, in virtual time. Prints
 * a table against the same time without it; exit code 1 when something does not hold.
 */
import { parseArgs } from "node:util";
import { bundles } from "../running/bundle.ts";
import { behaviours, extending } from "./behaviours.ts";

const { values } = parseArgs({
  options: {
    minutes: { type: "string", default: "60" },
    seed: { type: "string", default: "1" },
    only: { type: "string", default: "" },
  },
});

/** Largest mean block interval, as a multiple of the fault-free one. */
const ratioMax = 2;

const compiled = await bundles();
const { runCalm } = await import(compiled.shortcuts);
const [seed, minutes] = [Number(values.seed), Number(values.minutes)];
const quantile = (sorted: readonly number[], share: number) =>
  sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;

let calmMs: { median: number; mean: number; p99: number } | undefined;
console.log(`${minutes} minutes of virtual time each, seed ${seed}`);
console.log(
  "| behaviour | heights | median ms | mean ms | p99 ms | ratio of median, mean, p99 | evidence | result |",
);
console.log("|---|---|---|---|---|---|---|---|");
for (const behaviour of [undefined, ...behaviours, extending]) {
  if (behaviour !== undefined && !behaviour.includes(values.only)) continue;
  const result = await runCalm({ seed, behaviour, minutes });
  const sorted: number[] = [...result.intervalsMs].sort((a: number, b: number) => a - b);
  const mean = sorted.reduce((sum, ms) => sum + ms, 0) / sorted.length;
  const found = { median: quantile(sorted, 0.5), mean, p99: quantile(sorted, 0.99) };
  calmMs ??= found;
  const ratios = (["median", "mean", "p99"] as const).map(
    (which) => found[which] / (calmMs?.[which] ?? 1),
  );
  const isSlow = (ratios[1] ?? 0) > ratioMax;
  const lacksEvidence = (behaviour ?? "").startsWith("equivocating") && result.evidence === 0;
  const verdict =
    result.violation ?? (isSlow ? "too slow" : lacksEvidence ? "no evidence" : "holds");
  if (verdict !== "holds") process.exitCode = 1;
  const numbers = [found.median, found.mean, found.p99].map((ms) => ms.toFixed(0)).join(" | ");
  const shown = ratios.map((ratio) => ratio.toFixed(2)).join(", ");
  console.log(
    `| ${behaviour ?? "none"} | ${result.heights} | ${numbers} | ${shown} | ${result.evidence} | ${verdict} |`,
  );
}
compiled.remove();
