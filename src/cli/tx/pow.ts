/** gonkad tx pow: hosts and the community pool. Sprints are the host agent's business. */
import type { EncodeObject } from "@cosmjs/proto-signing";
import { Command } from "commander";
import { fromBase64, parseBase64 } from "../../encoding/bytes.ts";
import { toProtoCoins } from "../../encoding/coins.ts";
import { openKeyring } from "../keys/keys-command.ts";
import { readSettings, usage } from "../settings.ts";
import { readCoins } from "./amounts.ts";
import { addTxFlags, sendTx } from "./send-tx.ts";

const message = (name: string, value: object): EncodeObject => ({
  typeUrl: `/gonka.pow.v1.${name}`,
  value,
});

/** What a worker may sign unless --grants says otherwise: all that a Sprint needs. */
const sprintGrants = ["MsgAttestSprint", "MsgCommitSprint", "MsgOpenSprint"].map(
  (name) => `/gonka.pow.v1.${name}`,
);

interface HostFlags {
  readonly worker: string;
  readonly consensusKey: string;
  readonly moniker: string;
  readonly website: string;
  readonly endpoint: string;
  readonly grants?: string;
}

export function powTxCommand(): Command {
  const pow = new Command("pow").description("register hosts, fund the community pool");
  pow.addCommand(
    hostFlags(addTxFlags(new Command("register-host")))
      .requiredOption("--worker <key>", "key of the worker account, by name or base64 public key")
      .requiredOption("--consensus-key <base64>", "ed25519 key (`gonkad comet show-validator`)")
      .option("--grants <types>", "comma-separated message types that the worker may sign")
      .description("register this account as the operator of a host")
      .addHelpText("after", exampleRegister)
      .action(async (flags: HostFlags, command: Command) => {
        const value = {
          workerPubKey: workerKey(command, flags.worker),
          consensusPubKey: consensusKey(flags.consensusKey),
          moniker: flags.moniker,
          website: flags.website,
          endpoint: flags.endpoint,
          workerGrants: flags.grants?.split(",").sort() ?? sprintGrants,
        };
        await sendTx(command, (operator) => [message("MsgRegisterHost", { operator, ...value })]);
      }),
  );
  pow.addCommand(
    hostFlags(addTxFlags(new Command("update-host")))
      .option("--consensus-key <base64>", "new ed25519 key; empty keeps the present one", "")
      .description("change what the host says of itself, or its consensus key")
      .addHelpText(
        "after",
        "\nExample:\n  gonkad tx pow update-host --from host1 --moniker lighthouse\n",
      )
      .action(async ({ moniker, website, endpoint, ...flags }: HostFlags, command: Command) => {
        const key = flags.consensusKey === "" ? new Uint8Array() : consensusKey(flags.consensusKey);
        await sendTx(command, (operator) => [
          message("MsgUpdateHost", { operator, moniker, website, endpoint, consensusPubKey: key }),
        ]);
      }),
  );
  pow.addCommand(setWorkerCommand());
  pow.addCommand(
    addTxFlags(new Command("unregister-host"))
      .description("leave: no more Sprints; the power fades")
      .addHelpText("after", "\nExample:\n  gonkad tx pow unregister-host --from host1\n")
      .action(async (_: object, command: Command) => {
        await sendTx(command, (operator) => [message("MsgUnregisterHost", { operator })]);
      }),
  );
  pow.addCommand(
    addTxFlags(new Command("fund-community-pool"))
      .argument("<amount>")
      .description("give coins to the community pool")
      .addHelpText("after", "\nExample:\n  gonkad tx pow fund-community-pool 5gnk --from alice\n")
      .action(async (amount: string, _: object, command: Command) => {
        const coins = toProtoCoins(readCoins(amount));
        await sendTx(command, (depositor) => [
          message("MsgFundCommunityPool", { depositor, amount: coins }),
        ]);
      }),
  );
  return pow;
}

const exampleRegister =
  "\nExample:\n  gonkad tx pow register-host --from alice --worker worker1 " +
  `--consensus-key "$(gonkad comet show-validator | jq -r .key)"\n`;

function setWorkerCommand(): Command {
  return addTxFlags(new Command("set-worker"))
    .requiredOption("--worker <key>", "new worker key, by name or base64 public key")
    .option("--grants <types>", "comma-separated message types; empty revokes everything")
    .description("replace the worker key, or what it may sign")
    .addHelpText("after", "\nExample:\n  gonkad tx pow set-worker --worker worker2 --from host1\n")
    .action(async (flags: { worker: string; grants?: string }, command: Command) => {
      const grants =
        flags.grants
          ?.split(",")
          .filter((type) => type !== "")
          .sort() ?? sprintGrants;
      const workerPubKey = workerKey(command, flags.worker);
      await sendTx(command, (operator) => [
        message("MsgSetWorker", { operator, workerPubKey, workerGrants: grants }),
      ]);
    });
}

function hostFlags(command: Command): Command {
  return command
    .option("--moniker <name>", "name that people see", "")
    .option("--website <url>", "where people read about the host", "")
    .option("--endpoint <url>", "where the host agent answers", "");
}

function workerKey(command: Command, text: string): Uint8Array {
  const bytes = parseBase64(text);
  if (bytes?.length === 33) return bytes;
  return fromBase64(openKeyring(readSettings(command, "json")).find(text).pubKey);
}

function consensusKey(text: string): Uint8Array {
  const bytes = parseBase64(text);
  if (bytes?.length === 32) return bytes;
  throw usage("--consensus-key must be 32 bytes in base64", "see `gonkad comet show-validator`");
}
