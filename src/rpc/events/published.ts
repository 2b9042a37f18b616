/** Events on their way to subscribers. */
import type { Event } from "cosmjs-types/tendermint/abci/types";

/** One event: its JSON for subscribers, and the values that queries look at. */
export interface PublishedEvent {
  /** Built when the first subscriber needs it: most events have none. */
  data(): { readonly type: string; readonly value: unknown };
  readonly values: ReadonlyMap<string, readonly string[]>;
}

/**
 * An event of this name; reserved are further values that queries may look at, typeName the name of
 * its JSON type where several events share one.
 */
export function published(
  name: string,
  events: readonly Event[],
  value: () => unknown,
  reserved: readonly (readonly [string, string])[] = [],
  typeName = name,
): PublishedEvent {
  const values = valuesOf(events);
  for (const [key, text] of [["tm.event", name] as const, ...reserved]) {
    values.set(key, [...(values.get(key) ?? []), text]);
  }
  let built: { readonly type: string; readonly value: unknown } | undefined;
  const data = () => {
    built ??= { type: `tendermint/event/${typeName}`, value: value() };
    return built;
  };
  return { data, values };
}

/** "type.key" to its values in order; nameless events and attributes are dropped. */
function valuesOf(events: readonly Event[]): Map<string, string[]> {
  const values = new Map<string, string[]>();
  for (const event of events) {
    if (event.type === "") continue;
    for (const { key, value } of event.attributes) {
      if (key === "") continue;
      const composite = `${event.type}.${key}`;
      const list = values.get(composite);
      if (list) list.push(value);
      else values.set(composite, [value]);
    }
  }
  return values;
}
