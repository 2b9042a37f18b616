/** Votes for tests that need no real keys. */
import { Vote } from "cosmjs-types/tendermint/types/types";
import type { CheckedVote } from "../../src/consensus/votes.ts";
import { utf8 } from "../../src/encoding/bytes.ts";

/** A vote as if its signature had been checked; the signature names what was signed. */
export function checkedVote(vote: Omit<CheckedVote, "signed">): CheckedVote {
  const text = `${vote.type}/${vote.round}/${vote.validator}/${vote.block}`;
  const { round, validator: validatorIndex } = vote;
  const signed = Vote.fromPartial({ round, validatorIndex, signature: utf8(text) });
  return { ...vote, signed };
}
