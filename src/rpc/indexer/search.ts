/**
 * Searching the index. Every condition must hold; conditions on attributes must hold within one
 * and the same event (cometbft state/txindex/kv/kv.go, eventSeq). tx.hash, tx.height and
 * block.height are known to every transaction or block and are not bound to an event.
 */
import { parseHex, u64be } from "../../encoding/bytes.ts";
import type { IndexDb, TxPosition } from "../expected.ts";
import { matchesValue } from "../query/match.ts";
import type { Condition, Query } from "../query/parser.ts";
import type { Indexer } from "./indexer.ts";
import {
  type AttributeKind,
  attributePrefix,
  attributeValue,
  decodeNumbers,
  heightOfKey,
  heightPrefix,
} from "./keys.ts";

/** Results that one search collects at most; more is refused with the advice to narrow it. */
const maxResults = 100_000;

/** A search that found too much to answer. */
export class SearchTooWideError extends Error {}

/** Position (hex, sorts by height and index) to the numbers of the events where conditions hold. */
type Found = Map<string, Set<string>>;

const anyEvent = "any";

/** Where the transactions are that satisfy the query, ordered by height and position. */
export async function searchTxs(
  indexer: Indexer,
  db: IndexDb,
  query: Query,
): Promise<TxPosition[]> {
  const byHash = query.find(({ tag, operator }) => tag === "tx.hash" && operator === "=");
  if (byHash?.operand) {
    const hash = parseHex(byHash.operand.text);
    const at = hash && indexer.positionOf(hash);
    return at ? [at] : [];
  }
  const found = intersect(
    await each(withoutEventName(query, ["Tx"], "tx.height"), (c) =>
      c.tag === "tx.height" ? byHeight(db, c) : scanAttributes(db, c, "a"),
    ),
  );
  return [...found.keys()].sort().map((position) => ({
    height: BigInt(`0x${position.slice(0, 16)}`),
    index: Number(`0x${position.slice(16)}`),
  }));
}

/** Heights of the blocks that satisfy the query, ascending. */
export async function searchBlocks(db: IndexDb, query: Query): Promise<bigint[]> {
  const conditions = withoutEventName(query, ["NewBlock", "NewBlockEvents"], "block.height");
  const found = intersect(await each(conditions, (condition) => byBlockAttribute(db, condition)));
  return [...found.keys()].sort().map((position) => BigInt(`0x${position}`));
}

/**
 * Subscriptions select by the name of the event; in the index every entry has the same one. A
 * condition on that name becomes "any height"; another name finds nothing, as it is not indexed.
 */
function withoutEventName(query: Query, names: readonly string[], height: string): Query {
  return query.map((condition) => {
    const { tag, operator, operand } = condition;
    const isName = tag === "tm.event" && operator === "=" && names.includes(operand?.text ?? "");
    return isName ? { tag: height, operator: "EXISTS" } : condition;
  });
}

/** One condition after the other: a search holds one set of results per condition, not more. */
async function each(
  conditions: readonly Condition[],
  find: (condition: Condition) => Promise<Found>,
): Promise<Found[]> {
  const sets: Found[] = [];
  for (const condition of conditions) sets.push(await find(condition));
  return sets;
}

function intersect(sets: readonly Found[]): Found {
  const [first, ...rest] = [...sets].sort((a, b) => a.size - b.size);
  const result: Found = new Map();
  for (const [position, events] of first ?? []) {
    let common: Set<string> | undefined = events;
    for (const other of rest) {
      common = commonEvents(common, other.get(position));
      if (!common) break;
    }
    if (common) result.set(position, common);
  }
  return result;
}

/** Events in both; "any" stands for every event. Undefined when there is none. */
function commonEvents(a: Set<string>, b: Set<string> | undefined): Set<string> | undefined {
  if (!b) return undefined;
  if (a.has(anyEvent)) return b;
  if (b.has(anyEvent)) return a;
  const common = new Set([...a].filter((event) => b.has(event)));
  return common.size > 0 ? common : undefined;
}

/** Transactions by height: from the height index, whose order bounds the scan. */
async function byHeight(db: IndexDb, condition: Condition): Promise<Found> {
  const found: Found = new Map();
  const limit = /^\d{1,18}$/.test(condition.operand?.text ?? "")
    ? condition.operand?.text
    : undefined;
  const exact = condition.operator === "=" && limit !== undefined;
  const start = exact ? concatHeight(BigInt(limit)) : heightPrefix;
  const end = exact ? concatHeight(BigInt(limit) + 1n) : prefixEnd(heightPrefix);
  for await (const [key, value] of db.iterate({ start, end })) {
    const height = heightOfKey(key);
    if (!matchesValue(condition, String(height))) continue;
    for (const index of decodeNumbers(value)) add(found, positionText(height, index), anyEvent);
  }
  return found;
}

/** Sorts as the positions do: sixteen digits of height, eight of index. */
const positionText = (height: bigint, index: number): string =>
  height.toString(16).padStart(16, "0") + index.toString(16).padStart(8, "0");

const concatHeight = (height: bigint): Uint8Array =>
  new Uint8Array(Buffer.concat([heightPrefix, u64be(height)]));

function prefixEnd(prefix: Uint8Array): Uint8Array {
  const end = prefix.slice(); // Prefixes here end in a separator or a slash, never in 0xff.
  end[end.length - 1] = (end[end.length - 1] ?? 0) + 1;
  return end;
}

async function byBlockAttribute(db: IndexDb, condition: Condition): Promise<Found> {
  const found = await scanAttributes(db, condition, "c");
  if (condition.tag !== "block.height") return found;
  return new Map([...found.keys()].map((position) => [position, new Set([anyEvent])]));
}

async function scanAttributes(
  db: IndexDb,
  condition: Condition,
  kind: AttributeKind,
): Promise<Found> {
  const found: Found = new Map();
  const { tag, operator, operand } = condition;
  // Equality is of the text, numbers too: "amount = 77" does not find "77ngonka" (kv.go, match).
  const exact = operator === "=" ? operand?.text : undefined;
  const start = attributePrefix(kind, tag, exact);
  for await (const [key, places] of db.iterate({ start, end: prefixEnd(start) })) {
    const value = attributeValue(key, tag);
    if (exact === undefined ? !matchesValue(condition, value) : value !== exact) continue;
    addPlaces(found, kind, heightOfKey(key), decodeNumbers(places));
  }
  return found;
}

/** Transactions have an index and an event at each place, blocks an event. */
function addPlaces(
  found: Found,
  kind: AttributeKind,
  height: bigint,
  places: readonly number[],
): void {
  if (kind === "c") {
    const position = height.toString(16).padStart(16, "0");
    for (const event of places) add(found, position, String(event));
    return;
  }
  for (let at = 0; at + 1 < places.length; at += 2) {
    add(found, positionText(height, places[at] ?? 0), String(places[at + 1]));
  }
}

function add(found: Found, position: string, event: string): void {
  const events = found.get(position);
  if (events) events.add(event);
  else if (found.size < maxResults) found.set(position, new Set([event]));
  else throw new SearchTooWideError(`more than ${maxResults} results; narrow the query`);
}
