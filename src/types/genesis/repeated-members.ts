/** Finds members that a JSON object has twice: JSON.parse keeps the last one in silence. */

/** Where the scan is: an object with the names seen so far, or an array with a position. */
interface Level {
  /** Undefined for an array. */
  readonly names: Set<string> | undefined;
  /** The member or the index whose value is being read. */
  at: string | number;
}

/**
 * The path of the first repeated member, such as "app_state.bank"; undefined when there is none.
 * The text must be valid JSON: parse it first.
 */
export function findRepeatedMember(json: string): string | undefined {
  const tokens = /["{}[\],:]/g; // Numbers and literals have no structure.
  const levels: Level[] = [];
  let text = "";
  for (let match = tokens.exec(json); match; match = tokens.exec(json)) {
    const token = match[0];
    const level = levels.at(-1);
    if (token === '"') {
      const end = stringEnd(json, match.index);
      text = json.slice(match.index, end);
      tokens.lastIndex = end;
    } else if (token === "{") levels.push({ names: new Set(), at: "" });
    else if (token === "[") levels.push({ names: undefined, at: 0 });
    else if (token === "}" || token === "]") levels.pop();
    else if (token === "," && typeof level?.at === "number") level.at += 1;
    else if (token === ":" && level?.names) {
      const name = String(JSON.parse(text)); // Escapes: "a" and "\u0061" are one name.
      level.at = name;
      if (level.names.has(name)) return pathOf(levels);
      level.names.add(name);
    }
  }
  return undefined;
}

/** The offset after the string that begins at the offset. A loop: a pattern would recurse. */
function stringEnd(json: string, start: number): number {
  let quote = json.indexOf('"', start + 1);
  while (isEscaped(json, quote)) quote = json.indexOf('"', quote + 1);
  return quote + 1;
}

/** Whether an odd number of backslashes stands before the offset. */
function isEscaped(json: string, offset: number): boolean {
  let before = offset - 1;
  while (json[before] === "\\") before -= 1;
  return (offset - 1 - before) % 2 === 1;
}

function pathOf(levels: readonly Level[]): string {
  const steps = levels.map(({ at }) => (typeof at === "number" ? `[${at}]` : `.${at}`));
  return steps.join("").slice(1);
}
