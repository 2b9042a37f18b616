/**
 * One whole node in the simulated world: the production engine, gossip, log, signer, evidence,
 * block store and executor, over virtual time, network and disks. A crash throws away everything
 * but the disks.
 */
import type { Application } from "../../src/abci/application.ts";
import { BlockStore } from "../../src/blockstore/block-store.ts";
import { ConsensusEngine } from "../../src/consensus/engine/engine.ts";
import type { ConsensusTimeouts } from "../../src/consensus/engine/timeouts.ts";
import type { Clock, Logger, Network, Signer } from "../../src/consensus/expected.ts";
import { ConsensusReactor } from "../../src/consensus/gossip/reactor.ts";
import { Wal } from "../../src/consensus/wal/wal.ts";
import { EvidencePool } from "../../src/evidence/pool.ts";
import { EvidenceReactor } from "../../src/evidence/reactor.ts";
import { BlockExecutor } from "../../src/execution/block-executor.ts";
import { BlockFeed } from "../../src/execution/block-feed.ts";
import { handshake } from "../../src/execution/handshake.ts";
import { StateStore } from "../../src/execution/state-store.ts";
import { formatKeyFile, parseKeyFile, type ValidatorKey } from "../../src/privval/key-file.ts";
import { LocalSigner } from "../../src/privval/local-signer.ts";
import { type GenesisDoc, genesisState } from "../../src/types/genesis/genesis.ts";
import { SimDb, SimLogDisk } from "./disks.ts";
import { TestApp } from "./test-app.ts";
import type { VirtualTime } from "./virtual-time.ts";

/** What a node is given by its world. */
export interface NodeWorld {
  readonly time: VirtualTime;
  readonly clock: Clock;
  readonly genesis: GenesisDoc;
  readonly timeouts: ConsensusTimeouts;
  readonly random: () => number;
  readonly movingKeys: readonly Uint8Array[];
  readonly log: Logger;
  /** The node's side of the network, for its current life. */
  readonly network: Network;
  /** Every state the node comes to. */
  readonly onState: (node: SimNode) => void;
  readonly onFatal: (node: SimNode, error: unknown) => void;
}

/** What survives a crash. */
interface Disks {
  readonly log: SimLogDisk;
  readonly blocks: SimDb;
  readonly states: SimDb;
  readonly evidence: SimDb;
  readonly app: SimDb;
  signState: string | undefined;
}

/** A running life of a node. */
interface Life {
  readonly engine: ConsensusEngine;
  readonly reactor: ConsensusReactor;
  readonly evidence: EvidenceReactor;
}

/** A validator, or a second machine with the same key. */
export class SimNode {
  readonly name: string;
  readonly key: ValidatorKey;
  readonly disks: Disks;
  /** Transactions that wait on this node. */
  readonly txs: Uint8Array[] = [];
  blocks: BlockStore;
  life: Life | undefined;
  /** Counts lives: what belongs to an earlier one must not reach a later one. */
  lives = 0;

  constructor(name: string, key: ValidatorKey, time: VirtualTime, random: () => number) {
    this.name = name;
    this.key = parseKeyFile(formatKeyFile(key));
    const db = () => new SimDb(time, () => 1 + Math.floor(random() * 4));
    this.disks = {
      log: new SimLogDisk(),
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
    const { genesis, log, clock, network } = world;
    const blocks = new BlockStore(disks.blocks);
    this.blocks = blocks;
    const states = new StateStore(disks.states);
    const before = states.load() ?? genesisState(genesis);
    const evidence = await EvidencePool.open({ db: disks.evidence, states, blocks, log }, before);
    const app: Application = new TestApp(disks.app, world.movingKeys);
    const mempool = this.#mempool();
    const feed = new BlockFeed(log);
    const parts = { app, states, blocks, mempool, evidence, feed, log };
    const state = await handshake({ ...parts, genesis, version: "sim" });
    if (lives !== this.lives) return; // Crashed meanwhile.
    const engine = new ConsensusEngine({
      executor: new BlockExecutor(parts),
      blocks,
      evidence,
      clock,
      log,
      wal: Wal.open({ disk: disks.log, clock, log }),
      signer: this.#signer(),
      timeouts: world.timeouts,
      fatal: (error) => world.onFatal(this, error),
    });
    const reactor = new ConsensusReactor({ engine, blocks, network, clock, log });
    const evidenceReactor = new EvidenceReactor({ pool: evidence, network, clock, log });
    this.life = { engine, reactor, evidence: evidenceReactor };
    engine.listen((event) => {
      if (event.type === "step" && engine.view?.core.step === "newHeight") world.onState(this);
    });
    reactor.start();
    evidenceReactor.start();
    engine.start(state);
  }

  /** Cuts the power. */
  crash(random: () => number): void {
    this.lives += 1;
    void this.life?.engine.stop();
    this.life?.reactor.stop();
    this.life?.evidence.stop();
    this.life = undefined;
    const { log, blocks, states, evidence, app } = this.disks;
    for (const disk of [log, blocks, states, evidence, app]) disk.crash(random);
  }

  #signer(): Signer {
    const { disks } = this;
    return new LocalSigner(this.key, {
      read: () => disks.signState,
      replace: (text) => {
        disks.signState = text;
      },
    });
  }

  #mempool() {
    return {
      lock: () => undefined,
      unlock: () => undefined,
      reapMaxBytesMaxGas: () => this.txs.slice(0, 20),
      update: ({ txs }: { readonly txs: readonly Uint8Array[] }) => {
        for (const tx of txs) {
          const at = this.txs.findIndex((waiting) => Buffer.compare(waiting, tx) === 0);
          if (at >= 0) this.txs.splice(at, 1);
        }
      },
    };
  }
}
