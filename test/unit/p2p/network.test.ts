/**
 * Whole networks over libp2p on loopback: messages, back-pressure, reconnection, and everything
 * a hostile or broken peer may send. spec/p2p.md.
 */
import { connect } from "node:net";
import type { Libp2p } from "@libp2p/interface";
import { multiaddr } from "@multiformats/multiaddr";
import t, { type Test } from "tap";
import { ed25519PublicKey, nodeId } from "../../../src/crypto/ed25519.ts";
import { concat, fromUtf8, utf8 } from "../../../src/encoding/bytes.ts";
import {
  channelProtocol,
  controlProtocol,
  groupProtocol,
  streamGroups,
} from "../../../src/p2p/channels.ts";
import { encodeFrame } from "../../../src/p2p/frames.ts";
import { encodeHello, nodeInfoOf } from "../../../src/p2p/hello.ts";
import { createHost } from "../../../src/p2p/host.ts";
import { nodeSeed, startNode, type TestNode, until } from "../../support/p2p-nodes.ts";

const stopAll = (nodes: readonly TestNode[]) => Promise.all(nodes.map((n) => n.network.stop()));

/** Four nodes, each told of all others: every pair dials both ways. */
async function fourNodes(): Promise<TestNode[]> {
  const first = await Promise.all([0, 1, 2, 3].map((n) => startNode(n)));
  await stopAll(first);
  const peers = first.map((node) => node.address);
  return Promise.all(first.map((node, n) => startNode(n, { port: node.port, peers })));
}

const isFullMesh = (nodes: readonly TestNode[]) =>
  nodes.every((node) => node.recorder.peers.size === nodes.length - 1);

/** Resolves when no peer has come or gone for longer than a node takes to dial again. */
async function quiet(nodes: readonly TestNode[]): Promise<void> {
  const seen = () => nodes.map((node) => node.recorder.events.length).join();
  for (let last = ""; last !== seen(); ) {
    last = seen();
    await new Promise((resolve) => setTimeout(resolve, 1_000));
  }
}

t.test("four nodes exchange frames; one dies and comes back", async (t) => {
  const nodes = await fourNodes();
  t.teardown(() => stopAll(nodes));
  await until("full mesh", () => isFullMesh(nodes));
  // Both sides of every pair dial; what is left must be the same link on both ends.
  await quiet(nodes);
  t.ok(isFullMesh(nodes));
  for (const { recorder, network } of nodes) {
    for (const peer of recorder.peers.values()) {
      t.ok(peer.send(0x22, utf8(`vote of ${network.id}`)));
      t.ok(peer.send(0x40, new Uint8Array(3_000_000).fill(7)));
    }
  }
  await until("all messages", () => nodes.every((node) => node.recorder.messages.length === 6));
  for (const { recorder } of nodes) {
    const votes = recorder.messages.filter(({ channel }) => channel === 0x22);
    t.ok(votes.every(({ from, message }) => fromUtf8(message) === `vote of ${from}`));
    const blocks = recorder.messages.filter(({ channel }) => channel === 0x40);
    t.ok(blocks.every(({ message }) => message.length === 3_000_000 && message[2_999_999] === 7));
  }
  const [victim, ...others] = nodes as [TestNode, ...TestNode[]];
  await victim.network.stop();
  await until("loss noticed", () => others.every((node) => node.recorder.peers.size === 2));
  const peers = others.map((node) => node.address);
  const reborn = await startNode(0, { port: victim.port, peers });
  nodes[0] = reborn;
  await until("back again", () => isFullMesh(nodes));
  const [, witness] = nodes as [TestNode, TestNode];
  t.ok(witness.recorder.peers.get(reborn.network.id)?.send(0x38, utf8("welcome")));
  await until("message after return", () => reborn.recorder.messages.length === 1);
  t.equal(witness.network.peers().length, 3);
  t.match(witness.network.peers()[0], { nodeInfo: { network: "test-chain", moniker: /node-/ } });
});

t.test("messages of a channel arrive in order, and a full queue says so", async (t) => {
  const a = await startNode(0);
  const b = await startNode(1, { peers: [a.address] });
  t.teardown(() => stopAll([a, b]));
  await until("connected", () => b.recorder.peers.size === 1 && a.recorder.peers.size === 1);
  const [peer] = [...b.recorder.peers.values()];
  let refused = 0;
  for (let n = 0; n < 2_000; n++) {
    const message = concat(utf8(String(n).padStart(4, "0")), new Uint8Array(60_000));
    while (!peer!.send(0x30, message)) {
      refused++;
      await new Promise((resolve) => setImmediate(resolve));
    }
  }
  await until("all arrived", () => a.recorder.messages.length === 2_000, 60_000);
  t.ok(refused > 0, "120 MB do not fit the queue at once");
  t.same(
    a.recorder.messages.map(({ message }) => Number(fromUtf8(message.subarray(0, 4)))),
    Array.from({ length: 2_000 }, (_, n) => n),
  );
  t.throws(() => peer!.send(0x99, utf8("x")), /not registered/);
});

t.test("a node of another chain is refused, not banned", async (t) => {
  const a = await startNode(0);
  const b = await startNode(1, { peers: [a.address], chainId: "other-chain" });
  t.teardown(() => stopAll([a, b]));
  await new Promise((resolve) => setTimeout(resolve, 1_500));
  t.same([a.recorder.events, b.recorder.events], [[], []]);
  await b.network.stop();
  const again = await startNode(1, { peers: [a.address] });
  t.teardown(() => again.network.stop());
  await until("the right chain is welcome", () => a.recorder.peers.size === 1);
});

/** A libp2p host with no manners. */
async function stranger(t: Test, n: number): Promise<{ host: Libp2p; id: string }> {
  const seed = nodeSeed(n);
  const host = await createHost({ seed, listen: [], refuses: () => false });
  const ours = streamGroups.map(groupProtocol);
  for (const protocol of [controlProtocol, ...ours]) await host.handle(protocol, () => {});
  await host.start();
  t.teardown(async () => host.stop());
  return { host, id: nodeId(ed25519PublicKey(seed)) };
}

/** Connects and says a proper Hello. */
async function introduce({ host, id }: { host: Libp2p; id: string }, victim: TestNode) {
  const connection = await host.dial(multiaddr(`/ip4/127.0.0.1/tcp/${victim.port}`));
  const info = nodeInfoOf({
    id,
    chainId: "test-chain",
    moniker: "stranger",
    version: "x",
    appVersion: 1n,
    listenAddress: "",
    rpcAddress: "",
    channels: Uint8Array.of(0x22, 0x30, 0x38, 0x40),
  });
  const control = await connection.newStream(controlProtocol);
  control.send(encodeFrame(encodeHello(info, new Uint8Array(16).fill(1))));
  return { connection, control };
}

type Connection = Awaited<ReturnType<typeof introduce>>["connection"];
type Offence = (connection: Connection) => Promise<void>;
const onStream =
  (protocol: string, ...writes: Uint8Array[]): Offence =>
  async (connection) => {
    const stream = await connection.newStream(protocol);
    for (const write of writes) stream.send(write);
  };
const consensus = groupProtocol("consensus");

const offences: readonly [name: string, commit: Offence][] = [
  ["noise on a group stream", onStream(consensus, new Uint8Array(200).fill(0xff))],
  ["an oversized frame", onStream(consensus, Uint8Array.of(0xff, 0xff, 0xff, 0x7f))],
  ["a message over its channel's limit", onStream(consensus, encodeFrame(new Uint8Array(1_002)))],
  ["an unknown channel", onStream(consensus, encodeFrame(Uint8Array.of(0x99, 1)))],
  ["a channel of another stream", onStream(consensus, encodeFrame(Uint8Array.of(0x30, 1)))],
  ["an empty frame", onStream(consensus, Uint8Array.of(0))],
  [
    "two streams of one group",
    async (connection) => {
      await connection.newStream(consensus);
      await connection.newStream(consensus);
    },
  ],
  [
    "a message that a receiver fails on",
    onStream(consensus, encodeFrame(Uint8Array.of(0x22), utf8("throw"))),
  ],
  [
    "an oversized one-message stream",
    onStream(channelProtocol(0x22), Uint8Array.of(0xff, 0xff, 0xff, 0x7f)),
  ],
];

for (const [index, [name, commit]] of offences.entries()) {
  t.test(`${name}: the peer is dropped and refused, the node goes on`, async (t) => {
    const victim = await startNode(0);
    const friend = await startNode(1, { peers: [victim.address] });
    t.teardown(() => stopAll([victim, friend]));
    const bad = await stranger(t, 10 + index);
    const { connection } = await introduce(bad, victim);
    await until("stranger is a peer", () => victim.recorder.peers.has(bad.id));
    await commit(connection).catch(() => {}); // Thrown out while still at it.
    await until("dropped", () => !victim.recorder.peers.has(bad.id));
    await until("closed", () => connection.status !== "open");
    const [again] = await Promise.allSettled([introduce(bad, victim)]);
    await new Promise((resolve) => setTimeout(resolve, 50));
    t.equal(victim.recorder.peers.has(bad.id), false, "banned");
    t.ok(again);
    const { peers } = friend.recorder;
    await until("friend is a peer", () => peers.has(victim.network.id));
    await until("on both sides", () => victim.recorder.peers.has(friend.network.id));
    t.ok(peers.get(victim.network.id)?.send(0x22, utf8("still here")));
    await until("served", () => victim.recorder.messages.length === 1);
  });
}

t.test("garbage instead of a Hello bans", async (t) => {
  const victim = await startNode(0);
  t.teardown(() => victim.network.stop());
  const bad = await stranger(t, 30);
  const connection = await bad.host.dial(multiaddr(`/ip4/127.0.0.1/tcp/${victim.port}`));
  const control = await connection.newStream(controlProtocol);
  control.send(encodeFrame(utf8("GET / HTTP/1.1")));
  await until("closed", () => connection.status !== "open");
  t.same(victim.recorder.events, []);
});

t.test("raw TCP clients with noise, nothing, or half a handshake do no harm", async (t) => {
  const victim = await startNode(0);
  t.teardown(() => victim.network.stop());
  const writes = [
    utf8("GET / HTTP/1.1\r\n\r\n"),
    new Uint8Array(100_000).fill(0xab),
    utf8(""),
    utf8("\x13/multistream/1.0.0\n"),
  ];
  const sockets = writes.map((bytes) => {
    const socket = connect(victim.port, "127.0.0.1", () => socket.write(bytes));
    socket.on("error", () => {}); // Being thrown out is what the test is about.
    return socket;
  });
  t.teardown(() => {
    for (const socket of sockets) socket.destroy();
  });
  await new Promise((resolve) => setTimeout(resolve, 300));
  const friend = await startNode(1, { peers: [victim.address] });
  t.teardown(() => friend.network.stop());
  await until("friend connects", () => victim.recorder.peers.size === 1);
  t.same(victim.recorder.messages, []);
});

t.test("connections that end while we open our streams do no harm", async (t) => {
  const victim = await startNode(0);
  t.teardown(() => victim.network.stop());
  const address = multiaddr(`/ip4/127.0.0.1/tcp/${victim.port}`);
  for (let n = 0; n < 12; n++) {
    const host = await createHost({ seed: nodeSeed(50 + n), listen: [], refuses: () => false });
    await host.start();
    const connection = await host.dial(address);
    if (n % 3 === 1) await new Promise((resolve) => setTimeout(resolve, n));
    if (n % 3 !== 2) connection.abort(new Error("test"));
    await host.stop();
  }
  const guest = await stranger(t, 33);
  await introduce(guest, victim);
  await until("peer", () => victim.recorder.peers.has(guest.id));
});

t.test("CometBFT's way, one message per stream, is understood", async (t) => {
  const victim = await startNode(0);
  t.teardown(() => victim.network.stop());
  const guest = await stranger(t, 32);
  const { connection } = await introduce(guest, victim);
  await until("peer", () => victim.recorder.peers.has(guest.id));
  for (const text of ["one", "two", "three"]) {
    const stream = await connection.newStream(channelProtocol(0x38));
    stream.send(encodeFrame(utf8(text)));
    await stream.close();
  }
  await until("messages", () => victim.recorder.messages.length === 3);
  t.ok(
    victim.recorder.messages.every(({ channel, from }) => channel === 0x38 && from === guest.id),
  );
});

t.test("a persistent peer that is not nodeid@host:port stops the start", async (t) => {
  await t.rejects(startNode(0, { peers: ["127.0.0.1:26656"] }), RangeError);
});

t.test("a port in use is an error at the start", async (t) => {
  const first = await startNode(0);
  t.teardown(() => first.network.stop());
  await t.rejects(startNode(1, { port: first.port }));
});
