/** gonkad snapshots: whole states of a stopped node. */
import { Command } from "commander";
import { parseHex, toUpperHex } from "../../encoding/bytes.ts";
import { note, print } from "../output.ts";
import { readSettings, usage } from "../settings.ts";

const load = () => import("../../node/maintenance/snapshots.ts");

export function snapshotsCommand(): Command {
  const snapshots = new Command("snapshots").description("snapshots of a stopped node's state");
  snapshots
    .command("list")
    .description("show the snapshots that are there, oldest first")
    .addHelpText("after", "\nExample:\n  gonkad snapshots list\n")
    .action(async (_: object, command: Command) => {
      const { home, output } = readSettings(command, "text");
      const found = await (await load()).listSnapshots(home);
      const shown = found.map(({ height, format, chunks, hash }) => {
        return { height: String(height), format, chunks, hash: toUpperHex(hash) };
      });
      print({ snapshots: shown }, output);
    });
  snapshots
    .command("export")
    .description("make a snapshot of the last committed height")
    .addHelpText("after", "\nExample:\n  gonkad snapshots export\n")
    .action(async (_: object, command: Command) => {
      const { home, output } = readSettings(command, "text");
      const height = await (await load()).makeSnapshot(home);
      print({ height: String(height) }, output);
    });
  snapshots
    .command("restore")
    .argument("<height>")
    .option("--app-hash <hex>", "the hash that the state must have; else the stored blocks tell it")
    .description("replace the state by a snapshot; the next start executes later blocks again")
    .addHelpText("after", "\nExample:\n  gonkad snapshots restore 20000 && gonkad start\n")
    .action(async (text: string, flags: { readonly appHash?: string }, command: Command) => {
      const { home } = readSettings(command, "text");
      const [height, appHash] = [heightOf(text), hashOf(flags.appHash)];
      await (await load()).restoreSnapshot(home, height, appHash);
      note(`state of height ${height} restored`);
    });
  snapshots
    .command("delete")
    .argument("<height>")
    .description("delete a snapshot")
    .addHelpText("after", "\nExample:\n  gonkad snapshots delete 20000\n")
    .action(async (text: string, _: object, command: Command) => {
      const { home } = readSettings(command, "text");
      const height = heightOf(text);
      if (!(await (await load()).deleteSnapshot(home, height))) {
        throw usage(`there is no snapshot of height ${height}`, "see `gonkad snapshots list`");
      }
      note(`snapshot ${height} deleted`);
    });
  return snapshots;
}

function heightOf(text: string): bigint {
  if (/^\d{1,18}$/.test(text)) return BigInt(text);
  throw usage(`${text} is not a height`, "give digits only");
}

function hashOf(text: string | undefined): Uint8Array | undefined {
  if (text === undefined) return undefined;
  const hash = parseHex(text);
  if (hash?.length === 32) return hash;
  throw usage("--app-hash must be 32 bytes in hex", "take it from the header of the next block");
}
