/**
 * One real engine among validators that the test plays: virtual time and disks, real signatures,
 * an executor that accepts what the test says. For scenarios of a single node.
 */
import type { Block } from "cosmjs-types/tendermint/types/block";
import type { BlockID, Proposal, Vote } from "cosmjs-types/tendermint/types/types";
import { BlockStore } from "../../src/blockstore/block-store.ts";
import { ConsensusEngine } from "../../src/consensus/engine/engine.ts";
import type { EngineEvent } from "../../src/consensus/engine/events.ts";
import type { BlockExecutor, Logger, ProposalRequest } from "../../src/consensus/expected.ts";
import type { VoteType } from "../../src/consensus/votes.ts";
import type { IdlePolicy } from "../../src/consensus/waiting/idle.ts";
import { type ConsensusTimeouts, defaultTimeouts } from "../../src/consensus/waiting/timeouts.ts";
import { Wal } from "../../src/consensus/wal/wal.ts";
import { ed25519Sign } from "../../src/crypto/ed25519.ts";
import { utf8 } from "../../src/encoding/bytes.ts";
import { fromMillis, type Time } from "../../src/encoding/time.ts";
import { type ValidatorKey, validatorKey } from "../../src/privval/key-file.ts";
import { LocalSigner } from "../../src/privval/local-signer.ts";
import { MemoryDb } from "../../src/store/memory-db.ts";
import { encodeBlock, makeBlock } from "../../src/types/block.ts";
import { zeroBlockId } from "../../src/types/block-id.ts";
import type { ChainState } from "../../src/types/chain-state.ts";
import { emptyCommit } from "../../src/types/commit.ts";
import { defaultConsensusParams } from "../../src/types/consensus-params.ts";
import { genesisState } from "../../src/types/genesis/genesis.ts";
import { hashHeader } from "../../src/types/header.ts";
import { PartSet } from "../../src/types/part-set.ts";
import { extensionSignBytes, proposalSignBytes, voteSignBytes } from "../../src/types/vote.ts";
import { SimLogDisk } from "../sim/disks.ts";
import { VirtualTime } from "../sim/virtual-time.ts";

export const chainId = "one";
const genesisMillis = 1_700_000_000_000;
export const silent: Logger = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
};

/** A block in parts. */
export interface Offered {
  readonly block: Block;
  readonly id: BlockID;
  readonly parts: PartSet;
}

/** Cuts a block into parts. */
export function offer(block: Block): Offered {
  const parts = PartSet.fromBytes(encodeBlock(block));
  return { block, parts, id: { hash: hashHeader(block.header), partSetHeader: parts.header } };
}

/** What of the node survives a restart, and what the test decides. */
export class OneValidator {
  readonly time = new VirtualTime();
  readonly log = new SimLogDisk();
  readonly blocks = new BlockStore(new MemoryDb());
  readonly conflicts: (readonly [Vote, Vote])[] = [];
  readonly failures: unknown[] = [];
  readonly applied: bigint[] = [];
  /** What it was told when it had to propose. */
  readonly requests: ProposalRequest[] = [];
  events: string[] = [];
  /** Keys in the order of the validator set; the node is `self`. */
  readonly keys: readonly ValidatorKey[];
  readonly state: ChainState;
  self = 0;
  isFollower = false;
  timeouts: ConsensusTimeouts = { ...defaultTimeouts, proposeMs: 1000 };
  /** Set before start: heights wait for transactions. */
  idle: IdlePolicy | undefined;
  /** What executing a block leaves; the genesis state has none. */
  appHash = new Uint8Array(0);
  /** Why a block may not follow the state; the application's opinion of it. */
  invalid: (block: Block) => string | undefined = () => undefined;
  accepts: (block: Block) => boolean = () => true;
  /** The application's vote extension, and its opinion of others'. */
  extend: (block: Block) => Uint8Array = () => new Uint8Array(0);
  acceptsExtension: (vote: Vote) => boolean = () => true;
  /** Holds applyBlock back until the test lets it go on. */
  applying: Promise<void> = Promise.resolve();
  engine!: ConsensusEngine; // Set by start, which every test calls first.
  /** After the last applied block. */
  #latest: ChainState;
  #signState: string | undefined;
  #life = 0;

  /** extensionsFrom: the height from which precommits carry extensions; 0 for never. */
  constructor(validators = 4, maxBlockBytes = 1_048_576n, extensionsFrom = 0n) {
    const made = Array.from({ length: validators }, (_, i) =>
      validatorKey(new Uint8Array(32).fill(i + 1)),
    );
    const params = defaultConsensusParams();
    this.state = genesisState({
      genesisTime: fromMillis(genesisMillis),
      chainId,
      initialHeight: 1n,
      consensusParams: {
        ...params,
        block: { maxBytes: maxBlockBytes, maxGas: -1n },
        abci: { voteExtensionsEnableHeight: extensionsFrom },
      },
      validators: made.map((key) => ({ ...key, power: 10n, name: "" })),
      appHash: new Uint8Array(32),
      appState: {},
    });
    this.#latest = this.state;
    this.keys = this.state.validators.validators.map(({ address }) => {
      const key = made.find((one) => Buffer.compare(one.address, address) === 0);
      if (!key) throw new Error("a validator without a key");
      return key;
    });
  }

  /** Index of the proposer of a round of the first height. */
  proposer(round: number): number {
    const set =
      round === 0 ? this.state.validators : this.state.validators.incrementPriority(round);
    return this.state.validators.byAddress(set.proposer().address)?.index ?? -1;
  }

  now(): Time {
    return fromMillis(genesisMillis + this.time.nowMs);
  }

  /** Starts the engine, perhaps again, on what the disks hold. */
  start(): void {
    const life = ++this.#life;
    const clock = {
      now: () => this.now(),
      after: (delayMs: number, run: () => void) =>
        this.time.after(delayMs, () => {
          if (life === this.#life) run();
        }),
    };
    const key = this.keys[this.self];
    if (!key) throw new Error("no such validator");
    const file = {
      read: () => this.#signState,
      replace: (text: string) => {
        this.#signState = text;
      },
    };
    this.engine = new ConsensusEngine({
      executor: this.#executor(),
      blocks: this.blocks,
      evidence: { reportConflictingVotes: (a, b) => this.conflicts.push([a, b]) },
      clock,
      log: silent,
      wal: Wal.open({ disk: this.log, clock, log: silent }),
      signer: this.isFollower ? undefined : new LocalSigner(key, file),
      timeouts: this.timeouts,
      idle: this.idle,
      fatal: (error) => this.failures.push(error),
    });
    this.engine.listen((event) => this.#note(event));
    this.engine.start(this.#latest);
  }

  /** Lets virtual time pass. */
  async pass(millis: number): Promise<void> {
    let isDue = false;
    this.time.after(millis, () => {
      isDue = true;
    });
    while (!isDue) {
      this.time.unsettle();
      await this.time.step();
    }
    await new Promise((resolve) => setImmediate(resolve));
  }

  /** The events since the last call, in order, without the steps. */
  seen(): string {
    const seen = this.events.join(", ");
    this.events = [];
    return seen;
  }

  /** A block that may follow the genesis state. */
  block(text: string, proposer = this.proposer(0)): Offered {
    const block = makeBlock({
      height: 1n,
      txs: [utf8(text)],
      lastCommit: emptyCommit(),
      evidence: [],
    });
    const { header } = block;
    const validatorsHash = this.state.validators.hash();
    const proposerAddress = this.keys[proposer]?.address ?? new Uint8Array(20);
    const time = { ...this.state.lastBlockTime };
    return offer({
      ...block,
      header: { ...header, chainId, time, validatorsHash, proposerAddress },
    });
  }

  /** A proposal signed by the round's proposer, or by another validator. */
  proposal(of: Offered, round = 0, polRound = -1, by = this.proposer(round)): Proposal {
    const base = { type: 32, height: 1n, round, polRound, blockId: of.id, timestamp: this.now() };
    const unsigned: Proposal = { ...base, signature: new Uint8Array(0) };
    return { ...unsigned, signature: this.#sign(by, proposalSignBytes(chainId, unsigned)) };
  }

  /** Hands the engine a proposal and all parts, as from a peer. */
  propose(of: Offered, round = 0, polRound = -1): void {
    this.engine.receive({ type: "proposal", proposal: this.proposal(of, round, polRound) }, "p");
    this.parts(of, round);
  }

  parts(of: Offered, round = 0): void {
    for (let index = 0; index < of.parts.header.total; index++) {
      const part = of.parts.part(index);
      if (part) this.engine.receive({ type: "blockPart", height: 1n, round, part }, "p");
    }
  }

  /** A vote signed by a validator. */
  vote(type: VoteType, of: Offered | undefined, by: number, round = 0): Vote {
    const vote: Vote = {
      type: type === "prevote" ? 1 : 2,
      height: 1n,
      round,
      blockId: of?.id ?? zeroBlockId(),
      timestamp: this.now(),
      validatorAddress: this.keys[by]?.address ?? new Uint8Array(20),
      validatorIndex: by,
      signature: new Uint8Array(0),
      extension: new Uint8Array(0),
      extensionSignature: new Uint8Array(0),
    };
    return { ...vote, signature: this.#sign(by, voteSignBytes(chainId, vote)) };
  }

  /** A precommit of round 0 with an extension, which is signed too. */
  extendedVote(of: Offered, by: number, extension: Uint8Array): Vote {
    const vote = { ...this.vote("precommit", of, by), extension };
    return { ...vote, extensionSignature: this.#sign(by, extensionSignBytes(chainId, vote)) };
  }

  /** Hands the engine votes of these validators, as from a peer. */
  votes(type: VoteType, of: Offered | undefined, by: readonly number[], round = 0): void {
    for (const index of by) {
      this.engine.receive({ type: "vote", vote: this.vote(type, of, index, round) }, "p");
    }
  }

  /** The other validators. */
  get others(): readonly number[] {
    return this.keys.map((_, index) => index).filter((index) => index !== this.self);
  }

  #sign(by: number, bytes: Uint8Array): Uint8Array {
    return ed25519Sign(this.keys[by]?.seed ?? new Uint8Array(32), bytes);
  }

  #executor(): BlockExecutor {
    return {
      createProposal: (request: ProposalRequest) => {
        const { proposerAddress, time } = request;
        this.requests.push(request);
        const { block } = this.block("own", this.self);
        return { ...block, header: { ...block.header, proposerAddress, time: { ...time } } };
      },
      validateBlock: (_state, block) => this.invalid(block),
      processProposal: (_state, block) => this.accepts(block),
      extendVote: (_state, block) => this.extend(block),
      acceptsExtension: (vote) => this.acceptsExtension(vote),
      applyBlock: async (state, blockId, { header }) => {
        await this.applying;
        this.applied.push(header.height);
        const last = { lastBlockId: blockId, lastBlockTime: header.time };
        const lastValidators = state.validators;
        const { appHash } = this;
        const applied = { lastBlockHeight: header.height, lastValidators, appHash };
        this.#latest = { ...state, ...last, ...applied };
        return this.#latest;
      },
    };
  }

  #note(event: EngineEvent): void {
    if (event.type === "peerRefused") this.events.push(`refused ${event.peer}: ${event.reason}`);
    if (event.type !== "vote" || !event.isOwn) return;
    const { type, round, block, signed } = event.vote;
    if (!this.log.holds(signed.signature)) this.events.push("NOT IN THE LOG");
    this.events.push(`${type} ${block === "" ? "nil" : "block"} @${round}`);
  }
}
