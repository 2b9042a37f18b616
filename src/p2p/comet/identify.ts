/**
 * What a go-libp2p host asks of every other one: who it is, where it listens and which protocols it
 * speaks (libp2p identify), and whether it is there (ping). CometBFT 0.39 drops all messages of a
 * peer whose addresses it did not learn so (lp2p/switch.go, resolvePeer).
 */
import type { Stream } from "@libp2p/interface";
import { ProtoWriter } from "../../encoding/proto-writer.ts";
import { encodeFrame } from "../frames.ts";

export const identifyProtocol = "/ipfs/id/1.0.0";
export const pingProtocol = "/ipfs/ping/1.0.0";

/** What a host says of itself. */
export interface HostCard {
  /** The libp2p encoding of the public key. */
  readonly publicKey: Uint8Array;
  /** Binary multiaddrs. */
  readonly listen: readonly Uint8Array[];
  readonly protocols: readonly string[];
  /** Binary multiaddr of who asks, as seen here. */
  readonly observed: Uint8Array;
}

/** The Identify message (libp2p specs, identify), framed. */
export function encodeIdentify(card: HostCard): Uint8Array {
  const writer = new ProtoWriter().bytes(1, card.publicKey);
  for (const address of card.listen) writer.bytes(2, address);
  for (const protocol of card.protocols) writer.string(3, protocol);
  writer.bytes(4, card.observed).string(5, "ipfs/0.1.0").string(6, "gonka-ts");
  return encodeFrame(writer.finish());
}

/** Answers an identify stream. Resolves when it is written. */
export async function answerIdentify(stream: Stream, card: HostCard, limitMs: number) {
  const signal = AbortSignal.timeout(limitMs);
  try {
    stream.send(encodeIdentify(card));
    await stream.close({ signal });
  } catch (error) {
    stream.abort(error instanceof Error ? error : new Error(String(error)));
  }
}

/** Bytes of one ping, and how many pings one stream may carry. */
const pingBytes = 32;
const maxPings = 64;

/** Sends pings back as they come. */
export function answerPing(stream: Stream): void {
  let left = pingBytes * maxPings;
  const end = () => void stream.close().catch(() => {}); // One that broke is closed as well.
  stream.addEventListener("remoteCloseWrite", end);
  stream.addEventListener("message", ({ data }) => {
    left -= data.byteLength;
    if (left < 0) stream.abort(new Error("too many pings"));
    else if (stream.writeStatus === "writable") stream.send(data);
  });
}
