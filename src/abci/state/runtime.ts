/** What the application holds between calls: modules, committed state, the state of CheckTx. */
import assert from "node:assert/strict";
import type { BlockInfo, Module } from "../../modules/module.ts";
import type { Ante } from "../ante/chain.ts";
import type { CommitStore, ConsensusParamsSource, Epochs, Log } from "../expected.ts";
import type { Registry } from "../tx/registry.ts";
import type { TxCache } from "../tx/tx-cache.ts";
import { RunContext } from "./context.ts";
import { emptyStore, StateLayer } from "./layer.ts";

/** The parts of an application; app.ts joins them. */
export interface Parts {
  readonly chainId: string;
  /** Shown by Info and /app/version. */
  readonly version: string;
  readonly modules: readonly Module[];
  readonly registry: Registry;
  readonly txs: TxCache;
  readonly store: CommitStore;
  readonly ante: Ante;
  readonly consensus: ConsensusParamsSource;
  readonly epochs: Epochs;
  readonly log: Log;
}

export class Runtime {
  readonly parts: Parts;
  /** Genesis state until the first commit makes it durable; FinalizeBlock may be repeated. */
  #genesis: StateLayer | undefined;
  #check: StateLayer;
  /** The last committed block; after a restart only its height and time are known. */
  #lastBlock: BlockInfo;
  #finalized: BlockInfo | undefined;
  /** The block that runs: the last one that was begun, until it is closed. */
  #open: RunContext | undefined;
  constructor(parts: Parts) {
    this.parts = parts;
    this.#lastBlock = this.#committedBlock(parts.store.version);
    this.#check = this.#checkLayer();
  }

  get lastBlock(): BlockInfo {
    return this.#lastBlock;
  }

  /** Whether there is a state to read: genesis counts. */
  get hasState(): boolean {
    return this.#genesis !== undefined || this.parts.store.version > 0n;
  }

  /** The state that CheckTx and simulations run on: committed, plus what CheckTx let in. */
  checkContext(options: { readonly isSimulation: boolean }): RunContext {
    const scope = this.#scope(this.#lastBlock, options.isSimulation);
    return new RunContext(scope, this.#check);
  }

  /** The state of a committed height, to read; undefined when that version is not kept. */
  contextAt(height: bigint): RunContext | undefined {
    const version = this.parts.store.at(height);
    if (!version) return undefined;
    const isLast = height === this.#lastBlock.height;
    const block = isLast ? this.#lastBlock : this.#committedBlock(height);
    return new RunContext(
      this.#scope(block, false),
      StateLayer.over((name) => version.store(name)),
    );
  }

  /** What the state itself tells about the block that made it. */
  #committedBlock(height: bigint): BlockInfo {
    const block = blockAt(height);
    const version = height === 0n ? undefined : this.parts.store.at(height);
    if (!version) return block;
    const layer = StateLayer.over((name) => version.store(name));
    const ctx = new RunContext(this.#scope(block, false), layer);
    return { ...block, time: this.parts.consensus.blockTime(ctx) ?? block.time };
  }

  /** Begins with an empty state: InitChain. */
  openGenesis(block: BlockInfo): RunContext {
    this.parts.store.discard();
    this.#open = undefined;
    this.#genesis = StateLayer.over(() => emptyStore);
    this.#lastBlock = { ...this.#lastBlock, time: block.time };
    const genesis = this.#genesis;
    this.#check = StateLayer.over((name) => genesis.store(name));
    return new RunContext(this.#scope(block, false), genesis);
  }

  /** Begins the next block over the committed state; whatever an earlier call did is dropped. */
  openBlock(block: BlockInfo): RunContext {
    const { store } = this.parts;
    store.discard();
    this.#finalized = undefined;
    this.#genesis?.copy((name) => store.working(name));
    const layer = new StateLayer((name) => store.working(name));
    this.#open = new RunContext(this.#scope(block, false), layer);
    return this.#open;
  }

  /** Whether a block is still the one that runs. */
  isOpen(ctx: RunContext): boolean {
    return this.#open === ctx;
  }

  /** Ends the block. Returns the app hash. */
  closeBlock(ctx: RunContext): Uint8Array {
    assert(this.isOpen(ctx), "a block is closed once");
    this.#open = undefined;
    this.#finalized = ctx.block;
    return this.parts.store.workingHash();
  }

  /** Makes the closed block durable. CheckTx then starts from it. */
  async commit(): Promise<void> {
    assert(this.#finalized, "Commit follows FinalizeBlock");
    await this.parts.store.commit();
    this.#lastBlock = this.#finalized;
    this.#finalized = undefined;
    this.#genesis = undefined;
    this.#check = this.#checkLayer();
  }

  /** The store went over to a state that came as a snapshot. */
  adopted(): void {
    this.#lastBlock = this.#committedBlock(this.parts.store.version);
    this.#open = undefined;
    this.#finalized = undefined;
    this.#genesis = undefined;
    this.#check = this.#checkLayer();
  }

  /** The state of CheckTx: the last committed version, and what CheckTx writes over it. */
  #checkLayer(): StateLayer {
    const { store } = this.parts;
    const version = store.version === 0n ? undefined : store.at(store.version);
    assert(version || store.version === 0n, "the last committed version is always kept");
    if (!version) return StateLayer.over(() => emptyStore);
    return new StateLayer((name) => store.working(name).aside(version.store(name)));
  }

  #scope(block: BlockInfo, isSimulation: boolean) {
    return { chainId: this.parts.chainId, block, isSimulation };
  }
}

/** What is known of a block when only its height is. */
export function blockAt(height: bigint): BlockInfo {
  return {
    height,
    time: { seconds: 0n, nanos: 0 },
    hash: new Uint8Array(),
    proposerAddress: new Uint8Array(),
    lastVotes: [],
    misbehavior: [],
  };
}
