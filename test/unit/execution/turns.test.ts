/** What an application may do besides ABCI while a block is proposed and applied: ADR 092, 111. */
import type { RequestFinalizeBlock } from "cosmjs-types/tendermint/abci/types";
import t from "tap";
import { fromUtf8, utf8 } from "../../../src/encoding/bytes.ts";
import { MemoryDb } from "../../../src/store/memory-db.ts";
import { emptyDisk, KvStoreApp } from "../../support/kvstore.ts";
import { TestChain, testGenesis } from "../../support/test-chain.ts";

function chainOf(app: KvStoreApp): Promise<TestChain> {
  const disks = { blockDb: new MemoryDb(), stateDb: new MemoryDb() };
  return TestChain.open(app, disks, { genesis: testGenesis(1) });
}

t.test("an application may look ahead at a block before it is proposed and executed", async (t) => {
  const calls: string[] = [];
  class AheadApp extends KvStoreApp {
    readonly lookAhead = async (txs: readonly Uint8Array[]): Promise<void> => {
      calls.push(`look at ${txs.map(fromUtf8)}`);
      await new Promise((resolve) => setTimeout(resolve, 1));
      calls.push("looked");
    };
    override finalizeBlock(request: RequestFinalizeBlock) {
      calls.push("finalize");
      return super.finalizeBlock(request);
    }
  }
  const chain = await chainOf(new AheadApp(emptyDisk()));
  const tx = utf8("a=b");
  await chain.mempool.checkTx(tx);
  const block = chain.propose();
  calls.length = 0;
  t.equal(chain.executor.processProposal(chain.state, block), true);
  t.same(calls, ["look at a=b"], "it is not waited for");
  await new Promise((resolve) => setTimeout(resolve, 10));
  calls.length = 0;
  chain.state = await chain.executor.applyBlock(chain.state, await chain.save(block), block);
  t.same(calls, ["look at a=b", "looked", "finalize"]);
});

t.test("while a block runs in turns, CheckTx waits and nothing is on the disk", async (t) => {
  let go = (): void => undefined;
  const held = new Promise<void>((resolve) => {
    go = resolve;
  });
  const finalized: bigint[] = [];
  class TurnsApp extends KvStoreApp {
    readonly finalizeInTurns = async (request: RequestFinalizeBlock) => {
      await held;
      finalized.push(request.height);
      return this.finalizeBlock(request);
    };
  }
  const chain = await chainOf(new TurnsApp(emptyDisk()));
  const block = chain.propose();
  const applying = chain.executor.applyBlock(chain.state, await chain.save(block), block);
  await new Promise((resolve) => setTimeout(resolve, 5));
  const checked = chain.mempool.checkTx(utf8("c=d")).then((answer) => {
    t.same(finalized, [1n], "after the block");
    return answer;
  });
  await new Promise((resolve) => setTimeout(resolve, 5));
  t.same(finalized, []);
  t.equal(chain.states.loadFinalizeBlock(1n), undefined);
  t.equal(chain.states.load()?.lastBlockHeight, 0n);
  go();
  t.equal((await applying).lastBlockHeight, 1n);
  t.match(await checked, { code: 0 });
  t.same(finalized, [1n]);
});
