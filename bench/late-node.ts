/**
 * How fast a late node catches up block by block: a chain of so many blocks and transactions, one
 * process that serves it, one that begins at genesis. Prints blocks per second by the clock and per
 * second of the late node's processor time. `npm run bench:late -- --blocks 10000 --txs 10`
 */
import { copyFileSync, readFileSync } from "node:fs";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { MsgSend } from "cosmjs-types/cosmos/bank/v1beta1/tx";
import { any, type Dev, signTx } from "../test/support/app-chain.ts";
import { makeLongChain } from "../test/support/long-chain.ts";
import { editToml, onlyFirstValidates, RealNet } from "../test/support/real-net.ts";
import { preload } from "../test/support/real-node.ts";

const { values } = parseArgs({
  options: {
    blocks: { type: "string", default: "10000" },
    txs: { type: "string", default: "10" },
    preload: { type: "string", default: "" },
  },
});
const [blocks, perBlock] = [Number(values.blocks), Number(values.txs)];
const senders = ["alice", "bob", "carol", "dave", "erin"];

/** Processor seconds of a process, all threads; ticks of 10 ms. */
function cpuSeconds(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]?.split(" ") ?? [];
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

// Two nodes are prepared, of which the first one alone validates.
const net = await RealNet.prepare({
  validators: 2,
  profile: "gonka",
  timeouts: { timeout_commit: "60s" },
  config: { "": { log_level: '"warn"' } },
  editGenesis: onlyFirstValidates,
});
const [serving, late] = net.nodes(() => ({
  preloads: [preload("vitals"), ...(values.preload === "" ? [] : [values.preload])],
}));
const [planned] = net.plan.nodes;
if (!serving || !late || !planned) throw new Error("two nodes");
const accounts = senders.map((name) => net.account(name));
const sequences = new Map<Dev, bigint>();
const { chainId } = net.plan;

function transfer(index: number): Uint8Array {
  const from = accounts[index % accounts.length] as Dev;
  const to = accounts[(index + 1) % accounts.length] as Dev;
  const sequence = sequences.get(from) ?? 0n;
  sequences.set(from, sequence + 1n);
  const amount = [{ denom: "ngonka", amount: "1" }];
  const message = any(MsgSend, { fromAddress: from.address, toAddress: to.address, amount });
  return signTx({ from, sequence, messages: [message], gas: 100_000n, fee: [], chainId });
}

try {
  const genesis = path.join(planned.home, "config/genesis.json");
  copyFileSync(genesis, path.join(late.home, "config/genesis.json"));
  const madeMs = await makeLongChain(planned, blocks, () =>
    Array.from({ length: perBlock }, (_, index) => transfer(index)),
  );
  editToml(path.join(planned.home, "config/config.toml"), "p2p", { persistent_peers: '""' });
  serving.start();
  while ((await serving.height()) < 0) await sleep(100);
  const began = Date.now();
  late.start();
  let firstAt = 0;
  let [firstHeight, firstCpu] = [0, 0];
  for (let height = -1; height < blocks - 1; ) {
    await sleep(100);
    height = await late.height();
    if (!late.isRunning) throw new Error(`the late node ended: ${late.log()}`);
    if (firstAt > 0 || height < 1) continue;
    [firstAt, firstHeight, firstCpu] = [Date.now(), height, cpuSeconds(late.pid)];
  }
  const seconds = (Date.now() - firstAt) / 1000;
  const cpu = cpuSeconds(late.pid) - firstCpu;
  const made = blocks - firstHeight;
  const { rss, blockedMs } = await late.vitals();
  const report = {
    blocks,
    txs_per_block: perBlock,
    made_per_second: Math.round((blocks * 1000) / madeMs),
    until_first_block_s: (firstAt - began) / 1000,
    seconds,
    blocks_per_second: Math.round(made / seconds),
    blocks_per_cpu_second: Math.round(made / cpu),
    late_rss_mib: Math.round(rss / 1_048_576),
    late_blocked_ms: blockedMs,
  };
  process.stdout.write(`${JSON.stringify(report)}\n`);
} finally {
  for (const node of [serving, late]) await node.end();
  net.remove();
}
