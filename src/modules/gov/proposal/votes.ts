/** Voting on a proposal. A later vote of the same account replaces the earlier one. */
import {
  ProposalStatus,
  type Vote,
  voteOptionToJSON,
  type WeightedVoteOption,
} from "cosmjs-types/cosmos/gov/v1/gov";
import { formatDecimal, one, parseDecimal } from "../../../encoding/decimal.ts";
import type { Context } from "../../module.ts";
import { govErrors } from "../errors.ts";
import type { GovKeeper } from "../keeper.ts";

/** Options of a vote alone: known, none twice, weights that sum up to one. */
export function checkOptions(options: readonly WeightedVoteOption[]): void {
  if (options.length === 0) throw govErrors.invalidVote("no options");
  const seen = new Set<number>();
  let sum = 0n;
  for (const { option, weight } of options) {
    const part = parseDecimal(weight);
    if (option < 1 || option > 4) throw govErrors.invalidVote(`option ${option}`);
    if (part === undefined || part <= 0n || part > one) {
      throw govErrors.invalidVote(`weight ${weight.slice(0, 60)} of option ${option}`);
    }
    if (seen.has(option)) throw govErrors.invalidVote(`duplicated vote option ${option}`);
    seen.add(option);
    sum += part;
  }
  if (sum !== one) throw govErrors.invalidVote(`total weight ${formatDecimal(sum)} is not 1.00`);
}

/** Records a vote. Throws gov codes 2 and 3. */
export function addVote(ctx: Context, gov: GovKeeper, vote: Vote): void {
  const proposal = gov.requireProposal(ctx, vote.proposalId);
  if (proposal.status !== ProposalStatus.PROPOSAL_STATUS_VOTING_PERIOD) {
    throw govErrors.inactiveProposal(String(vote.proposalId));
  }
  // Weights in one spelling: equal votes have equal bytes.
  const options = vote.options.map(({ option, weight }) => ({
    option,
    weight: formatDecimal(parseDecimal(weight) ?? 0n),
  }));
  gov.setVote(ctx, { ...vote, options });
  const shown = options.map(({ option, weight }) => ({ option: voteOptionToJSON(option), weight }));
  ctx.emit("proposal_vote", [
    ["voter", vote.voter],
    ["option", JSON.stringify(shown)],
    ["proposal_id", String(vote.proposalId)],
  ]);
}
