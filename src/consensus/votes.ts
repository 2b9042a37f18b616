/**
 * The votes of one height, as immutable data: who voted for what in which round, what has +2/3,
 * and which rounds are open. Pure: signatures were checked before a vote comes here. Bounds
 * follow CometBFT's types/vote_set.go and consensus/types/height_vote_set.go; spec/consensus.md §3.
 */
import type { Vote } from "cosmjs-types/tendermint/types/types";

export type VoteType = "prevote" | "precommit";
/** Names a block of this height: types/block-id.ts blockIdKey. Empty for nil. */
export type BlockKey = string;
/** The key of a vote for no block. */
export const nilKey: BlockKey = "";

/** A vote whose signature, address and height were verified. */
export type CheckedVote = Readonly<{
  type: VoteType;
  round: number;
  /** Index in the validator set of the height. */
  validator: number;
  block: BlockKey;
  signed: Vote;
}>;

/** All votes of one type in one round. */
export type VoteSet = Readonly<{
  type: VoteType;
  round: number;
  /** One vote per validator: the first, or the one for the majority's block. */
  votes: readonly (CheckedVote | undefined)[];
  /** Further votes of validators that voted for several blocks. */
  extra: readonly CheckedVote[];
  /** Power of everybody who voted at all. */
  power: bigint;
  powerOf: ReadonlyMap<BlockKey, bigint>;
  /** The first block (or nil) with more than 2/3 of the power. */
  majority: BlockKey | undefined;
  /** Block that a peer says has +2/3: its votes are kept without limit. One claim per peer. */
  claims: ReadonlyMap<string, BlockKey>;
}>;

/** The votes of a height. */
export type Votes = Readonly<{
  /** Voting power by validator index. */
  powers: readonly bigint[];
  total: bigint;
  /** Votes of rounds 0..openRound are taken from anyone. */
  openRound: number;
  sets: ReadonlyMap<string, VoteSet>;
  /** Rounds above openRound that a peer opened. */
  catchUp: ReadonlyMap<string, readonly number[]>;
}>;

/** What became of a vote. */
export type VoteOutcome =
  | { readonly kind: "added"; readonly conflictsWith: CheckedVote | undefined }
  | { readonly kind: "duplicate" }
  | { readonly kind: "refused"; readonly reason: VoteRefusal };
/** `conflictLimit`: this validator's conflicting votes are proven already, no need for more. */
export type VoteRefusal = "unknownValidator" | "unwantedRound" | "otherSignature" | "conflictLimit";

/** Rounds above the open ones that one peer may open (height_vote_set.go: 2). */
const catchUpRoundsPerPeer = 2;
/** Distinct votes of one validator in one vote set that are kept without a peer's claim. */
const unclaimedVotesPerValidator = 2;

/** No votes yet, of validators with these powers. */
export function noVotes(powers: readonly bigint[]): Votes {
  const total = powers.reduce((sum, power) => sum + power, 0n);
  return { powers, total, openRound: 1, sets: new Map(), catchUp: new Map() };
}

/** The votes of a round and type; undefined while nobody voted there. */
export function voteSet(votes: Votes, type: VoteType, round: number): VoteSet | undefined {
  return votes.sets.get(setKey(type, round));
}

/** Whether `power` is more than two thirds of the total. */
export const isTwoThirds = (votes: Votes, power: bigint): boolean => power * 3n > votes.total * 2n;

/** Whether a block, or nil, has +2/3 in that round. */
export function hasMajority(votes: Votes, type: VoteType, round: number, block: BlockKey): boolean {
  return voteSet(votes, type, round)?.majority === block;
}

/** Whether +2/3 voted in that round, for whatever. */
export function hasTwoThirdsAny(votes: Votes, type: VoteType, round: number): boolean {
  return isTwoThirds(votes, voteSet(votes, type, round)?.power ?? 0n);
}

/** The lowest round in which a block has +2/3 precommits: there is at most one such block. */
export function committed(votes: Votes): { round: number; block: BlockKey } | undefined {
  let found: { round: number; block: BlockKey } | undefined;
  for (const set of votes.sets.values()) {
    if (set.type !== "precommit" || !set.majority) continue;
    if (!found || set.round < found.round) found = { round: set.round, block: set.majority };
  }
  return found;
}

/** The highest round above `round` in which more than 1/3 of the power voted (L55), if any. */
export function roundAhead(votes: Votes, round: number): number | undefined {
  let highest: number | undefined;
  for (const set of votes.sets.values()) {
    if (set.round <= round || set.round <= (highest ?? round)) continue;
    if (powerInRound(votes, set.round) * 3n > votes.total) highest = set.round;
  }
  return highest;
}

/** Opens rounds up to one past the node's own: round-skipping needs the next one. */
export function openRounds(votes: Votes, round: number): Votes {
  return round + 1 <= votes.openRound ? votes : { ...votes, openRound: round + 1 };
}

/**
 * Takes a vote that came from a peer ("" for the node itself). A second, conflicting vote is kept
 * beside the first, so that it can be gossiped: dropping it lets an equivocator stall the rest.
 */
export function addVote(votes: Votes, vote: CheckedVote, peer: string): [Votes, VoteOutcome] {
  const power = votes.powers[vote.validator];
  if (power === undefined) return [votes, { kind: "refused", reason: "unknownValidator" }];
  const opened = openFor(votes, vote.round, peer);
  if (!opened) return [votes, { kind: "refused", reason: "unwantedRound" }];
  const set = voteSet(votes, vote.type, vote.round) ?? emptySet(votes, vote.type, vote.round);
  const mine = votesBy(set, vote.validator);
  const same = mine.find((known) => known.block === vote.block);
  if (same) return [votes, sameBlockOutcome(same, vote)];
  const [first] = mine;
  const claimed = [...set.claims.values()].includes(vote.block);
  if (first && mine.length >= unclaimedVotesPerValidator && !claimed) {
    return [votes, { kind: "refused", reason: "conflictLimit" }];
  }
  const next = withVote(votes, set, vote, power, first);
  return [withSet(opened, next), { kind: "added", conflictsWith: first }];
}

/** Whether addVote would take the vote. What it would not changes nothing. */
export const isTaken = (votes: Votes, vote: CheckedVote, peer: string): boolean =>
  addVote(votes, vote, peer)[1].kind === "added";

/**
 * Notes that a peer says this block has +2/3 there. False when the same peer said so of another
 * block before: it lies, at least once.
 */
export function addClaim(
  votes: Votes,
  claim: { type: VoteType; round: number; block: BlockKey; peer: string },
): [Votes, boolean] {
  const set = voteSet(votes, claim.type, claim.round);
  const open = set ?? (claim.round <= votes.openRound && emptySet(votes, claim.type, claim.round));
  if (!open) return [votes, true]; // A round we know nothing of yet.
  const before = open.claims.get(claim.peer);
  if (before !== undefined) return [votes, before === claim.block];
  const claims = new Map(open.claims).set(claim.peer, claim.block);
  return [withSet(votes, { ...open, claims }), true];
}

/** The votes of one validator in a set, the primary one first. */
export function votesBy(set: VoteSet, validator: number): readonly CheckedVote[] {
  const primary = set.votes[validator];
  if (!primary) return [];
  return [primary, ...set.extra.filter((vote) => vote.validator === validator)];
}

/** Whether every validator voted in this set. */
export const hasAll = (set: VoteSet): boolean => !set.votes.includes(undefined);

const setKey = (type: VoteType, round: number) => `${type}/${round}`;

function emptySet(votes: Votes, type: VoteType, round: number): VoteSet {
  const nobody = Array.from(votes.powers, () => undefined);
  const none = { votes: nobody, extra: [], power: 0n, powerOf: new Map(), claims: new Map() };
  return { type, round, ...none, majority: undefined };
}

function withSet(votes: Votes, set: VoteSet): Votes {
  return { ...votes, sets: new Map(votes.sets).set(setKey(set.type, set.round), set) };
}

/** The votes with that round open for that peer; undefined when it opened too many. */
function openFor(votes: Votes, round: number, peer: string): Votes | undefined {
  if (round <= votes.openRound || peer === "") return votes;
  const opened = votes.catchUp.get(peer) ?? [];
  const known = voteSet(votes, "prevote", round) ?? voteSet(votes, "precommit", round);
  if (known || opened.includes(round)) return votes;
  if (opened.length >= catchUpRoundsPerPeer) return undefined;
  return { ...votes, catchUp: new Map(votes.catchUp).set(peer, [...opened, round]) };
}

function sameBlockOutcome(known: CheckedVote, vote: CheckedVote): VoteOutcome {
  const same = Buffer.compare(known.signed.signature, vote.signed.signature) === 0;
  return same ? { kind: "duplicate" } : { kind: "refused", reason: "otherSignature" };
}

function withVote(
  votes: Votes,
  set: VoteSet,
  vote: CheckedVote,
  power: bigint,
  first: CheckedVote | undefined,
): VoteSet {
  const powerOf = new Map(set.powerOf);
  powerOf.set(vote.block, (powerOf.get(vote.block) ?? 0n) + power);
  const next = {
    ...set,
    powerOf,
    votes: first ? set.votes : set.votes.with(vote.validator, vote),
    extra: first ? [...set.extra, vote] : set.extra,
    power: first ? set.power : set.power + power,
  };
  const reached = isTwoThirds(votes, powerOf.get(vote.block) ?? 0n);
  const majority = set.majority ?? (reached ? vote.block : undefined);
  return majority === undefined ? next : { ...preferring(next, majority), majority };
}

/** The same votes, with those for `block` as the primary ones: a commit is made of them. */
function preferring(set: VoteSet, block: BlockKey): VoteSet {
  const moved = set.extra.filter((vote) => vote.block === block);
  if (moved.length === 0) return set;
  const votes = [...set.votes];
  const extra = set.extra.filter((vote) => vote.block !== block);
  for (const vote of moved) {
    const former = votes[vote.validator];
    if (former) extra.push(former);
    votes[vote.validator] = vote;
  }
  return { ...set, votes, extra };
}

/** Power of the distinct validators that voted in a round, whatever the type. */
function powerInRound(votes: Votes, round: number): bigint {
  const prevotes = voteSet(votes, "prevote", round)?.votes ?? [];
  const precommits = voteSet(votes, "precommit", round)?.votes ?? [];
  return votes.powers.reduce(
    (sum, power, i) => (prevotes[i] || precommits[i] ? sum + power : sum),
    0n,
  );
}
