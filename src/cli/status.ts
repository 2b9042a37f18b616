/** gonkad status: how far the node is, as CometBFT's JSON or as a few lines for people. */
import { Command } from "commander";
import { print } from "./output.ts";
import { rpcGet } from "./query/rpc-get.ts";
import { readSettings } from "./settings.ts";

interface Status {
  readonly node_info: { readonly moniker: string; readonly network: string; readonly id: string };
  readonly sync_info: {
    readonly latest_block_height: string;
    readonly latest_block_time: string;
    readonly catching_up: boolean;
  };
  readonly validator_info: { readonly address: string; readonly voting_power: string };
}

export function statusCommand(): Command {
  return new Command("status")
    .description("how far the node is")
    .option("--human", "a few lines instead of JSON")
    .addHelpText("after", "\nExamples:\n  gonkad status\n  gonkad status --human\n")
    .action(async (flags: { readonly human?: boolean }, command: Command) => {
      const settings = readSettings(command, "json");
      const status = (await rpcGet(settings.node, "status")) as Status;
      if (!flags.human) return print(status, settings.output);
      const { node_info: node, sync_info: sync, validator_info: validator } = status;
      process.stdout.write(
        `${node.moniker} on ${node.network}\n` +
          `height  ${sync.latest_block_height} at ${sync.latest_block_time}` +
          `${sync.catching_up ? " (catching up)" : ""}\n` +
          `power   ${validator.voting_power} as ${validator.address}\n` +
          `node id ${node.id}\n`,
      );
    });
}
