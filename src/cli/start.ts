/** gonkad start: the node in the foreground; gonkad comet: what a node says of itself. */
import { Command } from "commander";
import { toBase64, toUpperHex } from "../encoding/bytes.ts";
import { stopWithParent } from "../localnet/parent.ts";
import { CliError, exitCodes } from "./errors.ts";
import { type OutputFormat, printValue, toJson } from "./output.ts";
import { readSettings } from "./settings.ts";

export function startCommand(): Command {
  return new Command("start")
    .description("run the node of --home until it is interrupted")
    .option("--app <name>", "application: gonka or kvstore (default as in app.toml)")
    .option("--engine <name>", "embedded, or external: a CometBFT node that connects to us")
    .option("--abci.address <url>", "with --engine external: tcp://host:port or unix://path")
    .option("--rpc.laddr <address>", "where JSON-RPC and websocket listen")
    .option("--rpc.unsafe [bool]", "offer dial_seeds and the like", asBoolean)
    .option("--api.enable [bool]", "run the REST gateway", asBoolean)
    .option("--api.address <address>", "where REST listens")
    .option("--grpc.enable [bool]", "run the gRPC server", asBoolean)
    .option("--grpc.address <address>", "where gRPC listens")
    .option("--grpc-web.enable [bool]", "speak grpc-web on REST's port", asBoolean)
    .option("--minimum-gas-prices <coins>", "lowest gas prices that this node takes")
    .option("--unsafe-skip-upgrades <heights>", "drop the upgrades planned for these heights")
    .addHelpText(
      "after",
      "\nExamples:\n  gonkad start --home ~/.gonkad\n" +
        "  gonkad start --engine external --abci.address tcp://127.0.0.1:26658\n",
    )
    .action(async (flags: StartFlags, command: Command) => {
      const { home } = readSettings(command, "text");
      await runNode(home, flags);
    });
}

/** Flags that stand for a key of the configuration. */
interface StartFlags extends Readonly<Record<string, string | boolean | undefined>> {
  readonly app?: string;
}

/** Flags whose name is that of their key; commander writes the part after a dash in camel case. */
const keyFlags: readonly (readonly [key: string, flag: string])[] = [
  ...["engine", "abci.address", "rpc.laddr", "rpc.unsafe", "api.enable", "api.address"],
  ...["grpc.enable", "grpc.address", "grpc-web.enable", "minimum-gas-prices"],
  "unsafe-skip-upgrades",
].map((key) => [key, key.replace(/-([a-z])/g, (_, letter: string) => letter.toUpperCase())]);

/** --grpc.enable, --grpc.enable=true, --grpc.enable=false; anything else is told by the config. */
const asBoolean = (text: string): string | boolean =>
  text === "true" ? true : text === "false" ? false : text;

/** Which process makes the blocks decides what is started. */
async function start(
  home: string,
  flags: StartFlags,
  fatal: (error: unknown) => void,
): Promise<{ stop(): Promise<void> }> {
  const { loadConfig } = await import("../node/config.ts");
  const given = [
    ["application", flags.app] as const,
    ...keyFlags.map(([key, flag]) => [key, flags[flag]] as const),
  ];
  const overrides = new Map<string, string | boolean>();
  for (const [key, value] of given) if (value !== undefined) overrides.set(key, value);
  const config = loadConfig(home, overrides);
  if (config.string("engine") === "external") {
    const { startExternalNode } = await import("../node/external/external-node.ts");
    return startExternalNode(home, fatal, config);
  }
  const { startNode } = await import("../node/node.ts");
  return startNode(home, fatal, config);
}

/** Runs until SIGINT, SIGTERM, or the engine or the application fails. */
async function runNode(home: string, flags: StartFlags): Promise<void> {
  let end: (failure: unknown) => void = () => {};
  const ended = new Promise<unknown>((resolve) => {
    end = resolve;
  });
  const interrupted = (): void => end(undefined);
  process.once("SIGINT", interrupted);
  process.once("SIGTERM", interrupted);
  stopWithParent(interrupted);
  const fatal = (error: unknown): void => end(error ?? new Error("consensus failed"));
  const node = await start(home, flags, fatal).catch(async (error: unknown) => {
    throw await stoppedBy(home, error, notStarted(home, error));
  });
  const failure = await ended;
  await node.stop();
  // Everything is closed; timers of libp2p would keep the process for another second.
  if (failure === undefined) process.exit(exitCodes.ok);
  const stopped = new CliError("unexpected", "consensus_failure", {
    cause: failure instanceof Error ? failure.message : String(failure),
    fix: "read the log above; the data on disk is as of the last block",
  });
  throw await stoppedBy(home, failure, stopped);
}

/** A planned upgrade stops a node as a failure would, and is none. */
async function stoppedBy(home: string, failure: unknown, other: CliError): Promise<CliError> {
  const { noteUpgrade } = await import("../node/upgrade-info.ts");
  const plan = noteUpgrade(home, failure);
  if (!plan) return isDiskFull(failure) ? diskFull(home, other.message) : other;
  return new CliError("unexpected", "upgrade_needed", {
    cause: other.message,
    fix: `start the program that carries out the plan ${JSON.stringify(plan.name)}`,
  });
}

/** Of the log's file or of a database, which says it in words. */
const isDiskFull = (failure: unknown): boolean =>
  /ENOSPC|EDQUOT|no space left on device|disk quota exceeded/i.test(String(failure));

/** Nothing is lost: what does not fit is not written, and what is not written is not signed. */
function diskFull(home: string, cause: string): CliError {
  const fix = `make room on the disk of ${home}, then start again: it goes on where it stopped`;
  return new CliError("unexpected", "disk_full", { cause, fix });
}

function notStarted(home: string, error: unknown): CliError {
  return new CliError("config", "not_started", {
    cause: error instanceof Error ? error.message : String(error),
    fix: `check ${home}: configuration, genesis, and whether another process uses it`,
  });
}

export function cometCommand(): Command {
  const comet = new Command("comet")
    .aliases(["cometbft", "tendermint"])
    .description("identity of the node");
  const show = (name: string, about: string, print: (keys: Keys, to: OutputFormat) => void) => {
    comet
      .command(name)
      .description(about)
      .addHelpText("after", `\nExample:\n  gonkad comet ${name} --home ~/.gonkad\n`)
      .action(async (_: object, command: Command) => {
        const { loadOrCreateKeys } = await import("../node/keys.ts");
        const { home, output } = readSettings(command, "text");
        print(loadOrCreateKeys(home), output);
      });
  };
  show("show-node-id", "print the node id that peers dial", ({ nodeId }, to) => {
    printValue("node_id", nodeId, to);
  });
  show("show-peer-id", "print the same key as a libp2p peer id, for CometBFT", ({ peerId }, to) => {
    printValue("peer_id", peerId, to);
  });
  show("show-validator", "print the consensus public key, as JSON", ({ validator }) => {
    const key = toBase64(validator.pubKey.key);
    process.stdout.write(`${toJson({ "@type": "/cosmos.crypto.ed25519.PubKey", key })}\n`);
  });
  show("show-address", "print the consensus address", ({ validator }, to) => {
    printValue("address", toUpperHex(validator.address), to);
  });
  return comet;
}

interface Keys {
  readonly nodeId: string;
  readonly peerId: string;
  readonly validator: {
    readonly pubKey: { readonly key: Uint8Array };
    readonly address: Uint8Array;
  };
}
