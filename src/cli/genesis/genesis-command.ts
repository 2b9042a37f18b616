/** gonkad genesis: fill in, check and fingerprint a genesis document. */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { Command } from "commander";
import { parseBech32 } from "../../encoding/bech32.ts";
import { parseBase64, toHex } from "../../encoding/bytes.ts";
import {
  addAccount,
  addHost,
  formatDraft,
  type GenesisDraft,
  hasAccount,
  shareEqually,
} from "../../localnet/genesis-edit.ts";
import { homePaths } from "../../node/home.ts";
import { genesisHash, parseGenesis } from "../../types/genesis/genesis.ts";
import { CliError } from "../errors.ts";
import { openKeyring } from "../keys/keys-command.ts";
import { note, print, printValue } from "../output.ts";
import { readSettings, usage } from "../settings.ts";
import { readCoins } from "../tx/amounts.ts";

export function genesisCommand(): Command {
  const genesis = new Command("genesis").description("fill in and check genesis.json");
  genesis
    .command("add-genesis-account")
    .argument("<address-or-key>")
    .argument("<coins>", "such as 1000gnk or 10ngonka,5other")
    .description("give an account coins from the first block on")
    .addHelpText("after", "\nExample:\n  gonkad genesis add-genesis-account alice 1000gnk\n")
    .action((who: string, coins: string, _: object, command: Command) => {
      const { output } = readSettings(command, "text");
      const address = addressOf(command, who);
      editDraft(command, (draft) => {
        if (hasAccount(draft, address)) throw usage(`${address} is there already`, "add it once");
        addAccount(draft, address, readCoins(coins));
      });
      if (output === "json") print({ added: address }, output);
      note(`${address} added`);
    });
  genesis.addCommand(addHostCommand());
  genesis
    .command("validate")
    .argument("[file]")
    .description("check a genesis document: the first problem, with its JSON path and the fix")
    .addHelpText("after", "\nExample:\n  gonkad genesis validate ~/.gonkad/config/genesis.json\n")
    .action(async (file: string | undefined, _: object, command: Command) => {
      const settings = readSettings(command, "text");
      const where = file ?? homePaths(settings.home).genesis;
      const doc = readDoc(where);
      const { checkGenesis } = await import("../../node/genesis/check.ts");
      const summary = await checkGenesis(doc).catch((error: unknown) => {
        throw badGenesis(where, error);
      });
      print({ file: where, chain_id: doc.chainId, ...summary }, settings.output);
    });
  genesis
    .command("hash")
    .argument("[file]")
    .description("print the hash of a genesis document: all nodes of a network must agree on it")
    .addHelpText("after", "\nExample:\n  gonkad genesis hash\n")
    .action((file: string | undefined, _: object, command: Command) => {
      const settings = readSettings(command, "text");
      const doc = readDoc(file ?? homePaths(settings.home).genesis);
      printValue("hash", toHex(genesisHash(doc)), settings.output);
    });
  genesis
    .command("export")
    .option("--height <n>", "state after that block; 0 is the latest, the only one kept", "0")
    .description("print the state of a stopped node as a genesis document")
    .addHelpText("after", "\nExample:\n  gonkad genesis export > genesis.json\n")
    .action(async (flags: { readonly height: string }, command: Command) => {
      const settings = readSettings(command, "json");
      const { exportGenesis } = await import("../../node/genesis/export.ts");
      const height = wholeNumber("--height", flags.height);
      process.stdout.write(`${await exportGenesis(settings.home, height)}\n`);
    });
  return genesis;
}

function addHostCommand(): Command {
  return new Command("add-host")
    .alias("add-validator")
    .argument("<operator>", "address or key of an account that is in the document")
    .requiredOption("--worker <key>", "key of the worker account, by name or base64")
    .requiredOption("--consensus-key <base64>", "see `gonkad comet show-validator`")
    .option("--moniker <name>", "name that people see", "host")
    .option("--weight <n>", "weight that it is taken to have proven", "100")
    .description("put a host into the first validator set; all hosts share power equally")
    .addHelpText("after", exampleHost)
    .action((operator: string, flags: AddHostFlags, command: Command) => {
      const address = addressOf(command, operator);
      const workerPubKey = workerKey(command, flags.worker);
      const consensusPubKey = parseBase64(flags.consensusKey);
      if (consensusPubKey?.length !== 32) {
        throw usage(
          "--consensus-key must be 32 bytes in base64",
          "see `gonkad comet show-validator`",
        );
      }
      editDraft(command, (draft) => {
        const { moniker } = flags;
        const weight = wholeNumber("--weight", flags.weight);
        if (!hasAccount(draft, address)) {
          throw usage(
            `${address} has no account in the document`,
            "add it first: gonkad genesis add-genesis-account",
          );
        }
        addHost(draft, {
          operator: address,
          workerPubKey,
          consensusPubKey,
          moniker,
          weight,
        });
        shareEqually(draft);
      });
      const { output } = readSettings(command, "text");
      if (output === "json") print({ added: address }, output);
      note(`${address} added as a host`);
    });
}

const exampleHost =
  "\nExample:\n  gonkad genesis add-host alice --worker worker1 " +
  `--consensus-key "$(gonkad comet show-validator | jq -r .key)"\n`;

function wholeNumber(flag: string, text: string): bigint {
  if (/^\d{1,18}$/.test(text)) return BigInt(text);
  throw usage(`${flag} ${text} is no whole number`, "give digits only");
}

interface AddHostFlags {
  readonly worker: string;
  readonly consensusKey: string;
  readonly moniker: string;
  readonly weight: string;
}

function addressOf(command: Command, text: string): string {
  if (parseBech32(text)) return text;
  return openKeyring(readSettings(command, "text")).find(text).address;
}

function workerKey(command: Command, text: string): Uint8Array {
  const given = parseBase64(text);
  if (given?.length === 33) return given;
  const stored = openKeyring(readSettings(command, "text")).find(text).pubKey;
  return parseBase64(stored) ?? new Uint8Array();
}

function editDraft(command: Command, edit: (draft: GenesisDraft) => void): void {
  const file = homePaths(readSettings(command, "text").home).genesis;
  readDoc(file); // Refuses a broken document before anything is written over it.
  const draft = JSON.parse(readFileSync(file, "utf8")) as GenesisDraft;
  edit(draft);
  writeFileSync(file, formatDraft(draft));
}

function readDoc(file: string) {
  if (!existsSync(file)) {
    throw new CliError("config", "no_genesis", {
      cause: `${file} does not exist`,
      fix: "make one with `gonkad init`, or name another with --home",
    });
  }
  try {
    return parseGenesis(readFileSync(file, "utf8"));
  } catch (error) {
    throw badGenesis(file, error);
  }
}

function badGenesis(file: string, error: unknown): CliError {
  return new CliError("config", "bad_genesis", {
    cause: `${file}: ${error instanceof Error ? error.message : String(error)}`,
    fix: "mend the value at that path",
  });
}
