/**
 * A late node begins with a snapshot, as processes: two validators make snapshots, a third node
 * that has only the genesis document and a trusted hash restores one and follows the chain.
 * `npm run test:statesync`. Exit code 1 when it does not, or does not agree.
 */
import { execFileSync, spawn } from "node:child_process";
import { copyFileSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { TestNetwork, waitUntil } from "./network.ts";

const gonkad = path.join(fileURLToPath(new URL("../..", import.meta.url)), "bin/gonkad.mjs");

/** Sets keys of a section of a TOML file. */
function configure(file: string, section: string, values: Readonly<Record<string, string>>): void {
  const text = readFileSync(file, "utf8");
  const start = text.indexOf(`[${section}]`);
  if (start === -1) throw new Error(`${file} has no [${section}]`);
  const next = text.indexOf("\n[", start);
  let body = next === -1 ? text.slice(start) : text.slice(start, next);
  for (const [key, value] of Object.entries(values)) {
    const line = new RegExp(`^${key} = .*$`, "m");
    if (!line.test(body)) throw new Error(`${file}: [${section}] has no ${key}`);
    body = body.replace(line, `${key} = ${value}`);
  }
  writeFileSync(file, text.slice(0, start) + body + (next === -1 ? "" : text.slice(next)));
}

async function get<T>(url: string): Promise<T> {
  const response = await fetch(url, { signal: AbortSignal.timeout(5000) });
  const { result, error } = (await response.json()) as { result: T; error?: object };
  if (error) throw new Error(JSON.stringify(error));
  return result;
}

interface Status {
  readonly node_info: { readonly id: string };
  readonly sync_info: {
    readonly latest_block_height: string;
    readonly earliest_block_height: string;
    readonly catching_up: boolean;
  };
}

const network = await TestNetwork.start({ validators: 2 });
const { nodes } = network.localnet.plan;
const [first, second] = nodes;
if (!first || !second) throw new Error("a localnet of two nodes");
let late: ReturnType<typeof spawn> | undefined;
try {
  await network.waitForHeight(0, 2);
  await network.localnet.stop();
  for (const { home } of nodes) {
    configure(path.join(home, "config/app.toml"), "state-sync", { "snapshot-interval": "5" });
  }
  network.localnet.start();
  await network.waitForHeight(0, 14);
  const trusted = await get<{ block_id: { hash: string } }>(`${network.rpc(0)}/block?height=4`);
  const peers = await Promise.all(
    nodes.map(async ({ p2pPort }, index) => {
      const { node_info: node } = await get<Status>(`${network.rpc(index)}/status`);
      return `${node.id}@127.0.0.1:${p2pPort}`;
    }),
  );
  const home = path.join(path.dirname(network.localnet.plan.home), "late");
  const chain = ["--chain-id", network.localnet.plan.chainId];
  execFileSync(process.execPath, [gonkad, "init", "late", "--home", home, ...chain]);
  copyFileSync(
    path.join(first.home, "config/genesis.json"),
    path.join(home, "config/genesis.json"),
  );
  const rpcPort = second.rpcPort + 500;
  const config = path.join(home, "config/config.toml");
  configure(config, "rpc", { laddr: `"tcp://127.0.0.1:${rpcPort}"` });
  configure(config, "p2p", {
    laddr: `"tcp://127.0.0.1:${second.p2pPort + 500}"`,
    persistent_peers: `"${peers.join(",")}"`,
  });
  configure(config, "statesync", {
    enable: "true",
    rpc_servers: `"${network.rpc(0)},${network.rpc(1)}"`,
    trust_height: "4",
    trust_hash: `"${trusted.block_id.hash}"`,
    discovery_time: '"2s"',
  });
  const app = path.join(home, "config/app.toml");
  configure(app, "api", { enable: "false" });
  configure(app, "grpc", { enable: "false" });
  const started = Date.now();
  late = spawn(process.execPath, [gonkad, "start", "--home", home], { stdio: "ignore" });
  const rpc = `http://127.0.0.1:${rpcPort}`;
  const status = () => get<Status>(`${rpc}/status`);
  await waitUntil("the late node has caught up", async () => {
    const { sync_info: sync } = await status().catch(() => ({ sync_info: undefined }));
    if (!sync || sync.latest_block_height === "0") return false;
    return Number(sync.latest_block_height) >= (await network.height(0));
  });
  const seconds = ((Date.now() - started) / 1000).toFixed(1);
  const { sync_info: sync } = await status();
  if (Number(sync.earliest_block_height) <= 2) {
    throw new Error(`it has block ${sync.earliest_block_height}: that is no state sync`);
  }
  const height = Number(sync.latest_block_height);
  await network.waitForHeight(0, height);
  const header = await get<{ header: { app_hash: string } }>(`${rpc}/header?height=${height}`);
  if (header.header.app_hash !== (await network.appHash(0, height))) {
    throw new Error(`another app hash at height ${height}`);
  }
  const goal = height + 5;
  await waitUntil("it follows", async () => {
    return Number((await status()).sync_info.latest_block_height) >= goal;
  });
  process.stdout.write(
    `synced in ${seconds} s, blocks ${sync.earliest_block_height} to ${height}; ` +
      `follows to ${goal}\n`,
  );
} finally {
  late?.kill("SIGTERM");
  await network.stop();
}
