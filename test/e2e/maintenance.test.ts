/**
 * Rollback and snapshots of a whole node, in its home directory: the node is stopped, taken back,
 * and goes on as if nothing had been (spec/node.md, "Rollback"; spec/snapshots.md).
 */
import "../../src/p2p/promise-shim.ts"; // Before anything of libp2p.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import t from "tap";
import { toUpperHex } from "../../src/encoding/bytes.ts";
import { planLocalnet } from "../../src/localnet/plan.ts";
import { writeHomes } from "../../src/localnet/write-homes.ts";
import { formatConfig } from "../../src/node/config.ts";
import { homePaths } from "../../src/node/home.ts";
import { rollBackNode } from "../../src/node/maintenance/rollback.ts";
import {
  deleteSnapshot,
  listSnapshots,
  makeSnapshot,
  restoreSnapshot,
} from "../../src/node/maintenance/snapshots.ts";
import { startNode } from "../../src/node/node.ts";

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

t.test("a node goes one height back, executes the block again and goes on", async (t) => {
  const before = await runFor(6);
  const back = await rollBackNode(home);
  const again = await rollBackNode(home).catch((error: Error) => error.message);
  t.match(again, /still to be executed/, "once, until the block is executed again");
  const next = before.find(({ height }) => height === String(back.height + 1n));
  if (next) t.equal(toUpperHex(back.appHash), next.app_hash, "the hash that the next header has");
  const after = await runFor(3);
  t.same(after.slice(0, before.length), before, "no block has changed");
  t.equal(died, undefined);
});

t.test("a node goes back to a snapshot and catches up from its own blocks", async (t) => {
  const [made] = await listSnapshots(home);
  t.ok(made && made.height % 4n === 0n, `a snapshot of ${made?.height}`);
  const height = await makeSnapshot(home);
  t.same(
    (await listSnapshots(home)).map((snapshot) => snapshot.height),
    [height],
    "the newest is kept",
  );
  const before = await runFor(1);
  const kept = (await listSnapshots(home)).at(-1)!.height;
  await t.rejects(restoreSnapshot(home, kept, new Uint8Array(32)), { message: /not of the app/ });
  await t.rejects(restoreSnapshot(home, 1n, undefined), { message: /no snapshot of height 1/ });
  await restoreSnapshot(home, kept, undefined);
  const after = await runFor(2);
  t.same(after.slice(0, before.length), before);
  const left = (await listSnapshots(home)).at(-1)!.height;
  t.equal(await deleteSnapshot(home, left), true);
  t.equal(await deleteSnapshot(home, left), false);
  t.equal(died, undefined);
});
