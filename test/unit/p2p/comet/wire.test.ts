/**
 * CometBFT's libp2p wire, byte for byte. The streams were written by CometBFT v0.39.4 itself
 * (lp2p.StreamWriteClose over lp2p.ProtocolID, p2p.Wrapper, gogoproto), the addresses by
 * lp2p.IDFromPrivateKey and lp2p.AddrInfoFromHostAndID.
 */
import { EventEmitter } from "node:events";
import type { Stream } from "@libp2p/interface";
import { multiaddr } from "@multiformats/multiaddr";
import t from "tap";
import { encodeMessage as encodeBlocksync } from "../../../../src/blocksync/messages.ts";
import { encodeMessage } from "../../../../src/consensus/gossip/messages.ts";
import { fromHex, fromUtf8, toHex, utf8 } from "../../../../src/encoding/bytes.ts";
import { encodeTxs } from "../../../../src/mempool/tx-message.ts";
import { channelProtocol } from "../../../../src/p2p/channels.ts";
import { parseCometPeer, peerIdText, resolved } from "../../../../src/p2p/comet/addresses.ts";
import { encodeIdentify } from "../../../../src/p2p/comet/identify.ts";
import { Lane } from "../../../../src/p2p/comet/lane.ts";
import { encodeFrame, FrameReader } from "../../../../src/p2p/frames.ts";

const step = {
  type: "newRoundStep",
  height: 5n,
  round: 1,
  step: 3,
  secondsSinceStartTime: 2n,
  lastCommitRound: 0,
} as const;
const hasVote = {
  type: "hasVote",
  height: 300n,
  round: 0,
  voteType: "precommit",
  index: 2,
} as const;

const streams: readonly [channel: number, message: Uint8Array, stream: string][] = [
  [0x20, encodeMessage(step), "0a0a080805100118032002"],
  [0x20, encodeMessage(hasVote), "093a0708ac0218022002"],
  [0x40, encodeBlocksync({ type: "statusRequest" }), "022200"],
  [0x40, encodeBlocksync({ type: "status", base: 1n, height: 1000n }), "072a0508e8071001"],
  [0x40, encodeBlocksync({ type: "blockRequest", height: 77n }), "040a02084d"],
  [
    0x30,
    encodeTxs([utf8("a=1"), new Uint8Array(200).fill(0x78)]),
    `d3010ad0010a03613d310ac801${"78".repeat(200)}`,
  ],
];

t.test("a stream is the length and the message, as CometBFT writes it", async (t) => {
  for (const [channel, message, stream] of streams) {
    t.equal(toHex(encodeFrame(message)), stream, `channel ${channel}`);
    const bytes = fromHex(stream);
    for (const cut of [1, 2, Math.floor(bytes.length / 2)]) {
      const reader = new FrameReader(1_000);
      t.same(reader.push(bytes.subarray(0, cut)), []);
      t.same(reader.push(bytes.subarray(cut)), [message], `in two pieces, cut at ${cut}`);
    }
  }
  t.equal(channelProtocol(0x20), "/p2p/cometbft/1.0.0/channel/0x20");
  t.equal(channelProtocol(0x0), "/p2p/cometbft/1.0.0/channel/0x00");
});

const peerId = "12D3KooWH3npEx5XVjHJLWCS7YPcDyvu6d5eZGhh5h6GoYK1hpH8";

t.test("peers are written as CometBFT's bootstrap_peers have them", async (t) => {
  const peer = parseCometPeer(`${peerId}@192.0.2.7:26656`);
  t.equal(peer?.id, "333b2a499b5beaa81ae28e699566a5945a23a71a", "the node id of the same key");
  t.equal(String(peer?.address), "/ip4/192.0.2.7/udp/26656/quic-v1");
  const text = (address: string) => String(parseCometPeer(`${peerId}@${address}`)?.address);
  t.equal(text("[2001:db8::1]:1"), "/ip6/2001:db8::1/udp/1/quic-v1");
  t.equal(text("node.example:65535"), "/dns/node.example/udp/65535/quic-v1");
  const key = fromHex("6b723a153b0a1bc9ddadbcc0791fb7f7cbfb523bba54ff306b7cb8410906de83");
  t.equal(peerIdText(key), peerId, "and back");
  const wrong = [
    "192.0.2.7:26656",
    `${peerId}@192.0.2.7`,
    `${peerId}@192.0.2.7:0`,
    `${peerId}@192.0.2.7:65536`,
    `${peerId}@999.1.1.1:1`,
    `${peerId.slice(0, -1)}@192.0.2.7:26656`,
    `${peerId.slice(0, -1)}0@192.0.2.7:26656`, // No letter of base58.
    "333b2a499b5beaa81ae28e699566a5945a23a71a@192.0.2.7:26656", // Ours, not libp2p's.
    // A secp256k1 key, from the peer-id specification of libp2p.
    "16Uiu2HAmLhLvBoYaoZfaMUKuibM6ac163GwKY74c5kiSLg5KvLpY@192.0.2.7:26656",
    "QmYyQSo1c1Ym7orWxLYvCrM2EmxFTANf8wXmmE7DWjhx5N@192.0.2.7:26656",
  ];
  for (const text of wrong) t.equal(parseCometPeer(text), undefined, text);
});

t.test("names are looked up before QUIC is dialled", async (t) => {
  const local = await resolved(multiaddr("/dns/localhost/udp/5/quic-v1"));
  t.match(String(local), /^\/ip(4\/127\.0\.0\.1|6\/::1)\/udp\/5\/quic-v1$/);
  const tcp = multiaddr("/dns/localhost/tcp/5");
  t.equal(await resolved(tcp), tcp, "TCP does it itself");
});

t.test("identify: fields in order, framed", async (t) => {
  const card = {
    publicKey: Uint8Array.of(8, 1, 18, 0),
    listen: [Uint8Array.of(4, 127, 0, 0, 1)],
    protocols: ["/a", "/b"],
    observed: Uint8Array.of(4, 10, 0, 0, 1),
  };
  // Fields 1 to 6 of the libp2p identify specification.
  const fields = [
    "0a0408011200",
    "1205047f000001",
    "1a022f61",
    "1a022f62",
    "2205040a000001",
    `2a0a${toHex(utf8("ipfs/0.1.0"))}`,
    `3208${toHex(utf8("gonka-ts"))}`,
  ].join("");
  const length = (fields.length / 2).toString(16);
  t.equal(toHex(encodeIdentify(card)), length + fields);
});

/** A stream that a test ends by hand. */
class FakeStream extends EventEmitter {
  status = "open";
  sent = "";
  isAborted = false;
  addEventListener(name: string, listen: () => void): void {
    this.on(name, listen);
  }
  send(bytes: Uint8Array): boolean {
    this.sent = fromUtf8(bytes.subarray(1));
    return true;
  }
  abort(): void {
    this.isAborted = true;
  }
}

/** A lane, the streams that it has opened, and what opening does. */
function laneOf(capacity: number) {
  const world = { streams: [] as FakeStream[], failure: "", fails: undefined as Error | undefined };
  const lane = new Lane({
    spec: { id: 0x22, maxMessageBytes: 9, sendQueueCapacity: capacity, stream: "consensus" },
    open: async () => {
      if (world.fails) throw world.fails;
      const stream = new FakeStream();
      world.streams.push(stream);
      return stream as unknown as Stream;
    },
    onFailure: (reason) => {
      world.failure = reason;
    },
  });
  const turn = () => new Promise((resolve) => setImmediate(resolve));
  const end = async () => {
    for (const stream of world.streams.filter(({ isAborted }) => !isAborted)) {
      stream.emit("remoteCloseWrite");
    }
    await turn();
  };
  return { lane, world, end, turn };
}

t.test("a burst begins with one message and widens; every stream is wound up", async (t) => {
  const { lane, world, end, turn } = laneOf(20);
  t.teardown(() => lane.close());
  for (let n = 0; n < 20; n++) t.ok(lane.push(utf8(`m${n}`)));
  t.notOk(lane.push(utf8("m20")), "full");
  await turn();
  t.same(
    world.streams.map(({ sent }) => sent),
    ["m0"],
  );
  const opened = [world.streams.length];
  for (let n = 0; n < 6; n++) {
    await end();
    opened.push(world.streams.length);
  }
  t.same(opened, [1, 3, 11, 20, 20, 20, 20], "each that is done doubles the room");
  t.same(
    world.streams.map(({ sent }) => sent),
    Array.from({ length: 20 }, (_, n) => `m${n}`),
  );
  t.ok(world.streams.every(({ isAborted }) => isAborted));
  t.ok(lane.push(utf8("next")));
  t.ok(lane.push(utf8("last")));
  await turn();
  t.equal(world.streams.length, 21, "after a pause it begins with one again");
});

t.test("what finds no stream is kept and sent later", async (t) => {
  const { lane, world, end, turn } = laneOf(2);
  t.teardown(() => lane.close());
  world.fails = new Error("no room for streams");
  t.ok(lane.push(utf8("a")));
  await turn();
  t.ok(lane.push(utf8("b")));
  t.notOk(lane.push(utf8("c")), "full: nothing has left");
  world.fails = undefined;
  while (world.streams.length < 1) await new Promise((resolve) => setTimeout(resolve, 20));
  await end();
  t.same(
    world.streams.map(({ sent }) => sent),
    ["a", "b"],
  );
  t.equal(world.failure, "");
});
