/** gonkad: from argv to a command. Every command is a file of its own. */
import { Command, CommanderError } from "commander";
import { appVersion as version } from "../node/version.ts";
import { type CliError, exitCodes, formatError, toCliError } from "./errors.ts";
import { genesisCommand } from "./genesis/genesis-command.ts";
import { hostCommand } from "./host.ts";
import { initCommand } from "./init.ts";
import { keysCommand } from "./keys/keys-command.ts";
import { localnetCommand } from "./localnet.ts";
import { printValue } from "./output.ts";
import { queryCommand } from "./query/query-command.ts";
import { addGlobalFlags, readSettings } from "./settings.ts";
import { sprintCommand } from "./sprint.ts";
import { cometCommand, startCommand } from "./start.ts";
import { statusCommand } from "./status.ts";
import { txCommand } from "./tx/tx-command.ts";

/** Every command, with the common flags on each. */
export function program(): Command {
  const gonkad = new Command("gonkad")
    .description("the Gonka network: a node, a host, a localnet, and the tools around them")
    .version(version, "-V, --version")
    .showSuggestionAfterError()
    .showHelpAfterError("(add --help for the list of commands and flags)")
    .enablePositionalOptions()
    .exitOverride();
  const commands = [
    initCommand(),
    startCommand(),
    hostCommand(),
    localnetCommand(),
    statusCommand(),
    keysCommand(),
    genesisCommand(),
    txCommand(),
    queryCommand(),
    sprintCommand(),
    cometCommand(),
  ];
  for (const command of commands) gonkad.addCommand(inheritExit(command));
  gonkad
    .command("version")
    .description("print the version")
    .addHelpText("after", "\nExample:\n  gonkad version\n")
    .action((_: object, command: Command) => {
      printValue("version", version, readSettings(command, "text").output);
    });
  gonkad.hook("preAction", (_, command) => wantJson(command));
  return addGlobalFlags(gonkad);
}

/** For a command with a --json of its own, -o json means the same. */
function wantJson(command: Command): void {
  const hasOwn = command.options.some(({ long }) => long === "--json");
  if (hasOwn && command.optsWithGlobals().output === "json") command.setOptionValue("json", true);
}

/** exitOverride holds for one command only. */
function inheritExit(command: Command): Command {
  command.exitOverride();
  for (const inner of command.commands) inheritExit(inner);
  return command;
}

/** Runs one command line and sets the exit code; never throws. */
export async function main(argv: readonly string[]): Promise<void> {
  try {
    await program().parseAsync([...argv]);
  } catch (error) {
    process.exitCode = report(error, argv.includes("--trace"));
  }
}

function report(error: unknown, withStack: boolean): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : exitCodes.usage;
  const known: CliError = toCliError(error);
  process.stderr.write(formatError(known));
  if (withStack && error instanceof Error) process.stderr.write(`${error.stack}\n`);
  return known.exit;
}
