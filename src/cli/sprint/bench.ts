/** `gonkad sprint bench`: how fast this machine computes the Sprint, and how near to its own peak. */
import { randomBytes } from "node:crypto";
import { availableParallelism } from "node:os";
import { Command } from "commander";
import type { SprintEngine } from "../../native/engine.ts";
import { measurePeak, openEngine } from "../../native/open-engine.ts";
import { headWidth, outputWidth, type Profile, profiles } from "../../sprint/profiles.ts";
import { untilInterrupted } from "../interrupt.ts";
import { print } from "../output.ts";
import { readSettings } from "../settings.ts";
import {
  backendOption,
  profileOption,
  secondsOption,
  threadsOption,
  wholeParser,
} from "./flags.ts";
import { reporter, type Terminal } from "./terminal.ts";

interface BenchFlags {
  readonly profile: Profile;
  readonly seconds: number;
  readonly threads?: number;
  readonly backend?: string;
  readonly batch?: number;
  readonly json?: true;
}

/** Threshold of the lowest tier: every fourth nonce is a hit. */
const threshold = 44_314;
/** The peak is sampled after every batch, for this part of the batch's time. */
const peakShare = 1 / 8;

export function benchCommand(terminal: Terminal): Command {
  return new Command("bench")
    .description("measure this machine: nonces, operations, share of its own peak, memory")
    .addOption(profileOption().default(profiles.C, "C"))
    .addOption(secondsOption("how long to compute", 10))
    .addOption(threadsOption())
    .addOption(backendOption())
    .option("--batch <n>", "nonces at once; the profile's own when absent", wholeParser(1, 4096))
    .option("--json", "print JSON")
    .addHelpText(
      "after",
      "\nExamples:\n  gonkad sprint bench --profile C --seconds 20\n" +
        "  gonkad sprint bench --backend scalar --threads 1 --json\n",
    )
    .action(async (flags: BenchFlags, command: Command) => {
      const { output } = readSettings(command, "text");
      const result = await untilInterrupted((signal) => bench(flags, terminal, signal));
      print(result, flags.json ? "json" : output);
    });
}

async function bench(flags: BenchFlags, terminal: Terminal, signal: AbortSignal) {
  const { profile, seconds, backend, batch = 0 } = flags;
  const threads = flags.threads ?? availableParallelism();
  const beacon1 = randomBytes(32);
  const opening = { chainId: "bench", profile: profile.name, beacon1, threads, batch };
  const beganMs = performance.now();
  const engine = await openEngine({ ...opening, ...(backend ? { backend } : {}), signal });
  const readyMs = performance.now() - beganMs;
  for (const line of engine.log) terminal.stderr.write(`${line}\n`);
  try {
    const run = await compute(engine, { seconds, threads, terminal, signal });
    const readySeconds = rounded(readyMs / 1000);
    return { ...summary(engine, { profile, threads }, run), readySeconds };
  } finally {
    await engine.close();
  }
}

interface Run {
  readonly nonces: number;
  /** Seconds on the clock, and of the processors. */
  readonly wallSeconds: number;
  readonly cpuSeconds: number;
  /** Operations a second of one core; undefined where no bare kernel can be measured. */
  readonly peak: number | undefined;
}

/**
 * Batches until the time is over. A machine shared with others changes its speed from second to
 * second, so the peak is sampled after every batch, and both are counted in processor time.
 */
async function compute(
  engine: SprintEngine,
  options: {
    readonly seconds: number;
    readonly threads: number;
    readonly terminal: Terminal;
    readonly signal: AbortSignal;
  },
): Promise<Run> {
  const { seconds, threads, terminal, signal } = options;
  const window = { beacon2: randomBytes(32), hostKey: new Uint8Array(33).fill(2), c: threshold };
  const count = BigInt(engine.batch);
  const mine = (first: bigint) => engine.mine({ ...window, first, count }, { signal });
  await mine(0n); // The first batch makes room for the others.
  const report = reporter(terminal, "seconds", seconds);
  const beganMs = performance.now();
  let [nonces, wallMs, cpuMicros, peakSum] = [0n, 0, 0, 0];
  while (performance.now() - beganMs < seconds * 1000) {
    const [cpuBefore, wallBefore] = [process.cpuUsage(), performance.now()];
    await mine(count + nonces);
    const cpu = process.cpuUsage(cpuBefore);
    const tookMicros = cpu.user + cpu.system;
    nonces += count;
    wallMs += performance.now() - wallBefore;
    cpuMicros += tookMicros;
    const milliseconds = Math.max(2, Math.round((tookMicros / 1000 / threads) * peakShare));
    const peak = await peakOf(engine, threads, Math.min(milliseconds, 60_000));
    peakSum = peak === undefined ? Number.NaN : peakSum + peak * tookMicros;
    report(Math.floor((performance.now() - beganMs) / 1000));
  }
  const peak = Number.isNaN(peakSum) ? undefined : peakSum / cpuMicros;
  return { nonces: Number(nonces), wallSeconds: wallMs / 1000, cpuSeconds: cpuMicros / 1e6, peak };
}

/** The bare kernel of this backend; the twin has none, and a device may have none. */
async function peakOf(
  { implementation, backend }: SprintEngine,
  threads: number,
  milliseconds: number,
): Promise<number | undefined> {
  if (implementation !== "native") return undefined;
  try {
    return Number(await measurePeak({ backend, threads, milliseconds }));
  } catch {
    return undefined;
  }
}

function summary(
  engine: SprintEngine,
  { profile, threads }: { readonly profile: Profile; readonly threads: number },
  run: Run,
) {
  const { implementation, backend, batch, memoryBytes } = engine;
  const { nonces, wallSeconds, cpuSeconds, peak } = run;
  const isDevice = backend.startsWith("cuda");
  const giga = operationsPerNonce(profile) / 1e9;
  const perSecond = nonces / wallSeconds;
  const perCore = nonces / cpuSeconds;
  // A device's peak is its own; a processor's is that of one core.
  const rate = (isDevice ? perSecond : perCore) * giga * 1e9;
  return {
    profile: profile.name,
    implementation,
    backend,
    threads,
    batch,
    nonces,
    noncesPerSecond: rounded(perSecond),
    noncesPerCoreSecond: isDevice ? null : rounded(perCore),
    gops: rounded(perSecond * giga),
    gopsPerCore: isDevice ? null : rounded(perCore * giga),
    peakGops: peak === undefined ? null : rounded((peak / 1e9) * (isDevice ? 1 : threads)),
    peakGopsPerCore: peak === undefined || isDevice ? null : rounded(peak / 1e9),
    percentOfPeak: peak === undefined ? null : rounded((100 * rate) / peak),
    engineMemoryBytes: memoryBytes,
    processMemoryBytes: process.resourceUsage().maxRSS * 1024,
  };
}

/** Multiplications and additions of one nonce, attention included. */
export function operationsPerNonce({ tokens: s, width: d, inner: f, layers, heads }: Profile) {
  const attention = 2 * s * heads * headWidth;
  return 2 * s * ((4 * d * d + 3 * d * f + attention) * layers + outputWidth * d);
}

/** Four significant digits. */
const rounded = (value: number): number => Number(value.toPrecision(4));
