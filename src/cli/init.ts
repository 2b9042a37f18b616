/** gonkad init: a home directory with keys, configuration and a genesis to fill in. */
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { Command } from "commander";
import { fromMillis } from "../encoding/time.ts";
import { draftFromProfile, formatDraft } from "../localnet/genesis-edit.ts";
import { CliError } from "./errors.ts";
import { readSettings, type Settings, usage } from "./settings.ts";

interface InitFlags {
  readonly profile: string;
  readonly overwrite?: boolean;
}

export function initCommand(): Command {
  return new Command("init")
    .argument("<moniker>", "name of this node, for people")
    .option("--profile <name>", "parameters of the genesis: gonka or localnet", "gonka")
    .option("--overwrite", "replace a genesis that is there")
    .description("make a home directory: keys, configuration, genesis")
    .addHelpText("after", "\nExample:\n  gonkad init my-node --chain-id gonka-test-1\n")
    .action(async (moniker: string, flags: InitFlags, command: Command) => {
      const settings = readSettings(command, "json");
      const chainId = settings.chainId ?? `gonka-${Date.now().toString(36)}`;
      if (flags.profile !== "gonka" && flags.profile !== "localnet") {
        throw usage(`unknown profile "${flags.profile}"`, "use gonka or localnet");
      }
      const time = fromMillis(Date.now());
      const genesis = formatDraft(draftFromProfile(flags.profile, { chainId, time }));
      const { nodeId, file } = await writeHome(settings, { moniker, chainId, genesis, flags });
      // Scripts of the SDK read this from stderr.
      process.stderr.write(
        `${JSON.stringify({ moniker, chain_id: chainId, node_id: nodeId, genesis: file })}\n`,
      );
    });
}

interface HomeContent {
  readonly moniker: string;
  readonly chainId: string;
  readonly genesis: string;
  readonly flags: InitFlags;
}

async function writeHome(settings: Settings, content: HomeContent) {
  const { formatConfig } = await import("../node/config.ts");
  const { homePaths } = await import("../node/home.ts");
  const { loadOrCreateKeys } = await import("../node/keys.ts");
  const paths = homePaths(settings.home);
  if (existsSync(paths.genesis) && !content.flags.overwrite) {
    throw new CliError("config", "genesis_exists", {
      cause: `${paths.genesis} exists already`,
      fix: "use another --home, or --overwrite to replace it",
    });
  }
  mkdirSync(path.dirname(paths.genesis), { recursive: true });
  writeFileSync(paths.genesis, content.genesis);
  const { nodeId } = loadOrCreateKeys(settings.home);
  writeUnlessThere(paths.configToml, formatConfig("config", { moniker: content.moniker }));
  writeUnlessThere(paths.appToml, formatConfig("app", {}));
  const client = `chain-id = "${content.chainId}"\nkeyring-backend = "file"\n`;
  writeUnlessThere(paths.clientToml, `${client}node = "tcp://localhost:26657"\n`);
  return { nodeId, file: paths.genesis };
}

function writeUnlessThere(file: string, text: string): void {
  if (!existsSync(file)) writeFileSync(file, text);
}
