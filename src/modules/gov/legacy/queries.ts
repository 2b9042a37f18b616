/** cosmos.gov.v1beta1.Query: what gov v1 has, for clients that do not know it. */
import * as v1 from "cosmjs-types/cosmos/gov/v1/gov";
import * as q from "cosmjs-types/cosmos/gov/v1beta1/query";
import { withDecimals } from "../../../encoding/proto-json.ts";
import { sdkErrors } from "../../errors.ts";
import { type Context, type QueryHandler, queryHandler } from "../../module.ts";
import { paginate } from "../../pagination.ts";
import type { GovKeeper } from "../keeper.ts";
import * as keys from "../keys.ts";
import { find, listProposals, tallyOf } from "../queries.ts";
import { decimalBytes, legacyProposal, legacyTally, legacyVote } from "./convert.ts";

const service = "/cosmos.gov.v1beta1.Query";
const get = (path: string) => [{ method: "GET", path: `/cosmos/gov/v1beta1${path}` } as const];

export function legacyQueries(gov: GovKeeper): readonly QueryHandler[] {
  return [...proposalQueries(gov), ...voteQueries(gov), ...depositQueries(gov), params(gov)];
}

function proposalQueries(gov: GovKeeper): readonly QueryHandler[] {
  return [
    queryHandler<q.QueryProposalRequest, q.QueryProposalResponse>({
      path: `${service}/Proposal`,
      request: q.QueryProposalRequest,
      response: q.QueryProposalResponse,
      http: get("/proposals/{proposal_id}"),
      handle: (ctx, { proposalId }) => ({ proposal: legacyProposal(find(ctx, gov, proposalId)) }),
    }),
    queryHandler<q.QueryProposalsRequest, q.QueryProposalsResponse>({
      path: `${service}/Proposals`,
      request: q.QueryProposalsRequest,
      response: q.QueryProposalsResponse,
      http: get("/proposals"),
      handle: (ctx, request) => {
        const proposalStatus: v1.ProposalStatus = Number(request.proposalStatus);
        const { proposals, pagination } = listProposals(ctx, gov, { ...request, proposalStatus });
        return { proposals: proposals.map(legacyProposal), ...(pagination && { pagination }) };
      },
    }),
    queryHandler<q.QueryTallyResultRequest, q.QueryTallyResultResponse>({
      path: `${service}/TallyResult`,
      request: q.QueryTallyResultRequest,
      response: q.QueryTallyResultResponse,
      http: get("/proposals/{proposal_id}/tally"),
      handle: (ctx, { proposalId }) => ({ tally: legacyTally(tallyOf(ctx, gov, proposalId)) }),
    }),
  ];
}

function voteQueries(gov: GovKeeper): readonly QueryHandler[] {
  return [
    queryHandler<q.QueryVoteRequest, q.QueryVoteResponse>({
      path: `${service}/Vote`,
      request: q.QueryVoteRequest,
      response: withDecimals(q.QueryVoteResponse, "vote.options.weight"),
      http: get("/proposals/{proposal_id}/votes/{voter}"),
      handle: (ctx, { proposalId, voter }) => {
        const vote = gov.vote(ctx, proposalId, gov.parts.addresses.parse(voter));
        if (vote) return { vote: legacyVote(vote) };
        const detail = `voter: ${voter} not found for proposal: ${proposalId}`;
        throw sdkErrors.invalidRequest(detail);
      },
    }),
    queryHandler<q.QueryVotesRequest, q.QueryVotesResponse>({
      path: `${service}/Votes`,
      request: q.QueryVotesRequest,
      response: withDecimals(q.QueryVotesResponse, "votes.options.weight"),
      http: get("/proposals/{proposal_id}/votes"),
      handle: (ctx, { proposalId, pagination }) => {
        const item = (_: Uint8Array, value: Uint8Array) => legacyVote(v1.Vote.decode(value));
        const list = { store: gov.kv(ctx), prefix: keys.votesPrefix(proposalId), item };
        const page = paginate(list, pagination);
        return { votes: page.items, pagination: page.pagination };
      },
    }),
  ];
}

function depositQueries(gov: GovKeeper): readonly QueryHandler[] {
  return [
    queryHandler<q.QueryDepositRequest, q.QueryDepositResponse>({
      path: `${service}/Deposit`,
      request: q.QueryDepositRequest,
      response: q.QueryDepositResponse,
      http: get("/proposals/{proposal_id}/deposits/{depositor}"),
      handle: (ctx, { proposalId, depositor }) => {
        const deposit = gov.deposit(ctx, proposalId, gov.parts.addresses.parse(depositor));
        if (deposit) return { deposit };
        const detail = `depositer: ${depositor} not found for proposal: ${proposalId}`;
        throw sdkErrors.invalidRequest(detail);
      },
    }),
    queryHandler<q.QueryDepositsRequest, q.QueryDepositsResponse>({
      path: `${service}/Deposits`,
      request: q.QueryDepositsRequest,
      response: q.QueryDepositsResponse,
      http: get("/proposals/{proposal_id}/deposits"),
      handle: (ctx, { proposalId, pagination }) => {
        const item = (_: Uint8Array, value: Uint8Array) => v1.Deposit.decode(value);
        const list = { store: gov.kv(ctx), prefix: keys.depositsPrefix(proposalId), item };
        const page = paginate(list, pagination);
        return { deposits: page.items, pagination: page.pagination };
      },
    }),
  ];
}

const ratios = ["quorum", "threshold", "veto_threshold"].map((name) => `tally_params.${name}`);

/** One group of the parameters; the other two are shown empty. */
function params(gov: GovKeeper): QueryHandler {
  return queryHandler<q.QueryParamsRequest, q.QueryParamsResponse>({
    path: `${service}/Params`,
    request: q.QueryParamsRequest,
    response: withDecimals(q.QueryParamsResponse, ...ratios),
    http: get("/params/{params_type}"),
    handle: (ctx, { paramsType }) => group(ctx, gov, paramsType),
  });
}

function group(ctx: Context, gov: GovKeeper, type: string): q.QueryParamsResponse {
  const now = gov.params.get(ctx);
  const none = { seconds: 0n, nanos: 0 };
  const zero = decimalBytes("0");
  const empty: q.QueryParamsResponse = {
    votingParams: { votingPeriod: none },
    depositParams: { minDeposit: [], maxDepositPeriod: none },
    tallyParams: { quorum: zero, threshold: zero, vetoThreshold: zero },
  };
  if (type === "voting") {
    return { ...empty, votingParams: { votingPeriod: now.votingPeriod ?? none } };
  }
  if (type === "deposit") {
    const { minDeposit, maxDepositPeriod = none } = now;
    return { ...empty, depositParams: { minDeposit, maxDepositPeriod } };
  }
  if (type === "tallying") {
    const [quorum, threshold, vetoThreshold] = [
      decimalBytes(now.quorum),
      decimalBytes(now.threshold),
      decimalBytes(now.vetoThreshold),
    ] as const;
    return { ...empty, tallyParams: { quorum, threshold, vetoThreshold } };
  }
  throw sdkErrors.invalidRequest(`${type.slice(0, 60)} is not a valid parameter type`);
}
