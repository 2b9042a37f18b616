/**
 * cosmos.params.v1beta1.Query: the parameters that old clients look for under the names of the
 * modules of old, as the JSON that amino would write. spec/modules/views.md.
 */
import * as q from "cosmjs-types/cosmos/params/v1beta1/query";
import { moduleErrors } from "../errors.ts";
import { type Context, type QueryHandler, queryHandler } from "../module.ts";
import type { ViewParts } from "./expected.ts";
import { stakingParams } from "./staking.ts";

const service = "/cosmos.params.v1beta1.Query";
const rest = "/cosmos/params/v1beta1";
const paramsErrors = moduleErrors("params", { unknownSubspace: 2 });

type Value = (ctx: Context) => unknown;
type Subspaces = Readonly<Record<string, Readonly<Record<string, Value>>>>;

export function paramsQueries(parts: ViewParts): readonly QueryHandler[] {
  const subspaces = subspacesOf(parts);
  return [
    queryHandler<q.QueryParamsRequest, q.QueryParamsResponse>({
      path: `${service}/Params`,
      request: q.QueryParamsRequest,
      response: q.QueryParamsResponse,
      http: [{ method: "GET", path: `${rest}/params` }],
      handle: (ctx, { subspace, key }) => {
        const keys = Object.hasOwn(subspaces, subspace) ? subspaces[subspace] : undefined;
        if (!keys)
          throw paramsErrors.unknownSubspace(`${subspace.slice(0, 100)}: unknown subspace`);
        const read = Object.hasOwn(keys, key) ? keys[key] : undefined;
        return { param: { subspace, key, value: read ? JSON.stringify(read(ctx)) : "" } };
      },
    }),
    queryHandler<q.QuerySubspacesRequest, q.QuerySubspacesResponse>({
      path: `${service}/Subspaces`,
      request: q.QuerySubspacesRequest,
      response: q.QuerySubspacesResponse,
      http: [{ method: "GET", path: `${rest}/subspaces` }],
      handle: () => ({
        subspaces: Object.entries(subspaces).map(([subspace, keys]) => ({
          subspace,
          keys: Object.keys(keys),
        })),
      }),
    }),
  ];
}

const zero = "0.000000000000000000";

function subspacesOf(parts: ViewParts): Subspaces {
  const consensus = (ctx: Context) => parts.consensus.get(ctx);
  return {
    baseapp: {
      BlockParams: (ctx) => {
        const { maxBytes = -1n, maxGas = -1n } = consensus(ctx).block ?? {};
        return { max_bytes: String(maxBytes), max_gas: String(maxGas) };
      },
      EvidenceParams: (ctx) => {
        const evidence = consensus(ctx).evidence;
        return {
          max_age_num_blocks: String(evidence?.maxAgeNumBlocks ?? 0n),
          max_age_duration: nanos(evidence?.maxAgeDuration),
          max_bytes: String(evidence?.maxBytes ?? 0n),
        };
      },
      ValidatorParams: (ctx) => ({ pub_key_types: consensus(ctx).validator?.pubKeyTypes ?? [] }),
    },
    staking: {
      UnbondingTime: (ctx) => nanos(stakingParams(parts, ctx).unbondingTime),
      MaxValidators: (ctx) => stakingParams(parts, ctx).maxValidators,
      MaxEntries: (ctx) => stakingParams(parts, ctx).maxEntries,
      HistoricalEntries: (ctx) => stakingParams(parts, ctx).historicalEntries,
      BondDenom: () => parts.denom,
      MinCommissionRate: () => zero,
    },
    distribution: {
      communitytax: () => zero,
      baseproposerreward: () => zero,
      bonusproposerreward: () => zero,
      withdrawaddrenabled: () => false,
    },
    mint: { MintDenom: () => parts.denom },
  };
}

/** A duration as amino writes it. */
function nanos(duration: { seconds: bigint; nanos: number } | undefined): string {
  return String((duration?.seconds ?? 0n) * 1_000_000_000n + BigInt(duration?.nanos ?? 0));
}
