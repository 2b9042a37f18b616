/** Which of CosmJS's own specs talk to a node, what they expect to run, and their bundles. */
import { existsSync, readdirSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { build, type Plugin } from "esbuild";

/** One package of CosmJS whose specs run against our chains. */
export interface Suite {
  readonly name: string;
  /** Folder of the specs in the checkout. */
  readonly folder: string;
  readonly isWanted: (file: string) => boolean;
  /** Full names of specs that want another node than ours. */
  readonly foreign?: readonly string[];
  readonly profiles: readonly string[];
  /** Switches that CosmJS reads: without them a spec that needs a chain is pending. */
  readonly env: Readonly<Record<string, string>>;
}

const simappEnv = { SIMAPP50_ENABLED: "1", SLOW_SIMAPP50_ENABLED: "1" };

export const suites: readonly Suite[] = [
  {
    name: "tendermint-rpc",
    folder: "packages/tendermint-rpc/src",
    // These two want a CometBFT 1.x and a 0.37 at ports of their own.
    isWanted: (file) => !/(comet1|tendermint37)client\.spec\.ts$/.test(file),
    foreign: ["connectComet works for Tendermint 0.37", "connectComet works for CometBFT 1.x"],
    profiles: ["kvstore"],
    env: { TENDERMINT_ENABLED: "1", HTTPSERVER_ENABLED: "1" },
  },
  {
    name: "stargate",
    folder: "packages/stargate/src",
    isWanted: () => true,
    profiles: ["simapp", "simapp-slow"],
    env: simappEnv,
  },
  {
    name: "proto-signing",
    folder: "packages/proto-signing/src",
    isWanted: () => true,
    profiles: [],
    env: {},
  },
  {
    name: "faucet",
    folder: "packages/faucet/src",
    // The others need a web framework, and no chain.
    isWanted: (file) => file.endsWith("/faucet.spec.ts"),
    profiles: ["simapp"],
    env: simappEnv,
  },
];

const modules = fileURLToPath(new URL("../../node_modules", import.meta.url));

/** Compiles the specs of a suite, one file each, into the folder; returns their paths. */
export async function bundleSuite(
  suite: Suite,
  place: { readonly checkout: string; readonly to: string },
): Promise<string[]> {
  const folder = path.join(place.checkout, suite.folder);
  const specs = readdirSync(folder, { recursive: true, encoding: "utf8" })
    .map((name) => path.join(folder, name))
    .filter((file) => file.endsWith(".spec.ts") && suite.isWanted(file))
    .sort();
  const outdir = path.join(place.to, suite.name);
  await build({
    entryPoints: specs,
    outdir,
    outbase: folder,
    bundle: true,
    format: "cjs",
    platform: "node",
    target: "node20",
    sourcemap: "inline",
    outExtension: { ".js": ".cjs" },
    nodePaths: [modules],
    plugins: [sourcesOf(place.checkout)],
    logLevel: "error",
  });
  return specs.map((file) => path.join(outdir, path.relative(folder, file).replace(/ts$/, "cjs")));
}

/** Imports between CosmJS's packages mean the sources of the checkout, not what npm installed. */
function sourcesOf(checkout: string): Plugin {
  return {
    name: "sources",
    setup(builder) {
      builder.onResolve({ filter: /^@cosmjs\/[a-z-]+$/ }, ({ path: name }) => {
        const file = path.join(checkout, "packages", name.slice("@cosmjs/".length), "src/index.ts");
        return existsSync(file) ? { path: file } : undefined;
      });
    },
  };
}
