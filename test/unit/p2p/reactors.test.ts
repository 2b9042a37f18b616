/** Block sync and mempool over real libp2p: a late node catches up, transactions reach all. */
import t from "tap";
import { BlockSync } from "../../../src/blocksync/reactor.ts";
import { utf8 } from "../../../src/encoding/bytes.ts";
import { MempoolReactor } from "../../../src/mempool/reactor.ts";
import { PeerNetwork } from "../../../src/p2p/network.ts";
import { HeldWrites } from "../../../src/store/held-writes.ts";
import { MemoryDb } from "../../../src/store/memory-db.ts";
import { emptyDisk, KvStoreApp } from "../../support/kvstore.ts";
import { nodeSeed, until } from "../../support/p2p-nodes.ts";
import { chainId, silentLog, TestChain, testGenesis } from "../../support/test-chain.ts";
import { fastClock } from "../../support/test-network.ts";

async function node(n: number, height: number, peers: readonly string[]) {
  const disks = { blockDb: new MemoryDb(), stateDb: new MemoryDb() };
  const app = new KvStoreApp(emptyDisk());
  const chain = await TestChain.open(app, disks, { genesis: testGenesis(4) });
  const filler = "v".repeat(90_000);
  for (let h = 1; h <= height; h++) await chain.advance([utf8(`${h}=${filler}`)]);
  const network = new PeerNetwork({
    seed: nodeSeed(n),
    identity: {
      chainId,
      moniker: `node-${n}`,
      version: "test",
      appVersion: 1n,
      listenAddress: "",
      rpcAddress: "",
    },
    listen: ["/ip4/127.0.0.1/tcp/0"],
    persistentPeers: peers,
    limits: { maxInboundPeers: 10, maxInboundPerIp: 4 },
    log: silentLog,
  });
  const { blocks, executor, mempool } = chain;
  const shared = { network, clock: fastClock(1), log: silentLog };
  const sync = new BlockSync({ ...shared, blocks, executor, writes: new HeldWrites([]) });
  new MempoolReactor({ ...shared, mempool, maxTxBytes: 1_048_576 });
  await network.start();
  t.teardown(() => network.stop());
  const port = /tcp\/(\d+)/.exec(network.listenAddresses()[0] ?? "")?.[1];
  return { chain, network, sync, address: `${network.id}@127.0.0.1:${port}` };
}

t.test("three nodes: one serves, one catches up, one is at the tip", async (t) => {
  const ahead = await node(0, 30, []);
  const late = await node(1, 0, [ahead.address]);
  const equal = await node(2, 30, [ahead.address, late.address]);
  const started = [late, equal].map(({ sync, chain }) => sync.run(chain.state));
  const [caughtUp, atTip] = await Promise.all(started);
  t.equal(atTip?.lastBlockHeight, 30n);
  t.equal(caughtUp?.lastBlockHeight, 29n);
  t.same(late.chain.blocks.loadBlockBytes(20n), ahead.chain.blocks.loadBlockBytes(20n));
  t.equal(late.sync.isRunning, false);
  await until("mesh", () => equal.network.peers().length === 2);
  for (let n = 0; n < 200; n++) await equal.chain.mempool.checkTx(utf8(`tx${n}=${n}`));
  await until("all have all", () => [ahead, late].every(({ chain }) => chain.mempool.size === 200));
  t.same(late.chain.mempool.reapMaxTxs(200).length, 200);
});
