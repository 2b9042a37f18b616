/** Refusals of gov: cosmos-sdk x/gov/types/errors.go. Add at the end, never renumber. */
import { moduleErrors } from "../errors.ts";

const codes = {
  unknownProposal: 2,
  inactiveProposal: 3,
  alreadyActiveProposal: 4,
  invalidContent: 5,
  invalidVote: 7,
  noHandler: 9,
  unroutableMessage: 10,
  noMessages: 11,
  invalidMessage: 12,
  invalidSigner: 13,
  metadataTooLong: 15,
  minDepositTooSmall: 16,
  invalidProposer: 18,
  votingPeriodEnded: 20,
  invalidProposal: 21,
  summaryTooLong: 22,
  invalidDepositDenom: 23,
} as const;

export const govErrors = moduleErrors("gov", codes, {
  unknownProposal: "unknown proposal",
  inactiveProposal: "inactive proposal",
  alreadyActiveProposal: "proposal already active",
  invalidContent: "invalid proposal content",
  invalidVote: "invalid vote option",
  noHandler: "no handler exists for proposal type",
  unroutableMessage: "proposal message not recognized by router",
  noMessages: "no messages proposed",
  invalidMessage: "invalid proposal message",
  invalidSigner: "expected gov account as only signer for proposal message",
  metadataTooLong: "metadata too long",
  minDepositTooSmall: "minimum deposit is too small",
  invalidProposer: "invalid proposer",
  votingPeriodEnded: "voting period already ended",
  invalidProposal: "invalid proposal",
  summaryTooLong: "summary too long",
  invalidDepositDenom: "wrong deposit denom",
});
