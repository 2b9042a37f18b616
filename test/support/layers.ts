/**
 * The import table of ARCHITECTURE.md as data: which folder of src/ may import which. A folder may
 * always import itself and, below the line "shared ground", whatever is under it.
 */

const ground: Readonly<Record<string, readonly string[]>> = {
  gen: [],
  encoding: ["gen"],
  crypto: ["encoding"],
  types: ["gen", "crypto", "encoding"],
  sprint: ["gen", "crypto", "encoding"],
  native: ["gen", "crypto", "encoding", "sprint"],
};
const sharedGround = Object.keys(ground);
const engine = [
  "mempool",
  "consensus",
  "blocksync",
  "statesync",
  "evidence",
  "execution",
  "blockstore",
  "privval",
  "p2p",
];
const outside = ["rpc", "api"];
/** The client side: talks to a node over its public interfaces only. */
const clients: Readonly<Record<string, readonly string[]>> = {
  host: [],
  light: [],
  cli: ["node", "host", "light", "localnet"],
  localnet: ["cli", "node", "host"],
};

/** The folder of src/ that a file belongs to; "modules" for files directly in it. */
export function layerOf(file: string): string {
  const [, folder = "", inner = "", rest] = file.split("/");
  return folder === "modules" && rest !== undefined ? `modules/${inner}` : folder;
}

/** Whether the table allows this import; both are paths from the repository root. */
export function mayImport(from: string, to: string): boolean {
  const [a, b] = [layerOf(from), layerOf(to)];
  if (a === b) return true;
  const allowed = ground[a];
  if (allowed) return allowed.includes(b);
  if (sharedGround.includes(b)) return true;
  if (a === "store") return false;
  if (a === "modules") return to === "src/store/kv.ts";
  if (a.startsWith("modules/")) return b === "modules" || to === "src/store/kv.ts";
  if (a === "abci") {
    const namesModules = /^src\/abci\/(app|wiring|simapp)\.ts$/.test(from);
    return b === "store" || b === "modules" || (b.startsWith("modules/") && namesModules);
  }
  if (a === "statesync" && b === "light") return true; // Snapshots are held against headers.
  // A second application, and a socket before any: they know the border, and no application.
  const knowsBorder = engine.includes(a) || a === "kvstore" || a === "abci-server";
  if (knowsBorder) return to === "src/abci/application.ts";
  if (outside.includes(a)) return to === "src/modules/module.ts" || to === "src/modules/errors.ts";
  if (a === "node") return !(b in clients) || b === "light"; // State sync follows headers.
  return (clients[a] ?? []).includes(b);
}
