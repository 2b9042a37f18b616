/** What a JSON-RPC method is: typed parameters, a handler, and when its answer may be cached. */
import type { EventBus } from "../events/event-bus.ts";
import type { IndexDb, RpcBackend } from "../expected.ts";
import type { Indexer } from "../indexer/indexer.ts";
import { RpcError } from "../jsonrpc.ts";
import type { RpcLimits } from "../limits.ts";
import type { ParamSpec, Params } from "../params.ts";

/** What handlers work with. */
export interface RpcContext extends RpcBackend {
  readonly index: Indexer;
  readonly indexDb: IndexDb;
  readonly events: EventBus;
  readonly limits: RpcLimits;
}

export interface Method {
  readonly params: ParamSpec;
  /** Name of the parameter without which the answer changes with the tip; "" when never. */
  readonly cacheable?: "always" | "height" | undefined;
  /** Offered only where the configuration says rpc.unsafe. */
  readonly isUnsafe?: true;
  handle(context: RpcContext, params: Params): unknown;
}

export type Methods = Readonly<Record<string, Method>>;

/** A parameter of a known kind, or undefined when it was left out. */
export const bigintParam = (params: Params, name: string): bigint | undefined =>
  params[name] as bigint | undefined;
export const numberParam = (params: Params, name: string): number | undefined =>
  params[name] as number | undefined;
export const stringParam = (params: Params, name: string): string | undefined =>
  params[name] as string | undefined;
export const bytesParam = (params: Params, name: string): Uint8Array =>
  (params[name] as Uint8Array | undefined) ?? new Uint8Array();
export const booleanParam = (params: Params, name: string): boolean => params[name] === true;

/**
 * The height a caller means: the given one, or the tip. Refusals as in cometbft rpc/core/env.go.
 */
export function heightParam(context: RpcContext, params: Params, tip: bigint): bigint {
  const height = bigintParam(params, "height");
  if (height === undefined) return tip;
  if (height <= 0n) throw refuse(`height must be greater than 0, but got ${height}`);
  if (height > tip) {
    throw refuse(
      `height ${height} must be less than or equal to the current blockchain height ${tip}`,
    );
  }
  const base = context.blocks.base();
  if (height < base) {
    throw refuse(`height ${height} is not available, lowest height is ${base}`);
  }
  return height;
}

/** -32603 with this text: how CometBFT reports every refusal of a handler. */
export const refuse = (text: string): RpcError => new RpcError(-32603, text);

/** One page of a list: 1-based page, at most 100 a page, 30 unless asked (rpc/core/env.go). */
export function pageOf(params: Params, total: number): { skip: number; count: number } {
  const asked = numberOf(params, "per_page") ?? 30;
  const perPage = asked < 1 ? 30 : Math.min(asked, 100);
  const pages = Math.max(1, Math.ceil(total / perPage));
  const page = numberOf(params, "page") ?? 1;
  if (page <= 0 || page > pages) {
    throw refuse(`page should be within [1, ${pages}] range, given ${page}`);
  }
  const skip = (page - 1) * perPage;
  return { skip, count: Math.min(perPage, total - skip) };
}

function numberOf(params: Params, name: string): number | undefined {
  const value = bigintParam(params, name);
  return value === undefined ? undefined : Number(value);
}
