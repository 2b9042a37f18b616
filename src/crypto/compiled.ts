/** Finds what `npm run build:native` made: optional addons with twins in TypeScript. */
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

/** An addon's exports, or why it is not here. */
export type Compiled = { readonly exports: unknown } | { readonly missing: string };

const require = createRequire(import.meta.url);

/** Loads native/build/NAME.node. The caller keeps the answer. */
export function loadCompiled(name: string): Compiled {
  const file = join("native", "build", `${name}.node`);
  const path = findAbove(dirname(fileURLToPath(import.meta.url)), file);
  if (!path) return { missing: `native/build/${name}.node is not built (npm run build:native)` };
  try {
    return { exports: require(path) };
  } catch (error) {
    return { missing: `${path}: ${error instanceof Error ? error.message : String(error)}` };
  }
}

/** The file in this folder or one above it: sources and dist/ lie at different depths. */
function findAbove(folder: string, file: string): string | undefined {
  try {
    return require.resolve(join(folder, file));
  } catch {
    const parent = dirname(folder);
    return parent === folder ? undefined : findAbove(parent, file);
  }
}
