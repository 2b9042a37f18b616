/**
 * QUIC, the only transport of CometBFT's libp2p mode (lp2p/host.go). Loaded only where it is wanted:
 * it is native code, which exists for few platforms.
 */

/** Streams that a peer may have open at a time, all protocols together. */
const maxStreams = 512;
/** A connection on which nothing arrives for so long is gone; keep-alives come more often. */
const maxIdleMs = 8_000;
const keepAliveMs = 2_000;
/** Unread bytes of one stream, and of one connection. */
const maxStreamBytes = 8_388_608;
const maxConnectionBytes = 16_777_216;

/** The transport for libp2p. Throws where there is no addon for this platform. */
export async function quicTransport() {
  const { quic } = await import("@chainsafe/libp2p-quic").catch((error: unknown) => {
    throw new Error(`no QUIC on ${process.platform}-${process.arch}: ${String(error)}`);
  });
  return quic({
    maxIdleTimeout: maxIdleMs,
    keepAliveInterval: keepAliveMs,
    maxConcurrentStreamLimit: maxStreams,
    maxStreamData: maxStreamBytes,
    maxConnectionData: maxConnectionBytes,
  });
}
