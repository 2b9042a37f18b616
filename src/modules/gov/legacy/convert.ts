/** What gov v1 has, as gov v1beta1 shows it (cosmos-sdk x/gov/migrations/v3/convert.go). */
import * as v1 from "cosmjs-types/cosmos/gov/v1/gov";
import { MsgExecLegacyContent } from "cosmjs-types/cosmos/gov/v1/tx";
import * as types from "cosmjs-types/cosmos/gov/v1beta1/gov";
import type { Any } from "cosmjs-types/google/protobuf/any";
import { utf8 } from "../../../encoding/bytes.ts";
import { parseDecimal } from "../../../encoding/decimal.ts";
import { zeroTime } from "../../../encoding/time.ts";

/** A proposal; times that it has not reached are Go's zero time. */
export function legacyProposal(proposal: v1.Proposal): types.Proposal {
  return {
    proposalId: proposal.id,
    content: contentOf(proposal),
    status: Number(proposal.status),
    finalTallyResult: legacyTally(proposal.finalTallyResult),
    submitTime: proposal.submitTime ?? { ...zeroTime },
    depositEndTime: proposal.depositEndTime ?? { ...zeroTime },
    totalDeposit: proposal.totalDeposit,
    votingStartTime: proposal.votingStartTime ?? { ...zeroTime },
    votingEndTime: proposal.votingEndTime ?? { ...zeroTime },
  };
}

/**
 * The content of a proposal that was made with one; for all others a text of the same title, since
 * clients of v1beta1 read title and description of every content.
 */
function contentOf({ messages, title, summary }: v1.Proposal): Any {
  const [message] = messages;
  if (message?.typeUrl === MsgExecLegacyContent.typeUrl) {
    const { content } = MsgExecLegacyContent.decode(message.value);
    if (content) return content;
  }
  const value = types.TextProposal.encode({ title, description: summary }).finish();
  return { typeUrl: types.TextProposal.typeUrl, value };
}

/** Counts of votes. */
export function legacyTally(tally: v1.TallyResult | undefined): types.TallyResult {
  return {
    yes: tally?.yesCount ?? "0",
    abstain: tally?.abstainCount ?? "0",
    no: tally?.noCount ?? "0",
    noWithVeto: tally?.noWithVetoCount ?? "0",
  };
}

/** A vote. `option` is never set, as in the SDK since 0.47: clients read `options`. */
export function legacyVote({ proposalId, voter, options }: v1.Vote): types.Vote {
  return {
    proposalId,
    voter,
    option: Number(v1.VoteOption.VOTE_OPTION_UNSPECIFIED),
    options: options.map(({ option, weight }) => ({
      option: Number(option),
      weight: units(weight),
    })),
  };
}

/** A decimal as bytes: the text of its whole number of 10^-18. */
export function decimalBytes(text: string): Uint8Array {
  return utf8(units(text));
}

function units(decimal: string): string {
  return String(parseDecimal(decimal) ?? 0n);
}
