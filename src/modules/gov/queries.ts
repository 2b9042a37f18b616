/** cosmos.gov.v1.Query. spec/modules/gov.md lists the methods and their REST paths. */
import * as types from "cosmjs-types/cosmos/gov/v1/gov";
import * as q from "cosmjs-types/cosmos/gov/v1/query";
import { sdkErrors } from "../errors.ts";
import { type Context, type QueryHandler, queryHandler } from "../module.ts";
import { paginate } from "../pagination.ts";
import type { GovKeeper } from "./keeper.ts";
import * as keys from "./keys.ts";
import { tally } from "./proposal/tally.ts";

const service = "/cosmos.gov.v1.Query";
const get = (path: string) => [{ method: "GET", path: `/cosmos/gov/v1${path}` } as const];

export function govQueries(gov: GovKeeper): readonly QueryHandler[] {
  return [...proposalQueries(gov), ...voteQueries(gov), ...depositQueries(gov), params(gov)];
}

function params(gov: GovKeeper): QueryHandler {
  return queryHandler<q.QueryParamsRequest, q.QueryParamsResponse>({
    path: `${service}/Params`,
    request: q.QueryParamsRequest,
    response: q.QueryParamsResponse,
    http: get("/params/{params_type}"),
    handle: (ctx, { paramsType }) => {
      const all = gov.params.get(ctx);
      const { minDeposit, maxDepositPeriod, votingPeriod, quorum, threshold, vetoThreshold } = all;
      // The three groups are what clients asked for before all parameters came in one message.
      const depositParams = { minDeposit, ...(maxDepositPeriod && { maxDepositPeriod }) };
      if (paramsType === "deposit") return { depositParams, params: all };
      if (paramsType === "voting") {
        return { votingParams: votingPeriod ? { votingPeriod } : {}, params: all };
      }
      if (paramsType === "tallying") {
        return { tallyParams: { quorum, threshold, vetoThreshold }, params: all };
      }
      if (paramsType === "") return { params: all };
      throw sdkErrors.invalidRequest(`${paramsType.slice(0, 60)} is not a valid parameter type`);
    },
  });
}

/** The proposal that a query asks for. Throws sdk codes 18 and 38. */
export function find(ctx: Context, gov: GovKeeper, id: bigint): types.Proposal {
  if (id === 0n) throw sdkErrors.invalidRequest("proposal id can not be 0");
  const proposal = gov.proposal(ctx, id);
  if (!proposal) throw sdkErrors.notFound(`proposal ${id} doesn't exist`);
  return proposal;
}

function proposalQueries(gov: GovKeeper): readonly QueryHandler[] {
  return [
    queryHandler<q.QueryConstitutionRequest, q.QueryConstitutionResponse>({
      path: `${service}/Constitution`,
      request: q.QueryConstitutionRequest,
      response: q.QueryConstitutionResponse,
      http: get("/constitution"),
      handle: (ctx) => ({ constitution: gov.constitution(ctx) }),
    }),
    queryHandler<q.QueryProposalRequest, q.QueryProposalResponse>({
      path: `${service}/Proposal`,
      request: q.QueryProposalRequest,
      response: q.QueryProposalResponse,
      http: get("/proposals/{proposal_id}"),
      handle: (ctx, { proposalId }) => ({ proposal: find(ctx, gov, proposalId) }),
    }),
    queryHandler<q.QueryProposalsRequest, q.QueryProposalsResponse>({
      path: `${service}/Proposals`,
      request: q.QueryProposalsRequest,
      response: q.QueryProposalsResponse,
      http: get("/proposals"),
      handle: (ctx, request) => listProposals(ctx, gov, request),
    }),
    queryHandler<q.QueryTallyResultRequest, q.QueryTallyResultResponse>({
      path: `${service}/TallyResult`,
      request: q.QueryTallyResultRequest,
      response: q.QueryTallyResultResponse,
      http: get("/proposals/{proposal_id}/tally"),
      handle: (ctx, { proposalId }) => {
        const result = tallyOf(ctx, gov, proposalId);
        return result ? { tally: result } : {};
      },
    }),
  ];
}

/** The votes as counted now, or as they were when the vote ended. */
export function tallyOf(ctx: Context, gov: GovKeeper, id: bigint): types.TallyResult | undefined {
  const proposal = find(ctx, gov, id);
  const isVoting = proposal.status === types.ProposalStatus.PROPOSAL_STATUS_VOTING_PERIOD;
  return isVoting ? tally(ctx, gov, proposal).result : proposal.finalTallyResult;
}

/** Filters by status, by voter and by depositor, all of them optional. */
export function listProposals(
  ctx: Context,
  gov: GovKeeper,
  request: q.QueryProposalsRequest,
): q.QueryProposalsResponse {
  const { addresses } = gov.parts;
  const voter = request.voter === "" ? undefined : addresses.parse(request.voter);
  const depositor = request.depositor === "" ? undefined : addresses.parse(request.depositor);
  const item = (_: Uint8Array, value: Uint8Array) => {
    const proposal = types.Proposal.decode(value);
    const { id, status } = proposal;
    if (request.proposalStatus > 0 && status !== request.proposalStatus) return undefined;
    if (voter && !gov.vote(ctx, id, voter)) return undefined;
    if (depositor && !gov.deposit(ctx, id, depositor)) return undefined;
    return proposal;
  };
  const list = { store: gov.kv(ctx), prefix: keys.proposalPrefix, item };
  const page = paginate(list, request.pagination);
  return { proposals: page.items, pagination: page.pagination };
}

function voteQueries(gov: GovKeeper): readonly QueryHandler[] {
  return [
    queryHandler<q.QueryVoteRequest, q.QueryVoteResponse>({
      path: `${service}/Vote`,
      request: q.QueryVoteRequest,
      response: q.QueryVoteResponse,
      http: get("/proposals/{proposal_id}/votes/{voter}"),
      handle: (ctx, { proposalId, voter }) => {
        const vote = gov.vote(ctx, proposalId, gov.parts.addresses.parse(voter));
        if (vote) return { vote };
        const detail = `voter: ${voter} not found for proposal: ${proposalId}`;
        throw sdkErrors.invalidRequest(detail);
      },
    }),
    queryHandler<q.QueryVotesRequest, q.QueryVotesResponse>({
      path: `${service}/Votes`,
      request: q.QueryVotesRequest,
      response: q.QueryVotesResponse,
      http: get("/proposals/{proposal_id}/votes"),
      handle: (ctx, { proposalId, pagination }) => {
        const item = (_: Uint8Array, value: Uint8Array) => types.Vote.decode(value);
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
        const item = (_: Uint8Array, value: Uint8Array) => types.Deposit.decode(value);
        const list = { store: gov.kv(ctx), prefix: keys.depositsPrefix(proposalId), item };
        const page = paginate(list, pagination);
        return { deposits: page.items, pagination: page.pagination };
      },
    }),
  ];
}
