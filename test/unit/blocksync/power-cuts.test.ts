/** The power goes while blocks are synced with held writes: what is left makes a chain again. */
import t from "tap";
import { BlockSync } from "../../../src/blocksync/reactor.ts";
import { utf8 } from "../../../src/encoding/bytes.ts";
import type { DbOp } from "../../../src/store/db.ts";
import { HeldDb, HeldWrites } from "../../../src/store/held-writes.ts";
import { MemoryDb } from "../../../src/store/memory-db.ts";
import { defaultConsensusParams } from "../../../src/types/consensus-params.ts";
import { TestApp } from "../../sim/test-app.ts";
import { silentLog, TestChain, testGenesis, validatorKey } from "../../support/test-chain.ts";
import { fastClock, TestNetwork } from "../../support/test-network.ts";

const params = defaultConsensusParams();
/** Evidence counts for one block only, so that nearly all of them may be pruned. */
const evidence = {
  ...params.evidence,
  maxAgeNumBlocks: 1n,
  maxAgeDuration: { seconds: 0n, nanos: 1 },
};
const genesis = testGenesis(4, { consensusParams: { ...params, evidence } });
const keys = [0, 1, 2, 3].map(validatorKey);
const tip = 150;

/** Keeps no block but the last two. */
class ForgetfulApp extends TestApp {
  override async commit() {
    await super.commit();
    const { lastBlockHeight } = this.info();
    return { retainHeight: lastBlockHeight > 1n ? lastBlockHeight - 1n : 0n };
  }
}

/** A disk that fails for good before the n-th write of all. */
class Cut extends MemoryDb {
  readonly #mayWrite: () => boolean;
  constructor(mayWrite: () => boolean) {
    super();
    this.#mayWrite = mayWrite;
  }
  override batch(ops: readonly DbOp[], options: { readonly sync: boolean }): Promise<void> {
    if (this.#mayWrite()) return super.batch(ops, options);
    return Promise.reject(new Error("power cut"));
  }
}

async function open(disks: { blockDb: MemoryDb; stateDb: MemoryDb; appDb: MemoryDb }, id: string) {
  const [blockDb, stateDb, appDb] = [disks.blockDb, disks.stateDb, disks.appDb].map(
    (disk) => new HeldDb(disk),
  ) as [HeldDb, HeldDb, HeldDb];
  const app = new ForgetfulApp(appDb, "moving", keys);
  const chain = await TestChain.open(app, { blockDb, stateDb }, { genesis });
  const { blocks, executor } = chain;
  const writes = new HeldWrites([blockDb, stateDb, appDb]);
  const network = new TestNetwork(id);
  const clock = fastClock(20);
  const sync = new BlockSync({ network, blocks, executor, writes, clock, log: silentLog });
  return { chain, network, sync };
}

/** A chain of which no block is pruned, so that it can be synced from the first one on. */
async function serving() {
  const app = new TestApp(new MemoryDb(), "moving", keys);
  const disks = { blockDb: new MemoryDb(), stateDb: new MemoryDb() };
  const chain = await TestChain.open(app, disks, { genesis });
  for (let height = 1; height <= tip; height++) await chain.advance([utf8(`tx ${height}`)]);
  const network = new TestNetwork("serving");
  const { blocks, executor } = chain;
  const parts = { blocks, executor, writes: new HeldWrites([]) };
  new BlockSync({ network, ...parts, clock: fastClock(20), log: silentLog });
  return { chain, network };
}

t.test("cut at every write, it comes back with a prefix of the chain, and goes on", async (t) => {
  const server = await serving();
  let isWhole = false;
  for (let cut = 2; !isWhole; cut++) {
    let left = cut;
    const disk = () => new Cut(() => left-- > 0);
    const disks = { blockDb: disk(), stateDb: disk(), appDb: disk() };
    const first = await open(disks, `first ${cut}`);
    first.network.connect(server.network);
    try {
      await first.sync.run(first.chain.state);
      isWhole = true;
    } catch (error) {
      t.match(error, /power cut/);
    }
    server.network.disconnect(`first ${cut}`);
    const crashed = {
      blockDb: disks.blockDb.crash(),
      stateDb: disks.stateDb.crash(),
      appDb: disks.appDb.crash(),
    };
    const second = await open(crashed, `second ${cut}`);
    second.network.connect(server.network);
    const state = await second.sync.run(second.chain.state);
    t.equal(state.lastBlockHeight, BigInt(tip - 1), `after ${cut} writes`);
    t.same(state.appHash, server.chain.blocks.loadBlockMeta(BigInt(tip))?.header.appHash);
    t.ok(second.chain.blocks.base() > 1n, "and has pruned");
    server.network.disconnect(`second ${cut}`);
  }
});
