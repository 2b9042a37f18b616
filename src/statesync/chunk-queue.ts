/**
 * The chunks of one snapshot: which to ask of whom, and those that have come. Knows no clock: its
 * owner calls tick at a steady pace (statesync/chunks.go).
 */

/** Chunks asked for ahead of the next to apply: what may lie in memory. */
const window = 4;
/** A request that is not answered after so many ticks goes to another peer. */
const requestTicks = 150;

type Place =
  | { readonly kind: "wanted" }
  | { readonly kind: "asked"; readonly peerId: string; ageTicks: number }
  | { readonly kind: "here"; readonly chunk: Uint8Array; readonly sender: string }
  | { readonly kind: "applied" };

export interface ArrivedChunk {
  readonly index: number;
  readonly chunk: Uint8Array;
  readonly sender: string;
}

const wanted: Place = { kind: "wanted" };

export class ChunkQueue {
  readonly #places: Place[];
  /** Peers that did not give a chunk, by index: asked again only when nobody else is left. */
  readonly #failed = new Map<number, Set<string>>();

  constructor(chunks: number) {
    this.#places = Array.from({ length: chunks }, () => wanted);
  }

  /** The first that is not applied; undefined when all are. */
  get nextIndex(): number | undefined {
    const index = this.#places.findIndex(({ kind }) => kind !== "applied");
    return index === -1 ? undefined : index;
  }

  /** The next chunk to apply, if it is here. */
  next(): ArrivedChunk | undefined {
    const index = this.nextIndex;
    const place = index === undefined ? undefined : this.#places[index];
    if (index === undefined || place?.kind !== "here") return undefined;
    return { index, chunk: place.chunk, sender: place.sender };
  }

  /** The requests to send now to these peers; they count as sent. */
  nextRequests(peers: readonly string[]): { readonly peerId: string; readonly index: number }[] {
    const from = this.nextIndex ?? this.#places.length;
    const made: { peerId: string; index: number }[] = [];
    for (let index = from; index < Math.min(from + window, this.#places.length); index++) {
      if (this.#places[index]?.kind !== "wanted") continue;
      const peerId = this.#pickPeer(index, peers);
      if (peerId === undefined) continue;
      this.#places[index] = { kind: "asked", peerId, ageTicks: 0 };
      made.push({ peerId, index });
    }
    return made;
  }

  /** Takes a chunk; false when that peer was not asked for it. */
  add({ index, chunk, sender }: ArrivedChunk): boolean {
    const place = this.#places[index];
    if (place?.kind !== "asked" || place.peerId !== sender) return false;
    this.#places[index] = { kind: "here", chunk, sender };
    return true;
  }

  /** The peer does not have it, or its queue is full: somebody else is asked. */
  fail(index: number, peerId: string): void {
    const place = this.#places[index];
    if (place?.kind !== "asked" || place.peerId !== peerId) return;
    this.#places[index] = wanted;
    const failed = this.#failed.get(index) ?? new Set();
    this.#failed.set(index, failed.add(peerId));
  }

  applied(index: number): void {
    this.#places[index] = { kind: "applied" };
  }

  /** The application wants this chunk again, from anybody. */
  discard(index: number): void {
    const place = this.#places[index];
    if (!place) return;
    if (place.kind === "here") this.#failed.set(index, new Set([place.sender]));
    this.#places[index] = wanted;
  }

  /** Everything of a sender that is not applied goes. */
  discardSender(peerId: string): void {
    for (const [index, place] of this.#places.entries()) {
      const isTheirs = place.kind === "here" && place.sender === peerId;
      if (isTheirs || (place.kind === "asked" && place.peerId === peerId)) this.discard(index);
    }
  }

  /** All from the start again. */
  reset(): void {
    this.#places.fill(wanted);
  }

  /** Time passes; what was not answered in time is wanted again. */
  tick(): void {
    for (const [index, place] of this.#places.entries()) {
      if (place.kind !== "asked") continue;
      place.ageTicks++;
      if (place.ageTicks > requestTicks) this.fail(index, place.peerId);
    }
  }

  /** Who has the least to do, before those that failed once. */
  #pickPeer(index: number, peers: readonly string[]): string | undefined {
    const busy = (peerId: string) =>
      this.#places.filter((place) => place.kind === "asked" && place.peerId === peerId).length;
    const failed = this.#failed.get(index) ?? new Set();
    const fresh = peers.filter((peerId) => !failed.has(peerId));
    const candidates = fresh.length > 0 ? fresh : peers;
    return [...candidates].sort((a, b) => busy(a) - busy(b))[0];
  }
}
