/** What a seed makes of a world, before anything happens in it. */

/** What a world may have; each can be left out, to find what a failure needs. */
export const ingredients = [
  "twins",
  "moving powers",
  "leaving",
  "block sync",
  "uneven powers",
  "forgetting",
  "attack",
  "large skew",
  "slow links",
  "short evidence",
  "weather",
  "partitions",
  "crashes",
  "power cuts",
  "slow machines",
  "extensions",
] as const;
/** One of them. */
export type Ingredient = (typeof ingredients)[number];

/** Draws that count as drawn also when their outcome is left out. */
export class Draws {
  readonly random: () => number;
  readonly #without: ReadonlySet<Ingredient>;

  constructor(random: () => number, without: readonly Ingredient[]) {
    this.random = random;
    this.#without = new Set(without);
  }

  allows(ingredient: Ingredient): boolean {
    return !this.#without.has(ingredient);
  }

  /** Whether the world has it. */
  has(ingredient: Ingredient, probability: number): boolean {
    return this.random() < probability && this.allows(ingredient);
  }

  /** A whole number from 0 on. */
  below(limit: number): number {
    return Math.floor(this.random() * limit);
  }
}

/** Which kinds of trouble a world has, besides its faults and its attack. */
export interface WorldPlan {
  /** A second machine has the key of the last validator. */
  readonly hasTwins: boolean;
  readonly movesPower: boolean;
  /** The last validator leaves the set and comes back, again and again. */
  readonly leaves: boolean;
  readonly syncsBlocks: boolean;
  readonly isUneven: boolean;
  /** The last validator's log does not survive a crash. */
  readonly forgets: boolean;
  /** Clocks of nodes differ by up to this. */
  readonly skewMs: number;
  /** Delay of messages when all faults are over: rounds may have to become longer for it. */
  readonly calmDelayMs: number;
  readonly evidenceBlocks: bigint;
  /** First height with vote extensions, 0n without; from the genesis on, or by an update. */
  readonly extensionsFrom: bigint;
  readonly isExtendedByUpdate: boolean;
}

const [smallSkewMs, largeSkewMs] = [300, 4_000];
/** Share of the worlds with vote extensions. */
const extendedShare = 0.3;
const [quickLinkMs, slowLinkMs] = [10, 220];

/** Draws that leave the world as it is without extensions: the seed has a stream for them. */
export function drawExtensions(
  random: () => number,
  draws: Draws,
): Pick<WorldPlan, "extensionsFrom" | "isExtendedByUpdate"> {
  const isOn = random() < extendedShare && draws.allows("extensions");
  const isExtendedByUpdate = isOn && random() < 0.3;
  // What the first block says holds from the second on, for a height to come.
  const first = isExtendedByUpdate ? 3 : 1;
  const extensionsFrom = isOn ? BigInt(first + Math.floor(random() ** 2 * 4)) : 0n;
  return { extensionsFrom, isExtendedByUpdate };
}

/** Draws the plan. An attack brings its own faulty validator, or none may be faulty beside it. */
export function drawPlan(
  draws: Draws,
  attack: { readonly faulty: number | undefined } | undefined,
): Omit<WorldPlan, "extensionsFrom" | "isExtendedByUpdate"> {
  const mayFail = attack?.faulty === undefined;
  const hasTwins = draws.has("twins", 0.3) && mayFail;
  const movesPower = draws.has("moving powers", 0.5);
  const leaves = draws.has("leaving", 0.25) && !hasTwins && !attack;
  const forgets = draws.has("forgetting", 0.2) && mayFail && !hasTwins && !leaves;
  const isUneven = draws.has("uneven powers", 0.5) && !attack && !movesPower && !leaves;
  return {
    hasTwins,
    movesPower: movesPower && !leaves,
    leaves,
    forgets,
    isUneven,
    syncsBlocks: draws.has("block sync", 0.5),
    skewMs: draws.has("large skew", 0.2) ? largeSkewMs : smallSkewMs,
    calmDelayMs: draws.has("slow links", 0.1) ? slowLinkMs : quickLinkMs,
    evidenceBlocks: draws.has("short evidence", 0.4) ? 1n : 100_000n,
  };
}

/** The plan in words. */
export function planText(plan: WorldPlan): readonly string[] {
  const { hasTwins, leaves, isUneven, forgets, skewMs, calmDelayMs, evidenceBlocks } = plan;
  return [
    hasTwins && "twins",
    plan.movesPower && "moving powers",
    leaves && "leaving",
    isUneven && "uneven",
    forgets && "forgets",
    plan.syncsBlocks && "syncs",
    skewMs === largeSkewMs && "skew",
    calmDelayMs === slowLinkMs && "slow links",
    evidenceBlocks === 1n && "short evidence",
    plan.extensionsFrom > 0n &&
      `extensions ${plan.isExtendedByUpdate ? "turned on " : ""}from ${plan.extensionsFrom}`,
  ].filter((word) => word !== false);
}
