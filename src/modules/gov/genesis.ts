/** app_state.gov, in the SDK's JSON; messages of proposals are {"@type", "value": base64}. */
import * as types from "cosmjs-types/cosmos/gov/v1/gov";
import { fromU64be, parseBase64, parseHex, toBase64, toHex } from "../../encoding/bytes.ts";
import { toProtoCoins } from "../../encoding/coins.ts";
import { formatTime, type Time } from "../../encoding/time.ts";
import { prefixRange } from "../../store/kv.ts";
import { GenesisValue } from "../genesis-json.ts";
import type { Context } from "../module.ts";
import type { GovKeeper } from "./keeper.ts";
import { depositPrefix, guardPrefix, votePrefix } from "./keys.ts";
import { paramsFromJson, paramsToJson } from "./params-json.ts";

export function initGovGenesis(gov: GovKeeper, ctx: Context, state: unknown): void {
  const json = new GenesisValue(state, "app_state.gov");
  gov.params.init(ctx, readParams(gov, json.at("params")));
  const scheduled = json.at("scheduled_params");
  if (scheduled.isPresent) gov.params.schedule(ctx, readParams(gov, scheduled));
  gov.setNextId(ctx, json.at("starting_proposal_id").uint64());
  const constitution = json.at("constitution");
  gov.setConstitution(ctx, constitution.isPresent ? constitution.text() : "");
  for (const proposal of json.at("proposals").list()) gov.setProposal(ctx, readProposal(proposal));
  for (const entry of json.at("deposits").list()) {
    gov.setDeposit(ctx, {
      proposalId: entry.at("proposal_id").uint64(),
      depositor: readAddress(gov, entry.at("depositor")),
      amount: toProtoCoins(entry.at("amount").coins()),
    });
  }
  for (const entry of json.at("votes").list()) gov.setVote(ctx, readVote(gov, entry));
  for (const entry of json.at("param_guards").list()) {
    const hash = parseHex(entry.at("hash").text());
    if (hash?.length !== 32) throw entry.at("hash").error("must be 32 bytes in hex");
    const index = Number(entry.at("message_index").uint64());
    gov.setGuard(ctx, { id: entry.at("proposal_id").uint64(), index, hash });
  }
  const gap = gov.escrowGap(ctx);
  if (gap !== undefined) throw json.at("deposits").error(`gov's account lacks ${gap} of them`);
}

function readParams(gov: GovKeeper, json: GenesisValue): types.Params {
  const params = paramsFromJson(json);
  if (params.proposalCancelDest !== "") readAddress(gov, json.at("proposal_cancel_dest"));
  return params;
}

/** The inverse of initGovGenesis. */
export function exportGovGenesis(gov: GovKeeper, ctx: Context): unknown {
  const values = (prefix: Uint8Array) => [...gov.kv(ctx).iterate(prefixRange(prefix))];
  const scheduled = gov.params.scheduled(ctx);
  return {
    starting_proposal_id: String(gov.nextId(ctx)),
    constitution: gov.constitution(ctx),
    params: paramsToJson(gov.params.get(ctx)),
    ...(scheduled && { scheduled_params: paramsToJson(scheduled) }),
    proposals: gov.proposals(ctx).map(writeProposal),
    deposits: values(depositPrefix).map(([, value]) => {
      const { proposalId, depositor, amount } = types.Deposit.decode(value);
      return { proposal_id: String(proposalId), depositor, amount };
    }),
    votes: values(votePrefix).map(([, value]) => {
      const { proposalId, voter, options, metadata } = types.Vote.decode(value);
      const shown = options.map(({ option, weight }) => ({
        option: types.voteOptionToJSON(option),
        weight,
      }));
      return { proposal_id: String(proposalId), voter, options: shown, metadata };
    }),
    param_guards: values(guardPrefix).map(([key, value]) => ({
      proposal_id: String(fromU64be(key.subarray(1))),
      message_index: String(fromU64be(key.subarray(9))),
      hash: toHex(value),
    })),
  };
}

function readVote(gov: GovKeeper, json: GenesisValue): types.Vote {
  const options = json
    .at("options")
    .list()
    .map((entry) => {
      const option = types.voteOptionFromJSON(entry.at("option").text());
      if (option < 1) throw entry.at("option").error("must be such as VOTE_OPTION_YES");
      return { option, weight: entry.at("weight").text() };
    });
  return {
    proposalId: json.at("proposal_id").uint64(),
    voter: readAddress(gov, json.at("voter")),
    options,
    metadata: json.at("metadata").text(),
  };
}

function readAddress(gov: GovKeeper, json: GenesisValue): string {
  const text = json.text();
  try {
    gov.parts.addresses.parse(text);
  } catch (error) {
    throw json.error(error instanceof Error ? error.message : String(error));
  }
  return text;
}

const tallyFields = ["yes_count", "abstain_count", "no_count", "no_with_veto_count"] as const;

function writeProposal(proposal: types.Proposal): unknown {
  const { finalTallyResult: tally } = proposal;
  const time = (at: Time | undefined) => (at ? formatTime(at) : null);
  return {
    id: String(proposal.id),
    messages: proposal.messages.map(({ typeUrl, value }) => ({
      "@type": typeUrl,
      value: toBase64(value),
    })),
    status: types.proposalStatusToJSON(proposal.status),
    final_tally_result: tally && {
      yes_count: tally.yesCount,
      abstain_count: tally.abstainCount,
      no_count: tally.noCount,
      no_with_veto_count: tally.noWithVetoCount,
    },
    submit_time: time(proposal.submitTime),
    deposit_end_time: time(proposal.depositEndTime),
    total_deposit: proposal.totalDeposit,
    voting_start_time: time(proposal.votingStartTime),
    voting_end_time: time(proposal.votingEndTime),
    metadata: proposal.metadata,
    title: proposal.title,
    summary: proposal.summary,
    proposer: proposal.proposer,
    expedited: proposal.expedited,
    failed_reason: proposal.failedReason,
  };
}

function readProposal(json: GenesisValue): types.Proposal {
  const status = types.proposalStatusFromJSON(json.at("status").text());
  if (status < 1) throw json.at("status").error("must be such as PROPOSAL_STATUS_PASSED");
  const [yesCount = "", abstainCount = "", noCount = "", noWithVetoCount = ""] = tallyFields.map(
    (name) => String(json.at("final_tally_result").at(name).uint64()),
  );
  const optional = (name: string) => (json.at(name).isPresent ? json.at(name).time() : undefined);
  const [submitTime, depositEndTime] = [optional("submit_time"), optional("deposit_end_time")];
  const [start, end] = [optional("voting_start_time"), optional("voting_end_time")];
  return {
    id: json.at("id").uint64(),
    messages: json
      .at("messages")
      .list()
      .map((message) => ({
        typeUrl: message.at("@type").text(),
        value: readBase64(message.at("value")),
      })),
    status,
    finalTallyResult: { yesCount, abstainCount, noCount, noWithVetoCount },
    ...(submitTime && { submitTime }),
    ...(depositEndTime && { depositEndTime }),
    totalDeposit: toProtoCoins(json.at("total_deposit").coins()),
    ...(start && { votingStartTime: start }),
    ...(end && { votingEndTime: end }),
    metadata: json.at("metadata").text(),
    title: json.at("title").text(),
    summary: json.at("summary").text(),
    proposer: json.at("proposer").text(),
    expedited: json.at("expedited").boolean(),
    failedReason: json.at("failed_reason").text(),
  };
}

function readBase64(json: GenesisValue): Uint8Array {
  const bytes = parseBase64(json.text());
  if (!bytes) throw json.error("must be base64");
  return bytes;
}
