/** Framing, node info, bans and addresses: the parts of p2p/ that need no network. */
import t from "tap";
import { concat, fromHex, toHex, utf8 } from "../../../src/encoding/bytes.ts";
import { parsePeerAddress } from "../../../src/p2p/addresses.ts";
import { Bans } from "../../../src/p2p/bans.ts";
import { ChannelTable, channelProtocol } from "../../../src/p2p/channels.ts";
import { encodeFrame, FrameReader } from "../../../src/p2p/frames.ts";
import {
  decodeControl,
  encodeHeartbeat,
  encodeHello,
  type NodeIdentity,
  nodeInfoOf,
  refuseNode,
} from "../../../src/p2p/hello.ts";
import { Outbox } from "../../../src/p2p/outbox.ts";
import { Recorder, testChannels } from "../../support/p2p-nodes.ts";
import { prng } from "../../support/prng.ts";

t.test("heartbeats for a peer that reads nothing do not pile up", async (t) => {
  const outbox = new Outbox(() => t.fail("nothing breaks"));
  outbox.attach({ send: () => false, onDrain: () => new Promise(() => {}) } as never);
  outbox.pushControl(encodeHeartbeat());
  await new Promise((resolve) => setImmediate(resolve)); // From here on the stream is full.
  for (let second = 0; second < 100_000; second++) outbox.pushControl(encodeHeartbeat());
  t.ok(outbox.queuedBytes > 0);
  t.ok(outbox.queuedBytes <= 16_384);
});

t.test("a frame is its length and its bytes", async (t) => {
  t.equal(toHex(encodeFrame(Uint8Array.of(0x22), utf8("vote"))), "0522766f7465");
  t.equal(toHex(encodeFrame(new Uint8Array(300)).subarray(0, 3)), "ac0200");
});

t.test("frames come out as they went in, however the bytes are cut", async (t) => {
  for (let seed = 1; seed <= 100; seed++) {
    const random = prng(seed);
    const sizes = Array.from({ length: 20 }, () => 1 + Math.floor(random() ** 4 * 40_000));
    const payloads = sizes.map((size, n) => new Uint8Array(size).fill(n));
    const wire = concat(...payloads.map((payload) => encodeFrame(payload)));
    const reader = new FrameReader(40_000);
    const out: Uint8Array[] = [];
    for (let at = 0; at < wire.length; ) {
      const end = at + 1 + Math.floor(random() ** 3 * 30_000);
      const frames = reader.push(wire.subarray(at, end));
      if (!Array.isArray(frames)) throw new Error(`seed ${seed}: ${frames.broken}`);
      out.push(...frames);
      at = end;
    }
    t.ok(Buffer.concat(out).equals(Buffer.concat(payloads)), `seed ${seed}`);
    t.equal(out.length, payloads.length);
    t.equal(reader.pendingBytes, 0);
  }
});

t.test("broken framing is told at the first byte that shows it", async (t) => {
  const push = (hex: string) => new FrameReader(1_000).push(fromHex(hex));
  t.match(push("00"), { broken: /empty/ });
  t.match(push("e907"), { broken: /1001 bytes, at most 1000/ });
  t.match(push("ffffffff"), { broken: /over 4 bytes/ });
  t.match(push("8100"), { broken: /needless/ });
  t.same(push("e807"), [], "1000 bytes are allowed");
  const reader = new FrameReader(100_000_000);
  reader.push(fromHex("80c2d72f01"));
  t.equal(reader.pendingBytes, 1, "an announced length of 100 MB holds one byte");
});

const identity: NodeIdentity = {
  id: "aa".repeat(20),
  chainId: "gonka-1",
  moniker: "m",
  version: "0.1.0",
  appVersion: 1n,
  listenAddress: "0.0.0.0:26656",
  rpcAddress: "0.0.0.0:26657",
  channels: Uint8Array.of(0x20, 0x30),
};
const remote = { ...identity, id: "bb".repeat(20) };
const session = new Uint8Array(16).fill(9);

t.test("Hello carries CometBFT's node info", async (t) => {
  const hello = encodeHello(nodeInfoOf(remote), session);
  const decoded = decodeControl(hello);
  if (decoded === "heartbeat" || "refused" in decoded) throw new Error("not a hello");
  t.same(decoded.hello.nodeInfo, nodeInfoOf(remote));
  t.same(decoded.hello.sessionId, session);
  t.equal(refuseNode(identity, decoded.hello, remote.id), undefined);
  t.equal(decodeControl(encodeHeartbeat()), "heartbeat");
  t.equal(toHex(encodeHeartbeat()), "1200");
});

t.test("nodes that do not belong together part", async (t) => {
  const info = nodeInfoOf(remote);
  const { protocolVersion } = info;
  const refusal = (change: object, id = remote.id) =>
    refuseNode(identity, { nodeInfo: { ...info, ...change }, sessionId: session }, id);
  t.match(refusal({ network: "gonka-2" }), /is on chain gonka-2/);
  t.match(refusal({ protocolVersion: { ...protocolVersion, block: 12n } }), /block protocol 12/);
  t.match(refusal({}, "cc".repeat(20)), /says it is bbbb/);
  t.match(refusal({ defaultNodeId: identity.id }, identity.id), /this node itself/);
  t.match(refusal({ channels: Uint8Array.of(0x77) }), /shares no channel/);
  t.match(refusal({ channels: Uint8Array.of(0x30, 0x20) }), /out of order/);
  t.match(refusal({ moniker: "x".repeat(257) }), /overlong/);
  t.equal(refusal({ protocolVersion: { ...protocolVersion, app: 7n } }), undefined);
});

t.test("any bytes on the control stream are a message or refused", async (t) => {
  for (let seed = 1; seed <= 2_000; seed++) {
    const random = prng(seed);
    const hello = encodeHello(nodeInfoOf(remote), session);
    const bytes = hello.slice(0, Math.floor(random() * (hello.length + 20)));
    for (let i = 0; i < 3; i++) bytes[Math.floor(random() * bytes.length)] = random() * 256;
    t.doesNotThrow(() => decodeControl(bytes), `seed ${seed}`);
  }
  t.match(decodeControl(new Uint8Array()), { refused: /malformed/ });
  t.match(decodeControl(new Uint8Array(9_000)), { refused: /malformed/ });
  t.match(decodeControl(encodeHello(nodeInfoOf(remote), Uint8Array.of(1))), { refused: /hello/ });
});

t.test("bans double, end, and are forgotten from the oldest on", async (t) => {
  let now = 0;
  const bans = new Bans(() => now);
  t.same([bans.add("a"), bans.has("a"), bans.has("b")], [30_000, true, false]);
  now = 30_000;
  t.equal(bans.has("a"), false);
  t.same([bans.add("a"), bans.add("a")], [60_000, 120_000]);
  for (let i = 0; i < 10; i++) bans.add("a");
  t.equal(bans.add("a"), 600_000);
  for (let i = 0; i < 10_000; i++) bans.add(`peer ${i}`);
  t.equal(bans.has("a"), false);
  t.equal(bans.has("peer 9999"), true);
});

t.test("peer addresses are nodeid@host:port", async (t) => {
  const id = "0123456789abcdef0123456789abcdef01234567";
  const addressOf = (text: string) => parsePeerAddress(text)?.address.toString();
  t.equal(addressOf(`${id}@127.0.0.1:26656`), "/ip4/127.0.0.1/tcp/26656");
  t.equal(addressOf(`${id}@node.example.com:1`), "/dns/node.example.com/tcp/1");
  t.equal(addressOf(`${id}@[::1]:26656`), "/ip6/::1/tcp/26656");
  const bad = [`${id}@1.2.3.4`, `${id}@1.2.3.4:0`, `${id}@1.2.3.4:70000`, `${id}@999.1.1.1:1`];
  const worse = ["", "127.0.0.1:26656", `${id.slice(1)}@1.2.3.4:5`, `${id.toUpperCase()}@h:1`];
  for (const text of [...bad, ...worse]) t.equal(parsePeerAddress(text), undefined, text);
});

t.test("a channel has one receiver and one limit", async (t) => {
  const table = new ChannelTable();
  const recorder = new Recorder();
  table.register(testChannels, recorder);
  t.same(table.ids(), Uint8Array.of(0x22, 0x30, 0x38, 0x40));
  t.equal(table.maxFrameBytes("blocks"), 4_000_001);
  t.equal(new ChannelTable().maxFrameBytes("blocks"), 0);
  t.equal(channelProtocol(0x22), "/p2p/cometbft/1.0.0/channel/0x22");
  const [first] = testChannels;
  t.throws(() => table.register([first!], recorder), /twice/);
  t.throws(() => table.register([{ ...first!, id: 256 }], recorder), RangeError);
});
