/** gonkad: from argv to a command. Every command is a file of its own. */
import { Command, CommanderError } from "commander";
import { appVersion as version } from "../node/version.ts";
import { type CliError, exitCodes, formatError, toCliError } from "./errors.ts";
import { printValue } from "./output.ts";
import { addGlobalFlags, readSettings } from "./settings.ts";

/**
 * The commands in the order of the help. Each is loaded when it is asked for: a node must not wait
 * for what only a wallet needs.
 */
const loaders: Readonly<Record<string, () => Promise<Command>>> = {
  init: async () => (await import("./init.ts")).initCommand(),
  start: async () => (await import("./start.ts")).startCommand(),
  host: async () => (await import("./host.ts")).hostCommand(),
  localnet: async () => (await import("./localnet.ts")).localnetCommand(),
  status: async () => (await import("./status.ts")).statusCommand(),
  keys: async () => (await import("./keys/keys-command.ts")).keysCommand(),
  genesis: async () => (await import("./genesis/genesis-command.ts")).genesisCommand(),
  tx: async () => (await import("./tx/tx-command.ts")).txCommand(),
  query: async () => (await import("./query/query-command.ts")).queryCommand(),
  sprint: async () => (await import("./sprint/sprint-command.ts")).sprintCommand(),
  light: async () => (await import("./light/light-command.ts")).lightCommand(),
  model: async () => (await import("./model/model-command.ts")).modelCommand(),
  snapshots: async () => (await import("./maintenance/snapshots-command.ts")).snapshotsCommand(),
  rollback: async () => (await import("./maintenance/rollback-command.ts")).rollbackCommand(),
  comet: async () => (await import("./start.ts")).cometCommand(),
};

/** The program with that command, or with all of them; the common flags on each. */
export async function program(name?: string): Promise<Command> {
  const gonkad = new Command("gonkad")
    .description("the Gonka network: a node, a host, a localnet, and the tools around them")
    .version(version, "-V, --version")
    .showSuggestionAfterError()
    .showHelpAfterError("(add --help for the list of commands and flags)")
    .enablePositionalOptions()
    .exitOverride();
  const one = name !== undefined && Object.hasOwn(loaders, name) ? loaders[name] : undefined;
  for (const load of one ? [one] : Object.values(loaders)) {
    gonkad.addCommand(inheritExit(await load()));
  }
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

/**
 * Neither setting is inherited: errors come back as exceptions, and a flag belongs to the command
 * that it stands behind, although a group above knows a flag of that name too.
 */
function inheritExit(command: Command): Command {
  command.exitOverride().enablePositionalOptions();
  for (const inner of command.commands) inheritExit(inner);
  return command;
}

/** Runs one command line and sets the exit code; never throws. */
export async function main(argv: readonly string[]): Promise<void> {
  try {
    const command = await program(argv[2]);
    await command.parseAsync([...argv]);
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
