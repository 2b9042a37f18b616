/** What time does to proposals: periods end, votes are counted, what passed is carried out. */
import { type Proposal, ProposalStatus } from "cosmjs-types/cosmos/gov/v1/gov";
import { equalBytes } from "../../../encoding/bytes.ts";
import { addNanos } from "../../../encoding/time.ts";
import { ModuleError } from "../../errors.ts";
import type { Context } from "../../module.ts";
import { govErrors } from "../errors.ts";
import type { GovKeeper } from "../keeper.ts";
import { periodNanos } from "../params.ts";
import { burnDeposits, refundDeposits } from "./deposits.ts";
import { tally } from "./tally.ts";

/** Handles every proposal whose period has ended by the time of this block. */
export function endBlock(ctx: Context, gov: GovKeeper): void {
  const now = ctx.block.time;
  for (const id of gov.ended(ctx, "deposit", now)) {
    dropProposal(ctx, gov, gov.requireProposal(ctx, id));
  }
  for (const id of gov.ended(ctx, "voting", now)) {
    closeVote(ctx, gov, gov.requireProposal(ctx, id));
  }
}

/** A proposal whose deposit was not completed in time disappears. */
function dropProposal(ctx: Context, gov: GovKeeper, proposal: Proposal): void {
  if (gov.params.get(ctx).burnProposalDepositPrevote) burnDeposits(ctx, gov, proposal.id);
  else refundDeposits(ctx, gov, proposal.id);
  gov.removeProposal(ctx, proposal);
  ctx.emit("inactive_proposal", [
    ["proposal_id", String(proposal.id)],
    ["proposal_result", "proposal_dropped"],
  ]);
}

function closeVote(ctx: Context, gov: GovKeeper, proposal: Proposal): void {
  const { isPassed, isDepositBurned, result } = tally(ctx, gov, proposal);
  if (proposal.expedited && !isPassed) {
    slowDown(ctx, gov, proposal);
    return;
  }
  if (isDepositBurned) burnDeposits(ctx, gov, proposal.id);
  else refundDeposits(ctx, gov, proposal.id);
  gov.removeVotes(ctx, proposal.id);
  const failedReason = isPassed ? carryOut(ctx, gov, proposal) : undefined;
  const [status, outcome, log] = outcomeOf(isPassed, failedReason);
  gov.setProposal(ctx, {
    ...proposal,
    status,
    finalTallyResult: result,
    failedReason: failedReason ?? "",
  });
  announce(ctx, proposal, { outcome, log });
}

function outcomeOf(isPassed: boolean, failedReason: string | undefined) {
  if (!isPassed) {
    const status = ProposalStatus.PROPOSAL_STATUS_REJECTED;
    return [status, "proposal_rejected", "rejected"] as const;
  }
  return failedReason === undefined
    ? ([ProposalStatus.PROPOSAL_STATUS_PASSED, "proposal_passed", "passed"] as const)
    : ([ProposalStatus.PROPOSAL_STATUS_FAILED, "proposal_failed", failedReason] as const);
}

/** An expedited proposal that did not pass goes on as a usual one; its votes stay. */
function slowDown(ctx: Context, gov: GovKeeper, proposal: Proposal): void {
  const start = proposal.votingStartTime ?? ctx.block.time;
  const period = periodNanos(gov.params.get(ctx).votingPeriod);
  const votingEndTime = addNanos(start, period);
  gov.setProposal(ctx, { ...proposal, expedited: false, votingEndTime });
  const log = "expedited proposal converted to regular";
  announce(ctx, proposal, { outcome: "expedited_proposal_rejected", log });
}

function announce(ctx: Context, { id }: Proposal, how: { outcome: string; log: string }): void {
  ctx.emit("active_proposal", [
    ["proposal_id", String(id)],
    ["proposal_result", how.outcome],
    ["proposal_log", how.log],
  ]);
}

/** Runs the messages, all or none. Returns why they failed, or undefined. */
function carryOut(ctx: Context, gov: GovKeeper, proposal: Proposal): string | undefined {
  try {
    ctx.atomically((branch) => {
      checkGuards(branch, gov, proposal);
      for (const any of proposal.messages) {
        const { handler, message } = gov.parts.router.decode(any);
        handler.execute(branch, message);
      }
      const gap = gov.escrowGap(branch);
      if (gap === undefined) return;
      throw govErrors.invalidProposal(`it would spend ${gap} of the deposits of open proposals`);
    });
    return undefined;
  } catch (error) {
    if (!(error instanceof ModuleError)) throw error;
    return error.message;
  }
}

/** The parameters that a proposal replaces must be those that it was made against. */
function checkGuards(ctx: Context, gov: GovKeeper, { id, messages }: Proposal): void {
  for (const [index, { typeUrl }] of messages.entries()) {
    const [then, now] = [gov.guard(ctx, id, index), gov.parts.guards.hash(ctx, typeUrl)];
    if (!then || !now || equalBytes(then, now)) continue;
    const detail = `${typeUrl}: the parameters have changed since the proposal was submitted`;
    throw govErrors.invalidProposal(detail);
  }
}
