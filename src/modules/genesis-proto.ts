/**
 * Genesis values that are protobuf messages in JSON. Generated readers are lenient: they ignore
 * unknown names and bend wrong types. Here what was read is written again and compared, so that a
 * genesis file means what it says.
 */
import { ModuleError } from "./errors.ts";
import { GenesisValue } from "./genesis-json.ts";
import { snakeKeys } from "./gonka-msg.ts";
import type { Codec } from "./module.ts";

/** The message at this place. Throws GenesisError with the path of the first bad field. */
export function readProto<T>(codec: Codec<T>, place: GenesisValue): T {
  const { value } = place;
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw place.error("must be an object");
  }
  const message = decode(codec, place, value);
  compare(place, snakeKeys(withEmptyLists(codec.toJSON(message), message)));
  return message;
}

/** The JSON with the lists that are empty in the message: generated writers leave those out. */
function withEmptyLists(json: unknown, message: unknown): unknown {
  if (Array.isArray(json) && Array.isArray(message)) {
    return json.map((item, i) => withEmptyLists(item, message[i]));
  }
  if (typeof json !== "object" || json === null) return json;
  const shown: Record<string, unknown> = { ...json };
  for (const [name, member] of Object.entries(message ?? {})) {
    if (Array.isArray(member) && member.length === 0) shown[name] = [];
    else if (name in shown) shown[name] = withEmptyLists(shown[name], member);
  }
  return shown;
}

/** The messages of a list; a missing list is empty. */
export function readProtoList<T>(codec: Codec<T>, place: GenesisValue): T[] {
  return place.list().map((item) => readProto(codec, item));
}

/** Turns a module's refusal into one that names the place in the genesis file. */
export function refusedAt<T>(place: GenesisValue, check: () => T): T {
  try {
    return check();
  } catch (error) {
    if (error instanceof ModuleError) throw place.error(error.message);
    throw error;
  }
}

function decode<T>(codec: Codec<T>, place: GenesisValue, value: object): T {
  try {
    return codec.fromJSON(value);
  } catch (error) {
    throw place.error(`cannot be read: ${error instanceof Error ? error.message : error}`);
  }
}

/** Everything that the file says must be in what was read; what it leaves out has its default. */
function compare(given: GenesisValue, read: unknown): void {
  const { value } = given;
  if (value === null || value === undefined) return;
  if (Array.isArray(value)) {
    const items: readonly unknown[] = Array.isArray(read) ? read : [];
    for (const [i, item] of given.list().entries()) compare(item, items[i]);
    return;
  }
  if (typeof value === "object") {
    const known = new GenesisValue(read ?? {}, given.path);
    for (const name of Object.keys(value)) {
      const member = known.at(name).value;
      if (member === undefined) throw given.at(name).error("is not a known field here");
      compare(given.at(name), member);
    }
    return;
  }
  if (String(value) !== String(read)) {
    throw given.error(`${JSON.stringify(value)} is not valid here; it would be read as ${read}`);
  }
}
