/**
 * Consensus over the network: CometBFT's four channels. Own proposals and votes go out at once;
 * what peers lack beyond that goes out on a tick. spec/consensus.md, clause G.
 */
import { toNanos } from "../../encoding/time.ts";
import { keyOf } from "../engine/commits.ts";
import type { ConsensusEngine } from "../engine/engine.ts";
import { type EngineEvent, type RoundView, wireStep } from "../engine/events.ts";
import type { ChannelSpec, Clock, Logger, Network, Peer } from "../expected.ts";
import { type CheckedVote, voteSet } from "../votes.ts";
import { Announcements } from "./announcements.ts";
import {
  type ConsensusMessage,
  decodeMessage,
  encodeMessage,
  maxConsensusMessageBytes,
} from "./messages.ts";
import { PeerState } from "./peer-state.ts";
import {
  bitsOf,
  dataChannel,
  type PeerEntry,
  type ServedBlocks,
  sendData,
  sendTo,
  sendUntracked,
  sendVotes,
  stateChannel,
  voteChannel,
  voteSetBitsChannel,
} from "./sending.ts";

/** CometBFT's channels; capacities are messages per peer. */
const consensusChannels: readonly ChannelSpec[] = [
  { id: stateChannel, sendQueueCapacity: 400 },
  { id: dataChannel, sendQueueCapacity: 200 },
  { id: voteChannel, sendQueueCapacity: 400 },
  { id: voteSetBitsChannel, sendQueueCapacity: 40 },
].map((spec) => ({ ...spec, maxMessageBytes: maxConsensusMessageBytes, stream: "consensus" }));

/** How often what peers lack is sent (cometbft peer_gossip_sleep_duration). */
const tickMs = 100;
/** Ticks between two repetitions of our own state: a lost announcement must not last. */
const ticksToRestate = 10;
/** Ticks between two questions for missing votes (peer_query_maj23_sleep_duration). */
const ticksToAsk = 20;
/** Ticks after which a peer that stands still may have lost what we sent. */
const ticksToForget = 20;

/** Which channel carries which messages. */
const channelOf: Readonly<Record<ConsensusMessage["type"], number>> = {
  newRoundStep: stateChannel,
  newValidBlock: stateChannel,
  hasVote: stateChannel,
  voteSetMaj23: stateChannel,
  proposal: dataChannel,
  proposalPol: dataChannel,
  blockPart: dataChannel,
  vote: voteChannel,
  voteSetBits: voteSetBitsChannel,
};

interface GossipParts {
  readonly engine: ConsensusEngine;
  readonly blocks: ServedBlocks;
  readonly network: Network;
  readonly clock: Clock;
  readonly log: Logger;
}

type Entry = PeerEntry & { changedTick: number };

/** The consensus reactor. */
export class ConsensusReactor {
  readonly #parts: GossipParts;
  readonly #peers = new Map<string, Entry>();
  readonly #announcements: Announcements;
  #tick = 0;
  #cancelTick: (() => void) | undefined;
  /** What this node itself has to say at a height. */
  #own: { height: bigint; votes: CheckedVote[]; proposalRound: number } = ownOf(0n);

  /** Registers its channels and listens to the engine. */
  constructor(parts: GossipParts) {
    this.#parts = parts;
    parts.network.register(consensusChannels, this);
    parts.engine.listen((event) => this.#onEvent(event));
    this.#announcements = new Announcements(parts.clock, (bytes) => {
      for (const { peer } of this.#peers.values()) peer.send(stateChannel, bytes);
    });
  }

  /** Begins to gossip: when the engine starts. */
  start(): void {
    for (const entry of this.#peers.values()) this.#announce(entry);
    this.#scheduleTick();
  }

  stop(): void {
    this.#cancelTick?.();
    this.#cancelTick = undefined;
    this.#announcements.stop();
  }

  addPeer(peer: Peer): void {
    const entry = { peer, state: new PeerState(), changedTick: this.#tick };
    this.#peers.set(peer.id, entry);
    this.#announce(entry);
  }

  removePeer(peer: Peer): void {
    if (this.#peers.get(peer.id)?.peer === peer) this.#peers.delete(peer.id);
  }

  /** Where the peers are, as far as they told, by node id. */
  peerRounds(): ReadonlyMap<string, { height: bigint; round: number; step: number }> {
    const rounds = [...this.#peers].map(([id, { state }]) => {
      const { height, round, step } = state;
      return [id, { height, round, step }] as const;
    });
    return new Map(rounds);
  }

  receive(channel: number, peer: Peer, bytes: Uint8Array): void {
    const entry = this.#peers.get(peer.id);
    if (!entry) return;
    const message = decodeMessage(bytes);
    if ("refused" in message) {
      this.#ban(peer, message.refused);
    } else if (channelOf[message.type] !== channel) {
      this.#ban(peer, `${message.type} on channel ${channel}`);
    } else this.#take(entry, message);
  }

  #take(entry: Entry, m: ConsensusMessage): void {
    const { state, peer } = entry;
    const { engine } = this.#parts;
    switch (m.type) {
      case "newRoundStep":
        this.#takeStep(entry, m);
        break;
      case "newValidBlock":
        state.applyNewValidBlock(m);
        break;
      case "hasVote":
        this.#ensureBits(entry);
        state.setHasVote({ height: m.height, round: m.round, type: m.voteType }, m.index);
        break;
      case "voteSetMaj23":
        this.#takeClaim(entry, m);
        break;
      case "voteSetBits":
        this.#takeBits(entry, m);
        break;
      case "proposal":
        state.setHasProposal(m.proposal);
        engine.receive(m, peer.id);
        break;
      case "proposalPol":
        state.applyProposalPol(m);
        break;
      case "blockPart":
        state.setHasPart(m.height, m.round, m.part.index);
        engine.receive(m, peer.id);
        break;
      case "vote": {
        this.#ensureBits(entry);
        const { height, round, validatorIndex, type } = m.vote;
        const slot = { height, round, type: type === 1 ? "prevote" : "precommit" } as const;
        state.setHasVote(slot, validatorIndex);
        engine.receive(m, peer.id);
        break;
      }
    }
  }

  #takeStep(entry: Entry, m: Extract<ConsensusMessage, { type: "newRoundStep" }>): void {
    const { engine, blocks } = this.#parts;
    const initialHeight = engine.view?.state.initialHeight;
    if (initialHeight !== undefined && isBadHeight(m, initialHeight)) {
      this.#ban(entry.peer, `height ${m.height} with last commit round ${m.lastCommitRound}`);
      return;
    }
    if (!entry.state.applyNewRoundStep(m)) return;
    entry.changedTick = this.#tick;
    const { view } = engine;
    if (!view || !this.#cancelTick) return;
    this.#ensureBits(entry);
    if (m.height === view.height) this.#sendOwn(view, entry);
    // Who is just behind gets the rest from others too, and what then lacks on the next tick.
    else if (m.height + 1n < view.height) {
      sendData(view, entry, blocks);
      sendVotes(view, entry, blocks);
    }
  }

  /** What only this node can say at once: its votes, and the block that it proposes. */
  #sendOwn(view: RoundView, entry: Entry): void {
    const { height, votes, proposalRound } = this.#own;
    if (height !== view.height) return;
    if (proposalRound === view.core.round) sendData(view, entry, this.#parts.blocks);
    for (const vote of votes) this.#sendVote(entry, vote, encodeVote(vote));
  }

  /** Answers a claim with the votes for that block that are here. */
  #takeClaim(entry: Entry, m: Extract<ConsensusMessage, { type: "voteSetMaj23" }>): void {
    const { engine } = this.#parts;
    engine.claim(m, entry.peer.id);
    const ours = this.#votesFor(m);
    if (ours) sendTo(entry, voteSetBitsChannel, { ...m, type: "voteSetBits", votes: ours });
  }

  #takeBits(entry: Entry, m: Extract<ConsensusMessage, { type: "voteSetBits" }>): void {
    this.#ensureBits(entry);
    entry.state.applyVoteSetBits(m, this.#votesFor(m));
  }

  #votesFor(m: Extract<ConsensusMessage, { type: "voteSetMaj23" | "voteSetBits" }>) {
    const { view } = this.#parts.engine;
    if (!view || view.height !== m.height) return undefined;
    const set = voteSet(view.core.votes, m.voteType, m.round);
    return set && bitsOf(set, keyOf(m.blockId));
  }

  #ensureBits({ state }: Entry): void {
    const { view } = this.#parts.engine;
    if (!view) return;
    state.ensureVoteBits(view.height, view.state.validators.size);
    state.ensureVoteBits(view.height - 1n, view.state.lastValidators.size);
  }

  #onEvent(event: EngineEvent): void {
    const { view } = this.#parts.engine;
    if (event.type === "peerRefused") {
      const entry = this.#peers.get(event.peer);
      if (entry) this.#ban(entry.peer, event.reason);
    } else if (!view || !this.#cancelTick) return;
    else if (event.type === "step") this.#announcements.step(stepMessage(view, this.#parts.clock));
    else if (event.type === "vote") this.#onVote(view, event.vote, event.isOwn);
    else if (event.type === "wanted") this.#broadcast(partsMessage(view));
    else if (event.type === "proposal" && event.isOwn) {
      this.#ownAt(view.height).proposalRound = view.core.round;
      for (const entry of this.#peers.values()) sendData(view, entry, this.#parts.blocks);
    }
  }

  #ownAt(height: bigint) {
    if (this.#own.height !== height) this.#own = ownOf(height);
    return this.#own;
  }

  /** An own vote tells by itself that it is here. */
  #onVote(view: RoundView, vote: CheckedVote, isOwn: boolean): void {
    const { type: voteType, round, validator: index } = vote;
    const { height } = vote.signed;
    if (!isOwn) {
      this.#announcements.hasVote({ type: "hasVote", height, round, voteType, index });
      return;
    }
    this.#ownAt(view.height).votes.push(vote);
    const bytes = encodeVote(vote);
    for (const entry of this.#peers.values()) {
      if (entry.state.height !== view.height) continue;
      this.#ensureBits(entry);
      this.#sendVote(entry, vote, bytes);
    }
  }

  #sendVote(entry: Entry, vote: CheckedVote, bytes: Uint8Array): void {
    const { type, round, validator, signed } = vote;
    const bits = entry.state.bits({ height: signed.height, round, type });
    if (!bits) sendUntracked(entry, vote);
    else if (!bits.get(validator) && entry.peer.send(voteChannel, bytes)) bits.set(validator, true);
  }

  #broadcast(message: ConsensusMessage | undefined): void {
    if (!message) return;
    const bytes = encodeMessage(message);
    for (const { peer } of this.#peers.values()) peer.send(channelOf[message.type], bytes);
  }

  /** Tells one peer where we are. */
  #announce(entry: Entry): void {
    const { view } = this.#parts.engine;
    if (!view) return;
    sendTo(entry, stateChannel, stepMessage(view, this.#parts.clock));
    const parts = partsMessage(view);
    if (parts) sendTo(entry, stateChannel, parts);
  }

  #scheduleTick(): void {
    this.#cancelTick = this.#parts.clock.after(tickMs, () => {
      this.#scheduleTick();
      this.#onTick();
    });
  }

  #onTick(): void {
    this.#tick += 1;
    const { engine, blocks } = this.#parts;
    const { view } = engine;
    if (!view) return;
    for (const entry of this.#peers.values()) {
      const idleTicks = this.#tick - entry.changedTick;
      if (idleTicks > 0 && idleTicks % ticksToForget === 0) entry.state.forget();
      if (this.#tick % ticksToRestate === 0) this.#announce(entry);
      this.#ensureBits(entry);
      sendData(view, entry, blocks);
      sendVotes(view, entry, blocks);
      if (this.#tick % ticksToAsk === 0) this.#ask(view, entry);
    }
  }

  /** Says where we see +2/3, so that the peer keeps those votes and tells which it has. */
  #ask(view: RoundView, entry: Entry): void {
    const { state } = entry;
    if (state.height !== view.height) return;
    const rounds = new Set([state.round, state.polRound].filter((round) => round >= 0));
    for (const round of rounds) {
      for (const voteType of ["prevote", "precommit"] as const) {
        const set = voteSet(view.core.votes, voteType, round);
        const vote = set?.votes.find((one) => one && one.block === set.majority);
        if (!vote) continue;
        const { blockId } = vote.signed;
        const { height } = view;
        sendTo(entry, stateChannel, { type: "voteSetMaj23", height, round, voteType, blockId });
      }
    }
  }

  #ban(peer: Peer, reason: string): void {
    this.#parts.log.warn("peer refused", { peer: peer.id, reason });
    this.#parts.network.ban(peer, reason);
  }
}

/** ValidateHeight of CometBFT's NewRoundStepMessage. */
function isBadHeight(
  { height, lastCommitRound }: { readonly height: bigint; readonly lastCommitRound: number },
  initialHeight: bigint,
): boolean {
  if (height < initialHeight) return true;
  return (height === initialHeight) !== (lastCommitRound === -1);
}

const ownOf = (height: bigint) => ({ height, votes: [] as CheckedVote[], proposalRound: -1 });

const encodeVote = ({ signed }: CheckedVote): Uint8Array =>
  encodeMessage({ type: "vote", vote: signed });

function stepMessage(
  view: RoundView,
  clock: Clock,
): Extract<ConsensusMessage, { type: "newRoundStep" }> {
  const { height, core, lastCommit, startTime } = view;
  return {
    type: "newRoundStep",
    height,
    round: core.round,
    step: wireStep(core),
    secondsSinceStartTime: (toNanos(clock.now()) - toNanos(startTime)) / 1_000_000_000n,
    lastCommitRound: lastCommit?.round ?? -1,
  };
}

/** Which parts of the wanted block are here. */
function partsMessage({ height, core, blocks }: RoundView): ConsensusMessage | undefined {
  const parts = blocks.wantedParts;
  if (!parts) return undefined;
  const isCommit = core.commit !== null;
  const { round } = core;
  return {
    type: "newValidBlock",
    height,
    round,
    header: parts.header,
    parts: parts.bits,
    isCommit,
  };
}
