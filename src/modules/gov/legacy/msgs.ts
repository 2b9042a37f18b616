/**
 * The messages of gov v1beta1, which older clients still send: each is the gov v1 message that it
 * means. A text proposal becomes a proposal of one MsgExecLegacyContent, which does nothing.
 */
import * as v1 from "cosmjs-types/cosmos/gov/v1/tx";
import * as tx from "cosmjs-types/cosmos/gov/v1beta1/tx";
import { formatDecimal, parseDecimal } from "../../../encoding/decimal.ts";
import { withDecimals } from "../../../encoding/proto-json.ts";
import { sdkErrors } from "../../errors.ts";
import { type MsgHandler, msgHandler } from "../../module.ts";
import { amino } from "../amino.ts";
import { govErrors } from "../errors.ts";
import type { GovKeeper } from "../keeper.ts";
import { checkDeposit, checkSubmit, runDeposit, runSubmit } from "../msgs.ts";
import { addVote, checkOptions } from "../proposal/votes.ts";
import { contentAmino, readContent } from "./content.ts";

export function legacyMsgs(gov: GovKeeper): readonly MsgHandler[] {
  return [execContent(gov), submit(gov), deposit(gov), vote(gov), voteWeighted(gov)];
}

/** Carries out what a text proposal says: nothing that a machine could do. */
function execContent(gov: GovKeeper): MsgHandler {
  return msgHandler<v1.MsgExecLegacyContent>({
    typeUrl: v1.MsgExecLegacyContent.typeUrl,
    responseTypeUrl: v1.MsgExecLegacyContentResponse.typeUrl,
    codec: v1.MsgExecLegacyContent,
    amino: amino("cosmos-sdk/v1/MsgExecLegacyContent", (msg: v1.MsgExecLegacyContent) => ({
      content: contentAmino(msg.content),
      authority: msg.authority,
    })),
    signers: (msg) => [msg.authority],
    precheck: (msg) => {
      gov.parts.addresses.parse(msg.authority, "invalid authority address");
      readContent(msg.content);
    },
    validate: () => {},
    execute: (_, msg) => {
      if (msg.authority !== gov.authority) {
        const detail = `invalid authority; expected ${gov.authority}, got ${msg.authority}`;
        throw sdkErrors.unauthorized(detail);
      }
      readContent(msg.content);
      return v1.MsgExecLegacyContentResponse.encode({}).finish();
    },
  });
}

function submit(gov: GovKeeper): MsgHandler {
  const meaning = (msg: tx.MsgSubmitProposal): v1.MsgSubmitProposal => {
    const { title, description } = readContent(msg.content);
    const { content, proposer, initialDeposit } = msg;
    const authority = gov.authority;
    const { typeUrl } = v1.MsgExecLegacyContent;
    const exec = v1.MsgExecLegacyContent.fromPartial({ authority, ...(content && { content }) });
    const messages = [{ typeUrl, value: v1.MsgExecLegacyContent.encode(exec).finish() }];
    const text = { title, summary: description, metadata: "", expedited: false };
    return { ...text, messages, proposer, initialDeposit };
  };
  return msgHandler<tx.MsgSubmitProposal>({
    typeUrl: tx.MsgSubmitProposal.typeUrl,
    responseTypeUrl: tx.MsgSubmitProposalResponse.typeUrl,
    codec: tx.MsgSubmitProposal,
    amino: amino("cosmos-sdk/MsgSubmitProposal", (msg: tx.MsgSubmitProposal) => ({
      content: contentAmino(msg.content),
      initial_deposit: msg.initialDeposit,
      proposer: msg.proposer,
    })),
    signers: (msg) => [msg.proposer],
    validate: (msg) => checkSubmit(gov, meaning(msg)),
    execute: (ctx, msg) => {
      const proposalId = runSubmit(ctx, gov, meaning(msg));
      return tx.MsgSubmitProposalResponse.encode({ proposalId }).finish();
    },
  });
}

function deposit(gov: GovKeeper): MsgHandler {
  return msgHandler<tx.MsgDeposit>({
    typeUrl: tx.MsgDeposit.typeUrl,
    responseTypeUrl: tx.MsgDepositResponse.typeUrl,
    codec: tx.MsgDeposit,
    amino: amino("cosmos-sdk/MsgDeposit", (msg: tx.MsgDeposit) => ({
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

function vote(gov: GovKeeper): MsgHandler {
  const optionsOf = ({ option }: tx.MsgVote) => [{ option: Number(option), weight: "1" }];
  return msgHandler<tx.MsgVote>({
    typeUrl: tx.MsgVote.typeUrl,
    responseTypeUrl: tx.MsgVoteResponse.typeUrl,
    codec: tx.MsgVote,
    amino: amino("cosmos-sdk/MsgVote", (msg: tx.MsgVote) => ({
      proposal_id: String(msg.proposalId),
      voter: msg.voter,
      option: msg.option,
    })),
    signers: (msg) => [msg.voter],
    validate: (msg) => {
      gov.parts.addresses.parse(msg.voter, "invalid voter address");
      checkOptions(optionsOf(msg));
    },
    execute: (ctx, msg) => {
      const { proposalId, voter } = msg;
      addVote(ctx, gov, { proposalId, voter, metadata: "", options: optionsOf(msg) });
      return tx.MsgVoteResponse.encode({}).finish();
    },
  });
}

function voteWeighted(gov: GovKeeper): MsgHandler {
  return msgHandler<tx.MsgVoteWeighted>({
    typeUrl: tx.MsgVoteWeighted.typeUrl,
    responseTypeUrl: tx.MsgVoteWeightedResponse.typeUrl,
    codec: withDecimals(tx.MsgVoteWeighted, "options.weight"),
    amino: amino("cosmos-sdk/MsgVoteWeighted", (msg: tx.MsgVoteWeighted) => ({
      proposal_id: String(msg.proposalId),
      voter: msg.voter,
      options: readOptions(msg),
    })),
    signers: (msg) => [msg.voter],
    validate: (msg) => {
      gov.parts.addresses.parse(msg.voter, "invalid voter address");
      checkOptions(readOptions(msg));
    },
    execute: (ctx, msg) => {
      const { proposalId, voter } = msg;
      addVote(ctx, gov, { proposalId, voter, metadata: "", options: readOptions(msg) });
      return tx.MsgVoteWeightedResponse.encode({}).finish();
    },
  });
}

/** Weights of v1beta1 are whole numbers of 10^-18 on the wire; those of v1 have a point. */
function readOptions({ options }: tx.MsgVoteWeighted) {
  return options.map(({ option, weight }) => {
    const units = /^-?\d{1,60}$/.test(weight) ? formatDecimal(BigInt(weight)) : undefined;
    if (units === undefined || parseDecimal(units) === undefined) {
      throw govErrors.invalidVote(`weight ${weight.slice(0, 60)} of option ${option}`);
    }
    return { option: Number(option), weight: units };
  });
}
