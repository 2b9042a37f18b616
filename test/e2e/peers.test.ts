/** Two whole nodes that know each other through a seed alone: spec/p2p.md, 7. */
import "../../src/p2p/promise-shim.ts"; // Before anything of libp2p.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import t from "tap";
import { planLocalnet } from "../../src/localnet/plan.ts";
import { writeHomes } from "../../src/localnet/write-homes.ts";
import { ConfigError, formatConfig } from "../../src/node/config.ts";
import { homePaths } from "../../src/node/home.ts";
import { type RunningNode, startNode } from "../../src/node/node.ts";
import { until } from "../support/p2p-nodes.ts";

const anyPort = "tcp://127.0.0.1:0";
const p2pPort = 22_000 + (process.pid % 4_000) * 2;

t.test("validators find each other through a seed, make blocks and remember", async (t) => {
  const home = mkdtempSync(path.join(tmpdir(), "gonka-peers-"));
  const running: RunningNode[] = [];
  t.teardown(async () => {
    for (const node of running) await node.stop();
    rmSync(home, { recursive: true, force: true });
  });
  const plan = planLocalnet({ home, validators: 2, portOffset: 0, nonces: 0, file: undefined });
  await writeHomes(plan);
  const start = async (index: number, p2p: Readonly<Record<string, string | boolean>>) => {
    const paths = homePaths(plan.nodes[index]?.home ?? "");
    const shared = { log_level: "error", "rpc.laddr": anyPort, "p2p.addr_book_strict": false };
    const laddr = `tcp://127.0.0.1:${p2pPort + index}`;
    const config = { ...shared, "p2p.laddr": laddr, "consensus.timeout_commit": "200ms", ...p2p };
    writeFileSync(paths.configToml, formatConfig("config", config));
    const app = { "api.address": anyPort, "grpc.address": anyPort };
    writeFileSync(paths.appToml, formatConfig("app", app));
    const node = await startNode(path.dirname(path.dirname(paths.configToml)), (error) => {
      throw error;
    });
    running.push(node);
    return { node, book: paths.addressBook };
  };
  const first = await start(0, {});
  const seeds = `${first.node.nodeId}@127.0.0.1:${p2pPort}`;
  const second = await start(1, { "p2p.seeds": seeds });
  const height = async () => {
    const answer = await fetch(`http://127.0.0.1:${second.node.rpcPort}/status`);
    const { result } = (await answer.json()) as {
      result: { sync_info: { latest_block_height: string } };
    };
    return Number(result.sync_info.latest_block_height);
  };
  let reached = 0;
  const timer = setInterval(
    () =>
      void height().then(
        (at) => (reached = at),
        () => undefined,
      ),
    200,
  );
  t.teardown(() => clearInterval(timer));
  await until("three blocks, which need both", () => reached >= 3, 120_000);
  clearInterval(timer);
  await second.node.stop();
  const { addrs } = JSON.parse(readFileSync(second.book, "utf8"));
  t.match(addrs, [{ address: { id: first.node.nodeId, ip: "127.0.0.1", port: p2pPort } }]);
  const wrong = start(1, { "p2p.private_peer_ids": "abc" });
  await t.rejects(wrong, ConfigError, "a typing error there would give a validator away");
});
