/**
 * round.ts against Algorithm 1. Four validators of equal power: three make +2/3, two make +1/3.
 * Each case plays inputs and names every effect in order, so a missing or an extra one fails.
 * Names in parentheses at the end are the CometBFT scenarios (consensus/state_test.go) restated.
 */
import t from "tap";
import { type Effect, type Input, newHeight, step } from "../../../src/consensus/round.ts";
import { noVotes, type VoteType } from "../../../src/consensus/votes.ts";
import { shuffle } from "../../support/prng.ts";
import { checkedVote } from "../../support/votes.ts";

const block = (key: string): Input => ({ type: "block", block: key, isValid: key !== "BAD" });
const propose = (round: number, key: string, polRound = -1): Input[] => [
  block(key),
  {
    type: "proposal",
    proposal: { round, block: key, polRound, isAccepted: key !== "BAD" && key !== "REJECTED" },
  },
];
const votes = (type: VoteType, round: number, key: string, who: string): Input[] =>
  [...who].map((name) => ({
    type: "vote",
    vote: checkedVote({ type, round, validator: "abcd".indexOf(name), block: key }),
    peer: "peer",
  }));
const timeout = (on: "newHeight" | "propose" | VoteType, round: number): Input => ({
  type: "timeout",
  step: on,
  round,
});
const start = timeout("newHeight", 0);
const nil = "";

function play(inputs: readonly Input[]): string {
  let state = newHeight(noVotes([10n, 10n, 10n, 10n]));
  const shown: string[] = [];
  for (const input of inputs) {
    const [next, emitted] = step(state, input);
    state = next;
    shown.push(...emitted.map(show).filter((text) => text !== ""));
  }
  return shown.join(", ");
}
function show(e: Effect): string {
  switch (e.type) {
    case "castVote":
      return `${e.vote} ${e.block || "nil"} @${e.round}`;
    case "scheduleTimeout":
      return `wait ${e.step} @${e.round}`;
    case "startRound":
      return `start ${e.valid?.block ?? "new"} @${e.round}`;
    case "commit":
    case "decide":
      return `${e.type} ${e.block} @${e.round}`;
    case "conflict":
      return `conflict ${e.first.block || "nil"}/${e.second.block || "nil"}`;
    case "voteRefused":
      return `refused ${e.reason}`;
    case "falseClaim":
      return "false claim";
    case "voteAdded":
      return ""; // Every vote below; the cases are about the rest.
  }
}

const proposedA = [start, ...propose(0, "A")];
const lockOnA = [...proposedA, ...votes("prevote", 0, "A", "abc")];
const toRound1 = [...votes("precommit", 0, nil, "bcd"), timeout("precommit", 0)];
const began = "start new @0, wait propose @0, ";
const nilInRound0 = `${began}prevote nil @0, wait precommit @0, start new @1, wait propose @1, `;
const locked = `${began}prevote A @0, precommit A @0, `;
const lockedInRound1 = `${locked}wait precommit @0, start A @1, wait propose @1, `;

const cases: readonly [name: string, inputs: readonly Input[], effects: string][] = [
  [
    "everyone correct: decides in round 0 (L22, L36, L49) (FullRound2)",
    [...lockOnA, ...votes("precommit", 0, "A", "abc")],
    `${locked}commit A @0, decide A @0`,
  ],
  [
    "invalid block: prevotes nil, and never decides it (L22, L49) (BadProposal)",
    [start, ...propose(0, "BAD"), ...votes("precommit", 0, "BAD", "abc")],
    `${began}prevote nil @0, commit BAD @0`,
  ],
  [
    "a block the application rejects: prevotes nil (L22) (ProcessProposalAccept)",
    [start, ...propose(0, "REJECTED")],
    `${began}prevote nil @0`,
  ],
  [
    "no proposal: nil votes, round after round (L57, L44, L47, L65) (FullRoundNil)",
    [
      start,
      timeout("propose", 0),
      ...votes("prevote", 0, nil, "abc"),
      ...toRound1,
      ...votes("precommit", 1, nil, "bcd"),
    ],
    `${began}prevote nil @0, precommit nil @0, wait precommit @0, ` +
      "start new @1, wait propose @1, wait precommit @1",
  ],
  [
    "a proof-of-lock must be of an earlier round (L28)",
    [start, ...propose(0, "A", 0), ...votes("prevote", 0, "A", "abc")],
    "start new @0, wait propose @0",
  ],
  [
    "locked on A: prevotes nil for a fresh B (L22) (LockNoPOL)",
    [...lockOnA, ...toRound1, ...propose(1, "B")],
    `${lockedInRound1}prevote nil @1`,
  ],
  [
    "locked on A: prevotes A when it comes again (L22) (LockPOLRelock)",
    [...lockOnA, ...toRound1, ...propose(1, "A"), ...votes("prevote", 1, "A", "bcd")],
    `${lockedInRound1}prevote A @1, precommit A @1`,
  ],
  [
    "locked on A: prevotes B once B proves a newer polka (L55, L28) (LockPOLUnlock)",
    [
      ...lockOnA,
      ...toRound1,
      ...votes("prevote", 1, "B", "bcd"),
      ...votes("prevote", 2, nil, "bc"),
      ...propose(2, "B", 1),
    ],
    `${lockedInRound1}start A @2, wait propose @2, prevote B @2`,
  ],
  [
    "locked on A: a proof older than the lock does not move it (L29) (LockPOLSafety2)",
    [
      start,
      ...votes("prevote", 1, "A", "bc"),
      ...propose(1, "A"),
      ...votes("prevote", 0, "B", "bcd"),
      ...votes("prevote", 1, "A", "d"),
      ...votes("precommit", 1, nil, "bcd"),
      timeout("precommit", 1),
      ...propose(2, "B", 0),
    ],
    `${began}start new @1, wait propose @1, prevote A @1, precommit A @1, ` +
      "wait precommit @1, start A @2, wait propose @2, prevote nil @2",
  ],
  [
    "a polka for a block we do not have: precommits nil (L34, L61) (LockPOLUnlockOnUnknownBlock)",
    [start, timeout("propose", 0), ...votes("prevote", 0, "C", "bcd"), timeout("prevote", 0)],
    `${began}prevote nil @0, wait prevote @0, precommit nil @0`,
  ],
  [
    "that block arrives after the nil precommit: valid, not locked (L42) (SetValidBlockOnDelayedProposal)",
    [
      start,
      timeout("propose", 0),
      ...votes("prevote", 0, "C", "bcd"),
      timeout("prevote", 0),
      block("C"),
      ...toRound1,
      ...propose(1, "D"),
    ],
    `${began}prevote nil @0, wait prevote @0, precommit nil @0, wait precommit @0, ` +
      "start C @1, wait propose @1, prevote D @1",
  ],
  [
    "polka after our nil precommit: A becomes valid, not locked (L34, L47, L61, L42) (SetValidBlockOnDelayedPrevote)",
    [
      ...lockOnA.slice(0, 5),
      ...votes("prevote", 0, nil, "d"),
      timeout("prevote", 0),
      ...votes("prevote", 0, "A", "c"),
      ...toRound1,
      ...propose(1, "B"),
    ],
    `${began}prevote A @0, wait prevote @0, precommit nil @0, wait precommit @0, ` +
      "start A @1, wait propose @1, prevote B @1",
  ],
  [
    "a proposal that names a polka waits for it (L28)",
    [
      ...[start, timeout("propose", 0), ...toRound1],
      ...propose(1, "B", 0),
      ...votes("prevote", 0, "B", "bcd"),
    ],
    `${nilInRound0}prevote B @1`,
  ],
  [
    "a block with its polka that the application rejects: prevotes nil (L28, L32)",
    [
      ...[start, timeout("propose", 0), ...toRound1],
      ...propose(1, "REJECTED", 0),
      ...votes("prevote", 0, "REJECTED", "bcd"),
    ],
    `${nilInRound0}prevote nil @1`,
  ],
  [
    "each timer and the lock once a round, whatever else arrives (L34, L36, L47)",
    [
      ...[...proposedA, ...votes("prevote", 0, nil, "d"), ...votes("prevote", 0, "A", "abcd")],
      ...[...votes("precommit", 0, nil, "bc"), ...votes("precommit", 0, "A", "a")],
      ...votes("precommit", 0, nil, "d"),
    ],
    `${began}prevote A @0, wait prevote @0, precommit A @0, conflict nil/A, wait precommit @0`,
  ],
  [
    "a nil polka: precommits nil without waiting (L44) (WaitingTimeoutOnNilPolka)",
    [...proposedA, ...votes("prevote", 0, nil, "bcd"), ...votes("precommit", 0, nil, "bcd")],
    `${began}prevote A @0, precommit nil @0, wait precommit @0`,
  ],
  [
    "+1/3 in a higher round: goes there (L55) (RoundSkipOnNilPolkaFromHigherRound)",
    [...proposedA, ...votes("prevote", 3, nil, "c"), ...votes("precommit", 3, nil, "d")],
    `${began}prevote A @0, start new @3, wait propose @3`,
  ],
  [
    "one validator alone, whatever it sends, moves nobody (L55)",
    [...proposedA, ...votes("prevote", 3, nil, "d"), ...votes("precommit", 3, nil, "d")],
    `${began}prevote A @0`,
  ],
  [
    "before round 0, +1/3 in it: begins (L55)",
    [...votes("prevote", 0, nil, "ab")],
    "start new @0, wait propose @0",
  ],
  [
    "+2/3 precommits of a round we left decide (L49) (CommitFromPreviousRound)",
    [
      ...lockOnA,
      ...votes("precommit", 0, "A", "ab"),
      ...votes("precommit", 0, nil, "d"),
      timeout("precommit", 0),
      ...votes("precommit", 0, "A", "c"),
    ],
    `${lockedInRound1}commit A @0, decide A @0`,
  ],
  [
    "+2/3 precommits before round 0 and before the block: waits for the block, then decides (L49) (EmitNewValidBlockEventOnCommitWithoutBlock)",
    [
      ...votes("precommit", 0, "A", "abc").slice(0, 1),
      ...votes("precommit", 0, "A", "bc"),
      timeout("precommit", 0),
      timeout("propose", 0),
      block("A"),
    ],
    `${began}commit A @0, decide A @0`,
  ],
  [
    "a timer of a round or a step we left changes nothing",
    [...lockOnA, timeout("propose", 0), ...toRound1, timeout("propose", 0), ...propose(1, "A")],
    `${lockedInRound1}prevote A @1`,
  ],
  [
    "a decided height changes no more",
    [...lockOnA, ...votes("precommit", 0, "A", "abc"), ...toRound1],
    `${locked}commit A @0, decide A @0`,
  ],
  [
    "both votes of an equivocator count: each may complete a polka (conflicts are kept)",
    [...proposedA, ...votes("prevote", 0, nil, "d"), ...votes("prevote", 0, "A", "abd")],
    `${began}prevote A @0, wait prevote @0, conflict nil/A, precommit A @0`,
  ],
  [
    "a third vote of an equivocator is refused",
    [start, ...["", "X", "Y"].flatMap((key) => votes("prevote", 0, key, "d"))],
    `${began}conflict nil/X, refused conflictLimit`,
  ],
];
for (const [name, inputs, effects] of cases) {
  t.test(name, async (t) => {
    t.equal(play(inputs), effects);
  });
}

t.test("in whatever order they arrive, the same votes decide the same block", async (t) => {
  const a = (type: VoteType) => votes(type, 0, "A", "abc");
  const arrivals = [...propose(0, "A"), ...a("prevote"), ...a("precommit")];
  for (let seed = 1; seed <= 200; seed++) {
    t.match(play([start, ...shuffle(arrivals, seed)]), /, decide A @0$/, `seed ${seed}`);
  }
});

t.test(
  "random inputs never cast two votes of one type in a round, nor vote backwards",
  async (t) => {
    for (let seed = 1; seed <= 300; seed++) {
      const inputs = shuffle(
        [0, 1, 2].flatMap((round) => [
          ...["A", "B", "BAD"].flatMap((key) => propose(round, key, round - 1)),
          ...(["prevote", "precommit"] as const).flatMap((type) => [
            timeout(type, round),
            ...["A", "B", nil].flatMap((key) => votes(type, round, key, "abcd")),
          ]),
          timeout("propose", round),
        ]),
        seed,
      );
      const cast = play([start, ...inputs]).match(/(prevote|precommit) \w+ @\d/g) ?? [];
      const steps = cast.map((text) => Number(text.at(-1)) * 2 + (text[3] === "v" ? 0 : 1));
      const inOrder = steps.every((at, i) => i === 0 || at > (steps[i - 1] ?? at));
      t.ok(inOrder, `seed ${seed}: ${cast.join(", ")}`);
    }
  },
);
