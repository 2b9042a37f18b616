/** Questions about epochs and their Sprints. */
import * as q from "../../../gen/gonka/pow/v1/query.ts";
import { type Epoch, Phase } from "../../../gen/gonka/pow/v1/types.ts";
import { sdkErrors } from "../../errors.ts";
import { gonkaQuery } from "../../gonka-query.ts";
import type { Context, QueryHandler } from "../../module.ts";
import { nextPhaseHeight, phaseAt } from "../epoch/schedule.ts";
import type { PowKeeper } from "../keeper.ts";
import { epochKey, sprintKey } from "../keys.ts";

const module = "pow";

export function epochQueries(pow: PowKeeper): QueryHandler[] {
  return [
    gonkaQuery<q.QueryParamsRequest, q.QueryParamsResponse>({
      module,
      name: "Params",
      request: q.QueryParamsRequest,
      response: q.QueryParamsResponse,
      path: "/params",
      handle: (ctx) => ({ params: pow.params.get(ctx), scheduled: pow.params.scheduled(ctx) }),
    }),
    gonkaQuery<q.QueryCurrentEpochRequest, q.QueryEpochResponse>({
      module,
      name: "CurrentEpoch",
      request: q.QueryCurrentEpochRequest,
      response: q.QueryEpochResponse,
      path: "/epochs/current",
      handle: (ctx) => describe(ctx, pow.epochs.running(ctx)),
    }),
    gonkaQuery<q.QueryEpochRequest, q.QueryEpochResponse>({
      module,
      name: "Epoch",
      request: q.QueryEpochRequest,
      response: q.QueryEpochResponse,
      path: "/epochs/{index}",
      handle: (ctx, { index }) => {
        const epoch = pow.epochs.epochs.get(ctx, epochKey(index));
        if (!epoch) throw sdkErrors.notFound(`epoch ${index}`);
        return describe(ctx, epoch);
      },
    }),
    ...sprintQueries(pow),
  ];
}

function describe(ctx: Context, epoch: Epoch): q.QueryEpochResponse {
  const { height } = ctx.block;
  const phase = phaseAt(epoch, height);
  const isRunning = phase !== Phase.PHASE_UNSPECIFIED;
  return {
    epoch,
    phase,
    height,
    nextPhaseHeight: isRunning ? nextPhaseHeight(epoch, height) : 0n,
  };
}

/** What a recent epoch's Sprint holds; of older ones only the settlement is left. */
function sprintQueries(pow: PowKeeper): QueryHandler[] {
  const { sprints } = pow;
  const request = q.QuerySprintRequest;
  return [
    gonkaQuery<q.QuerySprintRequest, q.QueryParticipantsResponse>({
      module,
      name: "Participants",
      request,
      response: q.QueryParticipantsResponse,
      path: "/epochs/{epoch}/participants",
      handle: (ctx, { epoch }) => ({
        participants: sprints.participants.list(ctx, epochKey(epoch)),
      }),
    }),
    gonkaQuery<q.QuerySprintRequest, q.QueryCommitmentsResponse>({
      module,
      name: "Commitments",
      request,
      response: q.QueryCommitmentsResponse,
      path: "/epochs/{epoch}/commitments",
      handle: (ctx, { epoch, sprint }) => ({
        commitments: sprints.commitments.list(ctx, sprintKey(epoch, sprint)),
      }),
    }),
    gonkaQuery<q.QueryOpeningRequest, q.QueryOpeningResponse>({
      module,
      name: "Opening",
      request: q.QueryOpeningRequest,
      response: q.QueryOpeningResponse,
      path: "/epochs/{epoch}/openings/{operator}",
      handle: (ctx, at) => {
        const opening = sprints.opening(ctx, at);
        if (!opening) throw sdkErrors.notFound(`opening of ${at.operator} in epoch ${at.epoch}`);
        return { opening };
      },
    }),
    gonkaQuery<q.QuerySprintRequest, q.QueryAssignmentsResponse>({
      module,
      name: "Assignments",
      request,
      response: q.QueryAssignmentsResponse,
      path: "/epochs/{epoch}/assignments",
      handle: (ctx, { epoch, sprint }) => ({
        assignments: sprints.assignments.list(ctx, sprintKey(epoch, sprint)),
      }),
    }),
    gonkaQuery<q.QuerySprintRequest, q.QueryAttestationsResponse>({
      module,
      name: "Attestations",
      request,
      response: q.QueryAttestationsResponse,
      path: "/epochs/{epoch}/attestations",
      handle: (ctx, { epoch, sprint }) => ({
        attestations: sprints.attestations.list(ctx, sprintKey(epoch, sprint)),
      }),
    }),
    gonkaQuery<q.QuerySprintRequest, q.QueryForfeitsResponse>({
      module,
      name: "Forfeits",
      request,
      response: q.QueryForfeitsResponse,
      path: "/epochs/{epoch}/forfeits",
      handle: (ctx, { epoch }) => ({ forfeits: sprints.forfeits.list(ctx, epochKey(epoch)) }),
    }),
  ];
}
