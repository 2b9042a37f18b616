/**
 * Events of consensus between two looks at a round, as CometBFT publishes them (cometbft
 * types/events.go, consensus/state.go): steps, rounds, complete proposals, locks. Timeouts and
 * votes are told by themselves.
 */
import type { Vote } from "cosmjs-types/tendermint/types/types";
import { equalBytes, toUpperHex } from "../../encoding/bytes.ts";
import { blockIdJson, voteJson, zeroBlockIdJson } from "../../types/json/block.ts";
import type { ValidatorSet } from "../../types/validator-set.ts";
import type { RoundView } from "../expected.ts";
import { type PublishedEvent, published } from "./published.ts";

/** RoundStepType as Go prints it. */
const stepNames: Readonly<Record<number, string>> = {
  1: "RoundStepNewHeight",
  2: "RoundStepNewRound",
  3: "RoundStepPropose",
  4: "RoundStepPrevote",
  5: "RoundStepPrevoteWait",
  6: "RoundStepPrecommit",
  7: "RoundStepPrecommitWait",
  8: "RoundStepCommit",
};

const stateJson = ({ height, round, step }: RoundView) => ({
  height: String(height),
  round,
  step: stepNames[step] ?? `RoundStepUnknown(${step})`,
});
const roundState = (name: string, view: RoundView): PublishedEvent =>
  published(name, [], () => stateJson(view), [], "RoundState");

/** The proposer of a round as consensus_state and NewRound show it. */
export function proposerJson(validators: ValidatorSet, round: number): object {
  // Each skipped round moves the turn on, as the engine itself does when a round starts.
  const turn = round > 0 ? validators.incrementPriority(round) : validators;
  const { address } = turn.proposer();
  return { address: toUpperHex(address), index: validators.byAddress(address)?.index ?? 0 };
}

/** What happened from the one view to the other. before: undefined at the first look. */
export function roundEvents(
  before: RoundView | undefined,
  now: RoundView,
  validators: ValidatorSet,
): PublishedEvent[] {
  const last = before?.height === now.height ? before : undefined;
  const events: PublishedEvent[] = [];
  // The first round of a height begins with its first step, not with the height.
  const hadBegun = last?.round === now.round && last.step > 1;
  if (now.step > 1 && !hadBegun) events.push(newRound(now, validators));
  if (last?.round !== now.round || last.step !== now.step) {
    events.push(roundState("NewRoundStep", now));
  }
  if (now.isProposalComplete && !(last?.isProposalComplete && last.round === now.round)) {
    events.push(completeProposal(now));
  }
  if (now.validRound >= 0 && last?.validRound !== now.validRound) {
    events.push(roundState("ValidBlock", now));
  }
  if (now.lockedRound >= 0 && last?.lockedRound !== now.lockedRound) {
    const isSame = last && equalBytes(last.lockedBlockHash, now.lockedBlockHash);
    events.push(roundState("Polka", now), roundState(isSame ? "Relock" : "Lock", now));
  }
  return events;
}

function newRound(view: RoundView, validators: ValidatorSet): PublishedEvent {
  const value = () => ({
    ...stateJson(view),
    proposer: proposerJson(validators, view.round),
  });
  return published("NewRound", [], value);
}

function completeProposal(view: RoundView): PublishedEvent {
  const hash = toUpperHex(view.proposalBlockHash);
  const id = view.proposal ? blockIdJson(view.proposal.blockId) : { ...zeroBlockIdJson, hash };
  const value = () => ({ ...stateJson(view), block_id: id });
  return published("CompleteProposal", [], value);
}

/** A wait that is over. */
export interface Timeout {
  readonly step: "newHeight" | "propose" | "prevote" | "precommit";
  readonly round: number;
}

/** Names of the events, and the last step in which a wait of that kind still matters. */
const timeouts: Readonly<Record<string, { readonly name: string; readonly lastStep: number }>> = {
  propose: { name: "TimeoutPropose", lastStep: 3 },
  prevote: { name: "TimeoutWait", lastStep: 5 },
  precommit: { name: "TimeoutWait", lastStep: 7 },
};

/** Told before the step that it leads to; undefined where it leads to none. */
export function timeoutEvent(now: RoundView, { step, round }: Timeout): PublishedEvent | undefined {
  const known = timeouts[step];
  if (!known || now.round !== round || now.step > known.lastStep) return undefined;
  return roundState(known.name, now);
}

/** A vote that this node took. */
export const voteEvent = (vote: Vote): PublishedEvent =>
  published("Vote", [], () => ({ Vote: voteJson(vote) }));
