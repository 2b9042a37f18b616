/** A whole node in this process: one validator of a localnet, its home in a temporary folder. */
import "../../src/p2p/promise-shim.ts"; // Before anything of libp2p.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { type Plan, planLocalnet } from "../../src/localnet/plan.ts";
import { writeHomes } from "../../src/localnet/write-homes.ts";
import { formatConfig } from "../../src/node/config.ts";
import { homePaths } from "../../src/node/home.ts";
import { type RunningNode, startNode } from "../../src/node/node.ts";

export interface OneNode {
  readonly plan: Plan;
  readonly node: RunningNode;
  /** Such as http://127.0.0.1:41234. */
  readonly rpcUrl: string;
  readonly wsUrl: string;
  readonly restUrl: string;
  /** Stops the node and removes its home. */
  stop(): Promise<void>;
}

/** Writes the home and starts the node; every port is one that the system picks. */
export async function startOneNode(
  fatal: (error: unknown) => void,
  file?: string,
): Promise<OneNode> {
  const home = mkdtempSync(path.join(tmpdir(), "gonka-e2e-"));
  const plan = planLocalnet({ home, validators: 1, portOffset: 0, nonces: 0, file });
  await writeHomes(plan);
  const nodeHome = plan.nodes[0]!.home;
  const paths = homePaths(nodeHome);
  const anyPort = "tcp://127.0.0.1:0";
  const config = formatConfig("config", {
    moniker: "node1",
    log_level: "error",
    "rpc.laddr": anyPort,
    "p2p.laddr": anyPort,
    "consensus.timeout_commit": "300ms",
  });
  writeFileSync(paths.configToml, config);
  writeFileSync(
    paths.appToml,
    formatConfig("app", {
      application: plan.definition.application,
      "api.address": anyPort,
      "grpc.address": anyPort,
    }),
  );
  const node = await startNode(nodeHome, fatal);
  const stop = async (): Promise<void> => {
    await node.stop();
    rmSync(home, { recursive: true, force: true });
  };
  const rpcUrl = `http://127.0.0.1:${node.rpcPort}`;
  const wsUrl = `ws://127.0.0.1:${node.rpcPort}`;
  return { plan, node, rpcUrl, wsUrl, restUrl: `http://127.0.0.1:${node.restPort}`, stop };
}
