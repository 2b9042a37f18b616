/**
 * Networks that speak CometBFT's libp2p protocol over QUIC on loopback, and everything that a
 * hostile or broken peer may send on it. spec/p2p.md, section 8.
 */
import type { Connection, Libp2p } from "@libp2p/interface";
import { multiaddr } from "@multiformats/multiaddr";
import t, { type Test } from "tap";
import { ed25519PublicKey, nodeId } from "../../../../src/crypto/ed25519.ts";
import { equalBytes, fromUtf8, utf8 } from "../../../../src/encoding/bytes.ts";
import { channelProtocol } from "../../../../src/p2p/channels.ts";
import { identifyProtocol, pingProtocol } from "../../../../src/p2p/comet/identify.ts";
import { quicTransport } from "../../../../src/p2p/comet/quic.ts";
import { encodeFrame } from "../../../../src/p2p/frames.ts";
import { createHost } from "../../../../src/p2p/host.ts";
import { nodeSeed, startNode, type TestNode, until } from "../../../support/p2p-nodes.ts";
import { prng } from "../../../support/prng.ts";

/** The addon exists for few platforms. */
const missing = await quicTransport().then(
  () => false as const,
  (error: unknown) => `NOT TRIED: ${String(error)}`,
);
const options = { skip: missing };

const stopAll = (nodes: readonly TestNode[]) => Promise.all(nodes.map((n) => n.network.stop()));
const peerOf = (node: TestNode, other: TestNode) => node.recorder.peers.get(other.network.id);

t.test("messages go both ways, far more than streams may be open", options, async (t) => {
  const a = await startNode(0, { comet: {} });
  const b = await startNode(1, { comet: { peers: [a.cometAddress] } });
  t.teardown(() => stopAll([a, b]));
  await until("peers", () => a.recorder.peers.size === 1 && b.recorder.peers.size === 1);
  const count = 540; // A stream that is not wound up counts as open: 512 may be.
  const few = 20;
  const send = async (from: TestNode, to: TestNode, total: number) => {
    for (let n = 0; n < total; n++) {
      const isSent = () => peerOf(from, to)?.send(0x22, utf8(`message ${n}`)) ?? false;
      await until(`room for ${n}`, isSent, 60_000);
    }
  };
  await Promise.all([send(a, b, count), send(b, a, few)]);
  for (const [node, total] of [
    [b, count],
    [a, few],
  ] as const) {
    await until("all messages", () => node.recorder.messages.length === total, 120_000);
    const texts = node.recorder.messages.map(({ message }) => fromUtf8(message));
    t.equal(texts[0], "message 0", "the first of a burst comes first");
    t.equal(new Set(texts).size, total);
  }
  t.match(b.network.peers()[0], {
    id: a.network.id,
    isOutbound: true,
    remoteAddress: /quic-v1/,
    nodeInfo: { defaultNodeId: a.network.id, network: "test-chain" },
  });
  t.ok((b.network.peers()[0]?.receivedBytes ?? 0) > count);
});

t.test("large messages, and a channel that CometBFT does not know", options, async (t) => {
  const a = await startNode(0, { comet: {} });
  const b = await startNode(1, { comet: { peers: [a.cometAddress] } });
  t.teardown(() => stopAll([a, b]));
  await until("peers", () => a.recorder.peers.size === 1 && b.recorder.peers.size === 1);
  const block = new Uint8Array(3_900_000).map((_, n) => n % 251);
  t.ok(peerOf(a, b)?.send(0x40, block));
  await until("the block", () => b.recorder.messages.length === 1);
  t.ok(equalBytes(b.recorder.messages[0]?.message ?? new Uint8Array(), block));
  t.throws(() => peerOf(a, b)?.send(0x00, utf8("x")), /not registered/);
});

t.test("a peer dies and comes back; our own protocol goes before", options, async (t) => {
  const a = await startNode(0, { comet: {} });
  t.teardown(() => a.network.stop());
  const b = await startNode(1, { comet: { peers: [a.cometAddress] } });
  await until("peers", () => a.recorder.peers.size === 1 && b.recorder.peers.size === 1);
  await b.network.stop();
  await until("loss noticed", () => a.recorder.peers.size === 0);
  const peers = [a.address];
  const again = await startNode(1, { peers, comet: { peers: [a.cometAddress] } });
  t.teardown(() => again.network.stop());
  const isOwn = () =>
    a.network.peers().some(({ remoteAddress }) => remoteAddress.includes("/tcp/"));
  await until("back, over TCP", () => a.network.peers().length === 1 && isOwn());
});

t.test("both sides dial: one peer, and messages arrive", options, async (t) => {
  const first = await startNode(0, { comet: {} });
  await first.network.stop();
  const b = await startNode(1, { comet: { peers: [first.cometAddress] } });
  const comet = { port: first.cometPort, peers: [b.cometAddress] };
  const a = await startNode(0, { comet });
  t.teardown(() => stopAll([a, b]));
  await until("peers", () => a.recorder.peers.size === 1 && b.recorder.peers.size === 1);
  for (let n = 0; n < 5; n++) {
    await until("a sends", () => peerOf(a, b)?.send(0x22, utf8(`a ${n}`)) ?? false);
    await until("b sends", () => peerOf(b, a)?.send(0x22, utf8(`b ${n}`)) ?? false);
    const text = (node: TestNode) =>
      node.recorder.messages.map(({ message }) => fromUtf8(message)).join();
    await until("both have it", () => text(a).includes(`b ${n}`) && text(b).includes(`a ${n}`));
  }
  t.equal(a.network.peers().length, 1);
});

/** A libp2p host with no manners. */
async function stranger(t: Test, n: number): Promise<{ host: Libp2p; id: string }> {
  const seed = nodeSeed(n);
  const host = await createHost({ seed, listen: [], quic: true, refuses: () => false });
  await host.start();
  t.teardown(async () => host.stop());
  return { host, id: nodeId(ed25519PublicKey(seed)) };
}

const dial = ({ host }: { host: Libp2p }, victim: TestNode): Promise<Connection> =>
  host.dial(multiaddr(`/ip4/127.0.0.1/udp/${victim.cometPort}/quic-v1`));

async function write(connection: Connection, protocol: string, ...parts: Uint8Array[]) {
  const stream = await connection.newStream(protocol);
  for (const part of parts) stream.send(part);
  return stream;
}

const votes = channelProtocol(0x22);
const offences: readonly [name: string, writes: readonly Uint8Array[]][] = [
  ["noise", [new Uint8Array(200).fill(0xff)]],
  ["an announced length over the channel's limit", [Uint8Array.of(0xff, 0xff, 0xff, 0x7f)]],
  ["a message over the channel's limit", [encodeFrame(new Uint8Array(1_001))]],
  ["an empty message", [Uint8Array.of(0)]],
  ["two messages at once", [Uint8Array.of(1, 65, 1, 66)]],
  ["a message that a receiver fails on", [encodeFrame(utf8("throw"))]],
];

t.test("offences: the peer is dropped and refused, the node goes on", options, async (t) => {
  const victim = await startNode(0, { comet: {} });
  t.teardown(() => victim.network.stop());
  for (const [index, [name, writes]] of offences.entries()) {
    const bad = await stranger(t, 10 + index);
    const connection = await dial(bad, victim);
    await write(connection, votes, encodeFrame(utf8("hello")));
    await until(`${name}: is a peer`, () => victim.recorder.peers.has(bad.id));
    await write(connection, votes, ...writes).catch(() => {}); // Thrown out while still at it.
    await until(`${name}: dropped`, () => !victim.recorder.peers.has(bad.id));
    await until(`${name}: closed`, () => connection.status !== "open");
    const again = await dial(bad, victim).catch(() => undefined);
    await again?.newStream(votes).catch(() => {});
    await until(`${name}: refused`, () => again?.status !== "open");
    t.equal(victim.recorder.peers.has(bad.id), false, name);
  }
});

t.test("what breaks off is no offence, and our own protocol is not spoken", options, async (t) => {
  const victim = await startNode(0, { comet: {} });
  t.teardown(() => victim.network.stop());
  const bad = await stranger(t, 30);
  const connection = await dial(bad, victim);
  const half = await write(connection, votes, Uint8Array.of(100, 1, 2, 3));
  half.abort(new Error("died"));
  const short = await write(connection, votes, Uint8Array.of(100, 1, 2, 3));
  await short.close();
  const own = await connection.newStream("/gonka/1/control").catch(() => undefined);
  own?.send(Uint8Array.of(1, 1));
  await t.rejects(connection.newStream("/gonka/1/nothing"));
  await write(connection, votes, Uint8Array.of(5), utf8("hel"), utf8("lo"));
  await until("the message in pieces", () => victim.recorder.messages.length === 1);
  t.equal(fromUtf8(victim.recorder.messages[0]?.message ?? new Uint8Array()), "hello");
  t.ok(victim.recorder.peers.has(bad.id), "still a peer");
});

t.test("random bytes on any stream do no harm", options, async (t) => {
  const seed = Number(process.env.SEED ?? Date.now() % 1_000_000);
  t.comment(`SEED=${seed}`);
  const random = prng(seed);
  const victim = await startNode(0, { comet: {} });
  const friend = await startNode(1, { comet: { peers: [victim.cometAddress] } });
  t.teardown(() => stopAll([victim, friend]));
  const protocols = [votes, channelProtocol(0x40), identifyProtocol, pingProtocol];
  for (let n = 0; n < 25; n++) {
    const bad = await stranger(t, 100 + n);
    const connection = await dial(bad, victim);
    for (let k = 0; k < 8 && connection.status === "open"; k++) {
      const protocol = protocols[Math.floor(random() * protocols.length)] ?? votes;
      const bytes = new Uint8Array(Math.floor(random() * 3_000)).map(() => random() * 256);
      await write(connection, protocol, bytes).catch(() => {}); // Thrown out in the meantime.
    }
    await bad.host.stop();
  }
  const had = victim.recorder.messages.length;
  await until("friend is a peer", () => peerOf(friend, victim) !== undefined);
  t.ok(peerOf(friend, victim)?.send(0x22, utf8("still here")));
  const isFriends = ({ from }: { from: string }) => from === friend.network.id;
  await until("served", () => victim.recorder.messages.slice(had).some(isFriends));
});

t.test("identify and ping are answered as go-libp2p expects", options, async (t) => {
  const node = await startNode(0, { comet: {} });
  t.teardown(() => node.network.stop());
  const asking = await stranger(t, 40);
  const connection = await dial(asking, node);
  const read = async (protocol: string, ...writes: Uint8Array[]) => {
    const stream = await write(connection, protocol, ...writes);
    const chunks: number[] = [];
    stream.addEventListener("message", ({ data }) => chunks.push(...data.subarray()));
    return { stream, chunks };
  };
  const { stream, chunks } = await read(identifyProtocol);
  await until("all said", () => stream.remoteWriteStatus === "closed");
  const text = Buffer.from(chunks).toString("latin1");
  for (const word of ["gonka-ts", "ipfs/0.1.0", votes, identifyProtocol, pingProtocol]) {
    t.ok(text.includes(word), word);
  }
  const address = multiaddr(`/ip4/127.0.0.1/udp/${node.cometPort}/quic-v1`).bytes;
  t.ok(text.includes(Buffer.from(address).toString("latin1")), "where it listens");
  const ping = new Uint8Array(32).fill(7);
  const { chunks: pong } = await read(pingProtocol, ping);
  await until("pong", () => pong.length === 32);
  t.same(Uint8Array.from(pong), ping);
});
