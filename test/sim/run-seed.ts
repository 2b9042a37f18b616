/** What the compiled simulator offers: one seed, or an hour with one Byzantine validator. */
import type { Logger } from "../../src/consensus/expected.ts";
import { defaultTimeouts } from "../../src/consensus/waiting/timeouts.ts";
import { type Behaviour, Byzantine, extending } from "./byzantine/behaviours.ts";
import { Violation } from "./checks.ts";
import type { Ingredient } from "./plan.ts";
import { keys, silent, validators } from "./settings.ts";
import { World } from "./world.ts";

/** What a run came to. */
export interface RunResult {
  readonly seed: number;
  readonly heights: number;
  readonly evidence: number;
  readonly messages: number;
  readonly crashes: number;
  readonly virtualMs: number;
  /** What the seed made of the world, in words. */
  readonly plan: string;
  /** Undefined when everything held. */
  readonly violation: string | undefined;
}

/** How to run a seed, when it is not to be as it is. */
export interface SeedOptions {
  readonly log?: Logger;
  readonly without?: readonly Ingredient[];
}

/** Runs one seed to its end. Never throws for what the nodes do. */
export async function runSeed(
  seed: number,
  { log = silent, without = [] }: SeedOptions = {},
): Promise<RunResult> {
  const world = new World({ seed, log, without });
  const violation = await violationOf(world.run());
  return { ...world.summary(), violation };
}

/** A long calm run. */
export interface CalmResult extends RunResult {
  /** Between the first nodes that came to neighbouring heights, in order of heights. */
  readonly intervalsMs: readonly number[];
}

/** Runs without faults, but for one validator that behaves so all the time. */
export async function runCalm(of: {
  readonly seed: number;
  readonly behaviour: Behaviour | undefined;
  readonly minutes: number;
}): Promise<CalmResult> {
  const number = validators - 1;
  const key = keys[number];
  const { seed, behaviour } = of;
  const world = new World({
    seed,
    log: silent,
    without: [],
    calm: {
      timeouts: defaultTimeouts,
      isExtended: behaviour === extending,
      attack: (stage) =>
        behaviour && key ? new Byzantine(stage, { key, number }, behaviour) : undefined,
    },
  });
  const violation = await violationOf(world.runCalm(of.minutes * 60_000));
  const { decidedMs } = world;
  const intervalsMs = decidedMs.slice(1).map((ms, index) => ms - (decidedMs[index] ?? 0));
  return { ...world.summary(), violation, intervalsMs };
}

async function violationOf(run: Promise<void>): Promise<string | undefined> {
  try {
    await run;
    return undefined;
  } catch (error) {
    return error instanceof Violation ? error.message : `${(error as Error).stack}`;
  }
}
