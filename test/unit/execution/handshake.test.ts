/**
 * Start after any crash. Restates cometbft v0.38.25 consensus/replay_test.go: HandshakeReplayAll,
 * Some, One, None, HandshakePanicsIfAppReturnsWrongAppHash, HandshakeUpdatesValidators; and
 * clause H of spec/execution.md: application at a, blocks at s, state at t.
 */
import t from "tap";
import { utf8 } from "../../../src/encoding/bytes.ts";
import { BlockFeed } from "../../../src/execution/block-feed.ts";
import { HandshakeError } from "../../../src/execution/handshake.ts";
import { MemoryDb } from "../../../src/store/memory-db.ts";
import { emptyDisk, type KvDisk, KvStoreApp, validatorTx } from "../../support/kvstore.ts";
import { silentLog, TestChain, testGenesis, validatorKey } from "../../support/test-chain.ts";

const genesis = testGenesis(3);
const copyOf = (disk: KvDisk): KvDisk => structuredClone(disk);
const executing = (app: KvStoreApp) =>
  app.calls.filter((call) => /Chain|finalize|commit/.test(call));

/** A chain of 4 blocks, or fewer, with the application's disk as it was after each height. */
async function history(heights = 4) {
  const disks = { blockDb: new MemoryDb(), stateDb: new MemoryDb() };
  const kv = emptyDisk();
  const chain = await TestChain.open(new KvStoreApp(kv), disks, { genesis });
  const apps = [emptyDisk()];
  for (const tx of ["a=1", "b=2", "c=3", "d=4"].slice(0, heights)) {
    await chain.advance([utf8(tx)]);
    apps.push(copyOf(kv));
  }
  return { disks, apps, chain };
}

const reopen = (app: KvStoreApp, disks: { blockDb: MemoryDb; stateDb: MemoryDb }) =>
  TestChain.open(app, disks, { genesis });

t.test("a new chain starts with InitChain, once", async (t) => {
  const disks = { blockDb: new MemoryDb(), stateDb: new MemoryDb() };
  const kv = emptyDisk();
  const app = new KvStoreApp(kv);
  const chain = await reopen(app, disks);
  t.same(app.calls, ["info", "initChain"]);
  t.same(chain.state.appHash, new Uint8Array(8), "what InitChain answered");
  t.equal(chain.state.appVersion, 1n, "what Info answered");
  await chain.advance();
  const again = new KvStoreApp(kv);
  await reopen(again, disks);
  t.same(again.calls, ["info"]);
});

t.test(
  "InitChain may replace validators and parameters [HandshakeUpdatesValidators]",
  async (t) => {
    const disks = { blockDb: new MemoryDb(), stateDb: new MemoryDb() };
    const app = new KvStoreApp(emptyDisk());
    app.initChain = () => ({
      validators: [{ pubKey: { ed25519: validatorKey(6) }, power: 5n }],
      consensusParams: { block: { maxBytes: 2_000_000n, maxGas: 3n }, version: { app: 4n } },
      appHash: Uint8Array.of(9),
    });
    const { state, states } = await reopen(app, disks);
    t.same([state.validators.size, state.validators.totalPower], [1, 5n]);
    t.equal(states.loadValidators(1n)?.totalPower, 5n);
    t.equal(states.loadValidators(2n)?.totalPower, 5n);
    t.same([state.consensusParams.block?.maxGas, state.appVersion], [3n, 4n]);
    t.same(state.appHash, Uint8Array.of(9));
  },
);

t.test(
  "the application behind s = t gets what it lacks [ReplayAll, Some, One, None]",
  async (t) => {
    for (const behind of [0, 1, 3, 4]) {
      const { disks, apps } = await history();
      const app = new KvStoreApp(apps[behind]!);
      const chain = await reopen(app, disks);
      const replayed = [1, 2, 3, 4].slice(behind);
      const calls = replayed.flatMap((height) => [`finalizeBlock ${height}`, `commit ${height}`]);
      t.same(executing(app), behind === 0 ? ["initChain", ...calls] : calls, `a = ${behind}`);
      t.equal(app.info().lastBlockHeight, 4n);
      t.equal(chain.state.lastBlockHeight, 4n);
      await chain.advance([utf8("e=5")]);
    }
  },
);

/** The same chain with block 5 saved and nothing after that done. */
async function crashedAfterSaveBlock(tx: Uint8Array) {
  const past = await history();
  await past.chain.mempool.checkTx(tx);
  const block = past.chain.propose();
  const blockId = await past.chain.save(block);
  return { ...past, block, blockId };
}

t.test("s = t + 1, a = t: the last block goes the whole way", async (t) => {
  const { disks, apps, block } = await crashedAfterSaveBlock(utf8("e=5"));
  const app = new KvStoreApp(apps[4]!);
  const chain = await reopen(app, disks);
  t.same(executing(app), ["finalizeBlock 5", "commit 5"]);
  t.same(chain.state.lastBlockTime, block.header.time);
  t.equal((await chain.advance([utf8("f=6")])).header.height, 6n);
});

t.test("s = t + 1, a < t: up to t without the state, then the whole way", async (t) => {
  const { disks, apps } = await crashedAfterSaveBlock(utf8("e=5"));
  const app = new KvStoreApp(apps[2]!);
  const chain = await reopen(app, disks);
  const expected = [3, 4, 5].flatMap((height) => [`finalizeBlock ${height}`, `commit ${height}`]);
  t.same(executing(app), expected);
  t.equal(chain.state.lastBlockHeight, 5n);
});

t.test("s > t + 1: every block without a state goes the whole way", async (t) => {
  for (const a of [0, 2]) {
    const { disks, apps } = await history();
    const told: bigint[] = [];
    const stateDb = new MemoryDb();
    if (a > 0) {
      // The state as it was after that height: blocks went to the disk, the rest did not.
      const early = await history(a);
      for await (const [key, value] of early.disks.stateDb.iterate()) {
        await stateDb.batch([{ key, value }], { sync: true });
      }
    }
    const app = new KvStoreApp(a === 0 ? emptyDisk() : apps[a]!);
    const feed = new BlockFeed(silentLog);
    feed.onBlock(({ block }) => told.push(block.header.height));
    const chain = await TestChain.open(app, { ...disks, stateDb }, { genesis, feed });
    const heights = [1, 2, 3, 4].filter((height) => height > a);
    t.same(executing(app), [
      ...(a === 0 ? ["initChain"] : []),
      ...heights.flatMap((height) => [`finalizeBlock ${height}`, `commit ${height}`]),
    ]);
    t.same(told, heights.map(BigInt));
    t.equal(chain.state.lastBlockHeight, 4n);
    await chain.advance();
  }
});

t.test("s = t + 1, a = s: the stored answer makes the state, nothing runs twice", async (t) => {
  const tx = validatorTx(validatorKey(4), 7n);
  const { disks, apps, chain: first, block, blockId } = await crashedAfterSaveBlock(tx);
  const before = { ...disks, stateDb: disks.stateDb.crash() };
  const full = await TestChain.open(new KvStoreApp(apps[4]!), before, { genesis });
  t.equal(full.state.lastBlockHeight, 5n);
  const answer = full.states.loadFinalizeBlock(5n)!;
  // The disk of a node that crashed between Commit and saving the state.
  const crashed = await history();
  await crashed.chain.save(block);
  await crashed.chain.states.saveFinalizeBlock(5n, answer);
  const app = new KvStoreApp(apps[4]!);
  const chain = await reopen(app, crashed.disks);
  t.same(executing(app), []);
  t.equal(chain.state.nextValidators.size, 4);
  t.same(chain.state.lastBlockId, blockId);
  t.equal(first.state.lastBlockHeight, 4n);
  await chain.advance();
});

t.test(
  "the first block keeps the app version that InitChain chose, whatever Info says",
  async (t) => {
    const disks = { blockDb: new MemoryDb(), stateDb: new MemoryDb() };
    const kv = emptyDisk();
    const choosing = (): KvStoreApp => {
      const app = new KvStoreApp(kv);
      const { initChain } = app;
      const consensusParams = { version: { app: 0n } };
      app.initChain = (request) => ({ ...initChain.call(app, request), consensusParams });
      return app;
    };
    const first = await reopen(choosing(), disks);
    t.equal(first.state.appVersion, 0n);
    // Committed, and the process ends before the state is saved.
    first.states.save = async () => Promise.reject(new Error("killed"));
    await t.rejects(first.advance(), /killed/);
    const next = await reopen(choosing(), disks);
    t.equal(next.state.lastBlockHeight, 1n);
    t.equal((await next.advance()).header.version.app, 0n);
  },
);

t.test("power cut at any batch of applying a block: the next start makes it whole", async (t) => {
  const reference = await history();
  for (let survivors = 0; survivors <= 3; survivors++) {
    const { disks, chain, apps } = await history();
    await chain.mempool.checkTx(utf8("e=5"));
    const block = chain.propose();
    const blockId = await chain.save(block);
    const committed = survivors >= 2;
    if (survivors >= 1) {
      const states = chain.states;
      if (survivors < 3) states.save = async () => Promise.reject(new Error("power cut"));
      await chain.executor.applyBlock(chain.state, blockId, block).catch(() => undefined);
    }
    const kv = copyOf(apps[4]!);
    if (committed) Object.assign(kv, { height: 5n, size: 5n });
    const left = { blockDb: disks.blockDb.crash(), stateDb: disks.stateDb.crash() };
    const next = await reopen(new KvStoreApp(kv), left);
    t.equal(next.state.lastBlockHeight, 5n, `${survivors} steps done`);
    t.same(next.state.appHash, Uint8Array.of(10, 0, 0, 0, 0, 0, 0, 0));
  }
  t.equal(reference.chain.state.lastBlockHeight, 4n);
});

t.test("what no crash explains stops the node", async (t) => {
  const { disks, apps, chain } = await history();
  const wrong = new KvStoreApp({ ...copyOf(apps[4]!), size: 99n });
  await t.rejects(reopen(wrong, disks), HandshakeError, "wrong app hash");
  const ahead = new KvStoreApp({ ...copyOf(apps[4]!), height: 5n });
  await t.rejects(reopen(ahead, disks), /application height 5 is above block height 4/);
  const noBlocks = { ...disks, blockDb: new MemoryDb() };
  await t.rejects(reopen(new KvStoreApp(apps[4]!), noBlocks), HandshakeError, "no blocks");
  const fresh = new KvStoreApp(emptyDisk());
  await t.rejects(reopen(fresh, noBlocks), /state height 4 is above block height 0/);
  const noState = { ...disks, stateDb: new MemoryDb() };
  await t.rejects(reopen(new KvStoreApp(apps[4]!), noState), /application height 4 is above 1/);
  await chain.blocks.prune(4n);
  await t.rejects(reopen(new KvStoreApp(apps[2]!), disks), /too low: blocks start at 4/);
  await t.rejects(reopen(new KvStoreApp(emptyDisk()), disks), /too low: blocks start at 4/);
  t.equal((await reopen(new KvStoreApp(apps[3]!), disks)).state.lastBlockHeight, 4n);
});

t.test("an application whose hash changes during replay stops the node", async (t) => {
  const { disks, apps } = await history();
  const app = new KvStoreApp(apps[1]!);
  const finalize = app.finalizeBlock.bind(app);
  app.finalizeBlock = (request) => ({ ...finalize(request), appHash: Uint8Array.of(6) });
  await t.rejects(reopen(app, disks), HandshakeError);
});
