/** The messages of gov v1 that anybody may send. spec/modules/gov.md. */
import { ProposalStatus } from "cosmjs-types/cosmos/gov/v1/gov";
import * as tx from "cosmjs-types/cosmos/gov/v1/tx";
import { type Coin, fromProtoCoins, type ProtoCoin } from "../../encoding/coins.ts";
import { compareTime } from "../../encoding/time.ts";
import { sdkErrors } from "../errors.ts";
import { type Context, type MsgHandler, msgHandler } from "../module.ts";
import { amino, emptyToNothing } from "./amino.ts";
import { govErrors } from "./errors.ts";
import type { GovKeeper } from "./keeper.ts";
import { ratioOf } from "./params.ts";
import { addDeposit, chargeDeposits, checkInitialDeposit } from "./proposal/deposits.ts";
import { checkMetadata, checkProposal, submitProposal } from "./proposal/submit.ts";
import { addVote, checkOptions } from "./proposal/votes.ts";

export function govMsgs(gov: GovKeeper): readonly MsgHandler[] {
  return [submit(gov), deposit(gov), vote(gov), voteWeighted(gov), cancel(gov)];
}

function submit(gov: GovKeeper): MsgHandler {
  return msgHandler<tx.MsgSubmitProposal>({
    typeUrl: tx.MsgSubmitProposal.typeUrl,
    responseTypeUrl: tx.MsgSubmitProposalResponse.typeUrl,
    codec: tx.MsgSubmitProposal,
    amino: amino("cosmos-sdk/v1/MsgSubmitProposal", (msg: tx.MsgSubmitProposal) => ({
      messages: emptyToNothing(
        msg.messages.map((any) => {
          const { handler, message } = gov.parts.router.decode(any);
          return { type: handler.amino.name, value: handler.amino.toJson(message) };
        }),
      ),
      initial_deposit: msg.initialDeposit,
      proposer: msg.proposer,
      metadata: msg.metadata,
      title: msg.title,
      summary: msg.summary,
      expedited: msg.expedited,
    })),
    signers: (msg) => [msg.proposer],
    precheck: (msg) => {
      for (const any of msg.messages) gov.parts.router.decode(any);
    },
    validate: (msg) => checkSubmit(gov, msg),
    execute: (ctx, msg) =>
      tx.MsgSubmitProposalResponse.encode({ proposalId: runSubmit(ctx, gov, msg) }).finish(),
  });
}

/** What a new proposal must be like, whatever the state. Throws ModuleError. */
export function checkSubmit(gov: GovKeeper, msg: tx.MsgSubmitProposal): void {
  gov.parts.addresses.parse(msg.proposer, "invalid proposer address");
  readCoins(msg.initialDeposit);
  checkProposal(gov, msg);
}

/** Makes a proposal with its first deposit. Returns its id. */
export function runSubmit(ctx: Context, gov: GovKeeper, msg: tx.MsgSubmitProposal): bigint {
  const coins = readCoins(msg.initialDeposit);
  checkInitialDeposit(gov.params.get(ctx), msg, coins);
  const { id } = submitProposal(ctx, gov, msg);
  const depositor = gov.parts.addresses.parse(msg.proposer);
  const isOpened = coins.length > 0 && addDeposit(ctx, gov, { id, depositor, coins });
  if (isOpened) ctx.emit("submit_proposal", [["voting_period_start", String(id)]]);
  return id;
}

function deposit(gov: GovKeeper): MsgHandler {
  return msgHandler<tx.MsgDeposit>({
    typeUrl: tx.MsgDeposit.typeUrl,
    responseTypeUrl: tx.MsgDepositResponse.typeUrl,
    codec: tx.MsgDeposit,
    amino: amino("cosmos-sdk/v1/MsgDeposit", (msg: tx.MsgDeposit) => ({
      proposal_id: String(msg.proposalId),
      depositor: msg.depositor,
      amount: msg.amount,
    })),
    signers: (msg) => [msg.depositor],
    validate: (msg) => checkDeposit(gov, msg),
    execute: (ctx, msg) => {
      runDeposit(ctx, gov, msg);
      return tx.MsgDepositResponse.encode({}).finish();
    },
  });
}

/** What a deposit must be like, whatever the state. Throws ModuleError. */
export function checkDeposit(gov: GovKeeper, msg: tx.MsgDeposit): void {
  gov.parts.addresses.parse(msg.depositor, "invalid depositor address");
  if (readCoins(msg.amount).length === 0) throw sdkErrors.invalidCoins("");
}

/** Adds a deposit to a proposal. */
export function runDeposit(ctx: Context, gov: GovKeeper, msg: tx.MsgDeposit): void {
  const depositor = gov.parts.addresses.parse(msg.depositor);
  const coins = readCoins(msg.amount);
  const isOpened = addDeposit(ctx, gov, { id: msg.proposalId, depositor, coins });
  if (!isOpened) return;
  ctx.emit("proposal_deposit", [["voting_period_start", String(msg.proposalId)]]);
}

function vote(gov: GovKeeper): MsgHandler {
  const optionsOf = ({ option }: tx.MsgVote) => [{ option, weight: "1" }];
  return msgHandler<tx.MsgVote>({
    typeUrl: tx.MsgVote.typeUrl,
    responseTypeUrl: tx.MsgVoteResponse.typeUrl,
    codec: tx.MsgVote,
    amino: amino("cosmos-sdk/v1/MsgVote", (msg: tx.MsgVote) => ({
      proposal_id: String(msg.proposalId),
      voter: msg.voter,
      option: msg.option,
      metadata: msg.metadata,
    })),
    signers: (msg) => [msg.voter],
    validate: (msg) => {
      gov.parts.addresses.parse(msg.voter, "invalid voter address");
      checkOptions(optionsOf(msg));
      checkMetadata(msg.metadata);
    },
    execute: (ctx, msg) => {
      const { proposalId, voter, metadata } = msg;
      addVote(ctx, gov, { proposalId, voter, metadata, options: optionsOf(msg) });
      return tx.MsgVoteResponse.encode({}).finish();
    },
  });
}

function voteWeighted(gov: GovKeeper): MsgHandler {
  return msgHandler<tx.MsgVoteWeighted>({
    typeUrl: tx.MsgVoteWeighted.typeUrl,
    responseTypeUrl: tx.MsgVoteWeightedResponse.typeUrl,
    codec: tx.MsgVoteWeighted,
    amino: amino("cosmos-sdk/v1/MsgVoteWeighted", (msg: tx.MsgVoteWeighted) => ({
      proposal_id: String(msg.proposalId),
      voter: msg.voter,
      options: msg.options,
      metadata: msg.metadata,
    })),
    signers: (msg) => [msg.voter],
    validate: (msg) => {
      gov.parts.addresses.parse(msg.voter, "invalid voter address");
      checkOptions(msg.options);
      checkMetadata(msg.metadata);
    },
    execute: (ctx, { proposalId, voter, options, metadata }) => {
      addVote(ctx, gov, { proposalId, voter, options, metadata });
      return tx.MsgVoteWeightedResponse.encode({}).finish();
    },
  });
}

function cancel(gov: GovKeeper): MsgHandler {
  return msgHandler<tx.MsgCancelProposal>({
    typeUrl: tx.MsgCancelProposal.typeUrl,
    responseTypeUrl: tx.MsgCancelProposalResponse.typeUrl,
    codec: tx.MsgCancelProposal,
    amino: amino("cosmos-sdk/v1/MsgCancelProposal", (msg: tx.MsgCancelProposal) => ({
      proposal_id: String(msg.proposalId),
      proposer: msg.proposer,
    })),
    signers: (msg) => [msg.proposer],
    validate: (msg) => {
      gov.parts.addresses.parse(msg.proposer, "invalid proposer address");
    },
    execute: (ctx, msg) => {
      const proposal = gov.requireProposal(ctx, msg.proposalId);
      const id = String(proposal.id);
      if (proposal.proposer !== msg.proposer) throw govErrors.invalidProposer(msg.proposer);
      const { PROPOSAL_STATUS_DEPOSIT_PERIOD, PROPOSAL_STATUS_VOTING_PERIOD } = ProposalStatus;
      const { status, votingEndTime } = proposal;
      const isOpen =
        status === PROPOSAL_STATUS_DEPOSIT_PERIOD || status === PROPOSAL_STATUS_VOTING_PERIOD;
      if (!isOpen) throw govErrors.invalidProposal(`proposal ${id} is not open`);
      const now = ctx.block.time;
      if (votingEndTime && compareTime(now, votingEndTime) >= 0)
        throw govErrors.votingPeriodEnded(id);
      const params = gov.params.get(ctx);
      const { proposalCancelDest: text } = params;
      const destination = text === "" ? undefined : gov.parts.addresses.parse(text);
      const ratio = ratioOf(params, "proposalCancelRatio");
      chargeDeposits(ctx, gov, { id: proposal.id, ratio, destination });
      gov.removeProposal(ctx, proposal);
      ctx.emit("cancel_proposal", [
        ["sender", msg.proposer],
        ["proposal_id", id],
      ]);
      return tx.MsgCancelProposalResponse.encode({
        proposalId: proposal.id,
        canceledTime: { ...now },
        canceledHeight: ctx.block.height,
      }).finish();
    },
  });
}

/** Coins that may be none. Throws sdk code 10. */
function readCoins(coins: readonly ProtoCoin[]): Coin[] {
  const read = fromProtoCoins(coins);
  if (read) return read;
  const text = coins.map(({ amount, denom }) => `${amount}${denom}`).join(",");
  throw sdkErrors.invalidCoins(text.slice(0, 200));
}
