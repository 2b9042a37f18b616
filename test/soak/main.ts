/**
 * A day of a chain in less than a day: as many blocks as `--hours` have at `--block-seconds`, made
 * as fast as they come, under transactions and with pruning; memory, disk and handles are sampled.
 * `npm run soak -- --hours 24 --block-seconds 5 --validators 1 --txs-per-block 6`. Exit code 1 when
 * something grows. Writes samples.json, table.txt and soak.svg to --out.
 */
import { mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { RealNet } from "../support/real-net.ts";
import { bytesBelow, preload, type RealNode } from "../support/real-node.ts";
import { SteadySends } from "../support/steady-sends.ts";
import { isWalBounded, judge, picture, type Sample, table } from "./verdict.ts";

const { values } = parseArgs({
  options: {
    hours: { type: "string", default: "24" },
    "block-seconds": { type: "string", default: "5" },
    validators: { type: "string", default: "1" },
    "txs-per-block": { type: "string", default: "6" },
    samples: { type: "string", default: "144" },
    out: { type: "string", default: "soak-report" },
  },
});
const heights = Math.round((Number(values.hours) * 3600) / Number(values["block-seconds"]));
const every = Math.max(1, Math.floor(heights / Number(values.samples)));
/** Without a block for so long the chain stands still. */
const patienceMs = 120_000;
const senders = ["alice", "bob", "carol", "dave", "erin", "frank"];

/** Evidence counts for a short time only, else nothing may be pruned within the run. */
function prepare(): Promise<RealNet> {
  return RealNet.prepare({
    validators: Number(values.validators),
    timeouts: { timeout_commit: "0s" },
    config: { "": { log_level: '"error"' } },
    app: {
      "": { "min-retain-blocks": "500", "pruning-keep-recent": "100" },
      "state-sync": { "snapshot-interval": "500", "snapshot-keep-recent": "2" },
    },
    editGenesis: ({ consensus_params: { evidence } }) => {
      evidence.max_age_num_blocks = "400";
      evidence.max_age_duration = "5000000000";
    },
  });
}

async function sample(node: RealNode, height: number, seconds: number): Promise<Sample> {
  const { rss, heapUsed, external, handles, blockedMs } = await node.vitals();
  const wal = bytesBelow(path.join(node.home, "data/cs.wal"));
  const disk = bytesBelow(path.join(node.home, "data")) - wal;
  const memory = { rss, heap: heapUsed + external };
  return { height, seconds, ...memory, disk, wal, handles, blocked: blockedMs };
}

async function waitFor(node: RealNode, height: number): Promise<number> {
  let [last, since] = [-1, Date.now()];
  for (;;) {
    const now = await node.height();
    if (now >= height) return now;
    if (!node.isRunning) throw new Error(`the node ended: ${await node.ended}\n${node.log()}`);
    if (now > last) [last, since] = [now, Date.now()];
    if (Date.now() - since > patienceMs) throw new Error(`stands at height ${now}`);
    await sleep(200);
  }
}

/** Samples are written as they come: a run that is cut off has shown something too. */
function report(samples: readonly Sample[]): void {
  mkdirSync(values.out, { recursive: true });
  writeFileSync(path.join(values.out, "samples.json"), `${JSON.stringify(samples)}\n`);
  writeFileSync(path.join(values.out, "table.txt"), `${table(samples)}\n`);
  writeFileSync(path.join(values.out, "soak.svg"), picture(samples));
}

const net = await prepare();
const nodes = net.nodes(() => ({ preloads: [preload("vitals")] }));
const [first] = nodes;
if (!first) throw new Error("no validators");
const chainId = net.plan.chainId;
const accounts = senders.map((name) => net.account(name));
const perBlock = Number(values["txs-per-block"]);
const sends = new SteadySends({ node: first, chainId, accounts, perBlock });
const samples: Sample[] = [];
const failures: unknown[] = [];
try {
  for (const node of nodes) node.start();
  await waitFor(first, 1);
  const started = Date.now();
  sends.start((error) => failures.push(error));
  for (let goal = every; goal <= heights; goal += every) {
    const height = await waitFor(first, goal);
    samples.push(await sample(first, height, (Date.now() - started) / 1000));
    report(samples);
    if (failures.length > 0) throw failures[0];
  }
  await sends.stop();
  const judged = judge(samples);
  process.stdout.write(`${table(samples)}\n\n`);
  for (const { what, early, late, growth, isFlat } of judged) {
    const percent = `${(growth * 100).toFixed(1)} %`;
    process.stdout.write(`${what}: ${early} -> ${late}, ${percent}, ${isFlat ? "ok" : "GROWS"}\n`);
  }
  process.stdout.write(`${heights} heights, ${sends.taken} transactions\n`);
  const isBounded = isWalBounded(samples);
  process.stdout.write(`write-ahead log: ${isBounded ? "bounded" : "GROWS"}\n`);
  if (!isBounded || judged.some(({ isFlat }) => !isFlat)) process.exitCode = 1;
} finally {
  await Promise.all(nodes.map((node) => node.end()));
  net.remove();
}
