/** Questions about hosts and their standing. */
import { ed25519Address } from "../../../crypto/ed25519.ts";
import { toUpperHex } from "../../../encoding/bytes.ts";
import * as q from "../../../gen/gonka/pow/v1/query.ts";
import { Host } from "../../../gen/gonka/pow/v1/types.ts";
import { sdkErrors } from "../../errors.ts";
import { gonkaQuery } from "../../gonka-query.ts";
import type { Context, QueryHandler } from "../../module.ts";
import { paginate } from "../../pagination.ts";
import type { PowKeeper } from "../keeper.ts";
import { hostPrefix } from "../keys.ts";

const module = "pow";

export function hostQueries(pow: PowKeeper): QueryHandler[] {
  return [
    gonkaQuery<q.QueryHostsRequest, q.QueryHostsResponse>({
      module,
      name: "Hosts",
      request: q.QueryHostsRequest,
      response: q.QueryHostsResponse,
      path: "/hosts",
      handle: (ctx, { pagination }) => {
        const item = (_: Uint8Array, value: Uint8Array) => view(pow, ctx, Host.decode(value));
        const list = { store: ctx.kv(pow.store), prefix: hostPrefix, item };
        const page = paginate(list, pagination);
        return { hosts: page.items, pagination: page.pagination };
      },
    }),
    gonkaQuery<q.QueryHostRequest, q.QueryHostResponse>({
      module,
      name: "Host",
      request: q.QueryHostRequest,
      response: q.QueryHostResponse,
      path: "/hosts/{operator}",
      handle: (ctx, { operator }) => {
        const host = pow.hosts.find(ctx, operator);
        if (!host) throw sdkErrors.notFound(`host ${operator}`);
        return { host: view(pow, ctx, host) };
      },
    }),
    gonkaQuery<q.QueryWeightsRequest, q.QueryWeightsResponse>({
      module,
      name: "Weights",
      request: q.QueryWeightsRequest,
      response: q.QueryWeightsResponse,
      path: "/weights",
      handle: (ctx) => ({
        standings: pow.hosts.standings.list(ctx),
        totalPower: pow.total(ctx),
      }),
    }),
  ];
}

function view(pow: PowKeeper, ctx: Context, host: Host): q.HostView {
  const { operator } = host;
  return {
    host,
    standing: pow.hosts.standing(ctx, operator),
    worker: pow.hosts.workerAddress(host),
    consensusAddress: toUpperHex(ed25519Address(host.consensusPubKey)),
    missedBlocks: pow.hosts.missedBlocks(ctx, operator),
  };
}
