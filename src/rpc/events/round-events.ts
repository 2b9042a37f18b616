/**
 * Events of consensus between two looks at a round, as CometBFT publishes them (cometbft
 * types/events.go, consensus/state.go): steps, rounds, complete proposals, locks. Timeouts are not
 * told apart from the steps that they lead to.
 */
import type { Vote } from "cosmjs-types/tendermint/types/types";
import { equalBytes, toUpperHex } from "../../encoding/bytes.ts";
import { voteJson } from "../../types/json/block.ts";
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
  const value = () => ({
    ...stateJson(view),
    block_id: { hash: toUpperHex(view.proposalBlockHash), parts: { total: 0, hash: "" } },
  });
  return published("CompleteProposal", [], value);
}

/** A vote that this node took. */
export const voteEvent = (vote: Vote): PublishedEvent =>
  published("Vote", [], () => ({ Vote: voteJson(vote) }));
