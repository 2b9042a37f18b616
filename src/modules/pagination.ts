/** Pages of a list query: cosmos.base.query.v1beta1 (cosmos-sdk types/query/pagination.go). */
import type { PageRequest, PageResponse } from "cosmjs-types/cosmos/base/query/v1beta1/pagination";
import { compareBytes, concat, toHex } from "../encoding/bytes.ts";
import { prefixEnd, type ReadStore } from "../store/kv.ts";
import { sdkErrors } from "./errors.ts";

const defaultPageItems = 100n;
/** A larger limit is answered with so many items and the key of the next page. */
const maxPageItems = 5_000n;

/** One page. */
export interface Page<T> {
  readonly items: T[];
  readonly pagination: PageResponse;
}

/** What the items of a list are. */
export interface PagedList<T> {
  readonly store: ReadStore;
  readonly prefix: Uint8Array;
  /** The item of a pair, key without the prefix; undefined to leave it out of the list. */
  item(key: Uint8Array, value: Uint8Array): T | undefined;
}

/** Reads the page that was asked for. Throws sdk code 18 when the request contradicts itself. */
export function paginate<T>(list: PagedList<T>, request: PageRequest | undefined): Page<T> {
  const { key, offset, limit, isCounted, reverse } = normalized(request);
  const items: T[] = [];
  let [seen, nextKey]: [bigint, Uint8Array | undefined] = [0n, undefined];
  for (const [itemKey, value] of list.store.iterate(pageRange(list.prefix, key, reverse))) {
    const suffix = itemKey.subarray(list.prefix.length);
    const item = list.item(suffix, value);
    if (item === undefined) continue;
    seen++;
    if (seen <= offset) continue;
    if (seen <= offset + limit) items.push(item);
    else nextKey ??= suffix.slice();
    if (nextKey && !isCounted) break;
  }
  const total = isCounted ? seen : 0n;
  return { items, pagination: { nextKey: nextKey ?? new Uint8Array(), total } };
}

/** A page of items that are at hand, sorted by key. */
export function paginateItems<T>(
  items: readonly { readonly key: Uint8Array; readonly item: T }[],
  request: PageRequest | undefined,
): Page<T> {
  const places = new Map(items.map(({ key, item }) => [toHex(key), item]));
  const none = new Uint8Array();
  const store: ReadStore = {
    get: () => undefined,
    has: (key) => places.has(toHex(key)),
    *iterate({ start, end, reverse } = {}) {
      for (const { key } of reverse ? [...items].reverse() : items) {
        const isBefore = start !== undefined && compareBytes(key, start) < 0;
        const isAfter = end !== undefined && compareBytes(key, end) >= 0;
        if (!isBefore && !isAfter) yield [key, none];
      }
    },
  };
  const item = (key: Uint8Array) => places.get(toHex(key));
  return paginate({ store, prefix: none, item }, request);
}

function normalized(request: PageRequest | undefined) {
  const { key, offset, limit, countTotal, reverse } = request ?? emptyRequest;
  if (offset > 0n && key.length > 0) {
    throw sdkErrors.invalidRequest("either offset or key is expected, got both");
  }
  const wanted = limit === 0n ? defaultPageItems : limit;
  return {
    key,
    offset,
    limit: wanted > maxPageItems ? maxPageItems : wanted,
    isCounted: key.length === 0 && (countTotal || limit === 0n),
    reverse,
  };
}

const emptyRequest: PageRequest = {
  key: new Uint8Array(),
  offset: 0n,
  limit: 0n,
  countTotal: false,
  reverse: false,
};

function pageRange(prefix: Uint8Array, key: Uint8Array, reverse: boolean) {
  const from = concat(prefix, key);
  if (!reverse) return { start: from, end: prefixEnd(prefix), reverse };
  // The key is part of its page, and the end of a range is not: the next possible key is.
  const end = key.length === 0 ? prefixEnd(prefix) : concat(from, Uint8Array.of(0));
  return { start: prefix, end, reverse };
}
