/**
 * One height of Tendermint as a pure function. L22 and the like are line numbers of Algorithm 1
 * in arXiv:1807.04938, explained one by one in spec/consensus.md. Nothing here reads a clock,
 * signs or sends: engine.ts carries the effects out, in order, a vote to the WAL before the wire.
 */
import {
  addClaim,
  addVote,
  type BlockKey,
  type CheckedVote,
  committed,
  hasMajority,
  hasTwoThirdsAny,
  nilKey,
  openRounds,
  roundAhead,
  type VoteRefusal,
  type Votes,
  type VoteType,
} from "./votes.ts";

/** `newHeight`: before round 0. `commit`: +2/3 precommits, the block itself may be missing. */
export type Step = "newHeight" | "propose" | VoteType | "commit" | "decided";
/** A block and the round in which it had +2/3 prevotes. */
export type Lock = Readonly<{ round: number; block: BlockKey }>;
/** The proposal of a round, once its block is complete. */
export type RoundProposal = Readonly<{
  round: number;
  block: BlockKey;
  /** Round of the proof-of-lock, or -1. */
  polRound: number;
  /** The block may follow the state, and the application's ProcessProposal accepts it. */
  isAccepted: boolean;
}>;
export type RoundState = Readonly<{
  round: number;
  step: Step;
  locked: Lock | null;
  valid: Lock | null;
  /** What was done "for the first time" in this round. */
  once: readonly (VoteType | "polka")[];
  proposals: readonly RoundProposal[];
  /** Complete blocks, and whether they may follow the state. */
  blocks: ReadonlyMap<BlockKey, boolean>;
  votes: Votes;
  /** Set in the steps commit and decided. */
  commit: Lock | null;
}>;
export type Input =
  | { readonly type: "proposal"; readonly proposal: RoundProposal }
  | { readonly type: "block"; readonly block: BlockKey; readonly isValid: boolean }
  | { readonly type: "vote"; readonly vote: CheckedVote; readonly peer: string }
  | {
      readonly type: "claim";
      readonly claim: { type: VoteType; round: number; block: BlockKey; peer: string };
    }
  | { readonly type: "timeout"; readonly step: TimeoutStep; readonly round: number };
export type TimeoutStep = "newHeight" | "propose" | VoteType;
export type Effect =
  /** The proposer of the round sends `valid`, or builds a block. */
  | { readonly type: "startRound"; readonly round: number; readonly valid: Lock | null }
  | {
      readonly type: "castVote";
      readonly vote: VoteType;
      readonly round: number;
      readonly block: BlockKey;
    }
  | { readonly type: "scheduleTimeout"; readonly step: TimeoutStep; readonly round: number }
  /** +2/3 precommits: get the block. */
  | { readonly type: "commit"; readonly round: number; readonly block: BlockKey }
  /** The block is there too: store and execute it. */
  | { readonly type: "decide"; readonly round: number; readonly block: BlockKey }
  | { readonly type: "voteAdded"; readonly vote: CheckedVote; readonly isConflicting: boolean }
  | { readonly type: "voteRefused"; readonly peer: string; readonly reason: VoteRefusal }
  | { readonly type: "conflict"; readonly first: CheckedVote; readonly second: CheckedVote }
  | { readonly type: "falseClaim"; readonly peer: string };
export type Transition = readonly [RoundState, readonly Effect[]];

/** The state before round 0 of a height; a timeout of step newHeight starts it. */
export function newHeight(votes: Votes): RoundState {
  const nothing = { locked: null, valid: null, once: [], proposals: [], commit: null };
  return { round: 0, step: "newHeight", ...nothing, blocks: new Map(), votes };
}

/** The next state, and what the runner must do, in order. */
export function step(state: RoundState, input: Input): Transition {
  if (state.step === "decided") return [state, []]; // A decided height never reopens.
  let [next, effects] = take(state, input);
  for (let fired = firstUpon(next); fired; fired = firstUpon(next)) {
    [next, effects] = [fired[0], [...effects, ...fired[1]]];
  }
  return [next, effects];
}

function take(s: RoundState, input: Input): Transition {
  if (input.type === "vote") return takeVote(s, input.vote, input.peer);
  if (input.type === "timeout") return takeTimeout(s, input.step, input.round);
  if (input.type === "proposal") {
    return [{ ...s, proposals: [...s.proposals, input.proposal] }, []];
  }
  if (input.type === "block") {
    return [{ ...s, blocks: new Map(s.blocks).set(input.block, input.isValid) }, []];
  }
  const [votes, isCredible] = addClaim(s.votes, input.claim);
  const { peer } = input.claim;
  return [{ ...s, votes }, isCredible ? [] : [{ type: "falseClaim", peer }]];
}

function takeVote(s: RoundState, vote: CheckedVote, peer: string): Transition {
  const [votes, outcome] = addVote(s.votes, vote, peer);
  if (outcome.kind === "duplicate") return [s, []];
  if (outcome.kind === "refused") {
    return [s, [{ type: "voteRefused", peer, reason: outcome.reason }]];
  }
  const first = outcome.conflictsWith;
  const added: Effect = { type: "voteAdded", vote, isConflicting: first !== undefined };
  const isOwnPrecommit = peer === "" && vote.type === "precommit" && vote.block !== nilKey;
  const next = isOwnPrecommit ? lockedBy({ ...s, votes }, vote) : { ...s, votes };
  return [next, first ? [added, { type: "conflict", first, second: vote }] : [added]];
}

/**
 * Who precommitted a block is locked on it (L38). That is so already, unless the vote comes out of
 * a log that lacks what made the polka: a lost lock would break safety.
 */
function lockedBy(s: RoundState, { round, block }: CheckedVote): RoundState {
  if (s.locked && s.locked.round >= round) return s;
  const lock = { round, block };
  return { ...s, locked: lock, valid: s.valid && s.valid.round >= round ? s.valid : lock };
}

function takeTimeout(s: RoundState, on: TimeoutStep, round: number): Transition {
  if (s.step === "commit") return [s, []];
  if (on === "newHeight") return s.step === "newHeight" ? startRound(s, 0) : [s, []];
  if (round !== s.round || s.step === "newHeight") return [s, []]; // A timer of a round we left.
  if (on === "precommit") return startRound(s, s.round + 1); // L65
  if (on !== s.step) return [s, []];
  return cast(s, s.step === "propose" ? "prevote" : "precommit", nilKey); // L57, L61
}

/** The "upon" clauses of Algorithm 1: the first that holds, or undefined when none does. */
function firstUpon(s: RoundState): Transition | undefined {
  if (s.step === "decided") return undefined;
  if (s.commit) return s.blocks.get(s.commit.block) ? decide(s, s.commit) : undefined;
  const won = committed(s.votes);
  if (won) {
    // L49 without its block: no round of this height matters any more, only getting the block.
    return [{ ...s, step: "commit", commit: won }, [{ type: "commit", ...won }]];
  }
  const ahead = roundAhead(s.votes, s.step === "newHeight" ? -1 : s.round);
  if (ahead !== undefined) return startRound(s, ahead); // L55
  if (s.step === "newHeight") return undefined;
  return uponProposal(s) ?? uponPolka(s) ?? uponVotes(s);
}

function uponProposal(s: RoundState): Transition | undefined {
  if (s.step !== "propose") return undefined;
  const p = s.proposals.find((proposal) => proposal.round === s.round);
  if (!p) return undefined;
  const { locked } = s;
  const isProven = p.polRound < s.round && hasMajority(s.votes, "prevote", p.polRound, p.block);
  const isFree = !locked || locked.round <= p.polRound || locked.block === p.block;
  if (p.polRound >= 0 && !isProven) return undefined; // L28 waits for the proof-of-lock.
  return cast(s, "prevote", p.isAccepted && isFree ? p.block : nilKey); // L22, L28
}

function uponPolka(s: RoundState): Transition | undefined {
  if (s.step === "propose" || s.once.includes("polka")) return undefined;
  const block = [...s.blocks].find(
    ([key, isValid]) => isValid && hasMajority(s.votes, "prevote", s.round, key),
  )?.[0];
  if (block === undefined) return undefined;
  const polka = { round: s.round, block };
  const seen: RoundState = { ...s, valid: polka, once: [...s.once, "polka"] }; // L36, L42
  if (s.step !== "prevote") return [seen, []];
  return cast({ ...seen, locked: polka }, "precommit", block); // L38
}

function uponVotes(s: RoundState): Transition | undefined {
  if (s.step !== "prevote") return timeoutOnce(s, "precommit"); // L47
  if (hasMajority(s.votes, "prevote", s.round, nilKey)) return cast(s, "precommit", nilKey); // L44
  return timeoutOnce(s, "prevote") ?? timeoutOnce(s, "precommit"); // L34, L47
}

function startRound(s: RoundState, round: number): Transition {
  const votes = openRounds(s.votes, round);
  return [
    { ...s, round, step: "propose", once: [], votes },
    [
      { type: "startRound", round, valid: s.valid }, // L11
      { type: "scheduleTimeout", step: "propose", round }, // L21
    ],
  ];
}

const cast = (s: RoundState, vote: VoteType, block: BlockKey): Transition => [
  { ...s, step: vote },
  [{ type: "castVote", vote, round: s.round, block }],
];

const decide = (s: RoundState, { round, block }: Lock): Transition => [
  { ...s, step: "decided" },
  [{ type: "decide", round, block }], // L49
];

const timeoutOnce = (s: RoundState, on: VoteType): Transition | undefined =>
  s.once.includes(on) || !hasTwoThirdsAny(s.votes, on, s.round)
    ? undefined
    : [{ ...s, once: [...s.once, on] }, [{ type: "scheduleTimeout", step: on, round: s.round }]];
