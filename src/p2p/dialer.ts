/**
 * Keeps persistent peers connected: redials each for ever, 0.5 s after a loss, then slower up to
 * every 5 s. (libp2p's own reconnection gives up after half a minute.)
 */
import type { PersistentPeer } from "./addresses.ts";

const firstDelayMs = 500;
const longestDelayMs = 5_000;

/** What dialling needs. */
export interface DialerParts {
  isConnected(id: string): boolean;
  /** Resolves when the connection is up, rejects when it fails. */
  dial(peer: PersistentPeer): Promise<void>;
}

/** One loop per peer. */
export class Dialer {
  readonly #parts: DialerParts;
  readonly #timers = new Map<string, NodeJS.Timeout>();
  #isStopped = false;

  constructor(parts: DialerParts) {
    this.#parts = parts;
  }

  /** Starts to keep a peer connected. A second call for the same peer changes nothing. */
  keep(peer: PersistentPeer): void {
    if (this.#timers.has(peer.id)) return;
    this.#plan(peer, { failures: 0, delayMs: Math.random() * firstDelayMs });
  }

  stop(): void {
    this.#isStopped = true;
    for (const timer of this.#timers.values()) clearTimeout(timer);
  }

  /** Jitter keeps two nodes that lost each other from dialling at the same moment for ever. */
  #plan(peer: PersistentPeer, next: { failures: number; delayMs: number }): void {
    if (this.#isStopped) return;
    const delayMs = next.delayMs * (0.75 + Math.random() / 2);
    const timer = setTimeout(() => void this.#attempt(peer, next.failures), delayMs);
    this.#timers.set(peer.id, timer);
  }

  async #attempt(peer: PersistentPeer, failures: number): Promise<void> {
    if (this.#parts.isConnected(peer.id)) {
      this.#plan(peer, { failures: 0, delayMs: firstDelayMs });
      return;
    }
    // A failure needs no report: the peer is down, or the link says why it closed.
    await this.#parts.dial(peer).catch(() => {});
    const delayMs = Math.min(firstDelayMs * 2 ** failures, longestDelayMs);
    this.#plan(peer, { failures: Math.min(failures + 1, 10), delayMs });
  }
}
