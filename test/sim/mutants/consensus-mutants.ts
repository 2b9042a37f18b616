/** Bugs in rounds, votes, the runner, the log and the signer. */
import { change, type Mutant } from "./mutant.ts";

const round = "src/consensus/round.ts";
const votes = "src/consensus/votes.ts";
const engine = "src/consensus/engine/engine.ts";
const height = "src/consensus/engine/height.ts";
const deciding = "src/consensus/engine/deciding.ts";
const wal = "src/consensus/wal/wal.ts";
const signState = "src/privval/sign-state.ts";
const signer = "src/privval/local-signer.ts";
const timeouts = "src/consensus/waiting/timeouts.ts";

const core: readonly Mutant[] = [
  {
    name: "a lock is not asked (L22, L28)",
    patches: [
      change(
        round,
        "const isFree = !locked || locked.round <= p.polRound || locked.block === p.block;",
        "const isFree = locked === null || locked !== null;",
      ),
    ],
  },
  {
    name: "a proof-of-lock needs no polka (L28)",
    patches: [change(round, "if (p.polRound >= 0 && !isProven) return undefined;", "")],
  },
  {
    name: "a proof-of-lock older than the lock frees it (L28)",
    patches: [change(round, "locked.round <= p.polRound ||", "p.polRound >= 0 ||")],
  },
  {
    name: "a precommit takes no lock (L38, W1)",
    patches: [
      change(round, "cast({ ...seen, locked: polka }, ", "cast(seen, "),
      change(round, "return { ...s, locked: lock, valid:", "return { ...s, valid:"),
    ],
  },
  {
    name: "a lock ends with its round",
    patches: [
      change(
        round,
        '{ ...s, round, step: "propose", once: [], votes },',
        '{ ...s, round, step: "propose", once: [], votes, locked: null },',
      ),
    ],
  },
  {
    name: "a polka for nil unlocks",
    patches: [
      change(
        round,
        'return cast(s, "precommit", nilKey); // L44',
        'return cast({ ...s, locked: null }, "precommit", nilKey); // L44',
      ),
    ],
  },
  {
    name: "the valid block is not proposed again (L16)",
    patches: [change(round, "round, valid: s.valid }, // L11", "round, valid: null }, // L11")],
  },
  {
    name: "no propose timer (L21)",
    patches: [change(round, '{ type: "scheduleTimeout", step: "propose", round }, // L21', "")],
  },
  {
    name: "no precommit timer after the prevote step (L47)",
    patches: [
      change(
        round,
        'if (s.step !== "prevote") return timeoutOnce(s, "precommit"); // L47',
        'if (s.step !== "prevote") return undefined;',
      ),
    ],
  },
  {
    name: "no prevote timer (L34)",
    patches: [
      change(round, 'return timeoutOnce(s, "prevote") ?? timeoutOnce', "return timeoutOnce"),
    ],
  },
  {
    name: "timeouts do not grow",
    patches: [
      change(
        timeouts,
        "timeouts.proposeMs + round * timeouts.proposeDeltaMs",
        "timeouts.proposeMs",
      ),
      change(
        timeouts,
        "timeouts.prevoteMs + round * timeouts.prevoteDeltaMs",
        "timeouts.prevoteMs",
      ),
      change(
        timeouts,
        "timeouts.precommitMs + round * timeouts.precommitDeltaMs",
        "timeouts.precommitMs",
      ),
    ],
  },
];

const counting: readonly Mutant[] = [
  {
    name: "two thirds are enough",
    patches: [change(votes, "power * 3n > votes.total * 2n", "power * 3n >= votes.total * 2n")],
  },
  {
    name: "precommits of several rounds are counted together",
    patches: [
      change(
        votes,
        "const setKey = (type: VoteType, round: number) =>",
        'const setKey = (type: VoteType, r: number, round = type === "precommit" ? 0 : r) =>',
      ),
    ],
  },
  {
    name: "only the first vote of an equivocator is kept",
    patches: [
      change(
        votes,
        "if (first && mine.length >= unclaimedVotesPerValidator && !claimed) {",
        "if (first) {",
      ),
    ],
  },
  {
    name: "a vote counts each time it comes",
    patches: [
      change(votes, "if (same) return [votes, sameBlockOutcome(same, vote)];", ""),
      change(
        height,
        'if (before && isKnown(votesBy(before, validator), vote)) return "known";',
        "",
      ),
    ],
  },
  {
    name: "signatures of votes are not checked",
    patches: [
      change(
        height,
        "if (!verifyVote(this.state.chainId, signed, member.pubKey)) {",
        "if (!verifyVote(this.state.chainId, signed, member.pubKey) && isLast && !isLast) {",
      ),
    ],
  },
  {
    name: "a commit names round 0",
    patches: [
      change(
        "src/consensus/engine/commits.ts",
        "return { height, round: set.round, blockId, signatures };",
        "return { height, round: 0, blockId, signatures };",
      ),
    ],
  },
];

const runner: readonly Mutant[] = [
  {
    name: "votes leave before the log is synced",
    patches: [change(engine, "this.#parts.wal.sync(); // Before any of it leaves.", "")],
  },
  {
    name: "a vote is signed before the log is synced (W2)",
    patches: [change("src/consensus/engine/signing.ts", "  cast.wal.sync();\n", "")],
  },
  {
    name: "own votes are not logged",
    patches: [change(engine, 'this.#logOwn([{ type: "vote", vote: signed }]);', "")],
  },
  {
    name: "a restart does not read the log",
    patches: [change(engine, "if (!records) return;", "if (!records || records) return;")],
  },
  {
    name: "a restart does not sign what it owes",
    patches: [
      change(
        engine,
        "for (const vote of owed.votes(h, signer.address)) this.#castVote(h, vote);",
        "",
      ),
    ],
  },
  {
    name: "conflicting votes are not reported",
    patches: [
      change(
        engine,
        "if (!this.#isOwn(first)) evidence.reportConflictingVotes(first.signed, second.signed);\n    else",
        "if (this.#isOwn(first) && evidence)",
      ),
    ],
  },
  {
    name: "a height is decided by the set of the one before",
    patches: [
      change(
        engine,
        "const next = await storeAndApply(this.#parts, h, decided);",
        "const next = { ...(await storeAndApply(this.#parts, h, decided)), validators: h.state.validators };",
      ),
    ],
  },
  {
    name: "the end of a height is logged before its block is stored",
    patches: [
      change(
        deciding,
        "  if (blocks.height() < h.height) {",
        "  wal.endHeight(h.height);\n  if (blocks.height() < h.height) {",
      ),
      change(deciding, "  }\n  wal.endHeight(h.height);", "  }"),
    ],
  },
  {
    name: "a vote's time may be before the block's (E9)",
    patches: [
      change(height, "return compareTime(now, earliest) > 0 ? now : earliest;", "return now;"),
    ],
  },
];

const log: readonly Mutant[] = [
  {
    name: "a sync of the log syncs nothing",
    patches: [change(wal, "if (this.#isDirty) this.#parts.disk.sync(this.#segment);", "")],
  },
  {
    name: "a torn tail stays in the log",
    patches: [change(wal, "parts.disk.truncate(segment, goodBytes);", "")],
  },
  {
    name: "the end of a height is not logged",
    patches: [change(deciding, "  wal.endHeight(h.height);", "")],
  },
  {
    name: "replay begins a record too late",
    patches: [
      change(
        wal,
        "after.unshift(...records.slice(end + 1));",
        "after.unshift(...records.slice(end + 2));",
      ),
    ],
  },
];

const privval: readonly Mutant[] = [
  {
    name: "the signer signs behind its last point (S1)",
    patches: [
      change(signState, 'if (order > 0) return "fresh";', 'if (order !== 0) return "fresh";'),
    ],
  },
  {
    name: "the signer signs something else at the same point (S2)",
    patches: [
      change(signer, 'if (verdict === "same" && signed) {', 'if (verdict === "other" && signed) {'),
    ],
  },
  {
    name: "the signer's point is not stored (S3)",
    patches: [change(signer, "this.#file.replace(formatStateFile(next));", "")],
  },
  {
    name: "rounds do not order the signer's points (S1)",
    patches: [
      change(
        signState,
        "return a.round - b.round || a.step - b.step;",
        "return a.step - b.step || a.round - b.round;",
      ),
    ],
  },
];

/** All of them. */
export const consensusMutants: readonly Mutant[] = [
  ...core,
  ...counting,
  ...runner,
  ...log,
  ...privval,
];
