/** The channels of this node, and the protocol ids their streams are opened under. */
import type { ChannelSpec, Reactor, StreamGroup } from "./expected.ts";

/** In the order in which a peer's streams are flushed: votes before blocks before transactions. */
export const streamGroups: readonly StreamGroup[] = ["consensus", "blocks", "evidence", "mempool"];

/** The stream of Hello and Heartbeat (gonka.p2p.v1.Control). */
export const controlProtocol = "/gonka/1/control";
/** A long-lived stream of frames, one direction, one per group and connection. */
export const groupProtocol = (group: StreamGroup): string => `/gonka/1/${group}`;
/** CometBFT's own: one message per stream. Accepted, not opened. */
export const channelProtocol = (channel: number): string =>
  `/p2p/cometbft/1.0.0/channel/0x${channel.toString(16).padStart(2, "0")}`;

interface Entry {
  readonly spec: ChannelSpec;
  readonly reactor: Reactor;
}

/** Who receives what. Filled before the network starts. */
export class ChannelTable {
  readonly #entries = new Map<number, Entry>();

  /** Throws when a channel has a reactor already, or its id does not fit a byte. */
  register(channels: readonly ChannelSpec[], reactor: Reactor): void {
    for (const spec of channels) {
      if (this.#entries.has(spec.id)) throw new Error(`channel ${spec.id} is registered twice`);
      if (!Number.isInteger(spec.id) || spec.id < 0 || spec.id > 0xff) {
        throw new RangeError(`channel id ${spec.id} does not fit a byte`);
      }
      this.#entries.set(spec.id, { spec, reactor });
    }
  }

  get(channel: number): Entry | undefined {
    return this.#entries.get(channel);
  }

  specs(): ChannelSpec[] {
    return [...this.#entries.values()].map(({ spec }) => spec);
  }

  /** Each once, in order of registration. */
  reactors(): Set<Reactor> {
    return new Set([...this.#entries.values()].map(({ reactor }) => reactor));
  }

  /** Channel ids, ascending: NodeInfo.channels. */
  ids(): Uint8Array {
    return Uint8Array.from([...this.#entries.keys()].sort((a, b) => a - b));
  }

  /** The longest frame of a group: one channel byte and the longest message. 0: no channel. */
  maxFrameBytes(group: StreamGroup): number {
    const lengths = this.specs()
      .filter((spec) => spec.stream === group)
      .map((spec) => spec.maxMessageBytes + 1);
    return Math.max(0, ...lengths);
  }
}
