/**
 * Catches up with the chain block by block, and serves blocks to those who do. A block is applied
 * only when +2/3 of the validators of its height have signed it: the commit is in the next block.
 * spec/execution.md, clause B.
 */

import type { BlockID } from "cosmjs-types/tendermint/types/types";
import { decodeBlock } from "../types/block.ts";
import type { ChainState } from "../types/chain-state.ts";
import { verifyCommit } from "../types/commit.ts";
import { areExtensionsOn } from "../types/consensus-params.ts";
import { hashHeader } from "../types/header.ts";
import { PartSet } from "../types/part-set.ts";
import { decodeExtendedCommit, verifyExtendedCommit } from "../types/votes/extended-commit.ts";
import type { Pair, ReceivedBlock } from "./block-pool.ts";
import { BlockPool } from "./block-pool.ts";
import { BlockServer } from "./block-server.ts";
import type { Blocks, Clock, Executor, HeldWrites, Logger, Network, Peer } from "./expected.ts";
import type { BlocksyncMessage } from "./messages.ts";
import { blocksyncChannel, decodeMessage, encodeMessage, maxMessageBytes } from "./messages.ts";

const tickMs = 100;
/** Peers are asked for their heights this often. */
const statusTicks = 20;
/** With peers that have answered: wait this long for the others before going on. */
const settleTicks = 10;
/** Without any peer, or any that has a block for us: give up after this without progress. */
const aloneTicks = 30;
const sendQueueCapacity = 32;
/** What is applied goes to the disk at the latest after so many blocks, or so many bytes. */
const maxHeldBlocks = 64n;
const maxHeldBytes = 8_388_608;
/** After so many blocks whatever else the event loop has to do gets its turn. */
const blocksPerTurn = 4n;

/** What block sync works with. */
export interface BlockSyncParts {
  readonly network: Network;
  readonly blocks: Blocks;
  readonly executor: Executor;
  readonly writes: HeldWrites;
  readonly clock: Clock;
  readonly log: Logger;
}

/** A run in progress. */
interface Run {
  state: ChainState;
  readonly pool: BlockPool;
  readonly finish: (state: ChainState) => void;
  readonly fail: (error: unknown) => void;
  /** The last height that the disk has all of: a restart may need the blocks from there on. */
  settledHeight: bigint;
  ticks: number;
  /** Tick of the last applied block. */
  progressTick: number;
  isApplying: boolean;
  /** The applying, present or past. Never rejects. */
  applying: Promise<void>;
}

/** What is false, and by whom it came. */
interface Refusal {
  readonly refused: string;
  readonly senders: readonly string[];
}

/** The reactor of channel 0x40. */
export class BlockSync {
  readonly #parts: BlockSyncParts;
  readonly #peers = new Map<string, Peer>();
  readonly #server: BlockServer;
  #run: Run | undefined;

  constructor(parts: BlockSyncParts) {
    this.#parts = parts;
    this.#server = new BlockServer(parts.blocks, parts.clock);
    const channel = { id: blocksyncChannel, maxMessageBytes, sendQueueCapacity };
    parts.network.register([{ ...channel, stream: "blocks" }], this);
  }

  /** Whether run has not come to its end. */
  get isRunning(): boolean {
    return this.#run !== undefined;
  }

  /**
   * Applies blocks on top of the state until no peer can give more, and returns the state to
   * start consensus from. Rejects when the disk or the application fails, or when this node finds
   * a block invalid that +2/3 have signed; never for a peer's doing.
   */
  run(state: ChainState): Promise<ChainState> {
    if (this.#run) throw new Error("block sync runs already");
    this.#parts.writes.hold();
    return new Promise((finish, fail) => {
      const next = state.lastBlockHeight === 0n ? state.initialHeight : state.lastBlockHeight + 1n;
      const pool = new BlockPool(next);
      const idle = { isApplying: false, applying: Promise.resolve() };
      const settledHeight = state.lastBlockHeight;
      const begun = { ticks: 0, progressTick: 0, settledHeight };
      const run: Run = { state, pool, finish, fail, ...begun, ...idle };
      this.#run = run;
      this.#broadcast({ type: "statusRequest" });
      this.#parts.clock.after(tickMs, () => this.#tick(run));
    });
  }

  /** Ends the run behind the block that is being applied. Resolves when the disk has it. */
  async stop(): Promise<void> {
    const run = this.#run;
    if (!run) return;
    this.#run = undefined;
    await run.applying;
    await this.#parts.writes.release();
    run.finish(run.state);
  }

  addPeer(peer: Peer): void {
    this.#peers.set(peer.id, peer);
    this.#sendStatus(peer);
    if (this.#run) send(peer, { type: "statusRequest" });
  }

  removePeer(peer: Peer): void {
    if (this.#peers.get(peer.id) !== peer) return;
    this.#peers.delete(peer.id);
    this.#server.forget(peer.id);
    this.#run?.pool.removePeer(peer.id);
  }

  receive(_channel: number, peer: Peer, bytes: Uint8Array): void {
    const message = decodeMessage(bytes);
    if (!message) {
      this.#parts.network.ban(peer, "malformed blocksync message");
    } else if (message.type === "blockRequest") {
      const isServed = this.#server.answer(peer, message.height);
      if (!isServed) this.#parts.network.ban(peer, "too many block requests");
    } else if (message.type === "statusRequest") {
      this.#sendStatus(peer);
    } else if (this.#run) {
      this.#take(this.#run, peer, message);
    }
  }

  #sendStatus(peer: Peer): void {
    const { blocks } = this.#parts;
    send(peer, { type: "status", base: blocks.base(), height: blocks.height() });
  }

  #take(run: Run, peer: Peer, message: BlocksyncMessage): void {
    if (message.type === "status" && !run.pool.setRange(peer.id, message)) {
      this.#parts.network.ban(peer, "claims blocks that it said it lacks");
      return;
    }
    if (message.type === "noBlock") run.pool.noBlock(peer.id, message.height);
    if (message.type === "block") this.#takeBlock(run, peer, message);
    this.#askForBlocks(run);
  }

  #takeBlock(run: Run, peer: Peer, message: Extract<BlocksyncMessage, { type: "block" }>): void {
    const bytes = message.block;
    const block = decodeBlock(bytes);
    const hasExtended = message.extendedCommit.length > 0;
    const extendedCommit = hasExtended ? decodeExtendedCommit(message.extendedCommit) : undefined;
    if (!block || (hasExtended && !extendedCommit)) {
      this.#parts.network.ban(peer, "block that does not decode");
      return;
    }
    // One that was not asked for is late, not hostile.
    const isWanted = run.pool.add(peer.id, { block, bytes, extendedCommit });
    if (!isWanted) return;
    this.#parts.executor.lookAhead(block);
    if (!run.isApplying) run.applying = this.#applyAll(run);
  }

  #tick(run: Run): void {
    if (this.#run !== run) return;
    run.ticks++;
    for (const peerId of run.pool.tick()) {
      const peer = this.#peers.get(peerId);
      if (peer) this.#parts.network.ban(peer, "left block requests unanswered");
    }
    if (run.ticks % statusTicks === 0) this.#broadcast({ type: "statusRequest" });
    this.#askForBlocks(run);
    if (!run.isApplying && this.#isDone(run)) {
      this.#run = undefined;
      const { lastBlockHeight: height } = run.state;
      this.#parts.log.info("block sync done", { height, peers: run.pool.knownPeers });
      this.#parts.writes.release().then(() => run.finish(run.state), run.fail);
      return;
    }
    const isQuiet = run.ticks > run.progressTick && !run.isApplying;
    if (isQuiet && run.state.lastBlockHeight > run.settledHeight) {
      run.applying = this.#alone(run, () => this.#settle(run));
    }
    this.#parts.clock.after(tickMs, () => this.#tick(run));
  }

  /** No peer has the block after the next one, which would prove the next one. */
  #isDone({ pool, ticks, progressTick, state }: Run): boolean {
    if (pool.maxPeerHeight > pool.nextHeight || this.#lacksExtensions(state)) return false;
    if (ticks - progressTick >= aloneTicks) return true;
    const haveAllAnswered = pool.knownPeers >= this.#peers.size;
    return pool.knownPeers > 0 && haveAllAnswered && ticks >= settleTicks;
  }

  /** After state sync: only another block brings the vote extensions that consensus begins with. */
  #lacksExtensions({ consensusParams, lastBlockHeight }: ChainState): boolean {
    if (lastBlockHeight === 0n || !areExtensionsOn(consensusParams, lastBlockHeight)) return false;
    return this.#parts.blocks.loadExtendedCommit(lastBlockHeight) === undefined;
  }

  #askForBlocks(run: Run): void {
    for (const { peerId, height } of run.pool.nextRequests()) {
      const peer = this.#peers.get(peerId);
      const isSent = peer && send(peer, { type: "blockRequest", height });
      if (!isSent) run.pool.cancel(height);
    }
  }

  /** Applies as many blocks as are here and proven. */
  #applyAll(run: Run): Promise<void> {
    const { writes, clock } = this.#parts;
    return this.#alone(run, async () => {
      for (let pair = run.pool.pair(); pair && this.#run === run; pair = run.pool.pair()) {
        const refusal = await this.#apply(run, pair);
        if (refusal) this.#reject(run, refusal);
        const held = run.state.lastBlockHeight - run.settledHeight;
        if (held >= maxHeldBlocks || writes.heldBytes >= maxHeldBytes) await this.#settle(run);
        else if (held % blocksPerTurn === 0n) {
          await new Promise<void>((resolve) => clock.after(0, resolve));
        }
      }
    });
  }

  /** What fails ends the run. */
  async #alone(run: Run, work: () => Promise<void>): Promise<void> {
    run.isApplying = true;
    try {
      await work();
    } catch (error) {
      this.#run = undefined;
      run.fail(error);
    } finally {
      run.isApplying = false;
    }
  }

  async #settle(run: Run): Promise<void> {
    const { lastBlockHeight } = run.state;
    await this.#parts.writes.settle();
    run.settledHeight = lastBlockHeight;
  }

  #reject(run: Run, { refused, senders }: Refusal): void {
    run.pool.reject(senders);
    for (const id of new Set(senders)) {
      const peer = this.#peers.get(id);
      if (peer) this.#parts.network.ban(peer, `false block: ${refused}`);
    }
  }

  /** Applies the first of a pair; returns why not, and whose fault it is. */
  async #apply(run: Run, { first, second, senders }: Pair): Promise<Refusal | undefined> {
    const { blocks, executor, log } = this.#parts;
    const { state } = run;
    const { header } = first.block;
    const commit = second.block.lastCommit;
    if (!commit) return { refused: "no last commit", senders };
    const parts = PartSet.fromBytes(first.bytes);
    const blockId = { hash: hashHeader(header), partSetHeader: parts.header };
    const { chainId, validators } = state;
    // In full: consensus takes this commit over, and builds and gossips with every signature.
    const unproven = verifyCommit(chainId, validators, blockId, header.height, commit);
    if (unproven !== undefined) return { refused: unproven, senders };
    const incomplete = refuseExtensions(state, blockId, first);
    if (incomplete !== undefined) return { refused: incomplete, senders: senders.slice(0, 1) };
    const invalid = executor.validateBlock(state, first.block);
    if (invalid !== undefined) {
      throw new Error(`block ${header.height} is decided but invalid for this node: ${invalid}`);
    }
    await blocks.saveBlock(first.block, parts, commit, first.extendedCommit);
    run.state = await executor.applyBlock(state, blockId, first.block, run.settledHeight);
    run.progressTick = run.ticks;
    run.pool.advance();
    this.#askForBlocks(run);
    log.debug("synced block", { height: header.height });
    return undefined;
  }

  #broadcast(message: BlocksyncMessage): void {
    for (const peer of this.#peers.values()) send(peer, message);
  }
}

/**
 * Why a block, which its successor proves, came with the wrong commit of its own: one with all vote
 * extensions where they are on, none where they are off.
 */
function refuseExtensions(
  { chainId, validators, consensusParams }: ChainState,
  blockId: BlockID,
  { block, extendedCommit: extended }: ReceivedBlock,
): string | undefined {
  const { height } = block.header;
  if (!areExtensionsOn(consensusParams, height)) {
    return extended && "vote extensions, and they are off";
  }
  if (!extended) return "no vote extensions";
  return verifyExtendedCommit(chainId, validators, blockId, height, extended);
}

const send = (peer: Peer, message: BlocksyncMessage): boolean =>
  peer.send(blocksyncChannel, encodeMessage(message));
