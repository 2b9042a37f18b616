/**
 * votes.ts: bounds and majorities, spec/consensus.md clause T. Scenarios of CometBFT
 * types/vote_set_test.go and consensus/types/height_vote_set_test.go.
 */
import t from "tap";
import {
  addClaim,
  addVote,
  type CheckedVote,
  committed,
  hasAll,
  hasMajority,
  hasTwoThirdsAny,
  noVotes,
  openRounds,
  roundAhead,
  type Votes,
  type VoteType,
  voteSet,
} from "../../../src/consensus/votes.ts";
import { checkedVote } from "../../support/votes.ts";

const vote = (validator: number, block: string, round = 0, type: VoteType = "prevote") =>
  checkedVote({ type, round, validator, block });

/** Adds all, from one peer each; the outcomes in short. */
function addAll(start: Votes, cast: readonly CheckedVote[], peer = "p"): [Votes, string[]] {
  let votes = start;
  const outcomes: string[] = [];
  for (const one of cast) {
    const [next, outcome] = addVote(votes, one, peer);
    votes = next;
    if (outcome.kind === "refused") outcomes.push(outcome.reason);
    else if (outcome.kind === "duplicate") outcomes.push("duplicate");
    else outcomes.push(outcome.conflictsWith ? "conflict" : "added");
  }
  return [votes, outcomes];
}
const equalPowers = (count: number) => noVotes(Array.from({ length: count }, () => 1n));
const range = (count: number) => Array.from({ length: count }, (_, index) => index);

t.test(
  "T1: more than two thirds, at the boundary of 100 validators (2_3MajorityRedux)",
  async (t) => {
    const [sixtySix] = addAll(
      equalPowers(100),
      range(66).map((i) => vote(i, "A")),
    );
    t.notOk(hasMajority(sixtySix, "prevote", 0, "A"));
    t.notOk(hasTwoThirdsAny(sixtySix, "prevote", 0), "66 of 100 are no +2/3");
    const [other] = addAll(sixtySix, [vote(66, ""), vote(67, "B")]);
    t.notOk(hasMajority(other, "prevote", 0, "A"));
    t.ok(hasTwoThirdsAny(other, "prevote", 0), "67 voted for something");
    const [sixtySeven] = addAll(other, [vote(68, "A")]);
    t.ok(hasMajority(sixtySeven, "prevote", 0, "A"));
    t.notOk(hasMajority(sixtySeven, "prevote", 1, "A"), "only in its round");
    t.notOk(hasMajority(sixtySeven, "precommit", 0, "A"), "only of its type");
  },
);

t.test("T1: powers count, not heads", async (t) => {
  const [big] = addAll(noVotes([10n, 1n, 1n]), [vote(0, "A", 0, "precommit")]);
  t.same(committed(big), { round: 0, block: "A" });
  const [small] = addAll(noVotes([10n, 1n, 1n]), [vote(1, "A"), vote(2, "A")]);
  t.notOk(hasTwoThirdsAny(small, "prevote", 0));
});

t.test("T2: the same vote again, another signature for it, an unknown validator", async (t) => {
  const again = { ...vote(0, "A"), signed: vote(1, "A").signed };
  const [, outcomes] = addAll(equalPowers(4), [vote(0, "A"), vote(0, "A"), again, vote(4, "A")]);
  t.same(outcomes, ["added", "duplicate", "otherSignature", "unknownValidator"]);
});

t.test(
  "T3: a second vote is kept beside the first, a third only when claimed (Conflicts)",
  async (t) => {
    const cast = [vote(0, ""), vote(0, "A"), vote(0, "B")];
    const [votes, outcomes] = addAll(equalPowers(4), cast);
    t.same(outcomes, ["added", "conflict", "conflictLimit"]);
    const set = voteSet(votes, "prevote", 0);
    t.equal(set?.power, 1n, "the voter counts once among those who voted");
    t.same(
      set?.extra.map((one) => one.block),
      ["A"],
    );
    const [claimed, isCredible] = addClaim(votes, {
      type: "prevote",
      round: 0,
      block: "B",
      peer: "p",
    });
    t.ok(isCredible);
    t.same(addAll(claimed, [vote(0, "B")])[1], ["conflict"]);
    const lie = { type: "prevote", round: 0, block: "C", peer: "p" } as const;
    t.notOk(addClaim(claimed, lie)[1], "one peer cannot claim two blocks");
    t.ok(addClaim(claimed, { ...lie, peer: "q" })[1]);
  },
);

t.test(
  "T3: a conflicting vote may complete a majority, and then stands for its voter",
  async (t) => {
    const cast = [vote(0, ""), vote(1, "A"), vote(2, "A"), vote(0, "A")];
    const [votes, outcomes] = addAll(equalPowers(4), cast);
    t.same(outcomes, ["added", "added", "added", "conflict"]);
    t.ok(hasMajority(votes, "prevote", 0, "A"));
    const set = voteSet(votes, "prevote", 0);
    t.same(
      set?.votes.map((one) => one?.block),
      ["A", "A", "A", undefined],
    );
    t.same(
      set?.extra.map((one) => one.block),
      [""],
      "the first vote is still there",
    );
  },
);

t.test("T3: the first majority stays, whatever equivocators add", async (t) => {
  const both = ["A", "B"].flatMap((block) => range(3).map((i) => vote(i, block)));
  const [votes] = addAll(equalPowers(4), both);
  t.ok(hasMajority(votes, "prevote", 0, "A"));
  t.notOk(hasMajority(votes, "prevote", 0, "B"));
});

t.test("T4: a peer opens two rounds ahead, no more (PeerCatchupRounds)", async (t) => {
  const far = [vote(0, "A", 7), vote(0, "A", 8), vote(0, "A", 9), vote(1, "A", 8)];
  const [votes, outcomes] = addAll(equalPowers(4), far, "p");
  t.same(outcomes, ["added", "added", "unwantedRound", "added"]);
  t.same(addAll(votes, [vote(0, "A", 9)], "q")[1], ["added"], "another peer has its own two");
  t.same(addAll(votes, [vote(2, "A", 7)], "r")[1], ["added"], "an opened round is open to all");
  t.same(
    addAll(openRounds(votes, 8), [vote(0, "A", 9)], "p")[1],
    ["added"],
    "rounds up to ours + 1",
  );
  t.same(addAll(votes, [vote(3, "A", 50)], "")[1], ["added"], "the node itself has no limit");
});

t.test("T5: a round is ahead when more than a third voted in it, of either type", async (t) => {
  const [one] = addAll(equalPowers(3), [vote(0, "A", 5), vote(0, "A", 5, "precommit")]);
  t.equal(roundAhead(one, 0), undefined, "one of three is not more than a third");
  const [two] = addAll(one, [vote(1, "", 5, "precommit")]);
  t.equal(roundAhead(two, 0), 5);
  t.equal(roundAhead(two, 5), undefined);
  t.equal(roundAhead(two, 4), 5);
});

t.test("everyone voted: hasAll", async (t) => {
  const [three] = addAll(
    equalPowers(4),
    range(3).map((i) => vote(i, "A")),
  );
  const set = voteSet(three, "prevote", 0);
  t.notOk(set && hasAll(set));
  const [four] = addAll(three, [vote(3, "")]);
  const full = voteSet(four, "prevote", 0);
  t.ok(full && hasAll(full));
});
