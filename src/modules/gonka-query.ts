/** Queries of this network's own modules: what the protobuf package fixes for all of them. */
import {
  type Codec,
  type Context,
  type HttpRule,
  type QueryHandler,
  queryHandler,
} from "./module.ts";

/** What is particular to one query. */
export interface GonkaQuery<Request, Response> {
  /** Module, as in gonka.<module>.v1. */
  readonly module: string;
  /** Such as "CurrentEpoch". */
  readonly name: string;
  readonly request: Codec<Request>;
  readonly response: Codec<Response>;
  /** Below /gonka/<module>/v1, such as "/hosts/{operator}". */
  readonly path: string;
  handle(ctx: Context, request: Request): Response;
}

/** The handler of such a query, with its REST door. */
export function gonkaQuery<Request, Response>(query: GonkaQuery<Request, Response>): QueryHandler {
  const door: HttpRule = { method: "GET", path: `/gonka/${query.module}/v1${query.path}` };
  return queryHandler<Request, Response>({
    path: `/gonka.${query.module}.v1.Query/${query.name}`,
    request: query.request,
    response: query.response,
    http: [door],
    handle: (ctx, request) => query.handle(ctx, request),
  });
}
