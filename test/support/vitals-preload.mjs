/**
 * Loaded before gonkad (node --import): on SIGUSR2 it collects garbage and writes what the process
 * holds to VITALS_FILE, as JSON, whole or not at all. The program itself knows nothing of it.
 */
import fs from "node:fs";
import { performance } from "node:perf_hooks";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

const file = process.env.VITALS_FILE ?? "";
setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc");

/** The longest time that the event loop stood still since the last sample, in ms. */
let longestMs = 0;
const everyMs = 20;
let last = performance.now();
setInterval(() => {
  const now = performance.now();
  longestMs = Math.max(longestMs, now - last - everyMs);
  last = now;
}, everyMs).unref();

process.on("SIGUSR2", () => {
  const blockedMs = Math.round(longestMs);
  const peakRss = process.resourceUsage().maxRSS * 1024;
  collect();
  const { rss, heapUsed, external } = process.memoryUsage();
  const handles = fs.readdirSync("/proc/self/fd").length;
  const timers = process.getActiveResourcesInfo().length;
  const vitals = { rss, peakRss, heapUsed, external, handles, timers, blockedMs };
  fs.writeFileSync(`${file}.new`, JSON.stringify(vitals));
  fs.renameSync(`${file}.new`, file);
  longestMs = 0;
  last = performance.now(); // The collection is ours, not the program's.
});
