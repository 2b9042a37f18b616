/** cosmos.upgrade.v1beta1.Query. spec/modules/upgrade.md lists the methods and their REST paths. */
import * as q from "cosmjs-types/cosmos/upgrade/v1beta1/query";
import { sdkErrors } from "../errors.ts";
import { type QueryHandler, queryHandler } from "../module.ts";
import type { UpgradeKeeper } from "./keeper.ts";

const service = "/cosmos.upgrade.v1beta1.Query";
const get = (path: string) => [{ method: "GET", path: `/cosmos/upgrade/v1beta1${path}` } as const];

export function upgradeQueries(upgrades: UpgradeKeeper): readonly QueryHandler[] {
  return [
    queryHandler<q.QueryCurrentPlanRequest, q.QueryCurrentPlanResponse>({
      path: `${service}/CurrentPlan`,
      request: q.QueryCurrentPlanRequest,
      response: q.QueryCurrentPlanResponse,
      http: get("/current_plan"),
      handle: (ctx) => {
        const plan = upgrades.plan(ctx);
        return plan ? { plan } : {};
      },
    }),
    queryHandler<q.QueryAppliedPlanRequest, q.QueryAppliedPlanResponse>({
      path: `${service}/AppliedPlan`,
      request: q.QueryAppliedPlanRequest,
      response: q.QueryAppliedPlanResponse,
      http: get("/applied_plan/{name}"),
      handle: (ctx, { name }) => ({ height: upgrades.doneHeight(ctx, name) }),
    }),
    queryHandler<q.QueryUpgradedConsensusStateRequest, q.QueryUpgradedConsensusStateResponse>({
      path: `${service}/UpgradedConsensusState`,
      request: q.QueryUpgradedConsensusStateRequest,
      response: q.QueryUpgradedConsensusStateResponse,
      http: get("/upgraded_consensus_state/{last_height}"),
      handle: () => ({ upgradedConsensusState: new Uint8Array() }), // Of IBC, which is not here.
    }),
    queryHandler<q.QueryModuleVersionsRequest, q.QueryModuleVersionsResponse>({
      path: `${service}/ModuleVersions`,
      request: q.QueryModuleVersionsRequest,
      response: q.QueryModuleVersionsResponse,
      http: get("/module_versions"),
      handle: (ctx, { moduleName }) => {
        const all = upgrades.versions(ctx);
        if (moduleName === "") return { moduleVersions: all };
        const moduleVersions = all.filter(({ name }) => name === moduleName);
        if (moduleVersions.length > 0) return { moduleVersions };
        const detail = `module ${moduleName.slice(0, 100)} not found`;
        throw sdkErrors.notFound(`x/upgrade: QueryModuleVersions ${detail}`);
      },
    }),
    queryHandler<q.QueryAuthorityRequest, q.QueryAuthorityResponse>({
      path: `${service}/Authority`,
      request: q.QueryAuthorityRequest,
      response: q.QueryAuthorityResponse,
      http: get("/authority"),
      handle: () => ({ address: upgrades.parts.authority }),
    }),
  ];
}
