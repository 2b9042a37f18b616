/**
 * Peer exchange between whole nodes on loopback, and what a peer may do to it: spec/p2p.md, 7.
 * Scenarios of cometbft v0.38.25 p2p/pex/pex_reactor_test.go.
 */
import t, { type Test } from "tap";
import { ed25519PublicKey, nodeId } from "../../../src/crypto/ed25519.ts";
import { AddressBook } from "../../../src/p2p/peers/address-book.ts";
import { decodePex, encodePex } from "../../../src/p2p/peers/pex-messages.ts";
import { ensurePeriodMs, PexReactor } from "../../../src/p2p/peers/pex-reactor.ts";
import { nodeSeed, startNode, type TestNode, until } from "../../support/p2p-nodes.ts";
import { prng } from "../../support/prng.ts";
import { silentLog } from "../../support/test-chain.ts";
import { fastClock } from "../../support/test-network.ts";

const limitMs = 60_000;
const basePort = 21_000 + (process.pid % 4_000) * 8;

interface PexNode extends TestNode {
  readonly pex: PexReactor;
  readonly book: AddressBook;
}

/** A node that exchanges peers; its half minute is a third of a second. */
async function pexNode(
  t: Test,
  n: number,
  options: {
    seeds?: string[];
    privateIds?: string[];
    mode?: "keep" | "seed";
    peers?: string[];
  } = {},
): Promise<PexNode> {
  const { seeds = [], privateIds = [], mode = "keep", peers = [] } = options;
  const random = prng(n + 1);
  const made: { pex?: PexReactor; book?: AddressBook } = {};
  const node = await startNode(n, {
    port: basePort + n,
    peers,
    setUp: (network) => {
      const excluded = new Set([network.id, ...privateIds]);
      // Faster than the timers: on a slow machine questions bunch, which must not look like abuse.
      const nowMs = () => performance.now() * 10_000 + 1;
      made.book = new AddressBook({ excluded, accepts: "any", nowMs, random });
      const clock = { nowMs, after: fastClock(100).after };
      const parts = { network, book: made.book, seeds, mode, clock, random };
      const rest = { maxOutboundPeers: 10, log: silentLog, save: () => undefined };
      made.pex = new PexReactor({ ...parts, ...rest });
    },
  });
  const { pex, book } = made;
  if (!pex || !book) throw new Error("setUp was not called");
  pex.start();
  t.teardown(async () => {
    pex.stop();
    await node.network.stop();
  });
  return { ...node, pex, book };
}

const knows = (node: TestNode, other: TestNode) => node.recorder.peers.has(other.network.id);

t.test("nodes that know one peer find each other (TestPEXReactorRunning)", async (t) => {
  const first = await pexNode(t, 0);
  const others = [
    await pexNode(t, 1, { peers: [first.address] }),
    await pexNode(t, 2, { peers: [first.address] }),
    await pexNode(t, 3, { peers: [first.address] }),
  ];
  await until("full mesh", () => others.every((a) => a.recorder.peers.size === 3), limitMs);
  t.ok(others.every((a) => others.every((b) => a === b || knows(a, b))));
});

t.test("a seed tells what it knows, once, and parts (TestPEXReactorSeedMode)", async (t) => {
  const seed = await pexNode(t, 0, { mode: "seed" });
  const first = await pexNode(t, 1, { seeds: [seed.address] });
  await until("the seed knows the first", () => seed.book.has(first.network.id), limitMs);
  const second = await pexNode(t, 2, { seeds: [seed.address] });
  await second.pex.peerFound(60_000_000);
  await until("they met", () => knows(first, second) && knows(second, first), limitMs);
});

t.test("a validator behind a sentry works, and nobody hears of it", async (t) => {
  // The validator exchanges no addresses and knows the sentry alone.
  const validator = await startNode(0, { port: basePort, peers: [] });
  t.teardown(() => validator.network.stop());
  const { id } = validator.network;
  const sentry = await pexNode(t, 1, { privateIds: [id], peers: [validator.address] });
  const seeds = [sentry.address];
  const outsiders = [await pexNode(t, 2, { seeds }), await pexNode(t, 3, { seeds })];
  const [a, b] = outsiders as [PexNode, PexNode];
  await until("the outsiders met", () => knows(a, b) && knows(b, a) && knows(a, sentry), limitMs);
  await until("the sentry has its validator", () => knows(sentry, validator), limitMs);
  // What the validator says reaches the sentry, which a reactor would pass on.
  validator.recorder.peers.get(sentry.network.id)?.send(0x22, Uint8Array.of(1, 2, 3));
  await until("a vote", () => sentry.recorder.messages.some(({ from }) => from === id), limitMs);
  // Some more rounds of exchange.
  let rounds = 0;
  const timer = setInterval(() => rounds++, ensurePeriodMs / 100);
  await until("rounds", () => rounds > 4, limitMs);
  clearInterval(timer);
  for (const node of [sentry, a, b]) t.notOk(node.book.has(id), "in no book");
  t.same([...validator.recorder.peers.keys()], [sentry.network.id], "and nobody came");
});

type Played = { readonly id: string; send(channel: number, bytes: Uint8Array): boolean };

/** In the next turn of the event loop, whatever the delay. */
const later = (_: number, run: () => void) => {
  setImmediate(run);
  return () => undefined;
};

t.test("only so many peers come in; a persistent one always", async (t) => {
  const persistent = `${nodeId(ed25519PublicKey(nodeSeed(3)))}@127.0.0.1:${basePort + 3}`;
  const limits = { maxInboundPeers: 1 };
  const full = await startNode(0, { port: basePort, limits, peers: [persistent] });
  const guests: TestNode[] = [];
  t.teardown(() => Promise.all([full, ...guests].map(({ network }) => network.stop())));
  const come = async (n: number) => {
    const guest = await startNode(n, { port: basePort + n, peers: [full.address] });
    guests.push(guest);
    return guest;
  };
  const [first, second] = [await come(1), await come(2)];
  await until("one of them", () => full.recorder.peers.size === 1, limitMs);
  const third = await come(3);
  await until("the persistent one", () => knows(full, third), limitMs);
  t.equal(full.recorder.peers.size, 2);
  t.not(knows(full, first), knows(full, second), "one place");
});

/** A reactor over a network that the test plays. */
function played(mode: "keep" | "seed" = "keep") {
  let now = 1_000_000;
  const [bans, sent, drops]: [string[], Uint8Array[], string[]] = [[], [], []];
  const book = new AddressBook({
    excluded: new Set(),
    accepts: "any",
    nowMs: () => now,
    random: prng(3),
  });
  const summary = (id: string, isOutbound: boolean) => ({
    ...{ id, isOutbound, remoteAddress: "/ip4/50.1.2.3/tcp/40000/p2p/12D3", connectedMs: 0 },
    ...{ sentBytes: 0, receivedBytes: 0 },
    nodeInfo: { listenAddr: "tcp://0.0.0.0:26656" } as never,
  });
  const peers = [summary("in".padEnd(40, "0"), false), summary("out".padEnd(40, "0"), true)];
  const pex = new PexReactor({
    network: {
      register: () => undefined,
      ban: (peer, reason) => bans.push(`${peer.id.replace(/0+$/, "")}: ${reason}`),
      drop: (id) => drops.push(id.replace(/0+$/, "")),
      peers: () => peers,
      connect: async () => undefined,
    },
    clock: { nowMs: () => now, after: later },
    ...{ book, seeds: [], mode, maxOutboundPeers: 10, random: prng(4), log: silentLog },
    save: () => undefined,
  });
  const [inbound, outbound] = peers.map(({ id }) => ({
    id,
    send: (_: number, bytes: Uint8Array) => sent.push(bytes) > 0,
  })) as [Played, Played];
  const pass = (ms: number) => {
    now += ms;
  };
  return { pex, book, bans, sent, drops, inbound, outbound, pass };
}

const request = encodePex({ type: "request" });
const answer = encodePex({
  type: "addresses",
  addresses: [{ id: "ab".repeat(20), ip: "60.1.1.1", port: 1 }],
});

t.test("who asks too often is banned (TestPEXReactorRequestMessageAbuse)", async (t) => {
  const { pex, bans, sent, inbound, pass } = played();
  pex.addPeer(inbound);
  pex.receive(0, inbound, request);
  pex.receive(0, inbound, request);
  t.same(bans, [], "the first is free");
  t.equal(sent.filter((one) => decodePex(one)?.type === "addresses").length, 2);
  pass(10_001);
  pex.receive(0, inbound, request);
  t.same(bans, []);
  pass(9_000);
  pex.receive(0, inbound, request);
  t.same(bans, ["in: asks for peers too often"]);
});

t.test("addresses only on request, and once (TestPEXReactorAddrsMessageAbuse)", async (t) => {
  const { pex, book, bans, inbound, outbound } = played();
  pex.addPeer(inbound);
  pex.receive(0, inbound, answer);
  t.same(bans, ["in: addresses that nobody asked for"]);
  t.notOk(book.has("ab".repeat(20)));
  pex.addPeer(outbound);
  pex.receive(0, outbound, answer);
  t.ok(book.has("ab".repeat(20)));
  t.equal(bans.length, 1);
  pex.receive(0, outbound, answer);
  t.equal(bans.length, 2, "the second was not asked for");
  pex.receive(0, outbound, Uint8Array.of(255));
  t.match(bans[2], /malformed/);
});

t.test(
  "an inbound peer's address is hearsay of its own, an outbound one's is proven",
  async (t) => {
    const { pex, book, inbound, outbound } = played();
    pex.addPeer(inbound);
    pex.addPeer(outbound);
    const entries = book
      .entries()
      .map(({ address: { ip, port }, lastSuccessMs, source }) => [
        ip,
        port,
        lastSuccessMs > 0,
        source,
      ]);
    t.same(entries, [
      ["50.1.2.3", 26_656, false, "50.1"],
      ["50.1.2.3", 40_000, true, "50.1"],
    ]);
  },
);

t.test("a seed drops who asked it, not whom it asks", async (t) => {
  const { pex, drops, inbound, outbound } = played("seed");
  pex.addPeer(inbound);
  pex.addPeer(outbound);
  pex.receive(0, inbound, request);
  pex.receive(0, outbound, request);
  await new Promise((resolve) => setImmediate(resolve));
  t.same(drops, ["in"]);
});
