/** gonkad host: the host agent in the foreground. */
import path from "node:path";
import { Command } from "commander";
import { parseBech32 } from "../encoding/bech32.ts";
import { stopWithParent } from "../localnet/parent.ts";
import { CliError } from "./errors.ts";
import { openKeyring, signingKey } from "./keys/keys-command.ts";
import { rpcGet } from "./query/rpc-get.ts";
import { httpUrl, readSettings, type Settings, usage } from "./settings.ts";

interface HostFlags {
  readonly operator: string;
  readonly worker: string;
  readonly maxNonces?: string;
  readonly tier?: string;
  readonly stateDir?: string;
  readonly gasPrices: string;
  readonly backend?: string;
  readonly threads?: string;
}

export function hostCommand(): Command {
  return new Command("host")
    .description("run the host agent: Sprints, openings and verification for one host")
    .requiredOption("--operator <key>", "name or address of the operator account")
    .requiredOption("--worker <key>", "key of the worker account, which signs")
    .option("--max-nonces <n>", "nonces to search in one Sprint at most")
    .option("--tier <k>", "commit to the tier 1/2^k; the chain's lowest when absent")
    .option("--state-dir <dir>", "journal and status.json (default <home>/host)")
    .option("--gas-prices <coins>", "price per unit of gas", "0ngonka")
    .option("--backend <name>", "backend to use before others (see gonkad sprint selftest)")
    .option("--threads <n>", "threads of a CPU backend; all processors when absent")
    .addHelpText("after", "\nExample:\n  gonkad host --operator host1 --worker worker1\n")
    .action(async (flags: HostFlags, command: Command) => {
      const settings = readSettings(command, "json");
      const { privateKey } = await signingKey(settings, flags.worker);
      const { runHost } = await import("../host/run-host.ts");
      const stopping = new AbortController();
      const stop = (): void => stopping.abort();
      process.once("SIGINT", stop);
      process.once("SIGTERM", stop);
      stopWithParent(stop);
      const tier = flags.tier === undefined ? undefined : Number(wholeNumber("--tier", flags.tier));
      await runHost(
        {
          rpcUrl: httpUrl(settings.node),
          chainId: settings.chainId ?? (await chainIdOf(settings)),
          operator: operatorAddress(settings, flags.operator),
          workerKey: privateKey,
          stateFolder: flags.stateDir ?? path.join(settings.home, "host"),
          maxNonces:
            flags.maxNonces === undefined
              ? undefined
              : wholeNumber("--max-nonces", flags.maxNonces),
          tier,
          gasPrice: flags.gasPrices,
          backend: flags.backend,
          threads: threadCount(flags.threads),
          log: (line) => void process.stderr.write(`${line}\n`),
        },
        stopping.signal,
      );
    });
}

function operatorAddress(settings: Settings, text: string): string {
  return parseBech32(text) ? text : openKeyring(settings).find(text).address;
}

/** 0, one for each processor, when it is not given. */
function threadCount(text: string | undefined): number {
  if (text === undefined || /^[1-9]\d{0,2}$/.test(text)) return Number(text ?? 0);
  throw usage(`--threads ${text} is no number of threads`, "give 1 to 999");
}

function wholeNumber(flag: string, text: string): bigint {
  if (/^\d{1,20}$/.test(text)) return BigInt(text);
  throw usage(`${flag} ${text} is no whole number`, "give digits only");
}

async function chainIdOf(settings: Settings): Promise<string> {
  const status = (await rpcGet(settings.node, "status")) as {
    readonly node_info?: { readonly network?: string };
  };
  const chainId = status.node_info?.network;
  if (chainId !== undefined) return chainId;
  throw new CliError("unreachable", "no_chain_id", {
    cause: `${settings.node} does not say which chain it runs`,
    fix: "give --chain-id",
  });
}
