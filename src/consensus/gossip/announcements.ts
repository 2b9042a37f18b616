/**
 * What a node tells all its peers of itself: a new height or round at once, steps and votes that it
 * has heard of a moment later, together. Nobody waits for the latter: they only spare repetitions.
 */
import type { Clock } from "../expected.ts";
import { type ConsensusMessage, encodeMessage } from "./messages.ts";

type Step = Extract<ConsensusMessage, { type: "newRoundStep" }>;
type HasVote = Extract<ConsensusMessage, { type: "hasVote" }>;

/** How long steps and votes are collected. Votes of others are passed on after more than that. */
const collectMs = 10;

export class Announcements {
  readonly #clock: Clock;
  readonly #send: (message: Uint8Array) => void;
  #votes: HasVote[] = [];
  /** The last step that was told, and one that is to be told. */
  #told: Step | undefined;
  #step: Step | undefined;
  #cancel: (() => void) | undefined;

  /** `send` takes messages of the state channel, for every peer. */
  constructor(clock: Clock, send: (message: Uint8Array) => void) {
    this.#clock = clock;
    this.#send = send;
  }

  step(step: Step): void {
    this.#step = step;
    if (step.height === this.#told?.height && step.round === this.#told.round) this.#soon();
    else this.#flush();
  }

  hasVote(vote: HasVote): void {
    this.#votes.push(vote);
    this.#soon();
  }

  stop(): void {
    this.#cancel?.();
    this.#cancel = undefined;
    this.#votes = [];
    this.#step = undefined;
  }

  #soon(): void {
    this.#cancel ??= this.#clock.after(collectMs, () => this.#flush());
  }

  #flush(): void {
    this.#cancel?.();
    this.#cancel = undefined;
    const [votes, step] = [this.#votes, this.#step];
    this.#votes = [];
    this.#step = undefined;
    // The votes first: with the step of a new height, peers forget what belongs to the last one.
    for (const vote of votes) this.#send(encodeMessage(vote));
    if (!step) return;
    this.#told = step;
    this.#send(encodeMessage(step));
  }
}
