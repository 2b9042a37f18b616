/**
 * Catching up. Restates cometbft v0.38.25 blocksync/reactor_test.go (NoBlockResponse, BadBlock),
 * pool_test.go (Basic, Timeout, RemovePeer) and msgs_test.go (TestBlocksyncMessageVectors).
 */

import type { Block } from "cosmjs-types/tendermint/types/block";
import t from "tap";
import { BlockPool } from "../../../src/blocksync/block-pool.ts";
import { decodeMessage, encodeMessage } from "../../../src/blocksync/messages.ts";
import { BlockSync } from "../../../src/blocksync/reactor.ts";
import { fromHex, toHex, utf8 } from "../../../src/encoding/bytes.ts";
import { zeroTime } from "../../../src/encoding/time.ts";
import { HeldWrites } from "../../../src/store/held-writes.ts";
import { MemoryDb } from "../../../src/store/memory-db.ts";
import { decodeBlock, encodeBlock, hashCommit, makeBlock } from "../../../src/types/block.ts";
import { emptyCommit } from "../../../src/types/commit.ts";
import { emptyDisk, KvStoreApp } from "../../support/kvstore.ts";
import { until } from "../../support/p2p-nodes.ts";
import { prng } from "../../support/prng.ts";
import { silentLog, TestChain, testGenesis } from "../../support/test-chain.ts";
import { fastClock, TestNetwork } from "../../support/test-network.ts";

const maxInt64 = (1n << 63n) - 1n;

/** types.MakeBlock(3, ["Hello World"], nil, nil): no last commit, so that hash is empty. */
function vectorBlock(): Block {
  const made = makeBlock({
    height: 3n,
    txs: [utf8("Hello World")],
    lastCommit: emptyCommit(),
    evidence: [],
  });
  const { lastCommit, ...rest } = made;
  const version = { block: 11n, app: 0n };
  const header = { ...rest.header, version, time: zeroTime, lastCommitHash: new Uint8Array() };
  return lastCommit ? { ...rest, header } : made;
}

t.test("messages encode as CometBFT's [TestBlocksyncMessageVectors]", async (t) => {
  const vectors: readonly [Parameters<typeof encodeMessage>[0], string][] = [
    [{ type: "blockRequest", height: 1n }, "0a020801"],
    [{ type: "blockRequest", height: maxInt64 }, "0a0a08ffffffffffffffff7f"],
    [
      { type: "block", block: encodeBlock(vectorBlock()), extendedCommit: new Uint8Array(0) },
      "1a700a6e0a5b0a02080b1803220b088092b8c398feffffff012a0212003a20c4da88e876062aa1543400d50d0eaa0dac88096057949cfb7bca7f3a48c04bf96a20e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855120d0a0b48656c6c6f20576f726c641a00",
    ],
    [{ type: "noBlock", height: 1n }, "12020801"],
    [{ type: "noBlock", height: maxInt64 }, "120a08ffffffffffffffff7f"],
    [{ type: "statusRequest" }, "2200"],
    [{ type: "status", height: 1n, base: 1n }, "2a0408011001"],
    [
      { type: "status", height: maxInt64, base: maxInt64 },
      "2a1408ffffffffffffffff7f10ffffffffffffffff7f",
    ],
  ];
  for (const [message, hex] of vectors) {
    t.equal(toHex(encodeMessage(message)), hex, message.type);
    t.same(decodeMessage(fromHex(hex)), message);
  }
  const status = { type: "status", height: 1n, base: 2n } as const;
  t.equal(toHex(encodeMessage(status)), "2a0408011002", "the vector of CometBFT's test");
  t.equal(decodeMessage(encodeMessage(status)), undefined, "which no node may send");
});

t.test("foreign bytes are a message or nothing", async (t) => {
  const bad = ["", "0a", "0a0208", "0a0b08ffffffffffffffffff01", "22002200ff", "32020801"];
  for (const hex of [...bad, "220012020801"]) {
    t.equal(decodeMessage(fromHex(hex)), undefined, hex);
  }
  for (let seed = 1; seed <= 2_000; seed++) {
    const random = prng(seed);
    const bytes = Uint8Array.from({ length: Math.floor(random() * 60) }, () => random() * 256);
    t.doesNotThrow(() => decodeMessage(bytes), `seed ${seed}`);
  }
});

t.test("the pool asks each height of one peer, the idlest that has it", async (t) => {
  const pool = new BlockPool(5n);
  pool.setRange("a", { base: 1n, height: 7n });
  pool.setRange("b", { base: 6n, height: 40n });
  t.equal(pool.maxPeerHeight, 40n);
  const asked = pool.nextRequests();
  t.same(asked[0], { peerId: "a", height: 5n }, "only a has it");
  t.equal(asked.filter(({ peerId }) => peerId === "b").length, 8, "at most 8 at a time");
  t.same(new Set(asked.map(({ height }) => height)).size, asked.length);
  t.same(pool.nextRequests(), [], "all are under way");
  pool.removePeer("a");
  t.ok(pool.nextRequests().every(({ peerId }) => peerId !== "a"));
  pool.noBlock("b", 8n);
  t.equal(pool.maxPeerHeight, 7n, "it claimed too much");
});

t.test("a peer that leaves requests unanswered is given up", async (t) => {
  const pool = new BlockPool(1n);
  pool.setRange("slow", { base: 1n, height: 9n });
  pool.nextRequests();
  const gone = Array.from({ length: 151 }, () => pool.tick()).flat();
  t.same(gone, ["slow"]);
  t.equal(pool.knownPeers, 0);
});

const genesis = testGenesis(4);
const openChain = () =>
  TestChain.open(
    new KvStoreApp(emptyDisk()),
    { blockDb: new MemoryDb(), stateDb: new MemoryDb() },
    { genesis },
  );

async function nodeAt(id: string, height: number) {
  const chain = await openChain();
  for (let h = 1; h <= height; h++) await chain.advance([utf8(`${h}=${h}`)]);
  const network = new TestNetwork(id);
  const { blocks, executor } = chain;
  const clock = fastClock(20);
  const writes = new HeldWrites([]);
  const sync = new BlockSync({ network, blocks, executor, writes, clock, log: silentLog });
  return { chain, network, sync };
}

t.test("a late node catches up to one below the tip, where consensus takes over", async (t) => {
  const [ahead, behind, late] = [
    await nodeAt("ahead", 40),
    await nodeAt("behind", 12),
    await nodeAt("late", 0),
  ];
  late.network.connect(ahead.network);
  late.network.connect(behind.network);
  const state = await late.sync.run(late.chain.state);
  t.equal(state.lastBlockHeight, 39n);
  t.same(state.appHash, ahead.chain.blocks.loadBlockMeta(40n)?.header.appHash);
  t.same(late.chain.blocks.loadSeenCommit(39n), ahead.chain.blocks.loadCommit(39n));
  t.same(late.network.bans, []);
  t.equal(late.chain.states.load()?.lastBlockHeight, 39n);
  const third = await nodeAt("third", 0);
  third.network.connect(late.network);
  t.equal((await third.sync.run(third.chain.state)).lastBlockHeight, 38n, "it serves in turn");
});

t.test("what blocks need is verified ahead of them, while earlier ones are applied", async (t) => {
  const [ahead, late] = [await nodeAt("ahead", 12), await nodeAt("late", 0)];
  const { executor } = late.chain;
  const [seen, applied]: [bigint[], bigint[]] = [[], []];
  let aheadMost = 0n;
  const { lookAhead, applyBlock } = executor;
  executor.lookAhead = (block) => {
    seen.push(block.header.height);
    const lead = block.header.height - (applied.at(-1) ?? 0n);
    if (lead > aheadMost) aheadMost = lead;
    lookAhead.call(executor, block);
  };
  executor.applyBlock = (state, id, block) => {
    t.ok(seen.includes(block.header.height));
    applied.push(block.header.height);
    return applyBlock.call(executor, state, id, block);
  };
  late.network.connect(ahead.network);
  t.equal((await late.sync.run(late.chain.state)).lastBlockHeight, 11n);
  t.ok(aheadMost > 1n, `${aheadMost} blocks ahead`);
});

t.test("alone, or among equals, it gives way to consensus at once", async (t) => {
  const alone = await nodeAt("alone", 3);
  t.equal((await alone.sync.run(alone.chain.state)).lastBlockHeight, 3n);
  const [a, b] = [await nodeAt("a", 3), await nodeAt("b", 4)];
  a.network.connect(b.network);
  t.equal((await a.sync.run(a.chain.state)).lastBlockHeight, 3n, "one behind is consensus' work");
  t.equal((await b.sync.run(b.chain.state)).lastBlockHeight, 4n);
});

t.test("a false block bans its senders; the chain comes from the others [BadBlock]", async (t) => {
  const [liar, honest, late] = [
    await nodeAt("liar", 10),
    await nodeAt("honest", 10),
    await nodeAt("late", 0),
  ];
  const load = liar.chain.blocks.loadBlockBytes.bind(liar.chain.blocks);
  liar.chain.blocks.loadBlockBytes = (height) => {
    const bytes = load(height);
    if (height !== 4n || !bytes) return bytes;
    return encodeBlock({ ...decodeBlock(bytes)!, data: { txs: [utf8("steal=all")] } });
  };
  late.network.connect(liar.network);
  const running = late.sync.run(late.chain.state);
  await until("liar banned", () => late.network.bans.length > 0);
  t.match(late.network.bans, [/^liar: false block/]);
  late.network.connect(honest.network);
  t.equal((await running).lastBlockHeight, 9n);
});

t.test("a commit with one false signature beyond +2/3 is no proof, and is not kept", async (t) => {
  const [liar, honest, late] = [
    await nodeAt("liar", 6),
    await nodeAt("honest", 6),
    await nodeAt("late", 0),
  ];
  const load = liar.chain.blocks.loadBlockBytes.bind(liar.chain.blocks);
  liar.chain.blocks.loadBlockBytes = (height) => {
    const bytes = load(height);
    const block = bytes && decodeBlock(bytes);
    if (height !== 4n || !block?.lastCommit) return bytes;
    const signatures = block.lastCommit.signatures.map((entry, index) =>
      index === 3 ? { ...entry, signature: new Uint8Array(64).fill(1) } : entry,
    );
    const lastCommit = { ...block.lastCommit, signatures };
    const header = { ...block.header, lastCommitHash: hashCommit(lastCommit) };
    return encodeBlock({ ...block, header, lastCommit });
  };
  late.network.connect(liar.network);
  const running = late.sync.run(late.chain.state);
  await until("liar banned", () => late.network.bans.length > 0);
  t.equal(late.chain.blocks.height(), 2n, "consensus would gossip it, and be banned for it");
  late.network.connect(honest.network);
  t.equal((await running).lastBlockHeight, 5n);
  t.same(late.chain.blocks.loadSeenCommit(3n), honest.chain.blocks.loadCommit(3n));
});

t.test("who claims a block again that it said it lacks cannot hold up the sync", async (t) => {
  const late = await nodeAt("late", 0);
  const answer = (message: Parameters<typeof encodeMessage>[0]) =>
    setImmediate(() => {
      if (late.network.bans.length === 0) late.sync.receive(0x40, liar, encodeMessage(message));
    });
  const liar = {
    id: "liar",
    send: (_: number, bytes: Uint8Array) => {
      const asked = decodeMessage(bytes);
      if (asked?.type === "blockRequest") answer({ type: "noBlock", height: asked.height });
      answer({ type: "status", base: 1n, height: 1_000n });
      return true;
    },
  };
  late.sync.addPeer(liar);
  const running = late.sync.run(late.chain.state);
  await until("liar banned", () => late.network.bans.length > 0);
  t.match(late.network.bans[0], /^liar: claims blocks that it said/);
  late.sync.removePeer(liar);
  t.equal((await running).lastBlockHeight, 0n);
});

t.test("the next block is asked for again, however much waits behind it", async (t) => {
  const pool = new BlockPool(1n);
  pool.setRange("gone", { base: 1n, height: 1n });
  t.same(pool.nextRequests(), [{ peerId: "gone", height: 1n }]);
  pool.setRange("other", { base: 2n, height: 5n });
  const large = new Uint8Array(30_000_000);
  for (const { peerId, height } of pool.nextRequests()) {
    const made = makeBlock({ height, txs: [], lastCommit: emptyCommit(), evidence: [] });
    pool.add(peerId, { block: made, bytes: large });
  }
  pool.removePeer("gone");
  pool.setRange("other", { base: 1n, height: 9n });
  t.same(pool.nextRequests(), [{ peerId: "other", height: 1n }]);
});

t.test("stop ends a run: the stores may be closed then", async (t) => {
  const [ahead, late] = [await nodeAt("ahead", 40), await nodeAt("late", 0)];
  late.network.connect(ahead.network);
  const running = late.sync.run(late.chain.state);
  await until("some blocks", () => late.chain.blocks.height() > 2n);
  await late.sync.stop();
  const height = late.chain.blocks.height();
  t.ok(height < 39n);
  t.equal((await running).lastBlockHeight, height, "nothing is left half done");
  await new Promise((resolve) => setTimeout(resolve, 50));
  t.equal(late.chain.blocks.height(), height);
  t.notOk(late.sync.isRunning);
});

t.test("garbage bans; a claim without blocks is forgotten [NoBlockResponse]", async (t) => {
  const late = await nodeAt("late", 0);
  const braggart = await nodeAt("braggart", 0);
  braggart.chain.blocks.height = () => 1_000n;
  late.network.connect(braggart.network);
  t.equal((await late.sync.run(late.chain.state)).lastBlockHeight, 0n);
  const reactor = late.sync;
  const peer = { id: "braggart", send: () => true };
  reactor.receive(0x40, peer, utf8("garbage"));
  t.match(late.network.bans, [/malformed/]);
  const asked: Uint8Array[] = [];
  const curious = { id: "curious", send: (_: number, m: Uint8Array) => asked.push(m) > 0 };
  reactor.receive(0x40, curious, encodeMessage({ type: "blockRequest", height: 7n }));
  t.same(asked.map(decodeMessage), [{ type: "noBlock", height: 7n }]);
});

t.test("answers wait for a full queue; a peer that asks too much is banned", async (t) => {
  const server = await nodeAt("server", 3);
  const got: Uint8Array[] = [];
  let refusals = 4;
  const slow = {
    id: "slow",
    send: (_: number, m: Uint8Array) => --refusals < 0 && got.push(m) > 0,
  };
  for (const height of [1n, 2n, 9n]) {
    server.sync.receive(0x40, slow, encodeMessage({ type: "blockRequest", height }));
  }
  await until("all answers", () => got.length === 3);
  t.same(
    got.map((bytes) => decodeMessage(bytes)?.type),
    ["block", "block", "noBlock"],
  );
  const stuck = { id: "stuck", send: () => false };
  server.sync.addPeer(stuck);
  for (let n = 0; n < 65; n++) {
    server.sync.receive(0x40, stuck, encodeMessage({ type: "blockRequest", height: 1n }));
  }
  t.match(server.network.bans, ["stuck: too many block requests"]);
  server.sync.removePeer(stuck);
});

t.test("what a peer was owed is forgotten when it goes, whoever comes by its name", async (t) => {
  const server = await nodeAt("server", 3);
  const ask = (peer: Parameters<BlockSync["addPeer"]>[0], height: bigint) =>
    server.sync.receive(0x40, peer, encodeMessage({ type: "blockRequest", height }));
  const full = { id: "peer", send: () => false };
  server.sync.addPeer(full);
  ask(full, 1n);
  ask(full, 2n);
  server.sync.removePeer(full);
  const got: Uint8Array[] = [];
  const back = { id: "peer", send: (_: number, m: Uint8Array) => got.push(m) > 0 };
  server.sync.addPeer(back);
  ask(back, 9n);
  await new Promise((resolve) => setTimeout(resolve, 20)); // The retry comes after 2.5 ms here.
  t.same(
    got.map((bytes) => decodeMessage(bytes)),
    [
      { type: "status", base: 1n, height: 3n },
      { type: "noBlock", height: 9n },
    ],
  );
});

t.test("a node that finds a decided block invalid stops instead of blaming peers", async (t) => {
  const [ahead, late] = [await nodeAt("ahead", 5), await nodeAt("late", 0)];
  late.network.connect(ahead.network);
  const diverged = { ...late.chain.state, appHash: Uint8Array.of(1) };
  await t.rejects(late.sync.run(diverged), /decided but invalid/);
  t.same(late.network.bans, []);
});
