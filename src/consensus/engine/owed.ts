/**
 * While the log is replayed nothing is signed. What its inputs ask the node to sign, and what it
 * does not have signed, is owed at its end: the crash came between.
 */
import { equalBytes } from "../../encoding/bytes.ts";
import type { Effect } from "../round.ts";
import { voteSet } from "../votes.ts";
import type { Height } from "./height.ts";

type CastVote = Extract<Effect, { type: "castVote" }>;
type StartRound = Extract<Effect, { type: "startRound" }>;

/** What a replay left to be signed. */
export class Owed {
  readonly #votes = new Map<string, CastVote>();
  #proposal: StartRound | undefined;

  note(effect: CastVote | StartRound): void {
    if (effect.type === "startRound") this.#proposal = effect;
    else this.#votes.set(`${effect.vote}/${effect.round}`, effect);
  }

  /** The proposal of the current round, when the log has none. */
  proposal(h: Height): StartRound | undefined {
    return this.#proposal?.round === h.core.round && !h.proposal ? this.#proposal : undefined;
  }

  /** The votes of the current round that the log does not have of this address. */
  votes(h: Height, address: Uint8Array): readonly CastVote[] {
    return [...this.#votes.values()].filter(({ vote: type, round }) => {
      const cast = voteSet(h.core.votes, type, round)?.votes ?? [];
      const isCast = cast.some((vote) => vote && equalBytes(vote.signed.validatorAddress, address));
      return round === h.core.round && !isCast;
    });
  }
}
