/**
 * One whole node in the simulated world: the production engine, gossip, log, signer, evidence,
 * mempool, block sync, block store and executor, over virtual time, network and disks. A crash
 * throws away everything but the disks.
 */
import type { Vote } from "cosmjs-types/tendermint/types/types";
import type { Application } from "../../src/abci/application.ts";
import { BlockStore } from "../../src/blockstore/block-store.ts";
import { BlockSync } from "../../src/blocksync/reactor.ts";
import { ConsensusEngine } from "../../src/consensus/engine/engine.ts";
import type { Clock, Logger, Network, Signer } from "../../src/consensus/expected.ts";
import { ConsensusReactor } from "../../src/consensus/gossip/reactor.ts";
import type { ConsensusTimeouts } from "../../src/consensus/waiting/timeouts.ts";
import { Wal } from "../../src/consensus/wal/wal.ts";
import { toHex } from "../../src/encoding/bytes.ts";
import { EvidencePool } from "../../src/evidence/pool.ts";
import { EvidenceReactor } from "../../src/evidence/reactor.ts";
import { BlockExecutor } from "../../src/execution/block-executor.ts";
import { BlockFeed } from "../../src/execution/block-feed.ts";
import { handshake } from "../../src/execution/handshake.ts";
import { StateStore } from "../../src/execution/state-store.ts";
import { defaultMempoolLimits, Mempool } from "../../src/mempool/mempool.ts";
import { MempoolReactor } from "../../src/mempool/reactor.ts";
import { formatKeyFile, parseKeyFile, type ValidatorKey } from "../../src/privval/key-file.ts";
import { LocalSigner } from "../../src/privval/local-signer.ts";
import { HeldDb, HeldWrites } from "../../src/store/held-writes.ts";
import type { ChainState } from "../../src/types/chain-state.ts";
import { type GenesisDoc, genesisState } from "../../src/types/genesis/genesis.ts";
import { hashHeader } from "../../src/types/header.ts";
import { PowerCut, SimDb, SimLogDisk } from "./disks.ts";
import type { AppExtensions } from "./extensions.ts";
import { type Powers, TestApp } from "./test-app.ts";
import type { VirtualTime } from "./virtual-time.ts";

/** What a node is given by its world. */
export interface NodeWorld {
  readonly time: VirtualTime;
  readonly clock: Clock;
  readonly genesis: GenesisDoc;
  readonly timeouts: ConsensusTimeouts;
  /** What the application does to the powers of these validators, and says with votes. */
  readonly powers: Powers;
  readonly keys: readonly Uint8Array[];
  readonly extensions: AppExtensions;
  readonly log: Logger;
  /** Whether a restarted node asks for blocks before it takes part in consensus. */
  readonly syncsBlocks: boolean;
  /** The node's side of the network, for its current life. */
  readonly network: Network;
  /** Every state the node comes to. */
  readonly onState: (node: SimNode, state: ChainState) => void;
  /** Every vote it counts, of whomever. */
  readonly onVote: (node: SimNode, vote: Vote) => void;
  /** A block that it made, and one that it found invalid, by header hash. */
  readonly onProposed: (node: SimNode, hash: string) => void;
  readonly onInvalid: (node: SimNode, hash: string, problem: string) => void;
  readonly onFatal: (node: SimNode, error: unknown) => void;
}

/** What survives a crash. */
interface Disks {
  log: SimLogDisk;
  readonly blocks: SimDb;
  readonly states: SimDb;
  readonly evidence: SimDb;
  readonly app: SimDb;
  signState: string | undefined;
}

/** What a node is built of before it has peers. */
interface LifeParts {
  readonly blocks: BlockStore;
  readonly states: StateStore;
  readonly writes: HeldWrites;
  readonly evidence: EvidencePool;
  readonly executor: BlockExecutor;
  readonly feed: BlockFeed;
  readonly mempool: Mempool;
  readonly state: ChainState;
}

const maxTxBytes = 1_000;

/** A running life of a node. */
interface Life {
  readonly engine: ConsensusEngine;
  readonly reactor: ConsensusReactor;
  readonly evidence: EvidenceReactor;
  readonly mempool: Mempool;
  readonly blockSync: BlockSync;
}

/** A validator, or a second machine with the same key. */
export class SimNode {
  readonly name: string;
  readonly key: ValidatorKey;
  readonly disks: Disks;
  blocks: BlockStore;
  life: Life | undefined;
  /** Counts lives: what belongs to an earlier one must not reach a later one. */
  lives = 0;
  /** Its log does not survive a crash. Its signer's file does. */
  forgets = false;
  #writesToCut = 0;
  #onCut: () => void = () => undefined;

  constructor(name: string, key: ValidatorKey, time: VirtualTime, random: () => number) {
    this.name = name;
    this.key = parseKeyFile(formatKeyFile(key));
    const boundary = () => this.#passBoundary();
    const db = () => new SimDb(time, () => 1 + Math.floor(random() * 4), boundary);
    this.disks = {
      log: new SimLogDisk(boundary),
      blocks: db(),
      states: db(),
      evidence: db(),
      app: db(),
      signState: undefined,
    };
    this.blocks = new BlockStore(this.disks.blocks);
  }

  get height(): bigint {
    return this.life?.engine.view?.height ?? 0n;
  }

  /** Boots on what the disks hold. */
  async start(world: NodeWorld): Promise<void> {
    this.lives += 1;
    const lives = this.lives;
    const { disks } = this;
    const { genesis, log } = world;
    const held = {
      blocks: new HeldDb(disks.blocks),
      states: new HeldDb(disks.states),
      app: new HeldDb(disks.app),
    };
    const writes = new HeldWrites([held.blocks, held.states, held.app]);
    const blocks = new BlockStore(held.blocks);
    this.blocks = blocks;
    const states = new StateStore(held.states);
    const before = states.load() ?? genesisState(genesis);
    const evidence = await EvidencePool.open({ db: disks.evidence, states, blocks, log }, before);
    const app: Application = new TestApp(held.app, world.powers, world.keys, world.extensions);
    const mempool = new Mempool(app, defaultMempoolLimits, log);
    const feed = new BlockFeed(log);
    const parts = { app, states, blocks, writes, mempool, evidence, feed, log };
    const state = await handshake({ ...parts, genesis, version: "sim" });
    if (lives !== this.lives) return; // Crashed meanwhile.
    this.#live(world, { ...parts, mempool, executor: new BlockExecutor(parts), state });
  }

  /** Everything that hears of peers, then consensus: as node/node.ts wires it. */
  #live(world: NodeWorld, parts: LifeParts): void {
    const { disks } = this;
    const { clock, log, network } = world;
    const { blocks, evidence: pool, executor, feed, mempool, state, states, writes } = parts;
    const { lives: life } = this;
    const engine = new ConsensusEngine({
      executor: this.#watched(executor, world),
      blocks,
      evidence: pool,
      clock,
      log,
      wal: Wal.open({ disk: disks.log, clock, log }),
      signer: this.#signer(),
      timeouts: world.timeouts,
      fatal: (error) => {
        if (this.lives === life) world.onFatal(this, error);
      },
    });
    const reactor = new ConsensusReactor({ engine, blocks, network, clock, log });
    const evidence = new EvidenceReactor({ pool, network, clock, log });
    new MempoolReactor({ mempool, network, clock, log, maxTxBytes });
    const blockSync = new BlockSync({ network, blocks, executor, writes, clock, log });
    const running = { engine, reactor, evidence, mempool, blockSync };
    this.life = running;
    engine.listen((event) => {
      if (event.type === "vote" && !event.isOwn) world.onVote(this, event.vote.signed);
      const { view } = engine;
      if (event.type === "step" && view?.core.step === "newHeight") {
        world.onState(this, view.state);
      }
    });
    feed.onBlock(() => {
      const synced = engine.view ? undefined : states.load();
      if (synced) world.onState(this, synced);
    });
    const begin = (from: ChainState) => {
      if (this.life !== running) return;
      reactor.start();
      evidence.start();
      engine.start(from);
    };
    if (!world.syncsBlocks || this.lives === 1) begin(state);
    else
      blockSync
        .run(state)
        .then(begin)
        .catch((error) => {
          if (this.lives === life) world.onFatal(this, error);
        });
  }

  /** Cuts the power. */
  crash(random: () => number): void {
    this.lives += 1;
    void this.life?.engine.stop();
    void this.life?.blockSync.stop();
    this.life?.reactor.stop();
    this.life?.evidence.stop();
    this.life = undefined;
    const { log, blocks, states, evidence, app } = this.disks;
    for (const disk of [log, blocks, states, evidence, app]) disk.crash(random);
    if (this.forgets) this.disks.log = new SimLogDisk(() => this.#passBoundary());
  }

  /** The power goes with the n-th boundary of a write from now on: onCut must crash the node. */
  cutPowerAfter(boundaries: number, onCut: () => void): void {
    this.#writesToCut = boundaries;
    this.#onCut = onCut;
  }

  #passBoundary(): boolean {
    if (this.#writesToCut === 0 || !this.life) return false;
    this.#writesToCut -= 1;
    if (this.#writesToCut > 0) return false;
    this.#onCut();
    return true;
  }

  /** The executor, which from now on tells the world what it makes and what it refuses. */
  #watched(executor: BlockExecutor, world: NodeWorld): BlockExecutor {
    const create = executor.createProposal.bind(executor);
    const validate = executor.validateBlock.bind(executor);
    executor.createProposal = (request) => {
      const block = create(request);
      world.onProposed(this, toHex(hashHeader(block.header)));
      return block;
    };
    executor.validateBlock = (state, block) => {
      const problem = validate(state, block);
      if (problem !== undefined) world.onInvalid(this, toHex(hashHeader(block.header)), problem);
      return problem;
    };
    return executor;
  }

  #signer(): Signer {
    const { disks } = this;
    return new LocalSigner(this.key, {
      read: () => disks.signState,
      replace: (text) => {
        if (this.#passBoundary()) throw new PowerCut();
        disks.signState = text;
        if (this.#passBoundary()) throw new PowerCut();
      },
    });
  }
}
