/** Where the attributes of one block are: what the index writes of its events. */
import type { Event } from "cosmjs-types/tendermint/abci/types";
import { type AttributeKind, attributeKeys, encodeNumbers } from "./keys.ts";

export type Operation = { readonly key: Uint8Array; readonly value: Uint8Array | undefined };

/** Names that the index answers from elsewhere: an application cannot take them. */
const reservedNames: readonly string[] = ["tx.hash", "tx.height", "block.height"];

/** Places by value. */
type Values = Map<string, number[]>;

/** Collects the attributes that are marked for indexing. */
export class Places {
  readonly #byName = new Map<string, Values>();
  /** The same values by type and key of an event, undefined where the name cannot be indexed. */
  readonly #byType = new Map<string, Map<string, Values | undefined>>();

  /** The events of one transaction, which is named by its index in the block, or of the block. */
  addAll(events: readonly Event[], index?: number): void {
    for (const [sequence, { type, attributes }] of events.entries()) {
      if (type === "") continue;
      for (const attribute of attributes) {
        if (!attribute.index || attribute.key === "") continue;
        const values = this.#values(type, attribute.key);
        if (!values) continue;
        let places = values.get(attribute.value);
        if (!places) {
          places = [];
          values.set(attribute.value, places);
        }
        if (index !== undefined) places.push(index);
        places.push(sequence);
      }
    }
  }

  /** The height of a block, as if it were an event. */
  addHeight(height: bigint): void {
    this.#byName.set("block.height", new Map([[String(height), [0]]]));
  }

  *operations(kind: AttributeKind, height: bigint): Generator<Operation> {
    for (const [name, values] of this.#byName) {
      const keyOf = attributeKeys(kind, name, height);
      for (const [value, places] of values) {
        yield { key: keyOf(value), value: encodeNumbers(places) };
      }
    }
  }

  #values(type: string, key: string): Values | undefined {
    let byKey = this.#byType.get(type);
    if (!byKey) {
      byKey = new Map();
      this.#byType.set(type, byKey);
    }
    if (byKey.has(key)) return byKey.get(key);
    const values = this.#valuesOf(`${type}.${key}`);
    byKey.set(key, values);
    return values;
  }

  #valuesOf(name: string): Values | undefined {
    // A zero byte ends the name in a key; no query can spell one.
    if (reservedNames.includes(name) || name.includes("\0")) return undefined;
    const values = this.#byName.get(name) ?? new Map<string, number[]>();
    this.#byName.set(name, values);
    return values;
  }
}

/** A block is known by its height, and by its own events. */
export function blockPlaces(height: bigint, events: readonly Event[]): Places {
  const places = new Places();
  places.addHeight(height);
  places.addAll(events);
  return places;
}
