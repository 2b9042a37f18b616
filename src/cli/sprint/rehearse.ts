/**
 * `gonkad sprint rehearse`: a window on this machine with throw-away beacons and a throw-away key,
 * computed as the host agent computes it. No node hears of it and nothing is sent.
 */
import { randomBytes } from "node:crypto";
import { Command, Option } from "commander";
import { openHostEngine } from "../../host/engine/open-engine.ts";
import type { MiningBatch, MiningJob, SprintEngine } from "../../host/expected.ts";
import { jsonLog } from "../../host/log.ts";
import { maxNonce } from "../../sprint/nonce.ts";
import { type Profile, profiles } from "../../sprint/profiles.ts";
import { untilInterrupted } from "../interrupt.ts";
import { print } from "../output.ts";
import { readSettings, usage } from "../settings.ts";
import {
  backendOption,
  parseThreshold,
  profileOption,
  secondsOption,
  threadsOption,
  wholeParser,
} from "./flags.ts";
import {
  hitProbability,
  publishedTiers,
  type SprintWindow,
  type Tier,
  windowOfNode,
} from "./sprint-window.ts";
import { reporter, type Terminal } from "./terminal.ts";

interface RehearseFlags {
  readonly profile?: Profile;
  readonly tier?: number;
  readonly c?: number;
  readonly windowSeconds?: number;
  readonly seconds: number;
  readonly threads?: number;
  readonly backend?: string;
  readonly json?: true;
}

/** 60 blocks of 5 seconds: the gonka genesis. */
const defaultWindowSeconds = 300;

export function rehearseCommand(terminal: Terminal): Command {
  const length = new Option("--window-seconds <n>", "length of a window (default 300)");
  const c = new Option("--c <int>", "a threshold instead of a tier, 0 .. 2^20");
  return new Command("rehearse")
    .description("rehearse a Sprint: hits and weight that this machine may expect; sends nothing")
    .addOption(profileOption())
    .option("--tier <k>", "tier 1/2^k; the lowest when absent", wholeParser(1, 20))
    .addOption(c.argParser(parseThreshold).conflicts("tier"))
    .addOption(length.argParser(wholeParser(1, 1_000_000)))
    .addOption(secondsOption("how long to compute", 20))
    .addOption(threadsOption())
    .addOption(backendOption())
    .option("--json", "print JSON")
    .addHelpText(
      "after",
      "\nExamples:\n  gonkad sprint rehearse --profile C --tier 4 --window-seconds 300\n" +
        "  gonkad sprint rehearse --node tcp://localhost:26657\n\n" +
        "With --node, profile, tiers and length of the window are the chain's.\n",
    )
    .action(async (flags: RehearseFlags, command: Command) => {
      const { node, output } = readSettings(command, "text");
      const isNodeGiven = command.optsWithGlobals<{ node?: string }>().node !== undefined;
      const window = told(isNodeGiven ? await windowOfNode(node) : defaults(), flags);
      const tier = chosenTier(window, flags);
      const result = await untilInterrupted((signal) =>
        rehearse({ window, tier, flags }, terminal, signal),
      );
      print({ parameters: isNodeGiven ? node : "flags", ...result }, flags.json ? "json" : output);
    });
}

const defaults = (): SprintWindow => ({
  profile: profiles.C,
  tiers: publishedTiers,
  windowSeconds: defaultWindowSeconds,
});

/** Flags go before what a chain says. */
function told(window: SprintWindow, { profile, windowSeconds }: RehearseFlags): SprintWindow {
  return {
    ...window,
    ...(profile ? { profile } : {}),
    ...(windowSeconds ? { windowSeconds } : {}),
  };
}

/** k is absent where only a threshold was given: such a hit has no weight. */
function chosenTier(
  { tiers }: SprintWindow,
  { tier: k, c }: RehearseFlags,
): Partial<Tier> & { c: number } {
  if (c !== undefined) return tiers.find((tier) => tier.c === c) ?? { c };
  const tier = tiers.find((each) => k === undefined || each.k === k);
  if (tier) return tier;
  const known = tiers.map((each) => each.k).join(", ");
  throw usage(`there is no tier ${k}`, `take one of ${known}, or give --c`);
}

interface Searched {
  readonly nonces: number;
  readonly hits: number;
  readonly seconds: number;
}

async function rehearse(
  plan: {
    readonly window: SprintWindow;
    readonly tier: Partial<Tier> & { readonly c: number };
    readonly flags: RehearseFlags;
  },
  terminal: Terminal,
  signal: AbortSignal,
) {
  const { profile, tiers, windowSeconds } = plan.window;
  const { tier, flags } = plan;
  const log = jsonLog((line) => void terminal.stderr.write(`${line}\n`));
  const engine = await openHostEngine({ backend: flags.backend, threads: flags.threads }, log);
  const sprint = {
    chainId: "rehearsal",
    profile,
    beacon1: randomBytes(32),
    beacon2: randomBytes(32),
    hostKey: Uint8Array.of(2, ...randomBytes(32)),
  };
  const job = { sprint, c: tier.c, from: 0n, end: maxNonce };
  try {
    const found = await search(engine, job, { seconds: flags.seconds, terminal, signal });
    const perSecond = found.nonces / found.seconds;
    const probability = hitProbability(tier.c);
    return {
      profile: profile.name,
      computed: { ...found, seconds: rounded(found.seconds), noncesPerSecond: rounded(perSecond) },
      expectedOfThese: rounded(found.nonces * probability),
      windowSeconds: rounded(windowSeconds),
      tier: expectation(tier, perSecond * windowSeconds),
      // Every hit is computed twice, so that a harder tier searches more nonces in the same time.
      otherTiers: tiers
        .filter(({ c }) => c !== tier.c)
        .map((other) => {
          const faster = (1 + probability) / (1 + hitProbability(other.c));
          return expectation(other, perSecond * faster * windowSeconds);
        }),
    };
  } finally {
    await engine.close();
  }
}

function expectation({ k, c }: Partial<Tier> & { readonly c: number }, nonces: number) {
  const hits = nonces * hitProbability(c);
  const weight = k === undefined ? {} : { expectedWeight: Math.round(hits * 2 ** k) };
  return { ...(k === undefined ? {} : { k }), c, expectedHits: rounded(hits), ...weight };
}

/** Searches for that long, and for two stretches at least; the first only makes things ready. */
function search(
  engine: SprintEngine,
  job: MiningJob,
  options: {
    readonly seconds: number;
    readonly terminal: Terminal;
    readonly signal: AbortSignal;
  },
): Promise<Searched> {
  const { seconds, terminal, signal } = options;
  const report = reporter(terminal, "seconds", seconds);
  const batches: { readonly batch: MiningBatch; readonly atMs: number }[] = [];
  return new Promise((resolve, reject) => {
    const finish = (): void => void mining.stop().then(() => resolve(measured(batches)), reject);
    const mining = engine.mine(job, {
      onBatch: (batch) => {
        batches.push({ batch, atMs: performance.now() });
        const tookMs = performance.now() - (batches[0]?.atMs ?? 0);
        report(Math.floor(tookMs / 1000));
        if (batches.length > 1 && tookMs >= seconds * 1000) finish();
      },
      onError: reject,
    });
    signal.addEventListener("abort", () => reject(new Error("interrupted")), { once: true });
  });
}

function measured(
  batches: readonly { readonly batch: MiningBatch; readonly atMs: number }[],
): Searched {
  const [first, last] = [batches[0], batches.at(-1)];
  if (!first || !last) return { nonces: 0, hits: 0, seconds: 1 };
  return {
    nonces: Number(last.batch.next - first.batch.next),
    hits: batches.slice(1).reduce((sum, { batch }) => sum + batch.hits.length, 0),
    seconds: (last.atMs - first.atMs) / 1000,
  };
}

/** Four significant digits. */
const rounded = (value: number): number => Number(value.toPrecision(4));
