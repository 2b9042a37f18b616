/**
 * Decided blocks on disk. Restates cometbft v0.38.25 store/store_test.go: BlockStoreSaveLoadBlock,
 * LoadBlockPart, LoadBlockMeta, PruneBlocks, BlockFetchAtHeight.
 */
import t from "tap";
import { BlockStore, BlockStoreError } from "../../../src/blockstore/block-store.ts";
import { utf8 } from "../../../src/encoding/bytes.ts";
import { MemoryDb } from "../../../src/store/memory-db.ts";
import { PartSet } from "../../../src/types/part-set.ts";
import { emptyDisk, KvStoreApp } from "../../support/kvstore.ts";
import { blockIdOf, signCommit, TestChain, testGenesis } from "../../support/test-chain.ts";

async function chainOf(height: number, initialHeight = 1n) {
  const disks = { blockDb: new MemoryDb(), stateDb: new MemoryDb() };
  const genesis = testGenesis(2, { initialHeight });
  const chain = await TestChain.open(new KvStoreApp(emptyDisk()), disks, { genesis });
  for (let i = 0; i < height; i++) await chain.advance([utf8(`key${i}=${"v".repeat(70_000)}`)]);
  return { disks, chain, store: chain.blocks };
}

t.test("what is saved is found again, by height, by hash and in parts", async (t) => {
  const { store, chain } = await chainOf(3);
  t.same([store.base(), store.height()], [1n, 3n]);
  const block = store.loadBlock(2n)!;
  const { blockId, parts } = blockIdOf(block);
  t.same(store.loadBlockId(2n), blockId);
  t.same(store.loadBlockByHash(blockId.hash), block);
  t.equal(store.heightOf(blockId.hash), 2n);
  t.equal(parts.header.total, 2, "a block of two parts");
  t.same(store.loadPart(2n, 1), parts.part(1));
  t.same(store.loadBlockBytes(2n), parts.bytes());
  const meta = store.loadBlockMeta(2n)!;
  t.same([meta.numTxs, meta.blockSize], [1n, BigInt(parts.bytes().length)]);
  t.same(meta.header, block.header);
  t.same(store.loadCommit(2n), store.loadBlock(3n)!.lastCommit);
  t.same(store.loadSeenCommit(3n), chain.lastCommit);
  t.equal(store.loadCommit(3n), undefined, "the block that carries it does not exist yet");
  t.equal(store.loadCommit(0n), undefined);
});

t.test("what was never saved is undefined", async (t) => {
  const { store } = await chainOf(1);
  t.equal(store.loadBlock(2n), undefined);
  t.equal(store.loadBlockMeta(0n), undefined);
  t.equal(store.loadPart(1n, 2), undefined);
  t.equal(store.loadBlockByHash(new Uint8Array(32)), undefined);
  const empty = new BlockStore(new MemoryDb());
  t.same([empty.base(), empty.height()], [0n, 0n]);
});

t.test("a saved block is on the disk when saveBlock resolves", async (t) => {
  const { disks, chain } = await chainOf(3, 7n);
  const reopened = new BlockStore(disks.blockDb.crash());
  t.same([reopened.base(), reopened.height()], [7n, 9n]);
  t.same(reopened.loadBlock(9n)?.header, chain.blocks.loadBlockMeta.call(reopened, 9n)?.header);
});

t.test("a gap or a missing part is refused and changes nothing", async (t) => {
  const { chain, store } = await chainOf(2);
  const block = chain.propose();
  const { blockId, parts } = blockIdOf(block);
  const { height, time } = block.header;
  const commit = signCommit(chain.state, { blockId, height, time });
  const partial = PartSet.fromHeader(parts.header);
  await t.rejects(store.saveBlock(block, partial, commit), BlockStoreError);
  const gap = { ...block, header: { ...block.header, height: 5n } };
  await t.rejects(store.saveBlock(gap, parts, commit), BlockStoreError);
  t.equal(store.height(), 2n);
  await store.saveBlock(block, parts, commit);
  await t.rejects(store.saveBlock(block, parts, commit), BlockStoreError, "saved already");
});

t.test("pruning gives the disk back and keeps the rest whole [PruneBlocks]", async (t) => {
  const { disks, store } = await chainOf(6);
  const before = disks.blockDb.sizeBytes;
  const hash = store.loadBlockId(2n)!.hash;
  t.equal(await store.prune(4n), 3);
  t.same([store.base(), store.height()], [4n, 6n]);
  t.ok(disks.blockDb.sizeBytes < before * 0.6);
  t.equal(store.loadBlock(3n), undefined);
  t.equal(store.loadBlockByHash(hash), undefined);
  t.equal(store.loadPart(3n, 0), undefined);
  t.equal(store.loadSeenCommit(3n), undefined);
  t.ok(store.loadBlock(4n));
  t.equal(await store.prune(4n), 0, "nothing left to do");
  await t.rejects(store.prune(7n), BlockStoreError);
});

t.test("a damaged disk is named, not served", async (t) => {
  const { disks, store } = await chainOf(1);
  const key = Uint8Array.of(2, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 1);
  await disks.blockDb.batch([{ key, value: undefined }], { sync: true });
  t.throws(() => store.loadBlock(1n), /part 1 of block 1 is missing/);
  await disks.blockDb.batch([{ key: Uint8Array.of(0), value: utf8("x") }], { sync: true });
  t.throws(() => new BlockStore(disks.blockDb), BlockStoreError);
});
