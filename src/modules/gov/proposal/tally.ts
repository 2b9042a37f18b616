/** Counting votes: by the power that each voter has when the vote ends. spec/modules/gov.md. */

import type { TallyResult } from "cosmjs-types/cosmos/gov/v1/gov";
import { type Params, type Proposal, VoteOption } from "cosmjs-types/cosmos/gov/v1/gov";
import { mulFloor, one, parseDecimal, quoFloor } from "../../../encoding/decimal.ts";
import type { Context } from "../../module.ts";
import type { GovKeeper } from "../keeper.ts";
import { ratioOf } from "../params.ts";

/** What the votes decide. */
export interface Tally {
  readonly isPassed: boolean;
  readonly isDepositBurned: boolean;
  readonly result: TallyResult;
}

/** Sums by option, as 18-digit decimals of power: weighted votes split it. */
interface Sums {
  readonly yes: bigint;
  readonly abstain: bigint;
  readonly no: bigint;
  readonly veto: bigint;
}

export function tally(ctx: Context, gov: GovKeeper, proposal: Proposal): Tally {
  const sums = sumVotes(ctx, gov, proposal.id);
  const params = gov.params.get(ctx);
  const total = gov.parts.power.total(ctx) * one;
  return { ...decide(params, proposal, { sums, total }), result: resultOf(sums) };
}

function sumVotes(ctx: Context, gov: GovKeeper, id: bigint): Sums {
  let [yes, abstain, no, veto] = [0n, 0n, 0n, 0n];
  for (const { voter, options } of gov.votes(ctx, id)) {
    const power = gov.parts.power.powerOf(ctx, gov.parts.addresses.parse(voter)) * one;
    if (power === 0n) continue;
    for (const { option, weight } of options) {
      const part = mulFloor(power, parseDecimal(weight) ?? 0n);
      if (option === VoteOption.VOTE_OPTION_YES) yes += part;
      else if (option === VoteOption.VOTE_OPTION_ABSTAIN) abstain += part;
      else if (option === VoteOption.VOTE_OPTION_NO) no += part;
      else if (option === VoteOption.VOTE_OPTION_NO_WITH_VETO) veto += part;
    }
  }
  return { yes, abstain, no, veto };
}

/** cosmos-sdk x/gov keeper Tally, rule by rule. Ratios are rounded down. */
function decide(
  params: Params,
  proposal: Pick<Proposal, "expedited">,
  { sums, total }: { sums: Sums; total: bigint },
): Omit<Tally, "result"> {
  const rejected = { isPassed: false, isDepositBurned: false };
  if (total === 0n) return rejected; // Nobody has power: nobody can decide.
  const voted = sums.yes + sums.abstain + sums.no + sums.veto;
  if (quoFloor(voted, total) < ratioOf(params, "quorum")) {
    return { ...rejected, isDepositBurned: params.burnVoteQuorum };
  }
  if (voted === sums.abstain) return rejected;
  if (quoFloor(sums.veto, voted) > ratioOf(params, "vetoThreshold")) {
    return { ...rejected, isDepositBurned: params.burnVoteVeto };
  }
  const threshold = ratioOf(params, proposal.expedited ? "expeditedThreshold" : "threshold");
  const isPassed = quoFloor(sums.yes, voted - sums.abstain) > threshold;
  return { ...rejected, isPassed };
}

function resultOf({ yes, abstain, no, veto }: Sums): TallyResult {
  const whole = (sum: bigint) => String(sum / one); // Rounded down: counts are whole powers.
  return {
    yesCount: whole(yes),
    abstainCount: whole(abstain),
    noCount: whole(no),
    noWithVetoCount: whole(veto),
  };
}
