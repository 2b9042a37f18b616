/** The snapshots that peers offer, and what was found wrong with some (statesync/snapshots.go). */
import { toHex } from "../encoding/bytes.ts";
import type { Snapshot } from "./messages.ts";

/** Snapshots remembered of one peer; CometBFT answers with ten. */
const maxPerPeer = 16;
/** Snapshots remembered in all. */
const maxSnapshots = 1024;

interface Entry {
  readonly snapshot: Snapshot;
  readonly peers: Set<string>;
}

export class SnapshotPool {
  readonly #entries = new Map<string, Entry>();
  readonly #rejected = new Set<string>();
  readonly #rejectedFormats = new Set<number>();
  readonly #rejectedPeers = new Set<string>();

  /** Takes an offer; false when it is known or not wanted. */
  add(peerId: string, snapshot: Snapshot): boolean {
    const key = keyOf(snapshot);
    if (this.#rejectedPeers.has(peerId) || this.#rejectedFormats.has(snapshot.format)) return false;
    if (this.#rejected.has(key)) return false;
    const entry = this.#entries.get(key);
    const isNew = !entry?.peers.has(peerId);
    if (!isNew || this.#countOf(peerId) >= maxPerPeer) return false;
    if (entry) entry.peers.add(peerId);
    else if (this.#entries.size >= maxSnapshots) return false;
    else this.#entries.set(key, { snapshot, peers: new Set([peerId]) });
    return true;
  }

  /** The newest; of one height, the highest format; then what most peers have. */
  best(): Snapshot | undefined {
    const ranked = [...this.#entries.values()].sort(
      ({ snapshot: a, peers: ofA }, { snapshot: b, peers: ofB }) => {
        if (a.height !== b.height) return a.height > b.height ? -1 : 1;
        return b.format - a.format || ofB.size - ofA.size || (keyOf(a) < keyOf(b) ? -1 : 1);
      },
    );
    return ranked[0]?.snapshot;
  }

  /** Who has it, in the order in which they said so. */
  peersOf(snapshot: Snapshot): readonly string[] {
    return [...(this.#entries.get(keyOf(snapshot))?.peers ?? [])];
  }

  removePeer(peerId: string): void {
    for (const [key, { peers }] of this.#entries) {
      peers.delete(peerId);
      if (peers.size === 0) this.#entries.delete(key);
    }
  }

  rejectPeer(peerId: string): void {
    this.#rejectedPeers.add(peerId);
    this.removePeer(peerId);
  }

  reject(snapshot: Snapshot): void {
    this.#rejected.add(keyOf(snapshot));
    this.#entries.delete(keyOf(snapshot));
  }

  rejectFormat(format: number): void {
    this.#rejectedFormats.add(format);
    for (const [key, { snapshot }] of this.#entries) {
      if (snapshot.format === format) this.#entries.delete(key);
    }
  }

  #countOf(peerId: string): number {
    return [...this.#entries.values()].filter(({ peers }) => peers.has(peerId)).length;
  }
}

const keyOf = ({ height, format, chunks, hash, metadata }: Snapshot): string =>
  `${height}/${format}/${chunks}/${toHex(hash)}/${toHex(metadata)}`;
