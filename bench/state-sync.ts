/**
 * How long a fresh node takes to begin with a snapshot of a large state, over the wire: accounts
 * are made by transactions of 1,000 recipients each, one process serves the snapshot, another
 * restores it. Prints seconds, memory and how long the event loops stood.
 * `npm run bench:statesync -- --accounts 1000000`
 */
import { copyFileSync } from "node:fs";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { MsgMultiSend } from "cosmjs-types/cosmos/bank/v1beta1/tx";
import { sha256 } from "../src/crypto/hash.ts";
import { toBech32 } from "../src/encoding/bech32.ts";
import { utf8 } from "../src/encoding/bytes.ts";
import { any, signTx } from "../test/support/app-chain.ts";
import { makeLongChain } from "../test/support/long-chain.ts";
import { editToml, onlyFirstValidates, RealNet } from "../test/support/real-net.ts";
import { preload } from "../test/support/real-node.ts";

const { values } = parseArgs({
  options: { accounts: { type: "string", default: "1000000" } },
});
const [perTx, perBlock] = [1000, 5];
const accounts = Number(values.accounts);
/** The last block has the snapshot; the light client needs two more, which the node makes. */
const heights = Math.ceil(accounts / perTx / perBlock);

const net = await RealNet.prepare({
  validators: 2,
  profile: "gonka",
  timeouts: { timeout_commit: "500ms" },
  app: { "state-sync": { "snapshot-interval": String(heights), "snapshot-keep-recent": "1" } },
  editGenesis: (genesis) => {
    onlyFirstValidates(genesis);
    genesis.consensus_params.block.max_gas = "-1";
  },
});
const [serving, fresh] = net.nodes(() => ({ preloads: [preload("vitals")] }));
const [planned] = net.plan.nodes;
if (!serving || !fresh || !planned) throw new Error("two nodes");
const from = net.account("alice");
let [sequence, made] = [0n, 0];

function multiSend(): Uint8Array {
  const outputs = Array.from({ length: perTx }, () => {
    const address = toBech32("gonka", sha256(utf8(`recipient ${made++}`)).subarray(0, 20));
    return { address, coins: [{ denom: "ngonka", amount: "1" }] };
  });
  const coins = [{ denom: "ngonka", amount: String(perTx) }];
  const message = any(MsgMultiSend, { inputs: [{ address: from.address, coins }], outputs });
  const gas = 1_000_000_000n;
  const { chainId } = net.plan;
  return signTx({ from, sequence: sequence++, messages: [message], gas, fee: [], chainId });
}

const mib = (bytes: number): number => Math.round(bytes / 1_048_576);

try {
  const genesis = path.join(planned.home, "config/genesis.json");
  copyFileSync(genesis, path.join(fresh.home, "config/genesis.json"));
  const madeMs = await makeLongChain(planned, heights, () =>
    Array.from({ length: perBlock }, multiSend),
  );
  editToml(path.join(planned.home, "config/config.toml"), "p2p", { persistent_peers: '""' });
  // The one snapshot stays while it is fetched.
  editToml(path.join(planned.home, "config/app.toml"), "state-sync", { "snapshot-interval": "0" });
  serving.start();
  while ((await serving.height()) < heights + 3) await sleep(200);
  const trusted = await serving.get<{ block_id: { hash: string } }>("block?height=1");
  editToml(path.join(fresh.home, "config/config.toml"), "statesync", {
    enable: "true",
    rpc_servers: `"${serving.rpc},${serving.rpc.replace("127.0.0.1", "localhost")}"`,
    trust_height: "1",
    trust_hash: `"${trusted.block_id.hash}"`,
    discovery_time: '"2s"',
  });
  await serving.vitals(); // Forgets how long its loop stood at the start.
  const began = Date.now();
  fresh.start();
  for (let height = 0; height < heights; height = await fresh.height()) {
    if (!fresh.isRunning) throw new Error(`the fresh node ended: ${fresh.log()}`);
    await sleep(200);
  }
  const seconds = (Date.now() - began) / 1000;
  const [ours, theirs] = [await fresh.vitals(), await serving.vitals()];
  const report = {
    accounts: made,
    made_s: Math.round(madeMs / 1000),
    seconds,
    fresh_rss_mib: mib(ours.rss),
    fresh_peak_rss_mib: mib(ours.peakRss),
    fresh_stood_ms: ours.blockedMs,
    serving_peak_rss_mib: mib(theirs.peakRss),
    serving_stood_ms: theirs.blockedMs,
  };
  process.stdout.write(`${JSON.stringify(report)}\n`);
} finally {
  for (const node of [serving, fresh]) await node.end();
  net.remove();
}
