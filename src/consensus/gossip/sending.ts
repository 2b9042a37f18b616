/**
 * What a peer lacks and we have: proposal, block parts and votes, also of heights it has not left
 * yet (cometbft consensus/reactor.go, the gossip routines). spec/consensus.md, clause G.
 */
import type { Vote } from "cosmjs-types/tendermint/types/types";
import { BitArray } from "../../types/bit-array.ts";
import { equalPartSetHeader } from "../../types/block-id.ts";
import { areExtensionsOn } from "../../types/consensus-params.ts";
import { extendedVotes } from "../../types/votes/extended-commit.ts";
import { votesOfCommit } from "../engine/commits.ts";
import type { RoundView } from "../engine/events.ts";
import type { BlockStore, Peer } from "../expected.ts";
import { type CheckedVote, type VoteSet, voteSet } from "../votes.ts";
import { type ConsensusMessage, encodeMessage } from "./messages.ts";
import type { PeerState } from "./peer-state.ts";

/** CometBFT's channels of the consensus reactor. */
export const stateChannel = 0x20;
export const dataChannel = 0x21;
export const voteChannel = 0x22;
export const voteSetBitsChannel = 0x23;

/** The decided blocks that lagging peers are served from. */
export type ServedBlocks = Pick<
  BlockStore,
  | "base"
  | "height"
  | "loadBlockId"
  | "loadPart"
  | "loadCommit"
  | "loadSeenCommit"
  | "loadExtendedCommit"
>;

/** A peer and what it has. */
export interface PeerEntry {
  readonly peer: Peer;
  readonly state: PeerState;
}

/** Queues a message; false when the peer's queue is full. */
export function sendTo({ peer }: PeerEntry, channel: number, message: ConsensusMessage): boolean {
  return peer.send(channel, encodeMessage(message));
}

/** Sends the proposal and parts that the peer lacks, until its queue is full. */
export function sendData(view: RoundView, entry: PeerEntry, blocks: ServedBlocks): void {
  const { state } = entry;
  if (state.height === view.height) sendProposal(view, entry);
  if (state.height === view.height) sendParts(view, entry);
  else if (state.height > 0n && state.height < view.height) sendStoredParts(entry, blocks);
}

function sendProposal(view: RoundView, entry: PeerEntry): void {
  const { state } = entry;
  const { proposal, height } = view;
  if (!proposal || state.hasProposal || state.round !== proposal.round) return;
  if (!sendTo(entry, dataChannel, { type: "proposal", proposal })) return;
  state.setHasProposal(proposal);
  const { polRound } = proposal;
  const prevotes = polRound >= 0 ? voteSet(view.core.votes, "prevote", polRound) : undefined;
  if (!prevotes) return;
  const votes = bitsOf(prevotes);
  sendTo(entry, dataChannel, { type: "proposalPol", height, polRound, votes });
}

function sendParts(view: RoundView, entry: PeerEntry): void {
  const { header, parts: its, round } = entry.state;
  const ours = header && view.blocks.partsOf(header);
  if (!ours || !its) return;
  const { height } = view;
  for (const index of ours.bits.sub(its).indices()) {
    const part = ours.part(index);
    if (!part) continue;
    if (!sendTo(entry, dataChannel, { type: "blockPart", height, round, part })) return;
    its.set(index, true);
  }
}

function sendStoredParts(entry: PeerEntry, blocks: ServedBlocks): void {
  const { state } = entry;
  const { height, round } = state;
  if (height < blocks.base()) return;
  const header = blocks.loadBlockId(height)?.partSetHeader;
  if (!header) return;
  if (!state.parts) state.initParts(header);
  const its = state.parts;
  if (!its || !state.header || !equalPartSetHeader(state.header, header)) return;
  for (const index of its.not().indices()) {
    const part = blocks.loadPart(height, index);
    if (!part) return;
    if (!sendTo(entry, dataChannel, { type: "blockPart", height, round, part })) return;
    its.set(index, true);
  }
}

/** Sends the votes that the peer lacks, until its queue is full. */
export function sendVotes(view: RoundView, entry: PeerEntry, blocks: ServedBlocks): void {
  const { state } = entry;
  if (state.height === view.height) {
    sendVotesOfHeight(view, entry);
  } else if (state.height > 0n && state.height < view.height) {
    const last = state.height === view.height - 1n ? view.lastCommit : undefined;
    if (last) sendCommit(entry, setVotes(voteSet(last.votes, "precommit", last.round)));
    else sendStoredCommit(view, entry, blocks);
  }
}

function sendVotesOfHeight(view: RoundView, entry: PeerEntry): void {
  const { state } = entry;
  const { votes, round, commit } = view.core;
  const { lastCommit } = view;
  if (state.step === 1 && lastCommit) {
    sendSet(entry, view, voteSet(lastCommit.votes, "precommit", lastCommit.round));
  }
  if (state.polRound >= 0) sendSet(entry, view, voteSet(votes, "prevote", state.polRound));
  sendSet(entry, view, voteSet(votes, "prevote", state.round));
  sendSet(entry, view, voteSet(votes, "precommit", state.round));
  if (commit && commit.round !== state.round) {
    sendCommit(entry, setVotes(voteSet(votes, "precommit", commit.round)));
  } else if (state.round >= 0 && state.round < round) {
    for (const type of ["prevote", "precommit"] as const) {
      const set = voteSet(votes, type, round); // More than 1/3 of these bring the peer here (L55).
      for (const vote of set?.votes ?? []) if (vote) sendUntracked(entry, vote);
    }
  }
}

/** Sends one vote that no bit stands for, once. */
export function sendUntracked(entry: PeerEntry, { type, round, validator, ...vote }: CheckedVote) {
  if (!entry.state.markSent(`${type}/${round}/${validator}/${vote.block}`)) return;
  sendTo(entry, voteChannel, { type: "vote", vote: vote.signed });
}

function sendSet(entry: PeerEntry, view: RoundView, set: VoteSet | undefined): void {
  if (!set) return;
  entry.state.ensureVoteBits(view.height, view.state.validators.size);
  entry.state.ensureVoteBits(view.height - 1n, view.state.lastValidators.size);
  sendMissing(entry, setVotes(set));
  for (const vote of set.extra) sendUntracked(entry, vote);
}

const setVotes = (set: VoteSet | undefined): readonly (Vote | undefined)[] =>
  set?.votes.map((vote) => vote?.signed) ?? [];

function sendCommit(entry: PeerEntry, votes: readonly (Vote | undefined)[]): void {
  const first = votes.find((vote) => vote !== undefined);
  if (!first) return;
  entry.state.ensureCatchUp(first.height, first.round, votes.length);
  entry.state.ensureVoteBits(first.height, votes.length);
  sendMissing(entry, votes);
}

/** A peer that needs vote extensions could do nothing with precommits that lack them. */
function sendStoredCommit(view: RoundView, entry: PeerEntry, blocks: ServedBlocks): void {
  const { height } = entry.state;
  if (height < blocks.base() || height > blocks.height()) return;
  if (areExtensionsOn(view.state.consensusParams, height)) {
    const extended = blocks.loadExtendedCommit(height);
    if (extended) sendCommit(entry, extendedVotes(extended));
    return;
  }
  const commit = blocks.loadCommit(height) ?? blocks.loadSeenCommit(height);
  if (commit) sendCommit(entry, votesOfCommit(commit));
}

function sendMissing(entry: PeerEntry, votes: readonly (Vote | undefined)[]): void {
  for (const [index, vote] of votes.entries()) {
    if (!vote) continue;
    const type = vote.type === 1 ? "prevote" : "precommit";
    const bits = entry.state.bits({ height: vote.height, round: vote.round, type });
    if (!bits || bits.get(index)) continue;
    if (!sendTo(entry, voteChannel, { type: "vote", vote })) return;
    bits.set(index, true);
  }
}

/** Whose votes are in a set; with a block, only those for it. */
export function bitsOf(set: VoteSet, block?: string): BitArray {
  return BitArray.from(
    set.votes.map((vote, validator) => {
      if (block === undefined || vote?.block === block) return vote !== undefined;
      return set.extra.some((other) => other.validator === validator && other.block === block);
    }),
  );
}
