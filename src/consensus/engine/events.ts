/** What the engine tells its listeners, and what they may read of it. */
import type { BlockID, PartSetHeader, Proposal } from "cosmjs-types/tendermint/types/types";
import type { Time } from "../../encoding/time.ts";
import type { ChainState } from "../../types/chain-state.ts";
import type { PartSet } from "../../types/part-set.ts";
import type { ValidatorSet } from "../../types/validator-set.ts";
import type { RoundState, TimeoutStep } from "../round.ts";
import type { CheckedVote, Votes } from "../votes.ts";

/** The current height, read-only. Valid until the next event. */
export interface RoundView {
  readonly state: ChainState;
  readonly height: bigint;
  /** Precommits of the height before; undefined at the initial height. */
  readonly lastCommit: { readonly votes: Votes; readonly round: number } | undefined;
  readonly startTime: Time;
  readonly core: RoundState;
  /** With the priorities of the current round: proposer() is the round's. */
  readonly validators: ValidatorSet;
  /** The proposal of the current round, once it is here. */
  readonly proposal: Proposal | undefined;
  readonly blocks: {
    readonly wantedId: BlockID | undefined;
    readonly wantedParts: PartSet | undefined;
    partsOf(header: PartSetHeader): PartSet | undefined;
  };
}

/** A change that others may want to know of. */
export type EngineEvent =
  /** Height, round or step changed. */
  | { readonly type: "step" }
  /** A wait of this height is over; the step that it leads to follows. */
  | { readonly type: "timeout"; readonly step: TimeoutStep; readonly round: number }
  /** A vote of this height, or a late precommit of the one before, is new. */
  | { readonly type: "vote"; readonly vote: CheckedVote; readonly isOwn: boolean }
  /** The proposal of the round is new; with isOwn its parts are there too. */
  | { readonly type: "proposal"; readonly isOwn: boolean }
  /** Another block is wanted, or the wanted one is complete. */
  | { readonly type: "wanted" }
  /** A peer sent what no honest peer sends. */
  | { readonly type: "peerRefused"; readonly peer: string; readonly reason: string };

/** Called synchronously, in order; must not throw and must not call the engine back. */
export type EngineListener = (event: EngineEvent) => void;

/** RoundStepType of the wire (cometbft consensus/types/round_state.go). */
export function wireStep(core: RoundState): number {
  switch (core.step) {
    case "newHeight":
      return 1;
    case "propose":
      return 3;
    case "prevote":
      return core.once.includes("prevote") ? 5 : 4;
    case "precommit":
      return 6;
    case "commit":
    case "decided":
      return 8;
  }
}
