/** Legacy amino JSON of gov messages: empty texts, false and empty lists are left out. */
import type { Params } from "cosmjs-types/cosmos/gov/v1/gov";
import type { MsgHandler } from "../module.ts";
import { periodNanos } from "./params.ts";

/** An amino form whose top-level members are left out when they are empty. */
export function amino<T>(
  name: string,
  toJson: (message: T) => Readonly<Record<string, unknown>>,
): MsgHandler<T>["amino"] {
  return { name, toJson: (message) => withoutEmpty(toJson(message)) };
}

/** Undefined for an empty list. */
export function emptyToNothing<T>(list: readonly T[]): readonly T[] | undefined {
  return list.length === 0 ? undefined : list;
}

function withoutEmpty(members: Readonly<Record<string, unknown>>): unknown {
  const kept = Object.entries(members).filter(([, value]) => value !== "" && value !== false);
  return Object.fromEntries(kept);
}

/** The parameters; amino writes a duration as its nanoseconds. */
export function paramsAmino(params: Params): unknown {
  return withoutEmpty({
    min_deposit: params.minDeposit,
    max_deposit_period: String(periodNanos(params.maxDepositPeriod)),
    voting_period: String(periodNanos(params.votingPeriod)),
    quorum: params.quorum,
    threshold: params.threshold,
    veto_threshold: params.vetoThreshold,
    min_initial_deposit_ratio: params.minInitialDepositRatio,
    proposal_cancel_ratio: params.proposalCancelRatio,
    proposal_cancel_dest: params.proposalCancelDest,
    expedited_voting_period: String(periodNanos(params.expeditedVotingPeriod)),
    expedited_threshold: params.expeditedThreshold,
    expedited_min_deposit: params.expeditedMinDeposit,
    burn_vote_quorum: params.burnVoteQuorum,
    burn_proposal_deposit_prevote: params.burnProposalDepositPrevote,
    burn_vote_veto: params.burnVoteVeto,
    min_deposit_ratio: params.minDepositRatio,
  });
}
