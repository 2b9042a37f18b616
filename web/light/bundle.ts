/** Bundles the light client for browsers: what needs Node makes way for its twin in this folder. */
import path from "node:path";
import { fileURLToPath } from "node:url";
import { type BuildOptions, build, type Plugin } from "esbuild";

const here = path.dirname(fileURLToPath(import.meta.url));
const root = path.resolve(here, "../..");

const twins: Plugin = {
  name: "twins",
  setup(builder) {
    builder.onResolve({ filter: /crypto\/(hash|ed25519|secp256k1)\.ts$/ }, ({ path: name }) => ({
      path: path.join(here, path.basename(name)),
    }));
    builder.onResolve({ filter: /^\.\/hash\.ts$/ }, ({ resolveDir }) =>
      resolveDir === path.join(root, "src/crypto")
        ? { path: path.join(here, "hash.ts") }
        : undefined,
    );
  },
};

/** The bundle's text, minified when asked for. Throws when something of Node is left in it. */
export async function bundleLight(options: {
  readonly format: "esm" | "iife";
  readonly isMinified?: boolean;
}): Promise<string> {
  const settings: BuildOptions = {
    entryPoints: [path.join(here, "light.ts")],
    bundle: true,
    write: false,
    format: options.format,
    globalName: "light",
    platform: "browser",
    target: "es2022",
    minify: options.isMinified ?? false,
    inject: [path.join(here, "buffer.ts")],
    plugins: [twins],
    logLevel: "silent",
  };
  const { outputFiles } = await build(settings);
  const text = outputFiles?.[0]?.text;
  if (text === undefined) throw new Error("esbuild wrote nothing");
  return text;
}
