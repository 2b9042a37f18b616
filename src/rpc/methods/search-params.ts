/** Parameters that tx_search and block_search share. */
import { maxQueryBytes, queryTooLong } from "../events/event-bus.ts";
import type { Params } from "../params.ts";
import { parseQuery, type Query } from "../query/parser.ts";
import { QuerySyntaxError } from "../query/scanner.ts";
import { refuse, stringParam } from "./method.ts";

/** The query; refused with CometBFT's text when it is none. */
export function queryParam(params: Params): Query {
  const text = stringParam(params, "query") ?? "";
  if (Buffer.byteLength(text) > maxQueryBytes) throw refuse(queryTooLong);
  try {
    return parseQuery(text);
  } catch (error) {
    if (!(error instanceof QuerySyntaxError)) throw error;
    throw refuse(error.message);
  }
}

export function orderParam(params: Params, fallback: "asc" | "desc"): "asc" | "desc" {
  const order = stringParam(params, "order_by") ?? "";
  if (order === "") return fallback;
  if (order === "asc" || order === "desc") return order;
  throw refuse("expected order_by to be either `asc` or `desc` or empty");
}
