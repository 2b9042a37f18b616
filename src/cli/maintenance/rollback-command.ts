/** gonkad rollback: one height back. */
import { Command } from "commander";
import { toUpperHex } from "../../encoding/bytes.ts";
import { CliError } from "../errors.ts";
import { print } from "../output.ts";
import { readSettings } from "../settings.ts";

export function rollbackCommand(): Command {
  return new Command("rollback")
    .description("take state and application of a stopped node one height back")
    .addHelpText("after", "\nExample:\n  gonkad rollback && gonkad start\n")
    .action(async (_: object, command: Command) => {
      const { home, output } = readSettings(command, "text");
      const { rollBackNode } = await import("../../node/maintenance/rollback.ts");
      const { RollbackRefused } = await import("../../store/rollback.ts");
      const back = await rollBackNode(home).catch((error: unknown) => {
        if (!(error instanceof RollbackRefused)) throw error;
        const fix = "restore a snapshot (`gonkad snapshots restore`) or sync the node anew";
        throw new CliError("config", "rollback_refused", { cause: error.message, fix });
      });
      print({ height: String(back.height), app_hash: toUpperHex(back.appHash) }, output);
    });
}
