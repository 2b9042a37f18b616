/** What the application's part of a genesis document may contain, whatever it means. */
import { JsonNode } from "./json-node.ts";

/** Deepest nesting: more than any module needs, less than any parser's stack. */
const maxDepth = 64;

/**
 * Refuses app_state that two implementations could read differently: something else than an
 * object, numbers that are no safe integers, and deep nesting. Throws GenesisDocError.
 */
export function checkAppState(root: JsonNode): void {
  if (typeof root.value !== "object" || Array.isArray(root.value)) {
    root.fail("not an object", "write one member per module");
  }
  let level: JsonNode[] = [root];
  for (let depth = 0; level.length > 0; depth++) {
    const next: JsonNode[] = [];
    for (const node of level) {
      if (depth > maxDepth) node.fail(`nested deeper than ${maxDepth} levels`, "flatten it");
      checkNumber(node);
      for (const child of childrenOf(node)) next.push(child);
    }
    level = next;
  }
}

function checkNumber(node: JsonNode): void {
  if (typeof node.value !== "number" || Number.isSafeInteger(node.value)) return;
  node.fail(`${node.value} is not an exact integer`, 'write it in quotes: "123"');
}

function childrenOf({ path, value }: JsonNode): JsonNode[] {
  if (Array.isArray(value)) {
    return value.map((each: unknown, index) => new JsonNode(`${path}[${index}]`, each));
  }
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).map(([name, each]) => new JsonNode(`${path}.${name}`, each));
}
