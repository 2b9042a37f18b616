/**
 * What the Sprint costs whom: a state machine that judges a dispute, by compiled backends and by
 * the twin, and a host agent that verifies a batch, with what its event loop feels of it.
 *
 *   node --import tsx bench/sprint-duties.ts [runs]
 *
 * Prints one JSON object; times are milliseconds of processor time, with the clock's beside them.
 */
import { monitorEventLoopDelay } from "node:perf_hooks";
import { NativeEngine } from "../src/host/engine/native-engine.ts";
import { NativeSessions } from "../src/host/engine/native-sessions.ts";
import { ThreadEngine } from "../src/host/engine/thread-engine.ts";
import { jsonLog } from "../src/host/log.ts";
import { CheckedOracle } from "../src/modules/pow/sprint/checked-oracle.ts";
import { nonceComputers } from "../src/native/compute-now.ts";
import { backendNames, openEngine, twinBackend } from "../src/native/open-engine.ts";
import { profiles } from "../src/sprint/profiles.ts";

const runs = Number(process.argv[2] ?? 5);
const window = {
  chainId: "bench-duties",
  beacon1: new Uint8Array(32).fill(1),
  beacon2: new Uint8Array(32).fill(2),
};
const hostKey = new Uint8Array(33).fill(2);
const c = 44_314;
const samples = 128;

interface Cost {
  readonly cpuMs: number;
  readonly clockMs: number;
}

async function costOf(run: () => unknown): Promise<Cost> {
  const [cpu, clock] = [process.cpuUsage(), performance.now()];
  await run();
  const { user, system } = process.cpuUsage(cpu);
  return { cpuMs: (user + system) / 1000, clockMs: performance.now() - clock };
}

/** The medians of several runs; the first, which makes things ready, is told apart. */
async function measured(count: number, run: (at: number) => unknown) {
  const costs: Cost[] = [];
  for (let at = 0; at <= count; at++) costs.push(await costOf(() => run(at)));
  const [first, ...rest] = costs;
  const median = (of: (cost: Cost) => number): number =>
    Math.round(rest.map(of).sort((a, b) => a - b)[rest.length >> 1] ?? 0);
  const firstMs = Math.round(first?.cpuMs ?? 0);
  return { firstMs, cpuMs: median((cost) => cost.cpuMs), clockMs: median((cost) => cost.clockMs) };
}

async function disputes(profile: "T" | "C") {
  const computers = nonceComputers();
  const log = { error: (message: string) => process.stderr.write(`${message}\n`) };
  const judge = (oracle: CheckedOracle, count: number) =>
    measured(count, (at) =>
      oracle.recompute({ ...window, profile, hostKey, nonce: BigInt(at), c }),
    );
  return {
    compiled: "missing" in computers ? null : await judge(new CheckedOracle(computers, log), runs),
    twin: await judge(CheckedOracle.twinAlone(), Math.min(runs, 3)),
  };
}

/** A verifier's batch in profile C, and the longest turn of the event loop while it runs. */
async function verification() {
  const names = (await backendNames()).filter((name) => name !== twinBackend);
  if (names.length === 0) return null;
  const log = jsonLog(() => {});
  const sessions = new NativeSessions({ names, open: openEngine }, { threads: 0, log });
  const twin = new ThreadEngine(new URL("../src/host/engine/sprint-thread.ts", import.meta.url));
  const engine = new NativeEngine(sessions, twin, log);
  const network = { ...window, profile: profiles.C };
  const leaves = Array.from({ length: samples }, (_, at) => ({ hostKey, nonce: BigInt(at), c }));
  const job = { network, verifierKey: hostKey, leaves, by: "fastest" } as const;
  const delay = monitorEventLoopDelay({ resolution: 1 });
  delay.enable();
  const cost = await measured(Math.min(runs, 3), () => engine.recompute(job));
  delay.disable();
  await engine.close();
  const ms = (nanoseconds: number): number => Number((nanoseconds / 1e6).toFixed(1));
  const turns = { p50Ms: ms(delay.percentile(50)), p99Ms: ms(delay.percentile(99)) };
  return { backend: names[0], samples, ...cost, turns: { ...turns, maxMs: ms(delay.max) } };
}

const result = {
  T: await disputes("T"),
  C: await disputes("C"),
  verification: await verification(),
};
process.stdout.write(`${JSON.stringify(result, null, 1)}\n`);
