/** gonkad query: reads through the node's RPC, at the tip or at --height. */
import { Comet38Client } from "@cosmjs/tendermint-rpc";
import { Command } from "commander";
import { BaseAccount, ModuleAccount } from "cosmjs-types/cosmos/auth/v1beta1/auth";
import { PubKey } from "cosmjs-types/cosmos/crypto/secp256k1/keys";
import { parseHex, toHex } from "../../encoding/bytes.ts";
import { camelCase, type JsonCodec, protoJson, snakeCase } from "../../encoding/proto-json.ts";
import { CliError } from "../errors.ts";
import { openKeyring } from "../keys/keys-command.ts";
import { print } from "../output.ts";
import { httpUrl, readSettings, type Settings, usage } from "../settings.ts";
import { messageCodec } from "../tx/registry.ts";
import { type QueryMethod, queryMethods } from "./methods.ts";
import { rpcGet } from "./rpc-get.ts";

const accountCodecs: Readonly<Record<string, JsonCodec<object>>> = {
  "/cosmos.auth.v1beta1.BaseAccount": BaseAccount as JsonCodec<object>,
  "/cosmos.auth.v1beta1.ModuleAccount": ModuleAccount as JsonCodec<object>,
  "/cosmos.crypto.secp256k1.PubKey": PubKey as JsonCodec<object>,
};
const anyCodec = (typeUrl: string): JsonCodec<object> | undefined =>
  accountCodecs[typeUrl] ?? messageCodec(typeUrl);

interface QueryFlags {
  readonly height: string;
  readonly limit?: string;
  readonly pageKey?: string;
  readonly countTotal?: boolean;
  readonly reverse?: boolean;
}

export function queryCommand(): Command {
  const query = new Command("query").alias("q").description("read the state of the chain");
  const groups = new Map<string, Command>();
  for (const method of queryMethods) {
    const group = groups.get(method.group) ?? new Command(method.group);
    groups.set(method.group, group.description(`questions to ${method.group}`));
    group.addCommand(methodCommand(method));
  }
  for (const group of groups.values()) query.addCommand(group);
  for (const command of [txCommand(), txsCommand(), blockCommand(), waitTxCommand()]) {
    query.addCommand(command);
  }
  return query;
}

function methodCommand(method: QueryMethod): Command {
  const command = new Command(method.name).description(method.about);
  for (const arg of method.args) {
    const name = snakeCase(arg.replace("?", "")).replace(/_/g, "-");
    command.argument(arg.endsWith("?") ? `[${name}]` : `<${name}>`);
  }
  const example = [method.group, method.name, ...method.args.map(sampleOf)].join(" ");
  return command
    .addHelpText("after", `\nExample:\n  gonkad query ${example}\n`)
    .option("--height <n>", "state after that block; 0 is the latest", "0")
    .option("--limit <n>", "entries in one page")
    .option("--page-key <base64>", "next_key of the page before")
    .option("--count-total", "count all entries")
    .option("--reverse", "last entries first")
    .action(async (...given: unknown[]) => {
      const self = given.at(-1) as Command;
      const values = given.slice(0, method.args.length) as (string | undefined)[];
      const settings = readSettings(self, "text");
      const flags = self.opts<QueryFlags>();
      const request = requestOf(method, values, flags, settings, self);
      print(await ask(method, request, settings, flags), settings.output);
    });
}

const samples: Readonly<Record<string, string>> = {
  address: "alice",
  voter: "alice",
  operator: "host1",
  denom: "ngonka",
  proposalId: "1",
  epoch: "1",
  sprint: "0",
  index: "1",
  paramsType: "voting",
  modelId: "qwen3-8b",
};

/** What an argument may look like in an example. */
const sampleOf = (arg: string): string => samples[arg.replace("?", "")] ?? `<${arg}>`;

function requestOf(
  method: QueryMethod,
  values: readonly (string | undefined)[],
  flags: QueryFlags,
  settings: Settings,
  command: Command,
): object {
  const fields: Record<string, unknown> = {};
  method.args.forEach((arg, index) => {
    const value = values[index];
    if (value !== undefined) fields[camelCase(arg.replace("?", ""))] = named(value, arg, settings);
  });
  const paging = {
    ...(flags.limit === undefined ? {} : { limit: flags.limit }),
    ...(flags.pageKey === undefined ? {} : { key: flags.pageKey }),
    ...(flags.countTotal ? { countTotal: true } : {}),
    ...(flags.reverse ? { reverse: true } : {}),
  };
  if (Object.keys(paging).length > 0) fields.pagination = paging;
  try {
    return method.request.fromJSON(fields);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw usage(reason, `see gonkad query ${method.group} ${command.name()} --help`);
  }
}

/** Where an address is asked for, the name of a key is as good. */
function named(value: string, arg: string, settings: Settings): string {
  if (!/^(address|voter|operator)$/.test(arg.replace("?", ""))) return value;
  const keyring = openKeyring(settings);
  return keyring.has(value) ? keyring.get(value).address : value;
}

async function ask(
  method: QueryMethod,
  request: object,
  settings: Settings,
  flags: QueryFlags,
): Promise<unknown> {
  const height = Number(flags.height);
  if (!Number.isSafeInteger(height) || height < 0)
    throw usage("--height is no height", "give a number");
  const client = await connect(settings);
  try {
    const answer = await client.abciQuery({
      path: method.path,
      data: method.request.encode(request).finish(),
      ...(height > 0 ? { height } : {}),
    });
    if (answer.code !== 0) throw refusedQuery(answer.log ?? "", answer.code ?? 0);
    return protoJson(method.response, method.response.decode(answer.value), anyCodec);
  } finally {
    client.disconnect();
  }
}

async function connect(settings: Settings): Promise<Comet38Client> {
  return await Comet38Client.connect(httpUrl(settings.node));
}

function refusedQuery(log: string, code: number): CliError {
  const isMissing = /NotFound|not found/.test(log);
  return new CliError("failed", isMissing ? "not_found" : "query_refused", {
    cause: `${log} (code ${code})`,
    fix: isMissing ? "check the name or address" : "check the arguments",
  });
}

function txCommand(): Command {
  return new Command("tx")
    .argument("<hash>", "in hex")
    .description("a transaction by its hash")
    .addHelpText("after", `\nExample:\n  gonkad query tx ${"AB".repeat(32)}\n`)
    .action(async (hash: string, _: object, command: Command) => {
      const settings = readSettings(command, "text");
      print(await findTx(settings, hash), settings.output);
    });
}

async function findTx(settings: Settings, hash: string): Promise<unknown> {
  const bytes = parseHex(hash.replace(/^0x/, ""));
  if (bytes?.length !== 32) throw usage(`"${hash}" is no transaction hash`, "give 64 hex digits");
  return await rpcGet(settings.node, `tx?hash=0x${toHex(bytes)}`);
}

function waitTxCommand(): Command {
  return new Command("wait-tx")
    .argument("<hash>", "in hex")
    .option("--timeout <seconds>", "how long to wait", "15")
    .description("wait until a transaction is in a block")
    .addHelpText("after", `\nExample:\n  gonkad query wait-tx ${"AB".repeat(32)}\n`)
    .action(async (hash: string, flags: { timeout: string }, command: Command) => {
      const settings = readSettings(command, "text");
      if (!(Number(flags.timeout) >= 0)) throw usage("--timeout is no number of seconds", "use 15");
      const deadline = Date.now() + Number(flags.timeout) * 1000;
      for (;;) {
        try {
          return print(await findTx(settings, hash), settings.output);
        } catch (error) {
          const isMissing = error instanceof CliError && error.id === "not_found";
          if (!isMissing) throw error;
        }
        if (Date.now() > deadline) {
          throw new CliError("timedOut", "tx_timeout", {
            cause: `transaction ${hash} is not in a block yet`,
            fix: "it may still be included; ask again",
          });
        }
        await new Promise((resolve) => setTimeout(resolve, 300));
      }
    });
}

function txsCommand(): Command {
  return new Command("txs")
    .requiredOption("--query <query>", "such as \"message.sender='gonka1…'\"")
    .option("--page <n>", "page, from 1", "1")
    .option("--limit <n>", "transactions in one page", "30")
    .option("--order_by <order>", "asc or desc", "asc")
    .description("search transactions by their events")
    .addHelpText("after", '\nExample:\n  gonkad query txs --query "tx.height=5"\n')
    .action(async (flags: Record<string, string>, command: Command) => {
      const settings = readSettings(command, "text");
      const params = new URLSearchParams({
        query: JSON.stringify(flags.query),
        page: String(flags.page),
        per_page: String(flags.limit),
        order_by: JSON.stringify(flags.order_by),
      });
      print(await rpcGet(settings.node, `tx_search?${params}`), settings.output);
    });
}

function blockCommand(): Command {
  return new Command("block")
    .argument("[height]")
    .description("a block; the latest without a height")
    .addHelpText("after", "\nExample:\n  gonkad query block 5\n")
    .action(async (height: string | undefined, _: object, command: Command) => {
      const settings = readSettings(command, "text");
      if (height !== undefined && !/^\d{1,18}$/.test(height)) {
        throw usage(`"${height}" is no height`, "give a number");
      }
      const query = height === undefined ? "" : `?height=${height}`;
      print(await rpcGet(settings.node, `block${query}`), settings.output);
    });
}
