/** Who listens to what: subscriptions of websocket clients, and events on their way to them. */
import { RpcError } from "../jsonrpc.ts";
import type { RpcLimits } from "../limits.ts";
import { matches } from "../query/match.ts";
import { formatQuery, parseQuery, type Query } from "../query/parser.ts";
import { QuerySyntaxError } from "../query/scanner.ts";
import type { PublishedEvent } from "./published.ts";

/** Length of a query that is read at all, in bytes (cometbft rpc/core/events.go). */
export const maxQueryBytes = 512;
export const queryTooLong = "maximum query length exceeded";

export interface Listener {
  heard(event: PublishedEvent): void;
  /** No more events come, and why. */
  cancelled?(reason: string): void;
}

type BusLimits = Pick<RpcLimits, "maxSubscriptionClients" | "maxSubscriptionsPerClient">;

interface Subscription {
  readonly query: Query;
  readonly listener: Listener;
}

/** Delivers each published event to every subscription whose query it satisfies. */
export class EventBus {
  /** Client to canonical query text to subscription. */
  readonly #clients = new Map<string, Map<string, Subscription>>();
  readonly #limits: BusLimits;

  constructor(limits: BusLimits) {
    this.#limits = limits;
  }

  /** Whether anybody listens to anything. */
  get isHeard(): boolean {
    return this.#clients.size > 0;
  }

  /** Throws an RpcError with CometBFT's text when the client may not or need not subscribe. */
  subscribe(client: string, text: string, listener: Listener): void {
    const known = this.#clients.get(client);
    const { maxSubscriptionClients: maxClients, maxSubscriptionsPerClient } = this.#limits;
    if (!known && this.#clients.size >= maxClients) {
      throw new RpcError(-32603, `max_subscription_clients ${maxClients} reached`);
    }
    if (known && known.size >= maxSubscriptionsPerClient) {
      const limit = `max_subscriptions_per_client ${maxSubscriptionsPerClient} reached`;
      throw new RpcError(-32603, limit);
    }
    if (Buffer.byteLength(text) > maxQueryBytes) throw new RpcError(-32603, queryTooLong);
    const query = parse(text);
    const subscriptions = known ?? new Map<string, Subscription>();
    const key = formatQuery(query);
    if (subscriptions.has(key)) throw new RpcError(-32603, "already subscribed");
    subscriptions.set(key, { query, listener });
    this.#clients.set(client, subscriptions);
  }

  unsubscribe(client: string, text: string): void {
    const subscriptions = this.#clients.get(client);
    if (!subscriptions?.delete(formatQuery(parse(text)))) throw notFound();
    if (subscriptions.size === 0) this.#clients.delete(client);
  }

  unsubscribeAll(client: string): void {
    if (!this.#clients.delete(client)) throw notFound();
  }

  /** Forgets a client that went away. */
  forget(client: string): void {
    this.#clients.delete(client);
  }

  /** Ends every subscription. */
  cancelAll(reason: string): void {
    const all = [...this.#clients.values()].flatMap((subscriptions) => [...subscriptions.values()]);
    this.#clients.clear();
    for (const { listener } of all) listener.cancelled?.(reason);
  }

  publish(event: PublishedEvent): void {
    for (const subscriptions of this.#clients.values()) {
      for (const { query, listener } of subscriptions.values()) {
        if (matches(query, event.values)) listener.heard(event);
      }
    }
  }
}

const notFound = (): RpcError => new RpcError(-32603, "subscription not found");

function parse(text: string): Query {
  try {
    return parseQuery(text);
  } catch (error) {
    if (!(error instanceof QuerySyntaxError)) throw error;
    throw new RpcError(-32603, `failed to parse query: ${error.message}`);
  }
}
