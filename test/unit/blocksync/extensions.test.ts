/**
 * Block sync where vote extensions are on (cometbft v0.38.25 blocksync/reactor.go): a block comes
 * with the extended commit of its height, and none without it.
 */
import type { ExtendedCommit } from "cosmjs-types/tendermint/types/types";
import t from "tap";
import { BlockSync } from "../../../src/blocksync/reactor.ts";
import { utf8 } from "../../../src/encoding/bytes.ts";
import { HeldWrites } from "../../../src/store/held-writes.ts";
import { MemoryDb } from "../../../src/store/memory-db.ts";
import { defaultConsensusParams } from "../../../src/types/consensus-params.ts";
import { emptyDisk, KvStoreApp } from "../../support/kvstore.ts";
import { until } from "../../support/p2p-nodes.ts";
import { silentLog, TestChain, testGenesis } from "../../support/test-chain.ts";
import { fastClock, TestNetwork } from "../../support/test-network.ts";

/** Extensions from height 3 on. */
const consensusParams = {
  ...defaultConsensusParams(),
  abci: { voteExtensionsEnableHeight: 3n },
};

async function nodeAt(id: string, height: number) {
  const chain = await TestChain.open(
    new KvStoreApp(emptyDisk()),
    { blockDb: new MemoryDb(), stateDb: new MemoryDb() },
    { genesis: testGenesis(4, { consensusParams }) },
  );
  for (let h = 1; h <= height; h++) await chain.advance([utf8(`${h}=${h}`)]);
  const network = new TestNetwork(id);
  const { blocks, executor } = chain;
  const clock = fastClock(20);
  const writes = new HeldWrites([]);
  const sync = new BlockSync({ network, blocks, executor, writes, clock, log: silentLog });
  return { chain, network, sync };
}

/** A node whose extended commit of height 5 is changed on its way out. */
async function liarAt(height: number, change: (ext: ExtendedCommit) => ExtendedCommit | undefined) {
  const liar = await nodeAt("liar", height);
  const load = liar.chain.blocks.loadExtendedCommit.bind(liar.chain.blocks);
  liar.chain.blocks.loadExtendedCommit = (at) => {
    const extended = load(at);
    return at === 5n && extended ? change(extended) : extended;
  };
  return liar;
}

t.test("a late node gets the extensions with the blocks, and can serve them on", async (t) => {
  const [ahead, late] = [await nodeAt("ahead", 9), await nodeAt("late", 0)];
  late.network.connect(ahead.network);
  t.equal((await late.sync.run(late.chain.state)).lastBlockHeight, 8n);
  for (let height = 1n; height <= 8n; height++) {
    const extended = late.chain.blocks.loadExtendedCommit(height);
    t.same(extended, ahead.chain.blocks.loadExtendedCommit(height));
    t.equal(extended !== undefined, height >= 3n, `height ${height}`);
  }
  const third = await nodeAt("third", 0);
  third.network.connect(late.network);
  t.equal((await third.sync.run(third.chain.state)).lastBlockHeight, 7n);
  t.same([...late.network.bans, ...third.network.bans], []);
});

const first = (extended: ExtendedCommit, change: object): ExtendedCommit => ({
  ...extended,
  extendedSignatures: extended.extendedSignatures.with(0, {
    ...extended.extendedSignatures[0]!,
    ...change,
  }),
});
for (const [name, change, reason] of [
  ["none", () => undefined, /no vote extensions/],
  ["a false extension", (e) => first(e, { extension: utf8("x") }), /extension signature is wrong/],
  ["a false vote", (e) => first(e, { signature: new Uint8Array(64) }), /signature 0 is wrong/],
  ["an unsigned one", (e) => first(e, { extensionSignature: utf8("") }), /extension signature/],
  ["another height's", (e) => ({ ...e, height: 4n }), /commit of height 4/],
] as [string, (e: ExtendedCommit) => ExtendedCommit | undefined, RegExp][]) {
  t.test(`${name}: its sender alone is banned, the block comes from others`, async (t) => {
    const [liar, honest] = [await liarAt(8, change), await nodeAt("honest", 8)];
    const late = await nodeAt("late", 0);
    late.network.connect(liar.network);
    const running = late.sync.run(late.chain.state);
    await until("liar banned", () => late.network.bans.length > 0);
    t.match(late.network.bans[0], reason);
    t.equal(late.chain.blocks.height(), 4n);
    late.network.connect(honest.network);
    t.equal((await running).lastBlockHeight, 7n);
    t.equal(late.network.bans.length, 1);
  });
}

t.test("extensions where they are off are refused as well", async (t) => {
  const liar = await nodeAt("liar", 8);
  const load = liar.chain.blocks.loadExtendedCommit.bind(liar.chain.blocks);
  liar.chain.blocks.loadExtendedCommit = (at) => load(at === 2n ? 4n : at);
  const late = await nodeAt("late", 0);
  late.network.connect(liar.network);
  const running = late.sync.run(late.chain.state);
  await until("liar banned", () => late.network.bans.length > 0);
  t.match(late.network.bans[0], /they are off/);
  await late.sync.stop();
  t.equal((await running).lastBlockHeight, 1n);
});

t.test("after state sync it does not end before the first block with extensions", async (t) => {
  const [ahead, late] = [await nodeAt("ahead", 6), await nodeAt("late", 6)];
  // As a snapshot of height 6 leaves it: the commit without its extensions, and no block.
  late.chain.blocks.loadExtendedCommit = () => undefined;
  late.network.connect(ahead.network);
  let isDone = false;
  const running = late.sync.run(late.chain.state).then((state) => {
    isDone = true;
    return state;
  });
  await new Promise((resolve) => setTimeout(resolve, 400)); // 8 s of its clock.
  t.notOk(isDone, "consensus could not propose");
  await late.sync.stop();
  t.equal((await running).lastBlockHeight, 6n);
});
