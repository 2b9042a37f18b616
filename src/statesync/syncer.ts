/**
 * Gets the application to a recent height without executing the blocks before: a snapshot of
 * peers, restored chunk by chunk, against an app hash that a light client has verified
 * (statesync/syncer.go; spec/statesync.md).
 */
import {
  ResponseApplySnapshotChunk_Result as Applied,
  ResponseOfferSnapshot_Result as Offered,
} from "cosmjs-types/tendermint/abci/types";
import type { Commit } from "cosmjs-types/tendermint/types/types";
import { equalBytes, toUpperHex } from "../encoding/bytes.ts";
import type { ChainState } from "../types/chain-state.ts";
import { type ArrivedChunk, ChunkQueue } from "./chunk-queue.ts";
import type { Clock, Logger, SnapshotApplication, TrustedChain } from "./expected.ts";
import type { ChunkId, Snapshot } from "./messages.ts";
import { SnapshotPool } from "./snapshot-pool.ts";

const tickMs = 100;
/** Without a new chunk for so many ticks, another snapshot is tried. */
const stallTicks = 600;

/** State sync cannot go on: the operator has to decide. */
export class StateSyncError extends Error {
  override readonly name = "StateSyncError";
}

/** The node to go on from. */
export interface Synced {
  readonly state: ChainState;
  readonly commit: Commit;
}

export interface SyncerParts {
  readonly app: SnapshotApplication;
  readonly chain: TrustedChain;
  readonly clock: Clock;
  readonly log: Logger;
  /** How long to collect offers before choosing. */
  readonly discoveryMs: number;
  /** Asks all peers for their snapshots. */
  readonly askAll: () => void;
  /** False when the request could not be sent. */
  readonly askChunk: (peerId: string, id: ChunkId) => boolean;
  /** The application found a peer's chunk false. */
  readonly ban: (peerId: string, reason: string) => void;
}

/** What became of one snapshot. */
type Outcome = Synced | "rejected" | "retry";

export class Syncer {
  readonly #parts: SyncerParts;
  readonly #pool = new SnapshotPool();
  #queue: { readonly snapshot: Snapshot; readonly chunks: ChunkQueue } | undefined;
  #ticks = 0;
  #progressTick = 0;
  #wake: () => void = () => undefined;
  #isStopped = false;

  constructor(parts: SyncerParts) {
    this.#parts = parts;
  }

  /** Resolves with the restored state. Throws StateSyncError; rejects when stopped. */
  async run(): Promise<Synced> {
    this.#tick();
    const { lastBlockHeight } = this.#info();
    // A crash came between the last chunk and the first state: only the state is missing.
    if (lastBlockHeight > 0n) return await this.#finish(lastBlockHeight);
    for (;;) {
      const snapshot = this.#pool.best();
      if (!snapshot) {
        await this.#discover();
        continue;
      }
      const outcome = await this.#restore(snapshot);
      if (typeof outcome === "object") return outcome;
      if (outcome === "rejected") this.#pool.reject(snapshot);
    }
  }

  stop(): void {
    this.#isStopped = true;
    this.#wake();
  }

  offer(peerId: string, snapshot: Snapshot): void {
    if (!this.#pool.add(peerId, snapshot)) return;
    const { height, format, chunks, hash } = snapshot;
    const shown = { peer: peerId, height, format, chunks, hash: toUpperHex(hash) };
    this.#parts.log.info("snapshot offered", shown);
    this.#wake();
  }

  chunk(peerId: string, id: ChunkId, chunk: Uint8Array | undefined): void {
    const { snapshot, chunks } = this.#queue ?? {};
    if (!chunks || id.height !== snapshot?.height || id.format !== snapshot.format) return;
    if (chunk === undefined) chunks.fail(id.index, peerId);
    else chunks.add({ index: id.index, chunk, sender: peerId });
    this.#wake();
  }

  removePeer(peerId: string): void {
    this.#pool.removePeer(peerId);
    this.#queue?.chunks.discardSender(peerId);
    this.#wake();
  }

  #tick(): void {
    if (this.#isStopped) return;
    this.#parts.clock.after(tickMs, () => {
      this.#ticks++;
      this.#queue?.chunks.tick();
      this.#wake();
      this.#tick();
    });
  }

  /** Resolves at the next event or tick. Rejects when stopped. */
  async #event(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#wake = resolve;
    });
    if (this.#isStopped) throw new StateSyncError("stopped");
  }

  async #discover(): Promise<void> {
    this.#parts.askAll();
    const until = this.#ticks + Math.ceil(this.#parts.discoveryMs / tickMs);
    while (this.#ticks < until) await this.#event();
  }

  async #restore(snapshot: Snapshot): Promise<Outcome> {
    const { chain, log } = this.#parts;
    const { height, format } = snapshot;
    let trusted: Synced;
    let appHash: Uint8Array;
    try {
      appHash = await chain.appHash(height);
      // Before any chunk is fetched: what cannot be verified now could not be used at the end.
      trusted = await chain.state(height);
    } catch (error) {
      log.warn("snapshot cannot be verified", { height, format, error: String(error) });
      return "rejected";
    }
    if (!(await this.#offerToApp(snapshot, appHash))) return "rejected";
    const chunks = new ChunkQueue(snapshot.chunks);
    this.#queue = { snapshot, chunks };
    try {
      const outcome = await this.#applyAll(snapshot, chunks);
      if (outcome !== "applied") return outcome;
    } finally {
      this.#queue = undefined;
    }
    return this.#checked(trusted);
  }

  async #offerToApp(snapshot: Snapshot, appHash: Uint8Array): Promise<boolean> {
    const { app, log } = this.#parts;
    const { height, format } = snapshot;
    const { result } = await app.offerSnapshot({ snapshot, appHash });
    if (result === Offered.ACCEPT) {
      log.info("restoring a snapshot", { height, format, chunks: snapshot.chunks });
      return true;
    }
    log.warn("the application refuses a snapshot", { height, format, result });
    if (result === Offered.REJECT_FORMAT) this.#pool.rejectFormat(format);
    if (result === Offered.REJECT_SENDER) {
      for (const peerId of this.#pool.peersOf(snapshot)) this.#pool.rejectPeer(peerId);
    }
    const isKnown = [Offered.REJECT, Offered.REJECT_FORMAT, Offered.REJECT_SENDER].includes(result);
    if (!isKnown) throw new StateSyncError(`the application ended state sync (${result})`);
    return false;
  }

  async #applyAll(
    snapshot: Snapshot,
    chunks: ChunkQueue,
  ): Promise<"applied" | "rejected" | "retry"> {
    this.#progressTick = this.#ticks;
    while (chunks.nextIndex !== undefined) {
      this.#request(snapshot, chunks);
      const next = chunks.next();
      if (next) {
        const outcome = await this.#apply(next, chunks);
        if (outcome !== "next") return outcome;
      } else if (this.#ticks - this.#progressTick > stallTicks) {
        const { height } = snapshot;
        this.#parts.log.warn("no chunk for a minute", { height, chunk: chunks.nextIndex });
        return "rejected";
      } else {
        await this.#event();
      }
    }
    return "applied";
  }

  #request({ height, format, ...snapshot }: Snapshot, chunks: ChunkQueue): void {
    const peers = this.#pool.peersOf({ height, format, ...snapshot });
    for (const { peerId, index } of chunks.nextRequests(peers)) {
      if (!this.#parts.askChunk(peerId, { height, format, index })) chunks.fail(index, peerId);
    }
  }

  async #apply(next: ArrivedChunk, chunks: ChunkQueue): Promise<"next" | "rejected" | "retry"> {
    const { app, log, ban } = this.#parts;
    const { index, sender } = next;
    const response = await app.applySnapshotChunk(next);
    const { refetchChunks, rejectSenders, result } = response;
    for (const wanted of refetchChunks) chunks.discard(wanted);
    for (const peerId of rejectSenders) {
      log.warn("a peer sent a false chunk", { peer: peerId, chunk: index });
      this.#pool.rejectPeer(peerId);
      chunks.discardSender(peerId);
      ban(peerId, "false snapshot chunk");
    }
    switch (result) {
      case Applied.ACCEPT:
        if (!refetchChunks.includes(index)) chunks.applied(index);
        this.#progressTick = this.#ticks;
        log.debug("chunk applied", { chunk: index, peer: sender });
        return "next";
      case Applied.RETRY:
        return "next";
      case Applied.RETRY_SNAPSHOT:
        return "retry";
      case Applied.REJECT_SNAPSHOT:
        return "rejected";
      default:
        throw new StateSyncError(`the application ended state sync (${result})`);
    }
  }

  /** The application stands at a height: the state of the same height, verified. */
  async #finish(height: bigint): Promise<Synced> {
    return this.#checked(await this.#parts.chain.state(height));
  }

  #checked(synced: Synced): Synced {
    const { lastBlockHeight, lastBlockAppHash } = this.#info();
    const { state } = synced;
    const isEqual = equalBytes(lastBlockAppHash, state.appHash);
    if (isEqual && lastBlockHeight === state.lastBlockHeight) return synced;
    throw new StateSyncError(
      `the application is at ${lastBlockHeight} with hash ${toUpperHex(lastBlockAppHash)}, ` +
        `the chain has ${toUpperHex(state.appHash)} after height ${state.lastBlockHeight}: ` +
        "reset the node's data and sync again",
    );
  }

  #info() {
    return this.#parts.app.info({
      version: "",
      blockVersion: 11n,
      p2pVersion: 8n,
      abciVersion: "2.0.0",
    });
  }
}
