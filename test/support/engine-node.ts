/**
 * A whole node of engine parts over a network in memory, real timers and disks that survive a
 * crash; its application extends votes and checks what it is told of them.
 */
import type {
  RequestExtendVote,
  RequestPrepareProposal,
  RequestVerifyVoteExtension,
} from "cosmjs-types/tendermint/abci/types";
import { BlockStore } from "../../src/blockstore/block-store.ts";
import { BlockSync } from "../../src/blocksync/reactor.ts";
import { ConsensusEngine } from "../../src/consensus/engine/engine.ts";
import type { LogDisk } from "../../src/consensus/expected.ts";
import { ConsensusReactor } from "../../src/consensus/gossip/reactor.ts";
import { defaultTimeouts } from "../../src/consensus/waiting/timeouts.ts";
import { Wal } from "../../src/consensus/wal/wal.ts";
import { concat, fromUtf8, utf8 } from "../../src/encoding/bytes.ts";
import { fromMillis } from "../../src/encoding/time.ts";
import { BlockExecutor } from "../../src/execution/block-executor.ts";
import { BlockFeed } from "../../src/execution/block-feed.ts";
import { handshake } from "../../src/execution/handshake.ts";
import { StateStore } from "../../src/execution/state-store.ts";
import { defaultMempoolLimits, Mempool } from "../../src/mempool/mempool.ts";
import { validatorKey } from "../../src/privval/key-file.ts";
import { LocalSigner } from "../../src/privval/local-signer.ts";
import { HeldWrites } from "../../src/store/held-writes.ts";
import { MemoryDb } from "../../src/store/memory-db.ts";
import type { GenesisDoc } from "../../src/types/genesis/genesis.ts";
import { type GrammarCall, noted } from "./abci-grammar.ts";
import { emptyDisk, type KvDisk, KvStoreApp } from "./kvstore.ts";
import { noEvidence, silentLog, validatorSeed } from "./test-chain.ts";
import { TestNetwork } from "./test-network.ts";

const timeouts = {
  ...defaultTimeouts,
  ...{ proposeMs: 400, proposeDeltaMs: 200, prevoteMs: 200, prevoteDeltaMs: 100 },
  ...{ precommitMs: 200, precommitDeltaMs: 100, commitMs: 20 },
};
const clock = {
  now: () => fromMillis(Date.now()),
  after: (delayMs: number, run: () => void) => {
    const timer = setTimeout(run, delayMs);
    return () => clearTimeout(timer);
  },
};

/** Every extension is another one, as an application is free to answer. */
class ExtendingApp extends KvStoreApp {
  readonly #from: bigint;
  #made = 0;
  /** Extensions that PrepareProposal was given, by height of their votes. */
  readonly given = new Map<bigint, readonly string[]>();

  constructor(disk: KvDisk, from: bigint) {
    super(disk);
    this.#from = from;
  }

  override extendVote = ({ height }: RequestExtendVote) => ({
    voteExtension: utf8(`${height}/${this.#made++}`),
  });

  override verifyVoteExtension = ({ height, voteExtension }: RequestVerifyVoteExtension) => ({
    status: fromUtf8(voteExtension).startsWith(`${height}/`) ? 1 : 2,
  });

  override prepareProposal(request: RequestPrepareProposal) {
    const { localLastCommit, height } = request;
    const last = height - 1n;
    const forBlock = localLastCommit.votes.filter(({ blockIdFlag }) => blockIdFlag === 2);
    const given = forBlock.map(({ voteExtension }) => fromUtf8(voteExtension));
    const isOn = last >= this.#from;
    const isRight = given.every((text) => (isOn ? text.startsWith(`${last}/`) : text === ""));
    if (!isRight) throw new Error(`extensions of ${last}: ${given.join()}`);
    this.given.set(last, given);
    return super.prepareProposal(request);
  }
}

class MemoryLog implements LogDisk {
  readonly #segments = new Map<number, Uint8Array>();
  segments = (): number[] => [...this.#segments.keys()].sort((a, b) => a - b);
  read = (segment: number): Uint8Array => this.#segments.get(segment) ?? new Uint8Array(0);
  truncate(segment: number, bytes: number): void {
    this.#segments.set(segment, this.read(segment).slice(0, bytes));
  }
  append(segment: number, bytes: Uint8Array): void {
    this.#segments.set(segment, concat(this.read(segment), bytes));
  }
  sync(): void {}
  remove(segment: number): void {
    this.#segments.delete(segment);
  }
}

/** The n-th validator of a genesis, or a node that is none. */
export class EngineNode {
  readonly name: string;
  readonly calls: GrammarCall[] = [];
  readonly failures: unknown[] = [];
  readonly kv = emptyDisk();
  readonly #genesis: GenesisDoc;
  readonly #key;
  readonly #disks = { blocks: new MemoryDb(), states: new MemoryDb(), log: new MemoryLog() };
  #signState: string | undefined;
  network: TestNetwork;
  app!: ExtendingApp; // Set by start, which every test calls first.
  blocks!: BlockStore;
  #stop: () => Promise<unknown> = async () => undefined;
  #height: () => bigint = () => 0n;
  #round: () => number = () => 0;

  constructor(n: number, genesis: GenesisDoc) {
    this.name = `n${n}`;
    this.#genesis = genesis;
    this.#key = validatorKey(validatorSeed(n));
    this.network = new TestNetwork(this.name);
  }

  get height(): bigint {
    return this.#height();
  }

  get round(): number {
    return this.#round();
  }

  /** Boots on what the disks hold, connects to these, catches up and goes on. */
  async start(others: readonly EngineNode[]): Promise<void> {
    this.calls.push({ call: "start", height: undefined });
    this.network = new TestNetwork(this.name);
    const from = this.#genesis.consensusParams.abci.voteExtensionsEnableHeight;
    this.app = new ExtendingApp(this.kv, from);
    const app = noted(this.app, this.calls);
    const [log, network] = [silentLog, this.network];
    const blocks = new BlockStore(this.#disks.blocks);
    this.blocks = blocks;
    const states = new StateStore(this.#disks.states);
    const mempool = new Mempool(app, defaultMempoolLimits, log);
    const feed = new BlockFeed(log);
    const parts = { app, states, blocks, mempool, evidence: noEvidence, feed, log };
    const state = await handshake({ ...parts, genesis: this.#genesis, version: "test" });
    const executor = new BlockExecutor(parts);
    const file = {
      read: () => this.#signState,
      replace: (text: string) => {
        this.#signState = text;
      },
    };
    const engine = new ConsensusEngine({
      ...{ executor, blocks, clock, log, timeouts },
      evidence: { reportConflictingVotes: () => this.failures.push("conflicting votes") },
      wal: Wal.open({ disk: this.#disks.log, clock, log }),
      signer: new LocalSigner(this.#key, file),
      fatal: (error) => this.failures.push(error),
    });
    const reactor = new ConsensusReactor({ engine, blocks, network, clock, log });
    const writes = new HeldWrites([]); // The application writes through at once.
    const sync = new BlockSync({ network, blocks, executor, writes, clock, log });
    this.#height = () => engine.view?.height ?? 0n;
    this.#round = () => engine.view?.core.round ?? 0;
    let isStopped = false;
    this.#stop = async () => {
      isStopped = true;
      for (const other of others) network.disconnect(other.name);
      reactor.stop();
      await sync.stop();
      await engine.stop();
    };
    for (const other of others) network.connect(other.network);
    const synced = others.length > 0 ? await sync.run(state) : state;
    if (isStopped) return;
    reactor.start();
    engine.start(synced);
  }

  /** Ends this life; what the disks hold stays. */
  async crash(): Promise<void> {
    await this.#stop();
  }
}
