/** A network that loses, doubles, delays and reorders messages, and falls into parts that heal. */
import type { ChannelSpec, Network, Peer, Reactor } from "../../src/consensus/expected.ts";
import type { VirtualTime } from "./virtual-time.ts";

/** How bad the network is. Probabilities are per message. */
export interface Weather {
  readonly loss: number;
  readonly duplication: number;
  readonly delayMs: number;
  /** Some messages take this much longer: they overtake nobody. */
  readonly lateProbability: number;
  readonly lateMs: number;
}

/** The network when all faults are over. */
export const fairWeather: Weather = {
  loss: 0,
  duplication: 0,
  delayMs: 10,
  lateProbability: 0,
  lateMs: 0,
};

/** Block sync relies on the transport and asks again after 15 s only. */
const blocksChannel = 0x40;

interface Station {
  readonly name: string;
  readonly reactors: Map<number, Reactor>;
  readonly peers: Map<string, Peer>;
}

/** What the world wants to know. */
export interface NetworkWatch {
  readonly onSend: (from: string, channel: number, message: Uint8Array) => void;
  readonly onBan: (by: string, of: string, reason: string) => void;
  /** What an attack makes of a message; undefined leaves it alone. */
  readonly onWay: (from: string, to: string, channel: number, message: Uint8Array) => Meddled;
}

/** Held for so long, Infinity for ever; and what is sent. */
type Meddled = { readonly holdMs: number; readonly messages: readonly Uint8Array[] } | undefined;

/** All stations and the links between them. */
export class SimNetwork {
  weather: Weather = fairWeather;
  delivered = 0;
  readonly #time: VirtualTime;
  readonly #random: () => number;
  readonly #watch: NetworkWatch;
  readonly #stations = new Map<string, Station>();
  /** Name of a station to its part; stations of different parts hear nothing of each other. */
  #parts = new Map<string, number>();
  readonly #slow = new Map<string, number>();
  readonly #cutOffs = new Set<string>();

  constructor(time: VirtualTime, random: () => number, watch: NetworkWatch) {
    this.#time = time;
    this.#random = random;
    this.#watch = watch;
  }

  /** Which station is in which part; nobody is cut off by an empty map. */
  partition(parts: ReadonlyMap<string, number>): void {
    this.#parts = new Map(parts);
  }

  /** Everything to and from this station takes that much longer. */
  slowDown(name: string, extraMs: number): void {
    this.#slow.set(name, extraMs);
  }

  /** From now on the second hears nothing of the first: their connection is closed for ever. */
  cutOff(of: string, by: string): void {
    this.#cutOffs.add(`${of}/${by}`);
    this.#time.after(0, () => {
      this.#part(of, by);
      this.#part(by, of);
    });
  }

  /** Gives a station a message as if one of its peers had sent it. */
  inject(name: string, channel: number, message: Uint8Array): void {
    const station = this.#stations.get(name);
    const [peer] = station?.peers.values() ?? [];
    if (peer) station?.reactors.get(channel)?.receive(channel, peer, message);
  }

  /** A station for one life of a node. Connect it when its reactors are registered. */
  station(name: string): { readonly network: Network; readonly connect: () => void } {
    const station: Station = { name, reactors: new Map(), peers: new Map() };
    const network: Network = {
      register: (channels: readonly ChannelSpec[], reactor: Reactor) => {
        for (const { id } of channels) station.reactors.set(id, reactor);
      },
      ban: (peer, reason) => this.#watch.onBan(name, peer.id, reason),
    };
    return { network, connect: () => this.#connect(station) };
  }

  /** The node is gone: its peers notice at once. */
  disconnect(name: string): void {
    const gone = this.#stations.get(name);
    this.#stations.delete(name);
    if (!gone) return;
    for (const other of this.#stations.values()) {
      this.#part(other.name, name);
    }
  }

  /** A station loses a peer. */
  #part(name: string, of: string): void {
    const station = this.#stations.get(name);
    const peer = station?.peers.get(of);
    if (!station || !peer) return;
    station.peers.delete(of);
    for (const reactor of new Set(station.reactors.values())) reactor.removePeer(peer);
  }

  #connect(station: Station): void {
    for (const other of this.#stations.values()) {
      this.#meet(station, other);
      this.#meet(other, station);
    }
    this.#stations.set(station.name, station);
    for (const { peers, reactors } of this.#stations.values()) {
      for (const peer of peers.values()) {
        if (peer.id !== station.name && reactors !== station.reactors) continue;
        for (const reactor of new Set(reactors.values())) reactor.addPeer(peer);
      }
    }
  }

  #meet(station: Station, other: Station): void {
    const [here, there] = [station.name, other.name];
    if (this.#cutOffs.has(`${here}/${there}`) || this.#cutOffs.has(`${there}/${here}`)) return;
    const peer: Peer = {
      id: other.name,
      send: (channel, message) => {
        this.#send(station, other, channel, message);
        return true;
      },
    };
    station.peers.set(other.name, peer);
  }

  #send(from: Station, to: Station, channel: number, message: Uint8Array): void {
    this.#watch.onSend(from.name, channel, message);
    if (this.#parts.get(from.name) !== this.#parts.get(to.name)) return;
    const { loss, duplication } = this.weather;
    if (channel !== blocksChannel && this.#random() < loss) return;
    const copies = this.#random() < duplication ? 2 : 1;
    const meddled = this.#watch.onWay(from.name, to.name, channel, message);
    const { holdMs, messages } = meddled ?? { holdMs: 0, messages: [message] };
    if (holdMs === Number.POSITIVE_INFINITY) return;
    for (const sent of messages) {
      for (let copy = 0; copy < copies; copy++) {
        const delayMs = holdMs + this.#delay(from, to);
        this.#time.after(delayMs, () => this.#deliver(from, to, channel, sent));
      }
    }
  }

  #delay(from: Station, to: Station): number {
    const { delayMs, lateProbability, lateMs } = this.weather;
    const slowMs = (this.#slow.get(from.name) ?? 0) + (this.#slow.get(to.name) ?? 0);
    const late = this.#random() < lateProbability ? this.#random() * lateMs : 0;
    return 1 + this.#random() * delayMs + late + slowMs;
  }

  #deliver(from: Station, to: Station, channel: number, message: Uint8Array): void {
    if (this.#stations.get(to.name) !== to || this.#stations.get(from.name) !== from) return;
    if (this.#parts.get(from.name) !== this.#parts.get(to.name)) return;
    if (this.#cutOffs.has(`${from.name}/${to.name}`)) return;
    const peer = to.peers.get(from.name);
    this.delivered += 1;
    if (peer) to.reactors.get(channel)?.receive(channel, peer, message);
  }
}
