/**
 * Vote extensions in the engine: spec/consensus.md, clause X. The rules are those of cometbft
 * v0.38.25 consensus/state.go and types/vote.go; names in parentheses are its tests.
 */
import type { Vote } from "cosmjs-types/tendermint/types/types";
import t from "tap";
import { voteSet } from "../../../src/consensus/votes.ts";
import { utf8 } from "../../../src/encoding/bytes.ts";
import { plainCommit, verifyExtendedCommit } from "../../../src/types/votes/extended-commit.ts";
import { chainId, type Offered, OneValidator } from "../../support/one-validator.ts";

const none = new Uint8Array(0);

/** Past the wait before round 0, not the proposer, extensions on from height 1. */
async function started(change: (node: OneValidator) => void = () => undefined) {
  const node = new OneValidator(4, 1_048_576n, 1n);
  node.self = (node.proposer(0) + 2) % 4;
  node.extend = () => utf8("mine");
  change(node);
  node.start();
  await node.pass(1001);
  return node;
}

const give = (node: OneValidator, vote: Vote) => node.engine.receive({ type: "vote", vote }, "p");
const precommits = (node: OneValidator) => {
  const { votes } = node.engine.view?.core ?? {};
  return (votes && voteSet(votes, "precommit", 0)?.votes) ?? [];
};
const own = (node: OneValidator) => precommits(node)[node.self]?.signed;

function polka(node: OneValidator, a: Offered): void {
  node.propose(a);
  node.votes("prevote", a, node.others);
}

t.test(
  "X1: a precommit for a block is extended by the application, and nothing else",
  async (t) => {
    const asked: string[] = [];
    const node = await started((node) => {
      node.extend = (block) => {
        asked.push(`${block.header.height}`);
        return utf8("mine");
      };
    });
    const a = node.block("a");
    polka(node, a);
    t.same(asked, ["1"], "one call, for the precommit");
    const vote = own(node);
    t.same(vote?.extension, utf8("mine"));
    t.equal(vote?.extensionSignature.length, 64);
    const other = await started();
    other.votes("prevote", undefined, other.others);
    await other.pass(10_000);
    t.equal(other.seen().includes("precommit nil"), true);
    t.same(own(other)?.extensionSignature, none, "nil precommits are bare");
  },
);

t.test("X1: an empty extension is signed too (VoteExtensionsAreAlwaysSigned)", async (t) => {
  const node = await started((node) => {
    node.extend = () => none;
  });
  polka(node, node.block("a"));
  t.same([own(node)?.extension.length, own(node)?.extensionSignature.length], [0, 64]);
});

t.test("X1: where they are off, no vote has one, and one that has is an offence", async (t) => {
  const node = new OneValidator(4, 1_048_576n, 2n);
  node.self = (node.proposer(0) + 2) % 4;
  node.extend = () => t.fail("height 1 is before the first") as never;
  node.start();
  await node.pass(1001);
  const a = node.block("a");
  polka(node, a);
  t.same(own(node)?.extensionSignature, none);
  node.seen();
  give(node, node.extendedVote(a, node.others[0] ?? 0, utf8("x")));
  t.match(node.seen(), /extensions are off/);
});

t.test("X2: a precommit without a signed extension is an offence", async (t) => {
  const node = await started();
  const a = node.block("a");
  polka(node, a);
  node.seen();
  const [first = 0, second = 0, third = 0] = node.others;
  give(node, node.vote("precommit", a, first));
  t.match(node.seen(), /extension signature of validator/);
  const forged = { ...node.extendedVote(a, second, utf8("x")), extension: utf8("y") };
  give(node, forged);
  t.match(node.seen(), /extension signature of validator/);
  give(node, node.extendedVote(a, third, none));
  t.equal(node.seen(), "", "an empty one that is signed is good");
  t.equal(precommits(node).filter(Boolean).length, 2);
});

t.test("X2: nil precommits and prevotes need none", async (t) => {
  const node = await started();
  polka(node, node.block("a"));
  node.seen();
  node.votes("precommit", undefined, node.others.slice(0, 1));
  t.equal(node.seen(), "");
  t.equal(precommits(node).filter(Boolean).length, 2);
});

t.test("X3: an extension that the application declines does not count, nor ban", async (t) => {
  const asked: string[] = [];
  const node = await started((node) => {
    node.acceptsExtension = ({ extension }) => {
      asked.push(Buffer.from(extension).toString());
      return asked.at(-1) !== "bad";
    };
  });
  const a = node.block("a");
  polka(node, a);
  const [first = 0, second = 0, third = 0] = node.others;
  node.seen();
  give(node, node.extendedVote(a, first, utf8("bad")));
  give(node, node.extendedVote(a, second, utf8("good")));
  t.equal(node.seen(), "");
  t.same(asked, ["bad", "good"], "its own is not asked about");
  t.equal(precommits(node)[first], undefined);
  give(node, node.extendedVote(a, third, utf8("late")));
  await node.pass(1);
  t.same(node.applied, [1n]);
});

t.test("X4: the decided commit is stored with its extensions and proven", async (t) => {
  const node = await started();
  const a = node.block("a");
  polka(node, a);
  const [first = 0, second = 0, third = 0] = node.others;
  give(node, node.extendedVote(a, first, utf8("one")));
  node.votes("precommit", undefined, [second]);
  give(node, node.extendedVote(a, third, utf8("three")));
  await node.pass(1);
  const extended = node.blocks.loadExtendedCommit(1n);
  const seen = node.blocks.loadSeenCommit(1n);
  t.ok(extended && seen);
  if (!extended || !seen) return;
  t.same(plainCommit(extended), seen);
  const { validators } = node.state;
  t.equal(verifyExtendedCommit(chainId, validators, a.id, 1n, extended), undefined);
  const texts = extended.extendedSignatures.map((one) => Buffer.from(one.extension).toString());
  t.same(texts.toSorted(), ["", "mine", "one", "three"]);
  for (const change of [{ extension: utf8("z") }, { extensionSignature: none }]) {
    const extendedSignatures = extended.extendedSignatures.with(first, {
      ...extended.extendedSignatures[first]!,
      ...change,
    });
    const changed = { ...extended, extendedSignatures };
    t.match(verifyExtendedCommit(chainId, validators, a.id, 1n, changed), /extension signature/);
  }
  const bare = extended.extendedSignatures.with(second, {
    ...extended.extendedSignatures[second]!,
    extensionSignature: new Uint8Array(64),
  });
  t.match(
    verifyExtendedCommit(chainId, validators, a.id, 1n, { ...extended, extendedSignatures: bare }),
    /unexpected vote extension/,
  );
});

t.test("X5: the next proposer is given the extensions, after a restart too", async (t) => {
  for (const restarts of [0, 1]) {
    const node = await started((node) => {
      node.self = node.proposer(0);
    });
    const a = node.block("own", node.self);
    node.votes("prevote", a, node.others);
    for (const by of node.others) give(node, node.extendedVote(a, by, utf8(`of ${by}`)));
    await node.pass(1);
    if (restarts > 0) node.start();
    await node.pass(1001);
    const request = node.requests.at(-1);
    t.equal(request?.height, 2n, `restarts: ${restarts}`);
    const { extendedSignatures = [] } = request?.extendedCommit ?? {};
    const texts = extendedSignatures.map((one) => Buffer.from(one.extension).toString());
    t.same(texts.toSorted(), [...node.others.map((by) => `of ${by}`), "mine"].toSorted());
  }
});

t.test("X5: a late precommit needs a good signature, the application is not asked", async (t) => {
  const node = await started();
  const a = node.block("a");
  polka(node, a);
  const [first = 0, second = 0, third = 0] = node.others;
  for (const by of [first, second]) give(node, node.extendedVote(a, by, utf8("x")));
  await node.pass(1);
  t.equal(node.engine.view?.height, 2n);
  node.acceptsExtension = () => t.fail("asked") as never;
  node.seen();
  give(node, node.vote("precommit", a, third));
  t.match(node.seen(), /extension signature/);
  give(node, node.extendedVote(a, third, utf8("late")));
  const last = node.engine.view?.lastCommit;
  t.same(last && voteSet(last.votes, "precommit", 0)?.votes[third]?.signed.extension, utf8("late"));
});

t.test("X6: replay keeps the extension that was sent; a lost one is made anew", async (t) => {
  let made = 0;
  const node = await started((node) => {
    node.extend = () => utf8(`extension ${++made}`);
  });
  const a = node.block("a");
  polka(node, a);
  const sent = own(node);
  node.start();
  t.same(own(node), sent, "the log has it");
  t.equal(made, 1);
  const again = await started((node) => {
    node.extend = () => utf8(`extension ${++made}`);
  });
  const b = again.block("a");
  again.propose(b);
  again.votes("prevote", b, again.others.slice(0, 2));
  const before = own(again);
  const segment = again.log.segments().at(-1) ?? 0;
  again.log.truncate(segment, again.log.read(segment).length - 1); // Tears its own precommit.
  again.start();
  const after = own(again);
  t.same(after?.signature, before?.signature, "one signature at one point");
  t.notSame(after?.extension, before?.extension);
});

t.test("X4: a chain without the stored extensions does not go on", async (t) => {
  const node = await started();
  const a = node.block("a");
  polka(node, a);
  for (const by of node.others) give(node, node.extendedVote(a, by, none));
  await node.pass(1);
  node.blocks.loadExtendedCommit = () => undefined;
  t.throws(() => node.start(), /no vote extensions stored for height 1/);
});
