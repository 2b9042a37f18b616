/**
 * The runner of the pure core: feeds it messages and timeouts, one at a time, and carries its
 * effects out in order. Synchronous except while a decided block is stored and applied; inputs
 * wait meanwhile. spec/consensus.md, clause E.
 */
import type { Part, Proposal, Vote } from "cosmjs-types/tendermint/types/types";
import { equalBytes } from "../../encoding/bytes.ts";
import type { Time } from "../../encoding/time.ts";
import { blockIdKey } from "../../types/block-id.ts";
import type { ChainState } from "../../types/chain-state.ts";
import { type Effect, type Input, type Lock, step } from "../round.ts";
import { type CheckedVote, hasAll, isTaken, voteSet } from "../votes.ts";
import { Idle } from "../waiting/idle.ts";
import { addMillis, StepTimers } from "../waiting/timers.ts";
import { keyOf } from "./commits.ts";
import { ConsensusFailure, loadLastCommit, recordsToReplay, storeAndApply } from "./deciding.ts";
import type { EngineEvent, EngineListener, RoundView } from "./events.ts";
import { Height, type LastCommit } from "./height.ts";
import {
  type EngineInput,
  type FiredTimeout,
  inputRecord,
  type MajorityClaim,
  readRecord,
  startOf,
  timeoutRecord,
} from "./inputs.ts";
import { Owed } from "./owed.ts";
import type { EngineParts } from "./parts.ts";
import { signedProposal, signedVote } from "./signing.ts";

/** Inputs that may wait while a block is applied; more are dropped, and gossiped again. */
const waitingInputsMax = 8192;

/** Tendermint, running. */
export class ConsensusEngine {
  readonly #parts: EngineParts;
  readonly #listeners = new Set<EngineListener>();
  readonly #timers: StepTimers;
  readonly #idle: Idle | undefined;
  readonly #inputs: Input[] = [];
  #waiting: { readonly input: EngineInput; readonly peer: string }[] = [];
  #height: Height | undefined;
  /** Set while the log is replayed. */
  #replay: Owed | undefined;
  #isDriving = false;
  #isStopped = false;
  #applying: Promise<void> | undefined;

  constructor(parts: EngineParts) {
    this.#parts = parts;
    this.#timers = new StepTimers(parts, (fired) => this.#timeout(fired));
    const { blocks, clock, idle: policy } = parts;
    const begin = (height: bigint) => this.#timeout(startOf(height));
    if (policy) this.#idle = new Idle({ blocks, clock, policy }, begin);
  }

  /** Adds a listener, for good. */
  listen(listener: EngineListener): void {
    this.#listeners.add(listener);
  }

  /** The current height; undefined before start. */
  get view(): RoundView | undefined {
    return this.#height;
  }

  /**
   * Begins the height after `state`, and goes on where the log ends. Throws when the log or the
   * block store does not fit the state.
   */
  start(state: ChainState): void {
    this.#begin(state, loadLastCommit(this.#parts.blocks, state), this.#parts.clock.now());
    const records = recordsToReplay(this.#parts.wal, state.lastBlockHeight);
    if (!records) return;
    this.#replay = new Owed();
    for (const record of records) {
      const read = readRecord(record);
      if (this.#height?.isDecided) break;
      if (read && "input" in read) this.#take(read.input, read.peer);
      else if (read && read.timeout.height === this.#height?.height) {
        this.#drive({ type: "timeout", ...read.timeout });
      }
    }
    this.#payOwed(this.#replay);
  }

  /** Stops for good; resolves when nothing is being applied any more. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#timers.cancelAll();
    await this.#applying;
  }

  /** A message of a peer. */
  receive(input: EngineInput, peer: string): void {
    if (this.#isStopped || !this.#height) return;
    if (!this.#applying) this.#guarded(() => this.#take(input, peer));
    else if (this.#waiting.length < waitingInputsMax) this.#waiting.push({ input, peer });
  }

  /** A peer says that a block has +2/3: its votes are worth keeping. */
  claim({ height, blockId, voteType: type, round }: MajorityClaim, peer: string): void {
    if (this.#isStopped || this.#applying || height !== this.#height?.height) return;
    const claim = { type, round, block: keyOf(blockId), peer };
    this.#guarded(() => this.#drive({ type: "claim", claim }));
  }

  /** Transactions wait: a height that is held for want of them begins. */
  txsAvailable(): void {
    this.#idle?.end();
  }

  #take(input: EngineInput, peer: string): void {
    const h = this.#height;
    if (!h) return;
    if (input.type === "vote") this.#takeVote(h, input.vote, peer);
    else if (input.type === "proposal") this.#takeProposal(h, input.proposal, peer);
    else if (input.height === h.height) this.#takePart(h, input.part, peer);
  }

  #takeVote(h: Height, signed: Vote, peer: string): void {
    const isLate = signed.height === h.height - 1n && h.core.step === "newHeight" && h.lastCommit;
    if (signed.height !== h.height && !isLate) return;
    const vote = h.checkVote(signed);
    if (typeof vote === "string") return;
    if ("refused" in vote) this.#refuse(peer, vote.refused);
    else if (isLate) this.#takeLateCommit(h, vote, peer);
    else {
      if (isTaken(h.core.votes, vote, peer)) this.#log({ type: "vote", vote: signed }, peer);
      this.#drive({ type: "vote", vote, peer });
    }
  }

  #takeLateCommit(h: Height, vote: CheckedVote, peer: string): void {
    const added = h.addLateCommit(vote, peer);
    if (!added) return;
    this.#log({ type: "vote", vote: vote.signed }, peer);
    if (added.conflictsWith) this.#conflict(added.conflictsWith, vote);
    this.#emit({ type: "vote", vote, isOwn: false });
    this.#skipCommitWait(h);
  }

  #takeProposal(h: Height, proposal: Proposal, peer: string): void {
    if (h.proposal || h.core.commit) return;
    if (proposal.height !== h.height || proposal.round !== h.core.round) return;
    const refused = h.refuseProposal(proposal);
    if (refused !== undefined) {
      this.#refuse(peer, refused);
      return;
    }
    this.#log({ type: "proposal", proposal }, peer);
    h.proposal = proposal;
    if (peer !== "") this.#emit({ type: "proposal", isOwn: false });
    this.#idle?.end(); // Somebody has something to decide.
    this.#refresh(h);
  }

  #takePart(h: Height, part: Part, peer: string): void {
    const outcome = h.blocks.add(part);
    if (outcome.kind === "unmatched" && h.isFlood(peer)) this.#refuse(peer, "parts of no block");
    if (outcome.kind !== "added") return;
    this.#log({ type: "blockPart", height: h.height, round: h.core.round, part }, peer);
    const { complete } = outcome;
    if (!complete) return;
    const { content } = complete;
    const problem =
      "refused" in content ? content.refused : this.#parts.executor.validateBlock(h.state, content);
    const block = blockIdKey(complete.id);
    if (problem !== undefined) {
      const { height } = h;
      this.#parts.log.warn("proposed block is invalid", { height, block, problem });
      if (h.core.commit?.block === block) throw new ConsensusFailure(`decided block: ${problem}`);
    }
    h.setValid(block, problem === undefined);
    this.#drive({ type: "block", block, isValid: problem === undefined });
    this.#emit({ type: "wanted" });
  }

  #timeout(fired: FiredTimeout): void {
    if (this.#isStopped || this.#applying || this.#height?.height !== fired.height) return;
    if (fired.step === "newHeight" && this.#idle?.holds(this.#height)) return;
    this.#guarded(() => {
      this.#parts.wal.append(timeoutRecord(fired));
      this.#emit({ type: "timeout", step: fired.step, round: fired.round });
      this.#drive({ type: "timeout", step: fired.step, round: fired.round });
    });
  }

  /** Feeds the core one input, and whatever follows from carrying its effects out. */
  #drive(input: Input): void {
    this.#inputs.push(input);
    if (this.#isDriving) return;
    this.#isDriving = true;
    try {
      for (let next = this.#inputs.shift(); next; next = this.#inputs.shift()) this.#advance(next);
    } finally {
      this.#isDriving = false;
      this.#inputs.length = 0; // Nothing is left over, unless an effect threw.
    }
  }

  #advance(input: Input): void {
    const h = this.#height;
    if (!h) return;
    const before = h.core;
    const [core, effects] = step(before, input);
    h.core = core;
    for (const effect of effects) this.#carryOut(h, effect);
    if (before.step !== core.step || before.round !== core.round || before.once !== core.once) {
      this.#emit({ type: "step" });
    }
    this.#refresh(h);
  }

  #carryOut(h: Height, effect: Effect): void {
    const { log } = this.#parts;
    switch (effect.type) {
      case "startRound":
        h.enterRound(effect.round);
        this.#propose(h, effect);
        break;
      case "castVote":
        this.#castVote(h, effect);
        break;
      case "scheduleTimeout":
        this.#timers.schedule(h, effect);
        break;
      case "commit":
        h.commitTime = this.#parts.clock.now();
        if (h.core.blocks.get(effect.block) === false) {
          throw new ConsensusFailure(`+2/3 committed the invalid block ${effect.block}`);
        }
        break;
      case "decide":
        this.#applying = this.#finish(h, effect);
        break;
      case "voteAdded":
        this.#emit({ type: "vote", vote: effect.vote, isOwn: this.#isOwn(effect.vote) });
        break;
      case "voteRefused":
        log.debug("vote not taken", { peer: effect.peer, reason: effect.reason });
        break;
      case "conflict":
        this.#conflict(effect.first, effect.second);
        break;
      case "falseClaim":
        this.#refuse(effect.peer, "claims +2/3 for two blocks");
        break;
    }
  }

  /** Collects the block that is wanted now, and offers the proposal when its block is complete. */
  #refresh(h: Height): void {
    if (h.isDecided) return;
    if (h.blocks.want(h.wantedBlock())) this.#emit({ type: "wanted" });
    const { proposal } = h;
    if (!proposal || h.offeredRound === proposal.round) return;
    const block = blockIdKey(proposal.blockId);
    const content = h.blocks.complete(block)?.content;
    if (!content) return;
    h.offeredRound = proposal.round;
    const isAccepted =
      !("refused" in content) &&
      h.isAccepted(block, () => this.#parts.executor.processProposal(h.state, content));
    const { round, polRound } = proposal;
    this.#drive({ type: "proposal", proposal: { round, polRound, block, isAccepted } });
  }

  #propose(h: Height, start: Extract<Effect, { type: "startRound" }>): void {
    const { signer } = this.#parts;
    if (!signer || !h.isProposer(signer.address)) return;
    if (this.#replay) {
      this.#replay.note(start);
      return;
    }
    const made = signedProposal(h, { ...start, ...this.#parts, signer });
    if ("refused" in made) {
      this.#parts.log.warn("no proposal", { height: h.height, round: start.round, ...made });
      return;
    }
    const { proposal, parts } = made;
    const [height, round] = [h.height, start.round];
    this.#logOwn([
      { type: "proposal", proposal },
      ...parts.map((part) => ({ type: "blockPart", height, round, part }) as const),
    ]);
    this.#takeProposal(h, proposal, "");
    for (const part of parts) this.#takePart(h, part, "");
    this.#emit({ type: "proposal", isOwn: true });
  }

  #castVote(h: Height, effect: Extract<Effect, { type: "castVote" }>): void {
    const { signer } = this.#parts;
    const member = signer && h.state.validators.byAddress(signer.address);
    if (!signer || !member) return;
    if (this.#replay) {
      this.#replay.note(effect);
      return;
    }
    const signed = signedVote(h, { ...effect, ...this.#parts, signer, validator: member.index });
    if ("refused" in signed) {
      const { vote, round } = effect;
      this.#parts.log.warn("no vote", { height: h.height, round, vote, ...signed });
      return;
    }
    const vote = h.checkVote(signed);
    if (typeof vote === "string") return;
    if ("refused" in vote) throw new ConsensusFailure(`own vote: ${vote.refused}`);
    this.#logOwn([{ type: "vote", vote: signed }]);
    this.#drive({ type: "vote", vote, peer: "" });
  }

  #conflict(first: CheckedVote, second: CheckedVote): void {
    const { evidence, log } = this.#parts;
    if (!this.#isOwn(first)) evidence.reportConflictingVotes(first.signed, second.signed);
    else log.error("this validator's key signed two votes: is it used twice?");
  }

  /** Stores and applies the decided block, then begins the next height. */
  async #finish(h: Height, decided: Lock): Promise<void> {
    try {
      this.#timers.cancelAll();
      const next = await storeAndApply(this.#parts, h, decided);
      this.#applying = undefined;
      if (this.#isStopped) return;
      this.#begin(next, { votes: h.core.votes, round: decided.round }, h.commitTime);
      if (this.#height) this.#skipCommitWait(this.#height);
      const waiting = this.#waiting;
      this.#waiting = [];
      for (const { input, peer } of waiting) this.receive(input, peer);
    } catch (error) {
      this.#applying = undefined;
      this.#halt(error);
    }
  }

  #begin(state: ChainState, lastCommit: LastCommit | undefined, commitTime: Time): void {
    this.#timers.cancelAll();
    const startTime = addMillis(commitTime, this.#parts.timeouts.commitMs);
    const h = new Height({ state, lastCommit, startTime }, this.#parts);
    this.#height = h;
    this.#timers.schedule(h, { step: "newHeight", round: 0 });
    this.#emit({ type: "step" });
  }

  #skipCommitWait(h: Height): void {
    if (!this.#parts.timeouts.skipCommitWait || !h.lastCommit) return;
    const set = voteSet(h.lastCommit.votes, "precommit", h.lastCommit.round);
    if (set && hasAll(set)) this.#timeout(startOf(h.height)); // Which also logs it.
  }

  /** Signs what the log's inputs ask for and the log does not have; the signer guards. */
  #payOwed(owed: Owed): void {
    this.#replay = undefined;
    const [h, { signer }] = [this.#height, this.#parts];
    if (!h || !signer || h.isDecided) return;
    const proposal = owed.proposal(h);
    if (proposal) this.#propose(h, proposal);
    for (const vote of owed.votes(h, signer.address)) this.#castVote(h, vote);
  }

  #isOwn(vote: CheckedVote): boolean {
    const { signer } = this.#parts;
    return signer !== undefined && equalBytes(vote.signed.validatorAddress, signer.address);
  }

  /** Logs an input of a peer. The node's own are logged, and synced, before they come here. */
  #log(input: EngineInput, peer: string): void {
    if (peer !== "" && !this.#replay) this.#parts.wal.append(inputRecord(input, peer));
  }

  #logOwn(inputs: readonly EngineInput[]): void {
    for (const input of inputs) this.#parts.wal.append(inputRecord(input, ""));
    this.#parts.wal.sync(); // Before any of it leaves.
  }

  #refuse(peer: string, reason: string): void {
    if (peer !== "" && !this.#replay) this.#emit({ type: "peerRefused", peer, reason });
  }

  #emit(event: EngineEvent): void {
    for (const listener of this.#listeners) listener(event);
  }

  #guarded(run: () => void): void {
    try {
      run();
    } catch (error) {
      this.#halt(error);
    }
  }

  #halt(error: unknown): void {
    this.#isStopped = true;
    this.#timers.cancelAll();
    this.#parts.log.error("consensus failure", { error: String(error) });
    this.#parts.fatal(error);
  }
}
