/**
 * The runner around one validator, spec/consensus.md clauses E, W and S. Names in parentheses are
 * the CometBFT scenarios (consensus/state_test.go, replay_test.go) restated.
 */
import t from "tap";
import { commitOf } from "../../../src/consensus/engine/commits.ts";
import { ConsensusFailure } from "../../../src/consensus/engine/deciding.ts";
import { voteSet } from "../../../src/consensus/votes.ts";
import { Wal } from "../../../src/consensus/wal/wal.ts";
import { compareTime, fromMillis, toNanos } from "../../../src/encoding/time.ts";
import { verifyCommit } from "../../../src/types/commit.ts";
import { chainId, OneValidator, silent } from "../../support/one-validator.ts";

const recordsAfter = ({ log, now }: OneValidator, height: bigint) =>
  Wal.open({ disk: log, clock: { now }, log: silent }).recordsAfter(height) ?? [];

/** A node that is not the proposer of round 0, past the wait before round 0. */
async function started(change: (node: OneValidator) => void = () => undefined) {
  const node = new OneValidator();
  node.self = (node.proposer(0) + 2) % 4;
  change(node);
  node.start();
  await node.pass(1001);
  return node;
}

t.test("E1: votes along, stores, applies and begins the next height (FullRound2)", async (t) => {
  const node = await started();
  const a = node.block("a");
  node.propose(a);
  node.votes("prevote", a, node.others);
  t.equal(node.seen(), "prevote block @0, precommit block @0");
  node.votes("precommit", a, node.others.slice(0, 2));
  await node.pass(1);
  t.same(node.applied, [1n]);
  const commit = node.blocks.loadSeenCommit(1n);
  t.ok(commit);
  if (!commit) return;
  const { validators } = node.state;
  t.equal(verifyCommit(chainId, validators, a.id, 1n, commit), undefined);
  t.same(commit.signatures.map((entry) => entry.blockIdFlag).sort(), [1, 2, 2, 2]);
  t.equal(node.engine.view?.height, 2n);
  t.equal(node.engine.view?.core.step, "newHeight");
  // The block interval runs from the commit (StartNextHeightCorrectlyAfterTimeout).
  await node.pass(900);
  t.equal(node.engine.view?.core.step, "newHeight");
  const late = node.vote("precommit", a, node.others[2] ?? 0);
  node.engine.receive({ type: "vote", vote: late }, "p");
  const last = node.engine.view?.lastCommit;
  const set = last && voteSet(last.votes, "precommit", last.round);
  t.ok(set);
  if (set) t.notOk(commitOf(set, 1n, a.id).signatures.some((entry) => entry.blockIdFlag === 1));
  await node.pass(100);
  t.equal(node.engine.view?.core.step, "propose");
});

t.test("E1: with skipCommitWait the last precommit begins the next height", async (t) => {
  const node = await started((node) => {
    node.timeouts = { ...node.timeouts, skipCommitWait: true };
  });
  const a = node.block("a");
  node.propose(a);
  node.votes("prevote", a, node.others);
  node.votes("precommit", a, node.others.slice(0, 2));
  await node.pass(1);
  t.equal(node.engine.view?.core.step, "newHeight");
  node.votes("precommit", a, node.others.slice(2));
  t.equal(node.engine.view?.core.step, "propose");
});

t.test(
  "E2: proposes in its round, and its own block too is validated (ProposerSelection0)",
  async (t) => {
    const node = await started((node) => {
      node.self = node.proposer(0);
    });
    const { proposal } = node.engine.view ?? {};
    t.ok(proposal);
    t.equal(node.seen(), "prevote block @0");
    t.ok(proposal && node.log.holds(proposal.signature));
    t.equal(proposal?.polRound, -1);
  },
);

t.test("E2: proposers follow the priorities, round by round (ProposerSelection2)", async (t) => {
  const node = await started();
  for (let round = 0; round < 5; round++) {
    const { validators, core } = node.engine.view ?? {};
    t.equal(core?.round, round);
    const index = validators?.byAddress(validators.proposer().address)?.index;
    t.equal(index, node.proposer(round), `round ${round}`);
    node.votes("precommit", undefined, node.others, round);
    await node.pass(1000 + 500 * round + 1);
  }
});

t.test("E2: re-proposes the valid block with its round (ProposeValidBlock)", async (t) => {
  const node = await started((node) => {
    node.self = node.proposer(1);
  });
  const a = node.block("a");
  node.propose(a);
  node.votes("prevote", a, node.others);
  node.votes("precommit", undefined, node.others);
  await node.pass(1001);
  const { proposal } = node.engine.view ?? {};
  t.same([proposal?.round, proposal?.polRound], [1, 0]);
  t.same(proposal?.blockId, a.id);
  t.equal(node.seen(), "prevote block @0, precommit block @0, prevote block @1");
});

t.test(
  "E3: without a key it follows, and signs nothing (EnterProposeNoPrivValidator)",
  async (t) => {
    const node = await started((node) => {
      node.isFollower = true;
    });
    const a = node.block("a");
    node.propose(a);
    node.votes("prevote", a, node.others);
    node.votes("precommit", a, node.others);
    await node.pass(1);
    t.same([node.seen(), node.applied], ["", [1n]]);
  },
);

t.test(
  "E4: an invalid or rejected block gets a nil vote (BadProposal, ProcessProposalAccept)",
  async (t) => {
    const bad = await started((node) => {
      node.invalid = () => "app hash";
    });
    bad.propose(bad.block("a"));
    t.equal(bad.seen(), "prevote nil @0");
    const rejected = await started((node) => {
      node.accepts = () => false;
    });
    rejected.propose(rejected.block("a"));
    t.equal(rejected.seen(), "prevote nil @0");
  },
);

t.test("E4: parts that are no block, or another block, get a nil vote", async (t) => {
  const node = await started();
  const [a, b] = [node.block("a"), node.block("b")];
  node.propose({ ...a, id: { ...a.id, hash: b.id.hash } });
  t.equal(node.seen(), "prevote nil @0");
});

t.test(
  "E5: an oversized block is refused before and after its parts (OversizedBlock)",
  async (t) => {
    const node = new OneValidator(4, 100_000n);
    node.self = (node.proposer(0) + 1) % 4;
    node.start();
    await node.pass(1001);
    const huge = node.block("x".repeat(140_000));
    node.engine.receive({ type: "proposal", proposal: node.proposal(huge) }, "p");
    t.match(node.seen(), /^refused p: 3 parts, at most 2/);
    node.propose(node.block("x".repeat(110_000))); // Two parts, but more bytes than allowed.
    t.equal(node.seen(), "prevote nil @0");
  },
);

t.test("E5: proposals of others, or with a wrong proof-of-lock round, are refused", async (t) => {
  const node = await started();
  const a = node.block("a");
  const forged = node.proposal(a, 0, -1, (node.proposer(0) + 1) % 4);
  node.engine.receive({ type: "proposal", proposal: forged }, "forger");
  node.engine.receive({ type: "proposal", proposal: node.proposal(a, 0, 0) }, "fool");
  t.equal(
    node.seen(),
    "refused forger: proposal signature, refused fool: proof-of-lock round 0 in 0",
  );
  t.equal(node.engine.view?.proposal, undefined);
});

t.test("E5: parts of another block change nothing; a flood is refused", async (t) => {
  const node = await started();
  const [a, b] = [node.block("a"), node.block("b")];
  node.engine.receive({ type: "proposal", proposal: node.proposal(a) }, "p");
  for (let count = 0; count < 4096; count++) node.parts(b);
  t.equal(node.seen(), "");
  node.parts(b);
  t.equal(node.seen(), "refused p: parts of no block");
  node.parts(a);
  t.equal(node.seen(), "prevote block @0");
});

t.test(
  "E5: forged votes get their sender refused, and change nothing (DoesntCrashOnInvalidVote)",
  async (t) => {
    const node = await started();
    const [other = 0, second = 0] = node.others;
    const vote = node.vote("prevote", undefined, other);
    const cases = [
      { ...vote, signature: new Uint8Array(64) },
      { ...vote, validatorIndex: 9 },
      { ...vote, validatorAddress: node.vote("prevote", undefined, second).validatorAddress },
      { ...vote, extension: Uint8Array.of(1) },
    ];
    for (const forged of cases) node.engine.receive({ type: "vote", vote: forged }, "p");
    t.equal(node.seen().match(/refused p/g)?.length, cases.length);
    t.equal(node.engine.view?.core.votes.sets.size, 0);
  },
);

t.test(
  "E6: +2/3 precommits without the block: wants it, then decides (CommitWithoutBlock)",
  async (t) => {
    const node = await started();
    const a = node.block("a");
    node.votes("precommit", a, node.others);
    t.equal(node.engine.view?.core.step, "commit");
    t.same(node.engine.view?.blocks.wantedId, a.id);
    node.parts(a);
    await node.pass(1);
    t.same([node.applied, node.seen()], [[1n], ""]);
  },
);

t.test("E6: a decided block that is invalid stops the node", async (t) => {
  const node = await started((node) => {
    node.invalid = () => "app hash";
  });
  const a = node.block("a");
  node.votes("precommit", a, node.others);
  node.parts(a);
  await node.pass(1);
  t.type(node.failures[0], ConsensusFailure);
  t.same(node.applied, []);
});

t.test("E7: what arrives while a block is applied waits for the next height", async (t) => {
  const node = await started();
  let goOn: () => void = () => undefined;
  node.applying = new Promise((resolve) => {
    goOn = resolve;
  });
  const a = node.block("a");
  node.propose(a);
  node.votes("prevote", a, node.others);
  const [first = 0, second = 0, third = 0] = node.others;
  node.votes("precommit", a, [first, second]);
  await node.pass(1);
  node.votes("precommit", a, [third]);
  t.same(node.applied, []);
  goOn();
  await node.pass(1);
  t.same(node.applied, [1n]);
  const last = node.engine.view?.lastCommit;
  const set = last && voteSet(last.votes, "precommit", last.round);
  t.ok(set?.votes[third], "the late precommit is in the last commit");
});

t.test("E8: both votes of an equivocator become evidence (SlashingPrevotes)", async (t) => {
  const node = await started();
  const [a, [other = 0]] = [node.block("a"), node.others];
  node.votes("prevote", undefined, [other]);
  node.votes("prevote", a, [other]);
  t.equal(node.conflicts.length, 1);
  t.same(
    node.conflicts[0]?.map((vote) => vote.validatorIndex),
    [other, other],
  );
});

t.test("E9: a vote's time is after its block's (BFT time)", async (t) => {
  const node = await started();
  const base = node.block("a").block;
  const ahead = fromMillis(1_700_000_900_000);
  const { offer } = await import("../../support/one-validator.ts");
  const a = offer({ ...base, header: { ...base.header, time: ahead } });
  node.propose(a);
  const votes = node.engine.view?.core.votes;
  const own = votes && voteSet(votes, "prevote", 0)?.votes[node.self]?.signed;
  t.equal(own && toNanos(own.timestamp) - toNanos(ahead), 1_000_000n);
  t.ok(own && compareTime(own.timestamp, ahead) > 0);
});

t.test("W1: after a crash the log rebuilds the lock, and no vote is signed twice", async (t) => {
  const node = await started();
  const [a, b] = [node.block("a"), node.block("b", node.proposer(1))];
  node.propose(a);
  node.votes("prevote", a, node.others);
  t.equal(node.seen(), "prevote block @0, precommit block @0");
  node.log.crash(() => 0); // Nothing unsynced survives.
  node.start();
  t.equal(node.engine.view?.core.step, "precommit");
  t.ok(node.engine.view?.core.locked, "the lock is back");
  t.equal(node.seen(), "prevote block @0, precommit block @0", "its votes are told again");
  node.votes("precommit", undefined, node.others);
  await node.pass(1001);
  node.propose(b, 1);
  t.equal(node.seen(), "prevote nil @1");
});

t.test("W1: its own precommit locks, even when its polka cannot be rebuilt", async (t) => {
  const node = await started();
  const [a, b] = [node.block("a"), node.block("b", node.proposer(1))];
  const [, honest = 0, byzantine = 0] = node.others;
  node.propose(a);
  node.votes("prevote", a, [honest]);
  node.votes("prevote", node.block("c"), [byzantine]);
  node.votes("prevote", node.block("d"), [byzantine]);
  // A third vote of one validator counts because of a claim, and claims are not in the log.
  node.engine.claim({ height: 1n, round: 0, voteType: "prevote", blockId: a.id }, "p");
  node.votes("prevote", a, [byzantine]);
  t.equal(node.seen(), "prevote block @0, precommit block @0");
  node.start();
  t.equal(node.seen(), "prevote block @0, precommit block @0");
  node.votes("precommit", undefined, node.others);
  await node.pass(1001);
  node.propose(b, 1);
  t.equal(node.seen(), "prevote nil @1", "anything else would break the lock");
});

t.test(
  "W1: a round that the last precommit began, with skipCommitWait, is in the log",
  async (t) => {
    const node = await started((node) => {
      node.timeouts = { ...node.timeouts, skipCommitWait: true };
    });
    const a = node.block("a");
    node.propose(a);
    node.votes("prevote", a, node.others);
    node.votes("precommit", a, node.others);
    await node.pass(1);
    t.equal(node.engine.view?.core.step, "propose");
    t.ok(recordsAfter(node, 1n).some(({ timeoutInfo }) => timeoutInfo?.step === 1));
  },
);

t.test("W1: a vote that is not taken does not fill the log, however often it comes", async (t) => {
  const node = await started();
  const [x = 0] = node.others;
  for (const round of [5, 6]) node.votes("prevote", undefined, [x], round);
  const unwanted = node.vote("prevote", undefined, x, 7); // One peer may open two rounds.
  const before = node.log.read(0).length;
  for (let i = 0; i < 10; i++) node.engine.receive({ type: "vote", vote: unwanted }, "p");
  t.equal(node.log.read(0).length, before);
  node.engine.receive({ type: "vote", vote: unwanted }, "q");
  t.ok(node.log.read(0).length > before, "another peer may open it");
});

t.test("E1: a clock that is set back does not lengthen the wait before round 0", async (t) => {
  const node = new OneValidator();
  node.self = (node.proposer(0) + 2) % 4;
  const real = node.now.bind(node);
  node.start();
  await node.pass(1001);
  const a = node.block("a");
  node.propose(a);
  node.votes("prevote", a, node.others);
  node.votes("precommit", a, node.others.slice(0, 2));
  node.now = () => fromMillis(Number(toNanos(real()) / 1_000_000n) - 3_600_000);
  await node.pass(1);
  t.equal(node.engine.view?.core.step, "newHeight");
  await node.pass(1001);
  t.equal(node.engine.view?.core.step, "propose");
});

t.test("W2: a vote that the log lost is not replaced by another (SignSameVoteTwice)", async (t) => {
  const node = await started();
  const log = node.log.read(0);
  const a = node.block("a");
  node.propose(a);
  t.equal(node.seen(), "prevote block @0");
  node.log.truncate(0, log.length); // As if the disk had lied about its sync.
  node.start();
  await node.pass(2001);
  t.equal(node.seen(), "", "the time-out asks for a nil vote: the signer refuses");
  node.propose(a);
  t.equal(node.engine.view?.core.step, "prevote");
});

t.test("W3: a decision in the log is carried out after the restart", async (t) => {
  const node = await started();
  node.applying = new Promise(() => undefined); // Never applied in this life.
  const a = node.block("a");
  const { saveBlock } = node.blocks;
  node.blocks.saveBlock = () => new Promise(() => undefined); // Nor stored.
  node.propose(a);
  node.votes("prevote", a, node.others);
  node.votes("precommit", a, node.others);
  node.blocks.saveBlock = saveBlock;
  node.applying = Promise.resolve();
  node.start();
  await node.pass(1);
  t.same(node.applied, [1n]);
});
