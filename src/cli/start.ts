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
    .addHelpText("after", "\nExample:\n  gonkad start --home ~/.gonkad\n")
    .action(async (_: object, command: Command) => {
      const { home } = readSettings(command, "text");
      await runNode(home);
    });
}

/** Runs until SIGINT, SIGTERM, or consensus fails. */
async function runNode(home: string): Promise<void> {
  const { startNode } = await import("../node/node.ts");
  let end: (failure: unknown) => void = () => {};
  const ended = new Promise<unknown>((resolve) => {
    end = resolve;
  });
  const interrupted = (): void => end(undefined);
  process.once("SIGINT", interrupted);
  process.once("SIGTERM", interrupted);
  stopWithParent(interrupted);
  const node = await startNode(home, (error) => end(error ?? new Error("consensus failed"))).catch(
    (error: unknown) => {
      throw notStarted(home, error);
    },
  );
  const failure = await ended;
  await node.stop();
  // Everything is closed; timers of libp2p would keep the process for another second.
  if (failure === undefined) process.exit(exitCodes.ok);
  throw new CliError("unexpected", "consensus_failure", {
    cause: failure instanceof Error ? failure.message : String(failure),
    fix: "read the log above; the data on disk is as of the last block",
  });
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
  readonly validator: {
    readonly pubKey: { readonly key: Uint8Array };
    readonly address: Uint8Array;
  };
}
