/** What a run measured, in numbers and as a table. */
import type { SeenBlock } from "./chain-watch.ts";
import type { Latencies } from "./probe.ts";
import type { ProcessUse } from "./process-use.ts";

export interface Quantiles {
  readonly count: number;
  readonly median: number;
  readonly p95: number;
  readonly p99: number;
  readonly max: number;
}

/** Values to one decimal; zeros when there are none. */
export function quantiles(values: readonly number[]): Quantiles {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (part: number): number => {
    const value = sorted[Math.min(sorted.length - 1, Math.floor(part * sorted.length))] ?? 0;
    return Math.round(value * 10) / 10;
  };
  return { count: sorted.length, median: at(0.5), p95: at(0.95), p99: at(0.99), max: at(1) };
}

export interface Measured {
  readonly validators: number;
  readonly seconds: number;
  readonly startMs: number;
  readonly loadBefore: string;
  readonly loadAfter: string;
  readonly taken: number;
  readonly refused: number;
  readonly reasons: Readonly<Record<string, number>>;
  readonly committedPerSecond: number;
  /** Processor time of all nodes together, of all their threads, per transaction in a block. */
  readonly cpuMicrosPerTx: number;
  /** Of those taken over the whole run, how many no block had after it. */
  readonly missing: number;
  readonly blocks: number;
  readonly txsPerBlock: Quantiles;
  readonly intervalMs: Quantiles;
  readonly rounds: Readonly<Record<string, number>>;
  readonly rpcMs: Readonly<Record<string, Quantiles>>;
  readonly processes: readonly (ProcessUse & { readonly name: string })[];
  readonly crashes: readonly string[];
}

/** Milliseconds between blocks that follow each other. */
export function intervals(blocks: readonly SeenBlock[]): number[] {
  return blocks.slice(1).map(({ timeMs }, index) => timeMs - (blocks[index]?.timeMs ?? timeMs));
}

/** Quantiles of every call, and of all together. */
export function latencyTable(latencies: Latencies): Record<string, Quantiles> {
  const all = Object.values(latencies).flat();
  const rows = Object.entries(latencies).map(([name, values]) => [name, quantiles(values)]);
  return { ...Object.fromEntries(rows), all: quantiles(all) };
}

export function table(m: Measured): string {
  const q = ({ median, p95, p99, max }: Quantiles) =>
    `median ${median}, p95 ${p95}, p99 ${p99}, max ${max}`;
  const rounds = Object.entries(m.rounds).map(([round, count]) => `${round}: ${count}`);
  const lines = [
    ["validators", String(m.validators)],
    ["load average", `${m.loadBefore} before, ${m.loadAfter} after`],
    ["second block on every node", `${Math.round(m.startMs)} ms`],
    ["taken, refused, lost", `${m.taken}, ${m.refused}, ${m.missing}`],
    ["committed per second", `${m.committedPerSecond} over ${m.seconds} s`],
    ["CPU us per tx, all nodes", String(m.cpuMicrosPerTx)],
    ["blocks", `${m.blocks}; txs: ${q(m.txsPerBlock)}`],
    ["block interval, ms", q(m.intervalMs)],
    ["heights by round", rounds.join(", ")],
    ...Object.entries(m.rpcMs).map(([name, values]) => [`rpc ${name}, ms`, q(values)]),
    ...m.processes.map(({ name, cpuSeconds, mainSeconds, residentMiB, peakMiB }) => [
      name,
      `${cpuSeconds.toFixed(1)} CPU s (main thread ${mainSeconds.toFixed(1)}), ` +
        `${residentMiB} MiB, at most ${peakMiB}`,
    ]),
    ...Object.entries(m.reasons).map(([reason, count]) => ["refused", `${count} x ${reason}`]),
    ...m.crashes.map((crash) => ["crashed", crash]),
  ];
  return `${lines.map(([name = "", value = ""]) => `${name.padEnd(28)}${value}`).join("\n")}\n`;
}
