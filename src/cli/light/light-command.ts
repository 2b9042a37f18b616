/** `gonkad light`: verifies blocks of any node by the signatures of validators alone. */
import { Command } from "commander";
import { toUpperHex } from "../../encoding/bytes.ts";
import { formatTime } from "../../encoding/time.ts";
import type { LightClient } from "../../light/client.ts";
import { hashHeader } from "../../types/header.ts";
import type { LightBlock } from "../../types/light/light-block.ts";
import { print } from "../output.ts";
import { readSettings } from "../settings.ts";
import {
  addLightFlags,
  type LightFlags,
  parseHeight,
  startLightClient,
  toLightError,
} from "./options.ts";

const example = [
  "  gonkad light verify --chain-id gonka-local-1 --primary http://localhost:26657 \\",
  "    --witness http://localhost:26667 --trusted-height 5 --trusted-hash 9F3C…",
].join("\n");

export function lightCommand(): Command {
  const verify = addLightFlags(new Command("verify"))
    .description("verify one block: the newest, or that of a height")
    .argument("[height]", "the block to verify (default: the newest)", parseHeight)
    .addHelpText(
      "after",
      `\nExamples:\n${example}\n  gonkad light verify 120 --witness http://localhost:26667\n`,
    )
    .action(async (height: bigint | undefined, flags: LightFlags, command: Command) => {
      const block = await run(command, flags, (client) => verifyOne(client, height));
      print(describe(block), readSettings(command, "json").output);
    });
  const follow = addLightFlags(new Command("follow"))
    .description("verify every new block until interrupted; a line each")
    .option("--count <n>", "stop after so many blocks", parseHeight)
    .addHelpText("after", `\nExample:\n${example.replace("verify", "follow")}\n`)
    .action(async (flags: LightFlags & { readonly count?: bigint }, command: Command) => {
      await run(command, flags, (client) => followChain(client, flags.count));
    });
  return new Command("light")
    .description("verify blocks without running a node, from one that you trust")
    .addCommand(verify)
    .addCommand(follow);
}

async function run<T>(
  command: Command,
  flags: LightFlags,
  use: (client: LightClient) => Promise<T>,
): Promise<T> {
  try {
    return await use(await startLightClient(command, flags));
  } catch (error) {
    throw await toLightError(command, error);
  }
}

async function verifyOne(client: LightClient, height: bigint | undefined): Promise<LightBlock> {
  if (height !== undefined) return await client.verify(height);
  return (await client.update()) ?? client.latest;
}

const pollMs = 500;

async function followChain(client: LightClient, count: bigint | undefined): Promise<void> {
  for (let left = count; left === undefined || left > 0n; ) {
    const block = await client.update();
    if (block) {
      process.stdout.write(`${JSON.stringify(describe(block))}\n`);
      if (left !== undefined) left -= 1n;
    } else {
      await new Promise((resolve) => setTimeout(resolve, pollMs));
    }
  }
}

/** What a verified header says, under its RPC names. */
function describe({ header, validators }: LightBlock): object {
  return {
    height: String(header.height),
    hash: toUpperHex(hashHeader(header)),
    time: formatTime(header.time),
    app_hash: toUpperHex(header.appHash),
    validators_hash: toUpperHex(header.validatorsHash),
    validators: validators.size,
    total_voting_power: String(validators.totalPower),
  };
}
