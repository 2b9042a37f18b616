/**
 * Reactors wired to each other in memory: messages are delivered in later turns of the event
 * loop, in order per pair, and a ban cuts the pair for good.
 */

interface TestPeer {
  readonly id: string;
  send(channel: number, message: Uint8Array): boolean;
}
interface TestReactor {
  addPeer(peer: TestPeer): void;
  removePeer(peer: TestPeer): void;
  receive(channel: number, peer: TestPeer, message: Uint8Array): void;
}

/** One node's end. Satisfies every folder's Network. */
export class TestNetwork {
  readonly id: string;
  readonly bans: string[] = [];
  /** Messages sent to each peer, by "channel hex" and node id. */
  readonly sent: { to: string; channel: number; message: Uint8Array }[] = [];
  readonly #reactors = new Map<number, TestReactor>();
  readonly #peers = new Map<string, { peer: TestPeer; other: TestNetwork }>();
  /** Sends that are refused as if the queue were full. */
  refuseSends = 0;

  constructor(id: string) {
    this.id = id;
  }

  register(channels: readonly { readonly id: number }[], reactor: TestReactor): void {
    for (const { id } of channels) this.#reactors.set(id, reactor);
  }

  ban(peer: TestPeer, reason: string): void {
    this.bans.push(`${peer.id}: ${reason}`);
    this.disconnect(peer.id);
  }

  connect(other: TestNetwork): void {
    this.#add(other);
    other.#add(this);
  }

  disconnect(id: string): void {
    const link = this.#peers.get(id);
    if (!link) return;
    this.#remove(id);
    link.other.#remove(this.id);
  }

  #add(other: TestNetwork): void {
    const peer = { id: other.id, send: (c: number, m: Uint8Array) => this.#send(other, c, m) };
    this.#peers.set(other.id, { peer, other });
    for (const reactor of new Set(this.#reactors.values())) reactor.addPeer(peer);
  }

  #remove(id: string): void {
    const link = this.#peers.get(id);
    this.#peers.delete(id);
    if (!link) return;
    for (const reactor of new Set(this.#reactors.values())) reactor.removePeer(link.peer);
  }

  #send(other: TestNetwork, channel: number, message: Uint8Array): boolean {
    if (this.refuseSends > 0) {
      this.refuseSends--;
      return false;
    }
    this.sent.push({ to: other.id, channel, message });
    setImmediate(() => {
      const back = other.#peers.get(this.id);
      if (back) other.#reactors.get(channel)?.receive(channel, back.peer, message.slice());
    });
    return true;
  }
}

/** Timers of the machine, so many times faster. */
export const fastClock = (factor: number) => ({
  after(delayMs: number, run: () => void): () => void {
    const timer = setTimeout(run, delayMs / factor);
    return () => clearTimeout(timer);
  },
});
