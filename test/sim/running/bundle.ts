/**
 * Compiles the simulator with everything under it into one file: it runs faster than through a
 * loader, modules can be replaced by shortcuts, and a planted bug is a change of text on the way.
 */
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { build, type Plugin } from "esbuild";

const root = fileURLToPath(new URL("../../../", import.meta.url));

/** Stand-ins of modules that most seeds run with, by what they stand in for. */
const shortcuts = new Map([
  ["src/crypto/ed25519.ts", "test/sim/shortcuts/ed25519.ts"],
  ["@bufbuild/protobuf/wire", "test/sim/shortcuts/wire.ts"],
]);

/** One change of one file's text. */
export interface Patch {
  /** From the root of the repository. */
  readonly file: string;
  /** Stands in the file exactly once. */
  readonly from: string;
  readonly to: string;
}

/** Every so many seeds one runs without shortcuts. */
const realEvery = 50;

/** Whether a seed runs with real signatures and the codecs of production. */
export const isRealSeed = (seed: number): boolean => seed % realEvery === 0;

/** Two compiled simulators, as files that export runSeed. */
export interface Bundles {
  readonly shortcuts: string;
  readonly real: string;
  /** Deletes them. */
  readonly remove: () => void;
}

/** The text with the patch. Throws when what it replaces is not there exactly once. */
export function patched(text: string, { file, from, to }: Patch): string {
  const pieces = text.split(from);
  if (pieces.length !== 2) throw new Error(`${file} has ${pieces.length - 1} times: ${from}`);
  return pieces.join(to);
}

/** Compiles the simulator, with planted bugs or without. */
export async function bundles(patches: readonly Patch[] = []): Promise<Bundles> {
  const parent = path.join(root, "dist"); // Below the repository, where packages are found.
  mkdirSync(parent, { recursive: true });
  const folder = mkdtempSync(path.join(parent, "sim-"));
  const shortcuts = path.join(folder, "shortcuts.mjs");
  const real = path.join(folder, "real.mjs");
  await compile(shortcuts, [shortening, patching(patches)]);
  await compile(real, [patching(patches)]);
  return { shortcuts, real, remove: () => rmSync(folder, { recursive: true }) };
}

async function compile(outfile: string, plugins: Plugin[]): Promise<void> {
  await build({
    entryPoints: [path.join(root, "test/sim/run-seed.ts")],
    outfile,
    bundle: true,
    platform: "node",
    format: "esm",
    target: "node20",
    packages: "external",
    logLevel: "warning",
    sourcemap: "inline",
    plugins,
  });
}

const shortening: Plugin = {
  name: "shortcuts",
  setup({ onResolve }) {
    onResolve({ filter: /ed25519\.ts$|protobuf\/wire$/ }, (wanted) => {
      const { importer, path: name, resolveDir } = wanted;
      const of = name.startsWith(".") ? path.relative(root, path.join(resolveDir, name)) : name;
      const standIn = shortcuts.get(of);
      if (standIn === undefined || importer === path.join(root, standIn)) return undefined;
      return { path: path.join(root, standIn) };
    });
  },
};

const patching = (patches: readonly Patch[]): Plugin => ({
  name: "patches",
  setup({ onLoad }) {
    onLoad({ filter: /\/src\/.*\.ts$/ }, ({ path: file }) => {
      const mine = patches.filter((patch) => path.join(root, patch.file) === file);
      if (mine.length === 0) return undefined;
      const contents = mine.reduce(patched, readFileSync(file, "utf8"));
      return { contents, loader: "ts" };
    });
  },
});
