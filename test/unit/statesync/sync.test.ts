/**
 * A node that begins with a snapshot of its peers, spec/statesync.md; scenarios of cometbft
 * statesync/{syncer,reactor,stateprovider}_test.go. The chain, its commits and the light client
 * are real; the application is the kvstore.
 */
import { ResponseOfferSnapshot_Result as Offered } from "cosmjs-types/tendermint/abci/types";
import t, { type Test } from "tap";
import { BlockStore } from "../../../src/blockstore/block-store.ts";
import { sha256 } from "../../../src/crypto/hash.ts";
import { utf8 } from "../../../src/encoding/bytes.ts";
import { StateStore } from "../../../src/execution/state-store.ts";
import { LightClient } from "../../../src/light/client.ts";
import { MemoryTrustedStore } from "../../../src/light/memory-store.ts";
import { ChunkServer } from "../../../src/statesync/chunk-server.ts";
import type { TrustedChain } from "../../../src/statesync/expected.ts";
import { LightChain } from "../../../src/statesync/light-chain.ts";
import { StateSync } from "../../../src/statesync/reactor.ts";
import { StateSyncError } from "../../../src/statesync/syncer.ts";
import { MemoryDb } from "../../../src/store/memory-db.ts";
import { hashHeader } from "../../../src/types/header.ts";
import { type GrammarCall, noted, outOfOrder } from "../../support/abci-grammar.ts";
import { emptyDisk, validatorTx } from "../../support/kvstore.ts";
import { TestProvider } from "../../support/light-provider.ts";
import { SnapshotKvStore } from "../../support/snapshot-kvstore.ts";
import {
  chainId,
  silentLog,
  TestChain,
  testGenesis,
  validatorKey,
} from "../../support/test-chain.ts";
import { fastClock, TestNetwork } from "../../support/test-network.ts";

const genesis = testGenesis(3);
const [snapshotHeight, head] = [12n, 20n];

/** A chain with a fourth validator from height 7 on, and a snapshot on the way. */
async function source() {
  const app = new SnapshotKvStore(emptyDisk());
  const disks = { blockDb: new MemoryDb(), stateDb: new MemoryDb() };
  const chain = await TestChain.open(app, disks, { genesis });
  for (let height = 1n; height <= head; height++) {
    const txs = [utf8(`key${height}=value${height}`)];
    if (height === 5n) txs.push(validatorTx(validatorKey(3), 10n));
    await chain.advance(txs);
    if (height === snapshotHeight || height === 4n) app.takeSnapshot();
  }
  return { app, chain };
}

const { app: serving, chain } = await source();
const lightBlock = (height: bigint) => ({
  header: chain.blocks.loadBlockMeta(height)!.header,
  commit: chain.blocks.loadSeenCommit(height)!,
  validators: chain.states.loadValidators(height)!,
});
const provider = (name: string) => {
  const heights = Array.from({ length: Number(head) }, (_, i) => BigInt(i + 1));
  return new TestProvider(name, heights.map(lightBlock));
};
const second = 1_000_000_000n;

async function trustedChain(
  witness = provider("witness"),
  params = async (height: bigint) => chain.states.loadConsensusParams(height)!,
): Promise<TrustedChain> {
  const client = await LightClient.start({
    assumptions: {
      chainId,
      trustingPeriodNanos: 1_000_000n * second,
      maxClockDriftNanos: second,
      trustLevel: { numerator: 1n, denominator: 3n },
    },
    primary: provider("primary"),
    witnesses: [witness],
    store: new MemoryTrustedStore(),
    clock: { now: () => ({ seconds: 1_700_100_000n, nanos: 0 }), sleep: async () => undefined },
    log: silentLog,
    trust: { height: 2n, hash: hashHeader(lightBlock(2n).header) },
  });
  return new LightChain({
    client,
    initialHeight: 1n,
    params,
  });
}

const clock = fastClock(20);

function node(id: string, app: SnapshotKvStore, bytesPerSecond = 1e9) {
  const network = new TestNetwork(id);
  const parts = { app, network, clock, log: silentLog, bytesPerSecond };
  return { network, sync: new StateSync(parts) };
}

/** A fresh node among these peers. */
async function restore(peers: readonly { network: TestNetwork }[], trusted?: TrustedChain) {
  const disk = emptyDisk();
  const calls: GrammarCall[] = [];
  const app = noted(new SnapshotKvStore(disk), calls);
  const fresh = node("fresh", app);
  for (const peer of peers) fresh.network.connect(peer.network);
  const chain = trusted ?? (await trustedChain());
  const run = () => fresh.sync.run({ chain, discoveryMs: 200 });
  return { app, disk, fresh, run, calls };
}

/** Adopts what was synced on empty disks, restarts, and follows the chain to its head. */
async function follow(
  t: Test,
  app: SnapshotKvStore,
  synced: Awaited<ReturnType<StateSync["run"]>>,
) {
  const disks = { blockDb: new MemoryDb(), stateDb: new MemoryDb() };
  await new BlockStore(disks.blockDb).saveSeenCommit(snapshotHeight, synced.commit);
  await new StateStore(disks.stateDb).bootstrap(synced.state);
  const node = await TestChain.open(app, disks, { genesis });
  t.same(node.state, synced.state, "a restart before the first block finds the same state");
  for (let height = snapshotHeight + 1n; height <= head; height++) {
    const block = chain.blocks.loadBlock(height)!;
    t.equal(node.executor.validateBlock(node.state, block), undefined);
    const blockId = chain.blocks.loadBlockId(height)!;
    node.state = await node.executor.applyBlock(node.state, blockId, block);
  }
  t.same(node.state.appHash, chain.state.appHash);
  t.same(node.state.validators.toProto(), chain.state.validators.toProto(), "whose turn it is");
  t.same(node.states.loadValidators(snapshotHeight)?.hash(), lightBlock(12n).validators.hash());
}

t.test("restores the newest snapshot, verified, and goes on from there", async (t) => {
  const peers = [node("a", serving), node("b", serving)];
  const { app, run, fresh, calls } = await restore(peers);
  const synced = await run();
  t.equal(synced.state.lastBlockHeight, snapshotHeight);
  t.equal(synced.state.validators.size, 4);
  await follow(t, app, synced);
  t.equal(outOfOrder(calls), undefined, "a clean start by state sync, as ABCI has it");
  t.ok(calls.some(({ call }) => call === "offerSnapshot"));
  t.same(fresh.network.bans, []);
  const asked = new Set(
    fresh.network.sent.filter(({ channel }) => channel === 0x61).map(({ to }) => to),
  );
  t.equal(asked.size, 2, "of both peers");
});

t.test("a false chunk names its peer and comes from another", async (t) => {
  const liar = new SnapshotKvStore(emptyDisk());
  liar.listSnapshots = () => serving.listSnapshots();
  liar.loadSnapshotChunk = () => ({ chunk: utf8("not what was promised") });
  const { app, run, fresh } = await restore([node("liar", liar), node("honest", serving)]);
  await follow(t, app, await run());
  t.same(fresh.network.bans, ["liar: false snapshot chunk"]);
});

t.test("a peer that has no chunks, or leaves, makes way", async (t) => {
  const empty = new SnapshotKvStore(emptyDisk());
  empty.listSnapshots = () => serving.listSnapshots();
  empty.loadSnapshotChunk = () => ({ chunk: new Uint8Array(0) });
  const { app, run } = await restore([node("empty", empty), node("honest", serving)]);
  await follow(t, app, await run());
});

t.test("snapshots that cannot be verified, or are refused, are passed over", async (t) => {
  const boaster = new SnapshotKvStore(emptyDisk());
  const [old] = serving.listSnapshots().snapshots;
  if (!old) throw new Error("there are two snapshots");
  const claims = [
    { ...old, height: 500n },
    { ...old, height: 13n, format: 99 },
    { ...old, height: 14n, hash: sha256(utf8("x")) },
  ];
  boaster.listSnapshots = () => ({ snapshots: claims });
  const { app, run } = await restore([node("boaster", boaster), node("honest", serving)]);
  await follow(t, app, await run());
});

t.test("an application that ends it, or stands elsewhere than the chain", async (t) => {
  const peers = [node("a", serving)];
  const aborting = await restore(peers);
  aborting.app.answer = Offered.ABORT;
  await t.rejects(aborting.run(), StateSyncError);
  const foreign = await restore(peers);
  foreign.disk.height = snapshotHeight;
  foreign.disk.size = 1n;
  await t.rejects(foreign.run(), { name: "StateSyncError", message: /the chain has/ });
  const waiting = await restore([]);
  const running = waiting.run();
  waiting.fresh.sync.stop();
  await t.rejects(running, { message: "stopped" });
});

t.test(
  "after a crash between the last chunk and the state, only the state is fetched",
  async (t) => {
    const first = await restore([node("a", serving)]);
    await first.run();
    const again = node("again", first.app);
    const synced = await again.sync.run({ chain: await trustedChain(), discoveryMs: 200 });
    t.same(again.network.sent, [], "no peer is needed");
    await follow(t, first.app, synced);
  },
);

t.test("proposer priorities that a witness does not share are refused", async (t) => {
  const witness = provider("witness");
  const block = witness.blocks.get(13n)!;
  witness.blocks.set(13n, { ...block, validators: block.validators.incrementPriority(1) });
  const trusted = await trustedChain(witness);
  await t.rejects(trusted.state(snapshotHeight), { message: /priorities/ });
});

t.test("consensus parameters that the header does not hash are refused", async (t) => {
  const block = { maxBytes: 1000n, maxGas: 7n };
  const params = async () => ({ ...genesis.consensusParams, block });
  const trusted = await trustedChain(provider("witness"), params);
  await t.rejects(trusted.state(snapshotHeight), { message: /consensus parameters/ });
});

t.test("chunks go out at the rate that serving may cost", (t) => {
  const waits: { delayMs: number; run: () => void }[] = [];
  const clock = {
    after: (delayMs: number, run: () => void) => {
      waits.push({ delayMs, run });
      return () => undefined;
    },
  };
  const app = { loadSnapshotChunk: () => ({ chunk: new Uint8Array(50_000) }) };
  const server = new ChunkServer({ app, clock, bytesPerSecond: 100_000 });
  let sent = 0;
  const peer = { id: "p", send: () => ++sent > 0 };
  for (let index = 0; index < 3; index++) server.answer(peer, { height: 1n, format: 1, index });
  t.equal(sent, 1, "the others wait");
  t.ok((waits[0]?.delayMs ?? 0) >= 500, "half a second for half of what a second may carry");
  waits[0]?.run();
  t.equal(sent, 2);
  t.end();
});

t.test("who asks for too much, or sends garbage, gets banned", async (t) => {
  const slow = node("slow", serving, 65_536);
  const greedy = new TestNetwork("greedy");
  greedy.register([{ id: 0x60 }, { id: 0x61 }], {
    addPeer: (peer) => {
      for (let index = 0; index < 60; index++) peer.send(0x61, requestOf(index));
    },
    removePeer: () => undefined,
    receive: () => undefined,
  });
  slow.network.connect(greedy);
  await new Promise((resolve) => setTimeout(resolve, 50));
  t.same(slow.network.bans, ["greedy: asks for too many chunks"]);
  const rude = new TestNetwork("rude");
  rude.register([{ id: 0x60 }, { id: 0x61 }], {
    addPeer: (peer) => peer.send(0x60, requestOf(0)),
    removePeer: () => undefined,
    receive: () => undefined,
  });
  slow.network.connect(rude);
  await new Promise((resolve) => setTimeout(resolve, 50));
  t.match(slow.network.bans[1], /malformed/, "the wrong channel");
});

const requestOf = (index: number): Uint8Array => Uint8Array.of(0x1a, 6, 8, 12, 16, 7, 24, index);
