/** The consensus reactor towards one peer that the test plays; spec/consensus.md clause G. */
import t from "tap";
import type { ChannelSpec, Peer, Reactor } from "../../../src/consensus/expected.ts";
import {
  type ConsensusMessage,
  decodeMessage,
  encodeMessage,
} from "../../../src/consensus/gossip/messages.ts";
import { PeerState } from "../../../src/consensus/gossip/peer-state.ts";
import { ConsensusReactor } from "../../../src/consensus/gossip/reactor.ts";
import { utf8 } from "../../../src/encoding/bytes.ts";
import { BitArray } from "../../../src/types/bit-array.ts";
import { OneValidator, silent } from "../../support/one-validator.ts";
import { prng } from "../../support/prng.ts";

t.test("G2: a peer that told its parts first is still owed the proof-of-lock", async (t) => {
  const node = new OneValidator();
  const a = node.block("a");
  const known = new PeerState();
  const at = { height: 1n, round: 2 };
  const step = { step: 3, secondsSinceStartTime: 0n, lastCommitRound: -1 };
  known.applyNewRoundStep({ type: "newRoundStep", ...at, ...step });
  const { header, bits: parts } = a.parts;
  known.applyNewValidBlock({ type: "newValidBlock", ...at, header, parts, isCommit: false });
  known.setHasProposal(node.proposal(a, 2, 1));
  t.equal(known.polRound, 1);
  t.ok(known.parts?.isFull(), "the parts it has stay known");
});

const [state, data, votes, bits] = [0x20, 0x21, 0x22, 0x23];

async function connected(change: (node: OneValidator) => void = () => undefined) {
  const node = new OneValidator();
  node.self = (node.proposer(0) + 2) % 4;
  change(node);
  node.start();
  const sent: ConsensusMessage[] = [];
  const bans: string[] = [];
  const registered: ChannelSpec[] = [];
  let isFull = false;
  const peer: Peer = {
    id: "p",
    send: (channel, bytes) => {
      const message = decodeMessage(bytes);
      if (isFull || "refused" in message) return false;
      if (!registered.some((spec) => spec.id === channel)) throw new Error(`channel ${channel}`);
      sent.push(message);
      return true;
    },
  };
  const clock = {
    now: () => node.now(),
    after: (delayMs: number, run: () => void) => node.time.after(delayMs, run),
  };
  const network = {
    register: (specs: readonly ChannelSpec[], _reactor: Reactor) => void registered.push(...specs),
    ban: (_peer: Peer, reason: string) => void bans.push(reason),
  };
  const { engine, blocks } = node;
  const reactor = new ConsensusReactor({ engine, blocks, network, clock, log: silent });
  reactor.start();
  reactor.addPeer(peer);
  /** The messages since the last call, of these types. */
  const take = (...types: readonly string[]) => {
    const taken = sent.splice(0).filter((message) => types.includes(message.type));
    return taken;
  };
  const hear = (channel: number, message: ConsensusMessage) =>
    reactor.receive(channel, peer, encodeMessage(message));
  const setFull = (full: boolean) => {
    isFull = full;
  };
  return { node, reactor, peer, bans, take, hear, setFull };
}
const step = (
  height: bigint,
  round: number,
  at: number,
  lastCommitRound = -1,
): ConsensusMessage => {
  const secondsSinceStartTime = 0n;
  return { type: "newRoundStep", height, round, step: at, secondsSinceStartTime, lastCommitRound };
};

t.test("G1: a new peer is told where we are, and every step after", async (t) => {
  const { node, take, reactor } = await connected();
  t.match(take("newRoundStep"), [{ height: 1n, round: 0, step: 1, lastCommitRound: -1 }]);
  await node.pass(1001);
  t.match(take("newRoundStep"), [{ height: 1n, round: 0, step: 3 }]);
  reactor.stop();
});

t.test("G2: own votes go out at once, others' on the tick, none twice", async (t) => {
  const { node, take, hear, reactor } = await connected();
  await node.pass(1001);
  hear(state, step(1n, 0, 3));
  take();
  const a = node.block("a");
  node.propose(a);
  t.match(take("vote"), [{ vote: { type: 1, validatorIndex: node.self } }]);
  const [first = 0, second = 0] = node.others;
  node.votes("prevote", undefined, [first, second]);
  hear(state, { type: "hasVote", height: 1n, round: 0, voteType: "prevote", index: second });
  take();
  await node.pass(150);
  const sent = take("vote", "proposal", "blockPart");
  t.match(sent.map((message) => message.type).sort(), ["blockPart", "proposal", "vote"]);
  t.match(
    sent.find((message) => message.type === "vote"),
    { vote: { validatorIndex: first } },
  );
  await node.pass(500);
  t.same(take("vote", "proposal", "blockPart"), []);
  reactor.stop();
});

t.test("G3: both votes of an equivocator are passed on", async (t) => {
  const { node, take, hear, reactor } = await connected();
  await node.pass(1001);
  hear(state, step(1n, 0, 3));
  const [other = 0] = node.others;
  const a = node.block("a");
  node.votes("prevote", undefined, [other]);
  node.votes("prevote", a, [other]);
  take();
  await node.pass(150);
  const both = take("vote").filter((m) => m.type === "vote" && m.vote.validatorIndex === other);
  t.equal(both.length, 2);
  reactor.stop();
});

t.test("G4: a peer that stands still is sent everything again: messages can be lost", async (t) => {
  const { node, take, hear, reactor } = await connected();
  await node.pass(1001);
  hear(state, step(1n, 0, 3));
  node.propose(node.block("a"));
  await node.pass(150);
  take();
  await node.pass(2100);
  const again = new Set(take("vote", "proposal", "blockPart", "newRoundStep").map((m) => m.type));
  t.same([...again].sort(), ["blockPart", "newRoundStep", "proposal", "vote"]);
  reactor.stop();
});

t.test(
  "G5: a peer a height behind gets that height's commit and block from the store",
  async (t) => {
    const { node, take, hear, reactor } = await connected();
    await node.pass(1001);
    const a = node.block("a");
    node.propose(a);
    node.votes("prevote", a, node.others);
    node.votes("precommit", a, node.others);
    await node.pass(1);
    t.equal(node.engine.view?.height, 2n);
    take();
    hear(state, step(1n, 0, 4));
    t.same(take("vote", "blockPart"), [], "it may be on its way from others");
    await node.pass(100);
    const sent = take("vote", "blockPart");
    const precommits = sent.filter((m) => m.type === "vote" && m.vote.type === 2);
    t.ok(precommits.length >= 3, "+2/3 precommits");
    t.match(
      sent.filter((m) => m.type === "blockPart"),
      [{ height: 1n, round: 0, part: { index: 0 } }],
    );
    hear(state, {
      ...{ type: "newValidBlock", height: 1n, round: 0, isCommit: true },
      ...{ header: a.id.partSetHeader, parts: new BitArray(1) },
    });
    await node.pass(150);
    t.equal(take("blockPart").length, 1, "the peer says that it still lacks the part");
    reactor.stop();
  },
);

t.test("G6: a claim of +2/3 is answered with the votes we have for that block", async (t) => {
  const { node, take, hear, reactor } = await connected();
  await node.pass(1001);
  const a = node.block("a");
  const [other = 0] = node.others;
  node.votes("prevote", a, [other]);
  take();
  const claim = { type: "voteSetMaj23", height: 1n, round: 0, voteType: "prevote" } as const;
  hear(state, { ...claim, blockId: a.id });
  const [answer] = take("voteSetBits");
  t.ok(answer?.type === "voteSetBits" && answer.votes.get(other) && answer.votes.count() === 1);
  reactor.stop();
});

t.test("G7: a full queue loses nothing: it is sent when there is room", async (t) => {
  const { node, take, hear, setFull, reactor } = await connected();
  await node.pass(1001);
  hear(state, step(1n, 0, 3));
  take();
  setFull(true);
  node.propose(node.block("a"));
  await node.pass(150);
  t.same(take("vote", "proposal"), []);
  setFull(false);
  await node.pass(100);
  t.match(
    take("vote", "proposal").map((m) => m.type),
    ["proposal", "vote"],
  );
  reactor.stop();
});

t.test("G8: garbage, wrong channels and impossible heights get the peer banned", async (t) => {
  const { node, reactor, peer, bans, hear } = await connected();
  await node.pass(1001);
  reactor.receive(data, peer, utf8("garbage"));
  hear(votes, step(1n, 0, 3));
  hear(state, step(0n, 0, 3));
  hear(state, step(1n, 0, 3, 0));
  hear(state, step(2n, 0, 3, -1));
  t.equal(bans.length, 5);
  const forged = { ...node.vote("prevote", undefined, 0), signature: new Uint8Array(64) };
  hear(votes, { type: "vote", vote: { ...forged, validatorIndex: 1 } });
  t.match(bans[5], /vote signature/);
  const a = node.block("a");
  hear(data, { type: "proposal", proposal: node.proposal(a, 0, -1, node.self) });
  t.match(bans[6], /proposal signature/);
  const claim = { type: "voteSetMaj23", height: 1n, round: 0, voteType: "prevote" } as const;
  hear(state, { ...claim, blockId: a.id });
  hear(state, { ...claim, blockId: node.block("b").id });
  t.match(bans[7], /two blocks/);
  t.equal(bans.length, 8);
  reactor.stop();
});

t.test("G8: random messages never throw, and the engine goes on", async (t) => {
  const { node, reactor, peer } = await connected();
  await node.pass(1001);
  const a = node.block("a");
  const part = a.parts.part(0);
  if (!part) throw new Error("no part");
  const samples: readonly [number, ConsensusMessage][] = [
    [state, step(1n, 0, 3)],
    [data, { type: "proposal", proposal: node.proposal(a) }],
    [data, { type: "blockPart", height: 1n, round: 0, part }],
    [votes, { type: "vote", vote: node.vote("prevote", a, 0) }],
    [
      bits,
      {
        type: "voteSetBits",
        height: 1n,
        round: 0,
        voteType: "prevote",
        blockId: a.id,
        votes: new BitArray(4),
      },
    ],
  ];
  for (let seed = 1; seed <= 2000; seed++) {
    const random = prng(seed);
    const [channel, message] = samples[seed % samples.length] ?? [state, step(1n, 0, 3)];
    const bytes = encodeMessage(message);
    const at = Math.floor(random() * bytes.length);
    bytes[at] = Math.floor(random() * 256);
    t.doesNotThrow(() => reactor.receive(channel, peer, bytes), `seed ${seed}`);
  }
  t.same(node.failures, []);
  node.propose(a);
  node.votes("prevote", a, node.others);
  node.votes("precommit", a, node.others);
  await node.pass(1);
  t.same(node.applied, [1n]);
  reactor.stop();
});
