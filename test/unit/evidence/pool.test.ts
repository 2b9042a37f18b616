/**
 * Evidence of duplicate votes, spec/consensus.md clause V; scenarios of CometBFT
 * evidence/{pool,verify,reactor}_test.go.
 */
import {
  DuplicateVoteEvidence,
  type Evidence,
  EvidenceList,
} from "cosmjs-types/tendermint/types/evidence";
import { Header } from "cosmjs-types/tendermint/types/types";
import t from "tap";
import { toHex, utf8 } from "../../../src/encoding/bytes.ts";
import type { Network, Peer } from "../../../src/evidence/expected.ts";
import { EvidencePool } from "../../../src/evidence/pool.ts";
import { EvidenceReactor } from "../../../src/evidence/reactor.ts";
import { MemoryDb } from "../../../src/store/memory-db.ts";
import type { ChainState } from "../../../src/types/chain-state.ts";
import { duplicateVoteEvidence } from "../../../src/types/evidence.ts";
import { ValidatorSet } from "../../../src/types/validator-set.ts";
import { OneValidator, silent } from "../../support/one-validator.ts";

const chain = new OneValidator();
const { validators } = chain.state;
const time = (height: bigint) => ({ seconds: 1000n + height, nanos: 0 });
const [a, b] = [chain.block("a"), chain.block("b")];

/** The state after a height; evidence counts for two blocks and ten seconds. */
function at(lastBlockHeight: bigint): ChainState {
  const maxAgeDuration = { seconds: 10n, nanos: 0 };
  const evidence = { maxAgeNumBlocks: 2n, maxAgeDuration, maxBytes: 10_000n };
  const consensusParams = { ...chain.state.consensusParams, evidence };
  const lastBlockTime = time(lastBlockHeight);
  const lastValidators = validators;
  return { ...chain.state, lastBlockHeight, lastBlockTime, lastValidators, consensusParams };
}
const votes = (by: number) => [chain.vote("prevote", a, by), chain.vote("prevote", b, by)] as const;
function duplicate(by = 1, at = time(1n)): Evidence {
  const [first, second] = votes(by);
  const found = { a: first, b: second, time: at, validators };
  return { duplicateVoteEvidence: duplicateVoteEvidence(found) };
}
function change(fields: Partial<NonNullable<Evidence["duplicateVoteEvidence"]>>): Evidence {
  const { duplicateVoteEvidence: whole } = duplicate();
  return whole ? { duplicateVoteEvidence: { ...whole, ...fields } } : {};
}
const stores = {
  states: { loadMembers: (height: bigint) => (height > 0n ? validators : undefined) },
  blocks: {
    loadBlockMeta: (height: bigint) => ({ header: Header.fromPartial({ time: time(height) }) }),
    loadCommit: () => undefined,
  },
};
const open = (state: ChainState, db = new MemoryDb()) =>
  EvidencePool.open({ db, ...stores, log: silent }, state);
const written = () => new Promise((resolve) => setImmediate(resolve));

t.test("V1: reported votes become evidence when their height is decided", async (t) => {
  const pool = await open(at(0n));
  const heard: Evidence[] = [];
  pool.onPending((evidence) => heard.push(evidence));
  const [first, second] = votes(1);
  pool.reportConflictingVotes(first, second);
  pool.reportConflictingVotes(second, first);
  t.same(pool.pending(10_000n), [], "its height has no time yet");
  await pool.update(at(1n), []);
  t.same(pool.pending(10_000n), [duplicate()]);
  t.equal(heard.length, 1, "the same votes in another order are the same evidence");
  t.equal(pool.check(at(1n), pool.pending(10_000n)), undefined);
});

t.test("V2: verified against the set and the time of its height", async (t) => {
  const { duplicateVoteEvidence: good } = duplicate();
  const voteA = good?.voteA;
  const voteB = good?.voteB;
  if (!voteA || !voteB) throw new Error("no votes");
  const forged = { ...voteA, signature: new Uint8Array(64).fill(1) };
  const [, ofAnother] = votes(2);
  const cases: readonly [name: string, evidence: Evidence, refused: RegExp][] = [
    ["time", change({ timestamp: time(2n) }), /time differs/],
    ["validator power", change({ validatorPower: 11n }), /validator power/],
    ["total power", change({ totalVotingPower: 41n }), /total power/],
    ["signature", change({ voteA: forged }), /signature/],
    ["one vote twice", change({ voteB: voteA }), /order|agree/],
    ["swapped votes", change({ voteA: voteB, voteB: voteA }), /order/],
    ["two rounds", change({ voteB: { ...voteB, round: 1 } }), /two points/],
    ["two types", change({ voteB: { ...voteB, type: 2 } }), /two points/],
    ["two validators", change({ voteB: ofAnother }), /two validators|order/],
    ["no vote", { duplicateVoteEvidence: DuplicateVoteEvidence.fromPartial({}) }, /missing/],
    ["nothing", {}, /exactly one kind/],
  ];
  for (const [name, evidence, refused] of cases) {
    const pool = await open(at(1n));
    t.match(pool.add(evidence), { refused }, name);
    t.match(pool.check(at(1n), [evidence]), refused, name);
    t.same(pool.pending(10_000n), []);
  }
});

t.test("V2: a stranger's votes are no evidence", async (t) => {
  const others = ValidatorSet.from(validators.validators.slice(2));
  const states = { loadMembers: () => others };
  const db = new MemoryDb();
  const pool = await EvidencePool.open({ db, ...stores, states, log: silent }, at(1n));
  t.match(pool.add(duplicate(0)), { refused: /no validator|total power/ });
});

t.test("V3: committed once; never again, nor twice in one block", async (t) => {
  const pool = await open(at(1n));
  const evidence = duplicate();
  t.match(pool.check(at(1n), [evidence, duplicate()]), /twice/);
  t.equal(pool.check(at(1n), [evidence]), undefined);
  t.same(pool.pending(10_000n), [evidence], "evidence of a proposed block is kept");
  await pool.update(at(2n), [evidence]);
  t.same(pool.pending(10_000n), []);
  t.match(pool.check(at(2n), [evidence]), /committed already/);
  t.equal(pool.add(evidence), "valid", "a peer that is behind may send it");
  t.same(pool.pending(10_000n), []);
});

t.test("V3: committed evidence stays so through a power cut", async (t) => {
  const db = new MemoryDb();
  const pool = await open(at(1n), db);
  t.equal(pool.check(at(1n), [duplicate()]), undefined);
  await pool.update(at(2n), [duplicate()]);
  const reopened = await open(at(2n), db.crash({ survivingBatches: 0 }));
  t.match(reopened.check(at(2n), [duplicate()]), /committed already/);
  t.same(reopened.pending(10_000n), [], "or every proposal of this node would be refused");
});

/** The evidence with an extension in one of its votes, which no signature of it covers. */
function extended(extension: string): Evidence {
  const { duplicateVoteEvidence: whole } = duplicatePrecommits();
  const voteA = whole?.voteA && { ...whole.voteA, extension: utf8(extension) };
  return whole && voteA
    ? { duplicateVoteEvidence: { ...whole, voteA: { ...voteA, extensionSignature: utf8("s") } } }
    : {};
}
function duplicatePrecommits(): Evidence {
  const [first, second] = [chain.vote("precommit", a, 1), chain.vote("precommit", b, 1)];
  const found = { a: first, b: second, time: time(1n), validators };
  return { duplicateVoteEvidence: duplicateVoteEvidence(found) };
}

t.test("V9: vote extensions make no second piece of the same evidence", async (t) => {
  const bare = duplicatePrecommits();
  const db = new MemoryDb();
  const pool = await open(at(0n), db);
  for (const text of ["x", "y"]) {
    const { voteA, voteB } = extended(text).duplicateVoteEvidence ?? {};
    if (voteA && voteB) pool.reportConflictingVotes(voteA, voteB);
  }
  await pool.update(at(1n), []);
  t.same(pool.pending(10_000n), [bare], "reported");
  t.equal(pool.add(extended("z")), "valid");
  t.same(pool.pending(10_000n), [bare], "from a peer");
  t.equal(pool.check(at(1n), [extended("w")]), undefined, "a block may carry them");
  t.same(pool.pending(10_000n), [bare]);
  await pool.update(at(2n), [extended("w")]);
  for (const each of [pool, await open(at(2n), db)]) {
    t.same(each.pending(10_000n), [], "decided");
    t.equal(each.add(extended("v")), "valid");
    t.equal(each.add(bare), "valid");
    t.equal(each.check(at(2n), [extended("u")]), undefined, "valid in a block, as in CometBFT");
    t.same(each.pending(10_000n), [], "not proposed again");
  }
  await pool.update(at(12n), []);
  await written();
  t.same(await keysOf(db), [], "forgotten when it is too old");
});

async function keysOf(db: MemoryDb): Promise<string[]> {
  const keys: string[] = [];
  for await (const [key] of db.iterate({})) keys.push(toHex(key));
  return keys;
}

t.test("V4: expires only when too old in blocks and in time", async (t) => {
  const pool = await open(at(1n));
  t.equal(pool.add(duplicate()), "valid");
  await pool.update(at(5n), []);
  t.equal(pool.pending(10_000n).length, 1, "four blocks, but four seconds");
  await pool.update({ ...at(5n), lastBlockHeight: 3n, lastBlockTime: time(90n) }, []);
  t.equal(pool.pending(10_000n).length, 1, "ninety seconds, but two blocks");
  await pool.update(at(12n), []);
  t.same(pool.pending(10_000n), []);
  t.equal(pool.add(duplicate()), "late");
  t.match(pool.check(at(12n), [duplicate()]), /too old/);
});

t.test("V5: as much as fits the bytes, oldest first, and again after a restart", async (t) => {
  const db = new MemoryDb();
  const pool = await open(at(1n), db);
  for (const by of [2, 1, 3]) t.equal(pool.add(duplicate(by)), "valid");
  const all = pool.pending(10_000n);
  t.equal(all.length, 3);
  const twoFit = BigInt(EvidenceList.encode({ evidence: all.slice(0, 2) }).finish().length);
  t.same(pool.pending(twoFit), all.slice(0, 2));
  t.equal(pool.pending(twoFit - 1n).length, 1);
  const [first] = all;
  if (first) await pool.update(at(2n), [first]);
  await written();
  const reopened = await open(at(2n), db);
  t.same(reopened.pending(10_000n), all.slice(1));
  t.match(first && reopened.check(at(2n), [first]), /committed already/);
});

t.test("V6: gossiped on channel 0x38; what cannot be true gets its sender banned", async (t) => {
  const sent: number[] = [];
  const bans: string[] = [];
  const network: Network = {
    register: (specs) => t.match(specs, [{ id: 0x38, stream: "evidence" }]),
    ban: (peer, reason) => bans.push(`${peer.id}: ${reason}`),
  };
  let tick: () => void = () => undefined;
  const clock = {
    after: (_delayMs: number, run: () => void) => {
      tick = run;
      return () => undefined;
    },
  };
  const pool = await open(at(1n));
  const reactor = new EvidenceReactor({ pool, network, clock, log: silent });
  const peer = (id: string): Peer => ({
    id,
    send: (channel, bytes) => {
      sent.push(channel, EvidenceList.decode(bytes).evidence.length);
      return true;
    },
  });
  const [p, q] = [peer("p"), peer("q")];
  reactor.addPeer(p);
  reactor.start();
  const list = (...evidence: Evidence[]) => EvidenceList.encode({ evidence }).finish();
  reactor.receive(0x38, p, list(duplicate()));
  t.same(sent.splice(0), [0x38, 1], "passed on when it is new");
  reactor.receive(0x38, p, list(duplicate()));
  t.same(sent.splice(0), [], "not again");
  reactor.addPeer(q);
  t.same(sent.splice(0), [0x38, 1], "a new peer gets what is pending");
  tick();
  t.same(sent.splice(0), [0x38, 1, 0x38, 1], "and all again now and then");
  reactor.removePeer(q);
  const [early1, early2] = votes(1).map((vote) => ({ ...vote, height: 9n }));
  if (early1 && early2) {
    const found = { a: early1, b: early2, time: time(9n), validators };
    reactor.receive(0x38, p, list({ duplicateVoteEvidence: duplicateVoteEvidence(found) }));
  }
  t.same(bans, [], "evidence of a height to come is no offence");
  await pool.update(at(12n), []);
  reactor.receive(0x38, p, list(duplicate(2)));
  t.same(bans, [], "nor is what the sender, a block behind, still takes for good");
  t.same(pool.pending(10_000n), []);
  await pool.update(at(1n), []);
  reactor.receive(0x38, p, utf8("garbage"));
  reactor.receive(0x38, p, list());
  reactor.receive(0x38, p, list(change({ validatorPower: 99n })));
  t.match(bans, [/no evidence list/, /no evidence list/, /validator power/]);
  reactor.stop();
});
