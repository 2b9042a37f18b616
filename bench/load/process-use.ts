/** What processes use, from /proc: processor seconds, by thread too, and memory. */
import { readdirSync, readFileSync } from "node:fs";

const ticksPerSecond = 100;

export interface ProcessUse {
  /** Processor seconds of all threads since the start, user and system. */
  readonly cpuSeconds: number;
  /** Of the thread that runs JavaScript. */
  readonly mainSeconds: number;
  readonly residentMiB: number;
  readonly peakMiB: number;
}

export function processUse(pid: number): ProcessUse {
  const status = readFileSync(`/proc/${pid}/status`, "utf8");
  const mebibytes = (name: string): number =>
    Math.round(Number(new RegExp(`${name}:\\s+(\\d+) kB`).exec(status)?.[1] ?? 0) / 1024);
  return {
    cpuSeconds: cpuOf(`/proc/${pid}/stat`),
    mainSeconds: readdirSync(`/proc/${pid}/task`).includes(String(pid))
      ? cpuOf(`/proc/${pid}/task/${pid}/stat`)
      : 0,
    residentMiB: mebibytes("VmRSS"),
    peakMiB: mebibytes("VmHWM"),
  };
}

function cpuOf(file: string): number {
  const text = readFileSync(file, "utf8");
  // The name in brackets may hold blanks; utime and stime are the 12th and 13th field after it.
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[11]) + Number(fields[12])) / ticksPerSecond;
}

export const loadAverage = (): string => readFileSync("/proc/loadavg", "utf8").slice(0, 14);
