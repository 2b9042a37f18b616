/**
 * A localnet of validators under bank sends that were signed beforehand, or under none: how many a
 * second are in blocks, block interval, rounds, answers of RPC, processor time and memory.
 * `npm run bench:load -- --validators 4 --seconds 60`, `npm run bench:blocks`; options.ts has all
 * options. Needs `npm run build`.
 */
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { ChainWatch } from "./chain-watch.ts";
import { LoadNet } from "./load-net.ts";
import { intervals, latencyTable, type Measured, quantiles, table } from "./measured.ts";
import { nodeShares } from "./node-shares.ts";
import { type LoadOptions, readOptions } from "./options.ts";
import { startProbe } from "./probe.ts";
import { loadAverage, type ProcessUse, processUse } from "./process-use.ts";
import { Senders } from "./sending.ts";
import { type Sender, SignedTxs, senderAt } from "./signed-txs.ts";

/** How long the last transactions may take into a block. */
const drainMs = 30_000;

interface Run {
  readonly options: LoadOptions;
  readonly net: LoadNet;
  readonly watch: ChainWatch;
  readonly senders: Senders | undefined;
}

async function main(): Promise<void> {
  const options = readOptions(process.argv.slice(2));
  const accounts = Array.from({ length: options.accounts }, (_, index) => senderAt(index));
  const net = await LoadNet.prepare(options, accounts);
  const folder = mkdtempSync(path.join(tmpdir(), "gonka-load-txs-"));
  const txs = options.rate < 0 ? undefined : signed(options, { net, accounts, folder });
  if (options.profile) mkdirSync(options.profile, { recursive: true });
  const watch = new ChainWatch(net.rpcPorts[0]!); // There is a node.
  const hasRoom = (taken: number) => taken - watch.committed < options.window;
  const senders = txs && new Senders(options, txs, hasRoom);
  const stop = async (): Promise<void> => {
    senders?.stop();
    await watch.stop();
    await net.stop();
    txs?.close();
    rmSync(folder, { recursive: true, force: true });
  };
  process.once("SIGINT", () => void stop().then(() => process.exit(1)));
  try {
    const measured = await measure({ options, net, watch, senders }, accounts[0]!.address);
    const text = options.output === "json" ? `${JSON.stringify(measured)}\n` : table(measured);
    process.stdout.write(text);
  } finally {
    await stop();
    if (options.profile) {
      const shares = { shares: nodeShares(options.profile, options.seconds) };
      process.stdout.write(`${JSON.stringify(shares, undefined, 2)}\n`);
    }
  }
}

function signed(
  options: LoadOptions,
  at: { readonly net: LoadNet; readonly accounts: readonly Sender[]; readonly folder: string },
): SignedTxs {
  const { chainId, firstNumber } = at.net;
  const { gas, method, txs, txsFile } = options;
  const rounds = Math.ceil(txs / options.accounts);
  const plan = { chainId, senders: at.accounts, firstNumber, rounds, gas, method };
  return SignedTxs.make(txsFile ?? path.join(at.folder, "txs"), plan);
}

async function measure(run: Run, probeAddress: string): Promise<Measured> {
  const { options, net, watch, senders } = run;
  const startMs = await net.start(options);
  watch.start();
  const sending = senders?.run(net.rpcPorts) ?? Promise.resolve();
  await sleep(options.warmUpSeconds * 1000);
  const loadBefore = loadAverage();
  const before = useByName(net);
  const from = Date.now();
  const endProbe = startProbe({ port: net.rpcPorts[0]!, address: probeAddress });
  await sleep(options.seconds * 1000);
  const latencies = await endProbe();
  const until = Date.now();
  const after = useByName(net);
  const loadAfter = loadAverage();
  senders?.stop();
  await sending;
  const missing = senders ? await drained(watch, senders) : 0;
  const blocks = watch.blocks.filter(({ timeMs }) => timeMs >= from && timeMs < until);
  const sent = blocks.reduce((sum, { txs }) => sum + txs, 0);
  const seconds = (until - from) / 1000;
  const used = [...after].map(([name, use]) => ({ name, ...since(use, before.get(name)) }));
  const nodes = used.filter(({ name }) => net.pids.has(name));
  const cpu = nodes.reduce((sum, { cpuSeconds }) => sum + cpuSeconds, 0);
  return {
    validators: options.validators,
    seconds: Math.round(seconds * 10) / 10,
    startMs,
    loadBefore,
    loadAfter,
    taken: senders?.counts.taken ?? 0,
    refused: senders?.counts.refused ?? 0,
    reasons: Object.fromEntries(senders?.counts.reasons ?? []),
    committedPerSecond: Math.round(sent / seconds),
    cpuMicrosPerTx: sent === 0 ? 0 : Math.round((cpu * 1e6) / sent),
    missing,
    blocks: blocks.length,
    txsPerBlock: quantiles(blocks.map(({ txs }) => txs)),
    intervalMs: quantiles(intervals(blocks)),
    rounds: await watch.rounds(blocks.map(({ height }) => height)),
    rpcMs: latencyTable(latencies),
    processes: used,
    crashes: net.crashes,
  };
}

/** Waits until blocks have what was taken; returns how many are missing then. */
async function drained(watch: ChainWatch, { counts }: Senders): Promise<number> {
  const end = Date.now() + drainMs;
  while (watch.committed < counts.taken && Date.now() < end) await sleep(100);
  return counts.taken - watch.committed;
}

function useByName(net: LoadNet): Map<string, ProcessUse> {
  const all = [...net.pids, ["load program", process.pid] as const];
  return new Map(all.map(([name, pid]) => [name, processUse(pid)]));
}

const since = (now: ProcessUse, then: ProcessUse | undefined): ProcessUse => ({
  ...now,
  cpuSeconds: now.cpuSeconds - (then?.cpuSeconds ?? 0),
  mainSeconds: now.mainSeconds - (then?.mainSeconds ?? 0),
});

await main();
