/** Making a proposal: what it may hold, and what is noted when it is made. */
import { type Proposal, ProposalStatus } from "cosmjs-types/cosmos/gov/v1/gov";
import type { MsgSubmitProposal } from "cosmjs-types/cosmos/gov/v1/tx";
import { addNanos } from "../../../encoding/time.ts";
import { sdkErrors } from "../../errors.ts";
import { type Context, checkMessage } from "../../module.ts";
import { govErrors } from "../errors.ts";
import type { GovKeeper } from "../keeper.ts";
import { periodNanos } from "../params.ts";

const maxTitleBytes = 255;
const maxMetadataBytes = 255;
const maxSummaryBytes = 10_200;
const maxMessages = 32;
/** Proposals that make proposals would nest without end. */
const forbiddenMessage = "/cosmos.gov.v1.MsgSubmitProposal";

/** Texts and messages of a proposal, before any state is read. Throws ModuleError. */
export function checkProposal(gov: GovKeeper, msg: MsgSubmitProposal): void {
  if (msg.title === "") throw sdkErrors.invalidRequest("proposal title cannot be empty");
  if (msg.summary === "") throw sdkErrors.invalidRequest("proposal summary cannot be empty");
  const [titleBytes, summaryBytes] = [Buffer.byteLength(msg.title), Buffer.byteLength(msg.summary)];
  if (titleBytes > maxTitleBytes) {
    throw govErrors.metadataTooLong(`got title with length ${titleBytes}`);
  }
  checkMetadata(msg.metadata);
  if (summaryBytes > maxSummaryBytes) {
    throw govErrors.summaryTooLong(`got summary with length ${summaryBytes}`);
  }
  if (msg.messages.length === 0 && msg.metadata === "") {
    throw govErrors.noMessages("either metadata or Msgs length must be non-nil");
  }
  if (msg.messages.length > maxMessages) {
    throw govErrors.invalidMessage(`${msg.messages.length} messages, at most ${maxMessages}`);
  }
  for (const any of msg.messages) {
    if (any.typeUrl === forbiddenMessage) throw govErrors.unroutableMessage(any.typeUrl);
    const { handler, message } = gov.parts.router.decode(any);
    checkMessage({ handler, message });
    const signers = handler.signers(message);
    if (signers.length !== 1 || signers[0] !== gov.authority) {
      throw govErrors.invalidSigner(signers.join(","));
    }
  }
}

/** Free text of proposals and votes. */
export function checkMetadata(metadata: string): void {
  const bytes = Buffer.byteLength(metadata);
  if (bytes > maxMetadataBytes)
    throw govErrors.metadataTooLong(`got metadata with length ${bytes}`);
}

/**
 * Stores a proposal in its deposit period. For every message that replaces parameters, the hash of
 * those parameters is stored too: they must still be the same when the proposal is carried out.
 */
export function submitProposal(ctx: Context, gov: GovKeeper, msg: MsgSubmitProposal): Proposal {
  const id = gov.nextId(ctx);
  gov.setNextId(ctx, id + 1n);
  const period = periodNanos(gov.params.get(ctx).maxDepositPeriod);
  const proposal: Proposal = {
    id,
    messages: msg.messages,
    status: ProposalStatus.PROPOSAL_STATUS_DEPOSIT_PERIOD,
    finalTallyResult: { yesCount: "0", abstainCount: "0", noCount: "0", noWithVetoCount: "0" },
    submitTime: { ...ctx.block.time },
    depositEndTime: addNanos(ctx.block.time, period),
    totalDeposit: [],
    metadata: msg.metadata,
    title: msg.title,
    summary: msg.summary,
    proposer: msg.proposer,
    expedited: msg.expedited,
    failedReason: "",
  };
  gov.setProposal(ctx, proposal);
  for (const [index, { typeUrl }] of msg.messages.entries()) {
    const hash = gov.parts.guards.hash(ctx, typeUrl);
    if (hash) gov.setGuard(ctx, { id, index, hash });
  }
  ctx.emit("submit_proposal", [
    ["proposal_id", String(id)],
    ["proposal_proposer", msg.proposer],
    ["proposal_messages", msg.messages.map(({ typeUrl }) => `,${typeUrl}`).join("")],
  ]);
  return proposal;
}
