/** How long the engine waits, in milliseconds. */
import type { TimeoutStep } from "../round.ts";

/** CometBFT's timeouts; each of the first three grows by its delta with every round. */
export interface ConsensusTimeouts {
  readonly proposeMs: number;
  readonly proposeDeltaMs: number;
  readonly prevoteMs: number;
  readonly prevoteDeltaMs: number;
  readonly precommitMs: number;
  readonly precommitDeltaMs: number;
  /** From a height's +2/3 precommits to the next height's round 0: the block interval. */
  readonly commitMs: number;
  /** Begin the next height at once when every validator's precommit is there. */
  readonly skipCommitWait: boolean;
}

/** CometBFT's defaults. */
export const defaultTimeouts: ConsensusTimeouts = {
  proposeMs: 3000,
  proposeDeltaMs: 500,
  prevoteMs: 1000,
  prevoteDeltaMs: 500,
  precommitMs: 1000,
  precommitDeltaMs: 500,
  commitMs: 1000,
  skipCommitWait: false,
};

/** The wait of a step in a round. */
export function timeoutMs(
  timeouts: ConsensusTimeouts,
  step: Exclude<TimeoutStep, "newHeight">,
  round: number,
): number {
  if (step === "propose") return timeouts.proposeMs + round * timeouts.proposeDeltaMs;
  if (step === "prevote") return timeouts.prevoteMs + round * timeouts.prevoteDeltaMs;
  return timeouts.precommitMs + round * timeouts.precommitDeltaMs;
}
