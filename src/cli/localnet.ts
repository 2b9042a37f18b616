/** gonkad localnet: a whole network of real processes on this machine. */
import path from "node:path";
import { Command } from "commander";
import { DefinitionError, maxNonces, maxValidators, profileFiles } from "../localnet/definition.ts";
import { Localnet } from "../localnet/localnet.ts";
import { banner, controls, hostTable, statusLine } from "../localnet/screen.ts";
import { type Look, look } from "../localnet/watch.ts";
import { appVersion as version } from "../node/version.ts";
import { CliError } from "./errors.ts";
import { note, toJson } from "./output.ts";
import { usage } from "./settings.ts";

interface LocalnetFlags {
  readonly home?: string;
  readonly file?: string;
  readonly profile?: string;
  readonly validators?: string;
  readonly nonces?: string;
  readonly hostNonces: string[];
  readonly json?: boolean;
  readonly reset?: boolean;
  readonly showSecrets?: boolean;
  readonly blocks?: string;
}

/** How long the first block may take before this is called a failure. */
const firstBlockTimeoutMs = 60_000;
const lookEveryMs = 1000;

export function localnetCommand(): Command {
  return new Command("localnet")
    .description("run validators and hosts as processes on this machine until Ctrl-C")
    .option("--home <dir>", "where the localnet lives (default .gonka-localnet)")
    .option("--file <toml>", "definition of the localnet (default localnet/default.toml)")
    .option(
      "--profile <name>",
      "a definition that comes with it: dev4, kvstore, simapp, simapp-slow",
    )
    .option("--validators <n>", "how many validators, each with a host (default 4)")
    .option("--nonces <n>", "nonces that a host searches in one Sprint (default 48)")
    .option(
      "--host-nonces <host=n>",
      "nonces of one host, such as host2=24; may be repeated",
      (value: string, all: string[]) => [...all, value],
      [] as string[],
    )
    .option("--json", "print one JSON object when it is up, nothing else")
    .option("--reset", "wipe an earlier localnet first")
    .option("--show-secrets", "show the mnemonic where the output is no terminal, too")
    .option("--blocks <n>", "stop by itself after that many blocks")
    .addHelpText(
      "after",
      "\nExamples:\n  gonkad localnet\n  gonkad localnet --host-nonces host2=24 --reset\n" +
        "  gonkad localnet --profile simapp\n",
    )
    .action(async (_: object, command: Command) => {
      await run(command.optsWithGlobals<LocalnetFlags>());
    });
}

async function run(flags: LocalnetFlags): Promise<void> {
  const stopping = new AbortController();
  const localnet = await prepare(flags, stopping.signal);
  const interrupt = (): void => stopping.abort();
  process.on("SIGINT", interrupt);
  process.on("SIGTERM", interrupt);
  const session = { localnet, flags, startedAt: Date.now(), stopping };
  localnet.start();
  try {
    await show(session);
  } finally {
    interrupt();
    if (process.stdin.isTTY) process.stdin.setRawMode(false);
    process.stdin.pause();
    await localnet.stop();
    process.off("SIGINT", interrupt);
    process.off("SIGTERM", interrupt);
  }
}

async function prepare(flags: LocalnetFlags, stopping: AbortSignal): Promise<Localnet> {
  const onCrash = (name: string, how: string): void => {
    if (!stopping.aborted) note(`\n  ${name} ended: ${how} (see its log)`);
  };
  try {
    return await Localnet.prepare({
      home: flags.home ?? path.resolve(defaultHome(flags.profile)),
      file: definitionFile(flags),
      validators: count("--validators", flags.validators, { min: 1, max: maxValidators }),
      nonces: count("--nonces", flags.nonces, { min: 0, max: maxNonces }),
      noncesOf: new Map(flags.hostNonces.map(hostNonces)),
      isReset: flags.reset === true,
      onCrash,
    });
  } catch (error) {
    if (!(error instanceof DefinitionError)) throw error;
    throw new CliError("config", "bad_definition", {
      cause: error.message,
      fix: "mend what is named above; localnet/README.md explains every key",
    });
  }
}

/** Every profile has a home of its own: their chains cannot go on from each other. */
const defaultHome = (profile = "dev4"): string =>
  profile === "dev4" ? ".gonka-localnet" : `.gonka-localnet-${profile}`;

function definitionFile({ file, profile }: LocalnetFlags): string | undefined {
  if (profile === undefined) return file;
  if (file !== undefined) throw usage("--file and --profile contradict each other", "give one");
  const known = profileFiles.get(profile);
  if (known !== undefined) return known;
  throw usage(`unknown profile "${profile}"`, `use ${[...profileFiles.keys()].join(", ")}`);
}

interface Session {
  readonly localnet: Localnet;
  readonly flags: LocalnetFlags;
  readonly startedAt: number;
  readonly stopping: AbortController;
}

async function show(session: Session): Promise<void> {
  const { localnet, flags, startedAt } = session;
  if (!(await firstBlock(session))) return;
  const firstBlockSeconds = ((Date.now() - startedAt) / 1000).toFixed(1);
  const showSecrets = process.stdout.isTTY || flags.showSecrets === true;
  if (flags.json) {
    const { portOffset } = localnet.plan;
    if (portOffset > 0) note(`the usual ports are taken: all of them are ${portOffset} higher`);
    const { mnemonic } = localnet.plan.definition;
    const secrets = flags.showSecrets ? { mnemonic } : {};
    process.stdout.write(`${toJson({ ...localnet.describe(), ...secrets })}\n`);
  } else {
    process.stdout.write(banner(localnet, { firstBlockSeconds, version, showSecrets }));
    if (process.stdin.isTTY) listenForKeys(session);
  }
  await follow(session);
}

/** Waits for it; false when interrupted before. */
async function firstBlock({ localnet, startedAt, stopping }: Session): Promise<boolean> {
  for (;;) {
    const seen = await lookAt(localnet, stopping.signal);
    if (seen && seen.height > 0) return true;
    if (Date.now() - startedAt > firstBlockTimeoutMs) throw noFirstBlock(localnet);
    if (await isOverAfter(100, stopping.signal)) return false;
  }
}

/** Shows how the chain goes on, until interrupted or until the block that was asked for. */
async function follow({ localnet, flags, stopping }: Session): Promise<void> {
  const blocks = count("--blocks", flags.blocks, { min: 1, max: Number.MAX_SAFE_INTEGER });
  let shownEpoch: number | undefined;
  while (!(await isOverAfter(lookEveryMs, stopping.signal))) {
    const seen = await lookAt(localnet, stopping.signal);
    if (!seen) continue;
    if (blocks !== undefined && seen.height >= blocks) return;
    if (flags.json) continue;
    if (seen.epoch !== shownEpoch) process.stdout.write(`\r${hostTable(seen)}`);
    shownEpoch = seen.epoch;
    if (process.stdout.isTTY) process.stdout.write(`\r${statusLine(seen).padEnd(70)}`);
  }
}

/** Through the first node that runs. */
async function lookAt({ plan, nodes }: Localnet, signal: AbortSignal): Promise<Look | undefined> {
  const node = plan.nodes.find(({ name }) => nodes.get(name)?.isRunning);
  return node && (await look(`http://127.0.0.1:${node.restPort}`, signal));
}

/** Waits so long; true at once when the signal comes. */
function isOverAfter(ms: number, signal: AbortSignal): Promise<boolean> {
  if (signal.aborted) return Promise.resolve(true);
  return new Promise((resolve) => {
    const over = (): void => {
      clearTimeout(timer);
      resolve(true);
    };
    const timer = setTimeout(() => {
      signal.removeEventListener("abort", over);
      resolve(false);
    }, ms);
    signal.addEventListener("abort", over, { once: true });
  });
}

function noFirstBlock(localnet: Localnet): CliError {
  const log = localnet.nodes.values().next().value?.logFile;
  return new CliError("unexpected", "no_first_block", {
    cause: `no block after ${firstBlockTimeoutMs / 1000} s`,
    fix: `read ${log}`,
  });
}

function listenForKeys({ localnet, stopping }: Session): void {
  process.stdout.write(controls);
  process.stdin.setRawMode(true);
  process.stdin.resume();
  process.stdin.on("data", (data) => {
    const key = data.toString();
    if (key === "q" || key === "\u0003") stopping.abort();
    if (key === "h") void showHosts(localnet, stopping.signal);
    const node = [...localnet.nodes.values()][Number(key) - 1];
    if (!node || stopping.signal.aborted) return;
    note(`\n  ${node.isRunning ? "killing" : "starting"} ${node.name}`);
    if (!node.isRunning) node.start();
    else void node.kill("SIGKILL").then(() => localnet.writeDescription());
    localnet.writeDescription();
  });
}

async function showHosts(localnet: Localnet, signal: AbortSignal): Promise<void> {
  const seen = await lookAt(localnet, signal);
  if (seen) process.stdout.write(`\n${hostTable(seen)}`);
}

function count(
  flag: string,
  text: string | undefined,
  { min, max }: { readonly min: number; readonly max: number },
): number | undefined {
  if (text === undefined) return undefined;
  const value = /^\d{1,16}$/.test(text) ? Number(text) : -1;
  if (value >= min && value <= max) return value;
  throw usage(`${flag} ${text} is out of range`, `give a whole number from ${min} to ${max}`);
}

function hostNonces(text: string): [string, number] {
  const match = /^(host\d{1,3})=(\d{1,7})$/.exec(text);
  const nonces = Number(match?.[2]);
  if (match && nonces <= maxNonces) return [match[1] ?? "", nonces];
  throw usage(`--host-nonces ${text} is not understood`, "write host2=24");
}
