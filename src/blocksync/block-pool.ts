/**
 * Which blocks to ask of whom, and those that have arrived. Knows no clock: its owner calls tick
 * at a steady pace.
 */
import type { Block } from "cosmjs-types/tendermint/types/block";
import type { ExtendedCommit } from "cosmjs-types/tendermint/types/types";

/** Heights asked for ahead of the next to apply. */
const windowHeights = 24n;
/** With more of them asked for or here, the rest of the window waits: to go in one packet. */
const refillHeights = 16;
/** Nothing more is asked for while so much waits to be applied. */
const maxWaitingBytes = 67_108_864;
const maxRequestsPerPeer = 8;
/** A request that is not answered after so many ticks goes to another peer. */
const requestTicks = 150;

/** A block as it came, not judged yet. */
export interface ReceivedBlock {
  readonly block: Block;
  readonly bytes: Uint8Array;
  /** Its commit with vote extensions; undefined when none came with it. */
  readonly extendedCommit?: ExtendedCommit | undefined;
}

interface Range {
  readonly base: bigint;
  readonly height: bigint;
}

interface Request {
  readonly peerId: string;
  ageTicks: number;
  received: ReceivedBlock | undefined;
}

/** Two neighbours, the second proving the first, and who sent them. */
export interface Pair {
  readonly first: ReceivedBlock;
  readonly second: ReceivedBlock;
  readonly senders: readonly string[];
}

/** The blocks from one height on. */
export class BlockPool {
  #next: bigint;
  readonly #peers = new Map<string, Range>();
  readonly #requests = new Map<bigint, Request>();
  /** The last height that a peer said it lacks, within what it had claimed. */
  readonly #denied = new Map<string, bigint>();

  constructor(nextHeight: bigint) {
    this.#next = nextHeight;
  }

  /** The height to apply next. */
  get nextHeight(): bigint {
    return this.#next;
  }

  /** How many peers have said what they have. */
  get knownPeers(): number {
    return this.#peers.size;
  }

  /** The highest block that a peer claims; 0 when none does. */
  get maxPeerHeight(): bigint {
    let max = 0n;
    for (const { height } of this.#peers.values()) if (height > max) max = height;
    return max;
  }

  /** False when it claims a block that it said it lacks: one who does could hold us up for ever. */
  setRange(peerId: string, range: Range): boolean {
    const denied = this.#denied.get(peerId) ?? -1n;
    if (denied >= range.base && denied <= range.height) return false;
    this.#peers.set(peerId, range);
    return true;
  }

  /** Forgets a peer; what it was asked for and has not sent goes to others. */
  removePeer(peerId: string): void {
    this.#peers.delete(peerId);
    this.#denied.delete(peerId);
    for (const [height, request] of this.#requests) {
      if (request.peerId === peerId && !request.received) this.#requests.delete(height);
    }
  }

  /** The requests to send now; they count as sent. */
  nextRequests(): { peerId: string; height: bigint }[] {
    const made: { peerId: string; height: bigint }[] = [];
    const hasPair = this.#requests.has(this.#next) && this.#requests.has(this.#next + 1n);
    if (hasPair && this.#requests.size > refillHeights) return made;
    // What is missing of the next pair is always asked for: only that pair makes room.
    const ahead = this.#waitingBytes() > maxWaitingBytes ? 2n : windowHeights;
    for (let height = this.#next; height < this.#next + ahead; height++) {
      if (this.#requests.has(height)) continue;
      const peerId = this.#pickPeer(height);
      if (peerId === undefined) continue;
      this.#requests.set(height, { peerId, ageTicks: 0, received: undefined });
      made.push({ peerId, height });
    }
    return made;
  }

  /** A request could not be sent: it is made again later. */
  cancel(height: bigint): void {
    this.#requests.delete(height);
  }

  /** Takes a block. False when that peer was not asked for it, or has sent it already. */
  add(peerId: string, received: ReceivedBlock): boolean {
    const request = this.#requests.get(received.block.header.height);
    if (request?.peerId !== peerId || request.received) return false;
    request.received = received;
    return true;
  }

  /** The peer does not have that block: its claim was too high, or it has pruned since. */
  noBlock(peerId: string, height: bigint): void {
    const request = this.#requests.get(height);
    if (request?.peerId !== peerId || request.received) return;
    this.#requests.delete(height);
    this.#denied.set(peerId, height);
    const range = this.#peers.get(peerId);
    if (range) this.#peers.set(peerId, { ...range, height: height - 1n });
  }

  /** The next block and the one after it, when both are here. */
  pair(): Pair | undefined {
    const [a, b] = [this.#requests.get(this.#next), this.#requests.get(this.#next + 1n)];
    if (!a?.received || !b?.received) return undefined;
    return { first: a.received, second: b.received, senders: [a.peerId, b.peerId] };
  }

  /** The next block is applied. */
  advance(): void {
    this.#requests.delete(this.#next);
    this.#next++;
  }

  /** What these peers sent is false: forget all of it. */
  reject(senders: readonly string[]): void {
    for (const peerId of senders) {
      this.#peers.delete(peerId);
      for (const [height, request] of this.#requests) {
        if (request.peerId === peerId) this.#requests.delete(height);
      }
    }
  }

  /** Time passes. Forgets peers that leave requests unanswered, and returns them. */
  tick(): string[] {
    const slow = new Set<string>();
    for (const request of this.#requests.values()) {
      if (request.received) continue;
      request.ageTicks++;
      if (request.ageTicks > requestTicks) slow.add(request.peerId);
    }
    for (const peerId of slow) this.removePeer(peerId);
    return [...slow];
  }

  #waitingBytes(): number {
    let bytes = 0;
    for (const { received } of this.#requests.values()) bytes += received?.bytes.length ?? 0;
    return bytes;
  }

  /** The peer that has the block and the least to do. */
  #pickPeer(height: bigint): string | undefined {
    const busy = new Map<string, number>();
    for (const { peerId, received } of this.#requests.values()) {
      if (!received) busy.set(peerId, (busy.get(peerId) ?? 0) + 1);
    }
    let best: string | undefined;
    let least = maxRequestsPerPeer;
    for (const [peerId, { base, height: top }] of this.#peers) {
      const requests = busy.get(peerId) ?? 0;
      if (height < base || height > top || requests >= least) continue;
      [best, least] = [peerId, requests];
    }
    return best;
  }
}
