/** The parameters of gov in the SDK's JSON: durations as "172800s", ratios with 18 digits. */
import type { Params } from "cosmjs-types/cosmos/gov/v1/gov";
import { toProtoCoins } from "../../encoding/coins.ts";
import { formatDecimal, parseDecimal } from "../../encoding/decimal.ts";
import { formatDuration, type Time } from "../../encoding/time.ts";
import type { GenesisValue } from "../genesis-json.ts";
import { checkGovParams } from "./params.ts";

/** Reads and checks. Throws GenesisError. */
export function paramsFromJson(json: GenesisValue): Params {
  const ratio = (name: string) => readRatio(json.at(name));
  const params: Params = {
    minDeposit: toProtoCoins(json.at("min_deposit").coins()),
    maxDepositPeriod: json.at("max_deposit_period").duration(),
    votingPeriod: json.at("voting_period").duration(),
    quorum: ratio("quorum"),
    threshold: ratio("threshold"),
    vetoThreshold: ratio("veto_threshold"),
    minInitialDepositRatio: ratio("min_initial_deposit_ratio"),
    proposalCancelRatio: ratio("proposal_cancel_ratio"),
    proposalCancelDest: json.at("proposal_cancel_dest").text(),
    expeditedVotingPeriod: json.at("expedited_voting_period").duration(),
    expeditedThreshold: ratio("expedited_threshold"),
    expeditedMinDeposit: toProtoCoins(json.at("expedited_min_deposit").coins()),
    burnVoteQuorum: json.at("burn_vote_quorum").boolean(),
    burnProposalDepositPrevote: json.at("burn_proposal_deposit_prevote").boolean(),
    burnVoteVeto: json.at("burn_vote_veto").boolean(),
    minDepositRatio: ratio("min_deposit_ratio"),
  };
  const bad = checkGovParams(params);
  if (bad !== undefined) throw json.error(bad);
  return params;
}

/** The inverse of paramsFromJson. */
export function paramsToJson(params: Params): unknown {
  return {
    min_deposit: params.minDeposit,
    max_deposit_period: writeDuration(params.maxDepositPeriod),
    voting_period: writeDuration(params.votingPeriod),
    quorum: params.quorum,
    threshold: params.threshold,
    veto_threshold: params.vetoThreshold,
    min_initial_deposit_ratio: params.minInitialDepositRatio,
    proposal_cancel_ratio: params.proposalCancelRatio,
    proposal_cancel_dest: params.proposalCancelDest,
    expedited_voting_period: writeDuration(params.expeditedVotingPeriod),
    expedited_threshold: params.expeditedThreshold,
    expedited_min_deposit: params.expeditedMinDeposit,
    burn_vote_quorum: params.burnVoteQuorum,
    burn_proposal_deposit_prevote: params.burnProposalDepositPrevote,
    burn_vote_veto: params.burnVoteVeto,
    min_deposit_ratio: params.minDepositRatio,
  };
}

function readRatio(json: GenesisValue): string {
  const ratio = parseDecimal(json.text());
  if (ratio === undefined) throw json.error('must be a decimal such as "0.334"');
  return formatDecimal(ratio);
}

const writeDuration = (duration: Time = { seconds: 0n, nanos: 0 }): string =>
  formatDuration(duration);
