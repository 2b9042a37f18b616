/** gonkad localnet: a whole network of real processes on this machine. */
import path from "node:path";
import { Command } from "commander";
import { Localnet } from "../localnet/localnet.ts";
import { banner, controls, hostTable, statusLine } from "../localnet/screen.ts";
import { look } from "../localnet/watch.ts";
import { CliError } from "./errors.ts";
import { note, toJson } from "./output.ts";
import { usage } from "./settings.ts";

interface LocalnetFlags {
  readonly home?: string;
  readonly validators: string;
  readonly nonces: string;
  readonly hostNonces: string[];
  readonly json?: boolean;
  readonly reset?: boolean;
  readonly blocks?: string;
}

/** How long the first block may take before this is called a failure. */
const firstBlockTimeoutMs = 60_000;
const lookEveryMs = 1000;

export function localnetCommand(): Command {
  return new Command("localnet")
    .description("run validators and hosts as processes on this machine until Ctrl-C")
    .option("--home <dir>", "where the localnet lives (default .gonka-localnet)")
    .option("--validators <n>", "how many validators, each with a host", "4")
    .option("--nonces <n>", "nonces that a host searches in one Sprint", "48")
    .option(
      "--host-nonces <host=n>",
      "nonces of one host, such as host2=24; may be repeated",
      (value: string, all: string[]) => [...all, value],
      [] as string[],
    )
    .option("--json", "print one JSON object when it is up, nothing else")
    .option("--reset", "wipe an earlier localnet first")
    .option("--blocks <n>", "stop by itself after that many blocks")
    .addHelpText(
      "after",
      "\nExamples:\n  gonkad localnet\n  gonkad localnet --host-nonces host2=24 --reset\n",
    )
    .action(async (_: object, command: Command) => {
      await run(command.optsWithGlobals<LocalnetFlags>());
    });
}

async function run(flags: LocalnetFlags): Promise<void> {
  const localnet = await Localnet.prepare({
    home: flags.home ?? path.resolve(".gonka-localnet"),
    validators: count("--validators", flags.validators, 32),
    nonces: count("--nonces", flags.nonces, 1_000_000),
    noncesOf: new Map(flags.hostNonces.map(hostNonces)),
    isReset: flags.reset === true,
    onCrash: (name, how) => note(`\n  ${name} ended: ${how} (see its log)`),
  });
  let interrupt: () => void = () => {};
  const interrupted = new Promise<void>((resolve) => {
    interrupt = resolve;
  });
  process.on("SIGINT", interrupt);
  process.on("SIGTERM", interrupt);
  const startedAt = Date.now();
  localnet.start();
  try {
    await show(localnet, flags, { startedAt, interrupted, interrupt });
  } finally {
    if (process.stdin.isTTY) process.stdin.setRawMode(false);
    process.stdin.pause();
    await localnet.stop();
  }
}

interface Session {
  readonly startedAt: number;
  readonly interrupted: Promise<void>;
  readonly interrupt: () => void;
}

async function show(localnet: Localnet, flags: LocalnetFlags, session: Session): Promise<void> {
  const rest = `http://127.0.0.1:${localnet.plan.nodes[0]?.restPort}`;
  const isOver = session.interrupted.then(() => true);
  const pause = (ms: number): Promise<boolean> =>
    Promise.race([isOver, new Promise<false>((resolve) => setTimeout(() => resolve(false), ms))]);
  for (;;) {
    const seen = await look(rest);
    if (seen && seen.height > 0) break;
    if (Date.now() - session.startedAt > firstBlockTimeoutMs) throw noFirstBlock(localnet);
    if (await pause(100)) return;
  }
  const seconds = ((Date.now() - session.startedAt) / 1000).toFixed(1);
  if (flags.json) process.stdout.write(`${toJson(localnet.describe())}\n`);
  else process.stdout.write(banner(localnet, seconds));
  if (!flags.json && process.stdin.isTTY) listenForKeys(localnet, rest, session.interrupt);
  const last = flags.blocks === undefined ? Number.POSITIVE_INFINITY : Number(flags.blocks);
  let shownEpoch: number | undefined;
  while (!(await pause(lookEveryMs))) {
    const seen = await look(rest);
    if (!seen) continue;
    if (seen.height >= last) return;
    if (flags.json) continue;
    if (seen.epoch !== shownEpoch) process.stdout.write(`\r${hostTable(seen)}`);
    shownEpoch = seen.epoch;
    if (process.stdout.isTTY) process.stdout.write(`\r${statusLine(seen).padEnd(70)}`);
  }
}

function noFirstBlock(localnet: Localnet): CliError {
  const log = localnet.nodes.values().next().value?.logFile;
  return new CliError("unexpected", "no_first_block", {
    cause: `no block after ${firstBlockTimeoutMs / 1000} s`,
    fix: `read ${log}`,
  });
}

function listenForKeys(localnet: Localnet, rest: string, quit: () => void): void {
  process.stdout.write(controls);
  process.stdin.setRawMode(true);
  process.stdin.resume();
  process.stdin.on("data", (data) => {
    const key = data.toString();
    if (key === "q" || key === "\u0003") quit();
    if (key === "h")
      void look(rest).then((seen) => seen && process.stdout.write(`\n${hostTable(seen)}`));
    const node = [...localnet.nodes.values()][Number(key) - 1];
    if (!node) return;
    note(`\n  ${node.isRunning ? "killing" : "starting"} ${node.name}`);
    if (node.isRunning) void node.kill("SIGKILL");
    else node.start();
  });
}

function count(flag: string, text: string, max: number): number {
  const value = Number(text);
  if (Number.isSafeInteger(value) && value >= 1 && value <= max) return value;
  throw usage(`${flag} ${text} is out of range`, `give a whole number from 1 to ${max}`);
}

function hostNonces(text: string): [string, number] {
  const match = /^(host\d+)=(\d{1,7})$/.exec(text);
  if (match) return [match[1] ?? "", Number(match[2])];
  throw usage(`--host-nonces ${text} is not understood`, "write host2=24");
}
