/**
 * Where a command finds its settings: flag, then GONKAD_* environment, then config/client.toml,
 * then the default.
 */
import { existsSync, readFileSync } from "node:fs";
import { homedir } from "node:os";
import path from "node:path";
import type { Command } from "commander";
import { parse } from "smol-toml";
import { CliError } from "./errors.ts";
import type { OutputFormat } from "./output.ts";

/** Flags that every command knows. */
export interface Settings {
  readonly home: string;
  readonly chainId: string | undefined;
  readonly node: string;
  readonly keyringBackend: "file" | "test";
  readonly passphraseFile: string | undefined;
  readonly output: OutputFormat;
  readonly trace: boolean;
}

const defaultNode = "tcp://localhost:26657";

/** The directory that holds config/ and data/ unless --home says otherwise. */
function defaultHome(): string {
  return process.env.GONKAD_HOME ?? path.join(homedir(), ".gonkad");
}

const globalFlags: readonly (readonly [flags: string, about: string])[] = [
  ["--home <dir>", "directory for config and data (default ~/.gonkad)"],
  ["--chain-id <id>", "chain id that transactions are signed for"],
  ["--node <url>", "CometBFT RPC to talk to (default tcp://localhost:26657)"],
  ["--keyring-backend <name>", "where keys are kept: file or test"],
  ["--keyring-passphrase-file <file>", "file whose first line unlocks the keyring"],
  ["-o, --output <format>", "output format: json or text"],
  ["--trace", "print the stack of unexpected errors"],
];

/** Declares the common flags on a command and all below it, so that they may stand anywhere. */
export function addGlobalFlags(command: Command): Command {
  for (const [flags, about] of globalFlags) {
    const name = /--([a-z-]+)/.exec(flags)?.[1];
    const isOwn = command.options.some((option) => option.long === `--${name}`);
    if (!isOwn) command.option(flags, about);
  }
  for (const inner of command.commands) addGlobalFlags(inner);
  return command;
}

/** The settings in force for this command. fallback is its own output default. */
export function readSettings(command: Command, fallback: OutputFormat): Settings {
  const flags = command.optsWithGlobals<Record<string, unknown>>();
  const home = typeof flags.home === "string" ? flags.home : defaultHome();
  const file = readClientToml(home);
  const pick = (flag: string, key: string): string | undefined => {
    const fromFlag = flags[flag];
    const fromEnv = process.env[`GONKAD_${key.toUpperCase().replace(/-/g, "_")}`];
    // What is empty counts as not given.
    const value = [fromFlag, fromEnv, file[key]].find((each) => (each ?? "") !== "");
    return value === undefined ? undefined : String(value);
  };
  return {
    home,
    chainId: pick("chainId", "chain-id"),
    node: nodeUrl(pick("node", "node") ?? defaultNode),
    keyringBackend: backend(pick("keyringBackend", "keyring-backend") ?? "file"),
    passphraseFile: pick("keyringPassphraseFile", "keyring-passphrase-file"),
    output: format(pick("output", "output") ?? fallback),
    trace: flags.trace === true,
  };
}

function readClientToml(home: string): Readonly<Record<string, unknown>> {
  const file = path.join(home, "config", "client.toml");
  if (!existsSync(file)) return {};
  try {
    return parse(readFileSync(file, "utf8"));
  } catch (error) {
    throw new CliError("config", "client_toml", {
      cause: `${file}: ${error instanceof Error ? error.message : String(error)}`,
      fix: "mend the file, or delete it to use the defaults",
    });
  }
}

function backend(name: string): "file" | "test" {
  if (name === "file" || name === "test") return name;
  throw usage(`unknown keyring backend "${name}"`, "use --keyring-backend file or test");
}

function format(name: string): OutputFormat {
  if (name === "json" || name === "text") return name;
  throw usage(`unknown output format "${name}"`, "use -o json or -o text");
}

/** Where a node's RPC may be. */
function nodeUrl(text: string): string {
  if (/^(tcp|https?):\/\/[^\s/]+(\/\S*)?$/.test(text) && URL.canParse(httpUrl(text))) return text;
  throw usage(`--node ${text} is no address`, "write tcp://localhost:26657 or https://host/path");
}

/** A command line that cannot be understood. */
export function usage(cause: string, fix: string): CliError {
  return new CliError("usage", "usage", { cause, fix });
}

/** The HTTP address of a CometBFT RPC URL: tcp:// is what CometBFT writes, http:// what it is. */
export function httpUrl(node: string): string {
  return node.replace(/^tcp:\/\//, "http://");
}
