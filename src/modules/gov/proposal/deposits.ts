/** Deposits: what it takes to bring a proposal to a vote, and what becomes of them. */
import { type Params, type Proposal, ProposalStatus } from "cosmjs-types/cosmos/gov/v1/gov";
import {
  addCoins,
  type Coin,
  formatCoins,
  fromProtoCoins,
  toProtoCoins,
} from "../../../encoding/coins.ts";
import { mulFloor, one } from "../../../encoding/decimal.ts";
import { addNanos } from "../../../encoding/time.ts";
import type { Context } from "../../module.ts";
import { govErrors } from "../errors.ts";
import type { GovKeeper } from "../keeper.ts";
import { periodNanos, ratioOf } from "../params.ts";

/** A deposit that somebody makes. */
export interface NewDeposit {
  readonly depositor: Uint8Array;
  readonly coins: readonly Coin[];
}

/** The deposit that starts the vote. */
function minDeposit(params: Params, proposal: Pick<Proposal, "expedited">): Coin[] {
  return storedCoins(proposal.expedited ? params.expeditedMinDeposit : params.minDeposit);
}

/** The first deposit must be this part of the whole, in one denomination at least. */
export function checkInitialDeposit(
  params: Params,
  proposal: Pick<Proposal, "expedited">,
  coins: readonly Coin[],
): void {
  const ratio = ratioOf(params, "minInitialDepositRatio");
  if (ratio === 0n) return;
  const wanted = scaled(minDeposit(params, proposal), ratio);
  const isEnough = wanted.every(({ denom, amount }) => amountOf(coins, denom) >= amount);
  if (isEnough) return;
  const texts = `was (${formatCoins(coins)}), need (${formatCoins(wanted)})`;
  throw govErrors.minDepositTooSmall(texts);
}

/** Takes a deposit, and opens the vote when it is complete. Returns whether the vote was opened. */
export function addDeposit(
  ctx: Context,
  gov: GovKeeper,
  { id, depositor, coins }: NewDeposit & { readonly id: bigint },
): boolean {
  const proposal = gov.requireProposal(ctx, id);
  const isOpen =
    proposal.status === ProposalStatus.PROPOSAL_STATUS_DEPOSIT_PERIOD ||
    proposal.status === ProposalStatus.PROPOSAL_STATUS_VOTING_PERIOD;
  if (!isOpen) throw govErrors.inactiveProposal(String(id));
  const params = gov.params.get(ctx);
  checkAmounts(params, proposal, coins);
  gov.parts.bank.send(ctx, depositor, gov.account, coins);
  const text = gov.parts.addresses.text(depositor);
  const before = storedCoins(gov.deposit(ctx, id, depositor)?.amount ?? []);
  const amount = toProtoCoins(addCoins(before, coins));
  gov.setDeposit(ctx, { proposalId: id, depositor: text, amount });
  const total = addCoins(storedCoins(proposal.totalDeposit), coins);
  const paid = { ...proposal, totalDeposit: toProtoCoins(total) };
  const isComplete =
    proposal.status === ProposalStatus.PROPOSAL_STATUS_DEPOSIT_PERIOD &&
    minDeposit(params, proposal).every((coin) => amountOf(total, coin.denom) >= coin.amount);
  gov.setProposal(ctx, isComplete ? opened(ctx, params, paid) : paid);
  ctx.emit("proposal_deposit", [
    ["depositor", text],
    ["amount", formatCoins(coins)],
    ["proposal_id", String(id)],
  ]);
  return isComplete;
}

function checkAmounts(params: Params, proposal: Proposal, coins: readonly Coin[]): void {
  const wanted = minDeposit(params, proposal);
  const denoms = wanted.map((coin) => coin.denom);
  if (coins.some(({ denom }) => !denoms.includes(denom))) {
    throw govErrors.invalidDepositDenom(`deposited ${formatCoins(coins)}, accepts ${denoms}`);
  }
  const ratio = ratioOf(params, "minDepositRatio");
  if (ratio === 0n) return;
  const least = scaled(wanted, ratio);
  if (least.some(({ denom, amount }) => amountOf(coins, denom) >= amount)) return;
  throw govErrors.minDepositTooSmall(
    `received ${formatCoins(coins)} but need at least one of the following: ${formatCoins(least)}`,
  );
}

/** The proposal in its voting period, from now on. */
function opened(ctx: Context, params: Params, proposal: Proposal): Proposal {
  const period = proposal.expedited ? params.expeditedVotingPeriod : params.votingPeriod;
  return {
    ...proposal,
    status: ProposalStatus.PROPOSAL_STATUS_VOTING_PERIOD,
    votingStartTime: { ...ctx.block.time },
    votingEndTime: addNanos(ctx.block.time, periodNanos(period)),
  };
}

/** Gives every deposit back. */
export function refundDeposits(ctx: Context, gov: GovKeeper, id: bigint): void {
  chargeDeposits(ctx, gov, { id, ratio: 0n, destination: undefined });
}

/** Destroys every deposit. */
export function burnDeposits(ctx: Context, gov: GovKeeper, id: bigint): void {
  chargeDeposits(ctx, gov, { id, ratio: one, destination: undefined });
}

/** Keeps a part of every deposit (rounded down), burns it or sends it on; gives the rest back. */
export function chargeDeposits(
  ctx: Context,
  gov: GovKeeper,
  charge: { id: bigint; ratio: bigint; destination: Uint8Array | undefined },
): void {
  const { bank, addresses } = gov.parts;
  let kept: Coin[] = [];
  for (const deposit of gov.deposits(ctx, charge.id)) {
    const coins = storedCoins(deposit.amount);
    const part = scaled(coins, charge.ratio);
    const rest = coins
      .map(({ denom, amount }) => ({ denom, amount: amount - amountOf(part, denom) }))
      .filter(({ amount }) => amount > 0n);
    if (rest.length > 0) bank.send(ctx, gov.account, addresses.parse(deposit.depositor), rest);
    kept = addCoins(kept, part);
  }
  gov.removeDeposits(ctx, charge.id);
  if (kept.length === 0) return;
  if (charge.destination) bank.send(ctx, gov.account, charge.destination, kept);
  else bank.burn(ctx, gov.account, kept);
}

function scaled(coins: readonly Coin[], ratio: bigint): Coin[] {
  return coins
    .map(({ denom, amount }) => ({ denom, amount: mulFloor(amount, ratio) }))
    .filter(({ amount }) => amount > 0n);
}

function amountOf(coins: readonly Coin[], denom: string): bigint {
  return coins.find((coin) => coin.denom === denom)?.amount ?? 0n;
}

/** Coins that this module stored itself. */
function storedCoins(coins: readonly { denom: string; amount: string }[]): Coin[] {
  const read = fromProtoCoins(coins);
  if (!read) throw new Error("stored coins are not in canonical form");
  return read;
}
