/**
 * Rollback and snapshots of a whole node, in its home directory: the node is stopped, taken back,
 * and goes on as if nothing had been (spec/node.md, "Rollback"; spec/snapshots.md).
 */
import "../../src/p2p/promise-shim.ts"; // Before anything of libp2p.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import t from "tap";
import { planLocalnet } from "../../src/localnet/plan.ts";
import { writeHomes } from "../../src/localnet/write-homes.ts";
import { formatConfig } from "../../src/node/config.ts";
import { homePaths } from "../../src/node/home.ts";
import { startNode } from "../../src/node/node.ts";
import { runCli } from "../support/run-cli.ts";

const folder = mkdtempSync(path.join(tmpdir(), "gonka-maintenance-"));
t.teardown(() => rmSync(folder, { recursive: true, force: true }));
const plan = planLocalnet({ home: folder, validators: 1, portOffset: 0, nonces: 0 });
const home = plan.nodes[0]!.home;
let died: unknown;

t.before(async () => {
  await writeHomes(plan);
  const anyPort = "tcp://127.0.0.1:0";
  writeFileSync(
    homePaths(home).configToml,
    formatConfig("config", {
      log_level: "error",
      "rpc.laddr": anyPort,
      "p2p.laddr": anyPort,
      "consensus.timeout_commit": "100ms",
    }),
  );
  writeFileSync(
    homePaths(home).appToml,
    formatConfig("app", {
      "api.enable": false,
      "grpc.enable": false,
      "state-sync.snapshot-interval": 4,
      "state-sync.snapshot-keep-recent": 1,
    }),
  );
});

interface Header {
  readonly height: string;
  readonly app_hash: string;
}

/** Runs the node for some blocks more and returns the headers of all its blocks. */
async function runFor(blocks: number): Promise<Header[]> {
  const node = await startNode(home, (error) => {
    died = error;
  });
  const get = async (method: string): Promise<Record<string, never>> => {
    const response = await fetch(`http://127.0.0.1:${node.rpcPort}/${method}`);
    return ((await response.json()) as { result: Record<string, never> }).result;
  };
  type Status = { sync_info: { latest_block_height: string } };
  const height = async (): Promise<number> =>
    Number(((await get("status")) as unknown as Status).sync_info.latest_block_height);
  const goal = (await height()) + blocks;
  while ((await height()) < goal) await new Promise((resolve) => setTimeout(resolve, 50));
  const headers: Header[] = [];
  for (let at = 1; at <= goal; at++) {
    const found = (await get(`header?height=${at}`)) as unknown as { header: Header };
    headers.push(found.header);
  }
  await node.stop();
  return headers;
}

const gonkad = (...args: string[]) => runCli([...args, "--home", home, "-o", "json"]);

async function snapshotHeights(): Promise<string[]> {
  const { out } = await gonkad("snapshots", "list");
  const { snapshots } = JSON.parse(out) as { snapshots: { height: string }[] };
  return snapshots.map(({ height }) => height);
}

t.test("a node goes one height back, executes the block again and goes on", async (t) => {
  const before = await runFor(6);
  const { code, out } = await gonkad("rollback");
  t.equal(code, 0);
  const back = JSON.parse(out) as { height: string; app_hash: string };
  const again = await gonkad("rollback");
  t.equal(again.code, 3);
  t.match(again.err, /still to be executed.*\nfix: .*\ncode: rollback_refused/);
  const next = before.find(({ height }) => height === String(BigInt(back.height) + 1n));
  if (next) t.equal(back.app_hash, next.app_hash, "the hash that the next header has");
  const after = await runFor(3);
  t.same(after.slice(0, before.length), before, "no block has changed");
  t.equal(died, undefined);
});

t.test("a node goes back to a snapshot and catches up from its own blocks", async (t) => {
  const [made] = await snapshotHeights();
  t.equal(Number(made) % 4, 0, `a snapshot of ${made}`);
  const { height } = JSON.parse((await gonkad("snapshots", "export")).out) as { height: string };
  t.same(await snapshotHeights(), [height], "the newest is kept");
  const before = await runFor(1);
  const kept = (await snapshotHeights()).at(-1)!;
  const wrong = await gonkad("snapshots", "restore", kept, "--app-hash", "00".repeat(32));
  t.match(wrong, { code: 3, err: /not of the application hash expected/ });
  const unknown = await gonkad("snapshots", "restore", "1");
  t.match(unknown, { code: 3, err: /no snapshot of height 1/ });
  t.match(await gonkad("snapshots", "restore", kept), { code: 0, err: /restored/ });
  const after = await runFor(2);
  t.same(after.slice(0, before.length), before);
  const left = (await snapshotHeights()).at(-1)!;
  t.match(await gonkad("snapshots", "delete", left), { code: 0 });
  t.match(await gonkad("snapshots", "delete", left), { code: 2, err: /no snapshot of height/ });
  t.equal(died, undefined);
});
