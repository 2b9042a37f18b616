/**
 * Fewer packets for the same bytes. As they come, @libp2p/tcp 11.0.28 writes the two bytes of a
 * noise message's length on their own, @libp2p/yamux 8.0.3 gives a window back after every frame,
 * and each frame is encrypted and written by itself: a vote costs four writes and four reads. All
 * of this reaches into connections as these versions make them; package.json pins them.
 */
import type { Socket } from "node:net";
import type {
  ConnectionEncrypter,
  MessageStream,
  StreamMuxer,
  StreamMuxerFactory,
} from "@libp2p/interface";
import { concat } from "../../encoding/bytes.ts";

/** A connection of @libp2p/tcp. */
interface TcpConnection {
  readonly socket: Socket;
  sendData(data: { subarray(): Uint8Array }): { sentBytes: number; canSendMore: boolean };
}

const isTcp = (connection: unknown): connection is TcpConnection =>
  typeof connection === "object" && connection !== null && "socket" in connection;

/** An encrypter over connections that write what they are given in one piece. */
export function inOnePiece<T extends ConnectionEncrypter>(encrypter: T): T {
  const { secureInbound, secureOutbound } = encrypter;
  const joined = (connection: MessageStream): MessageStream => {
    const tcp: unknown = connection;
    if (!isTcp(tcp)) return connection;
    tcp.sendData = (data) => {
      const bytes = data.subarray(); // One array: a copy costs less than a second write.
      return { sentBytes: bytes.length, canSendMore: tcp.socket.write(bytes) };
    };
    return connection;
  };
  encrypter.secureInbound = (connection, options) =>
    secureInbound.call(encrypter, joined(connection), options);
  encrypter.secureOutbound = (connection, options) =>
    secureOutbound.call(encrypter, joined(connection), options);
  return encrypter;
}

/** A stream of @libp2p/yamux. */
interface WindowedStream {
  readonly state: number;
  /** Bytes that the peer may send after a window update, and those of them that are left. */
  readonly recvWindow: number;
  readonly recvWindowCapacity: number;
  sendWindowUpdate(): void;
}

interface Muxer {
  _newStream(...args: readonly unknown[]): WindowedStream;
}

const established = 3;

/**
 * A muxer that writes the frames of one turn together, that gives windows back when half is used,
 * as the protocol's first implementation does, and that swallows what is sent after the end. yamux
 * opens a stream in a microtask of its own; when the connection closes in the meantime (muxer.ts,
 * onCreateStream), send would throw where nobody can catch it, and end the process.
 */
export function frugal(factory: StreamMuxerFactory): StreamMuxerFactory {
  return {
    protocol: factory.protocol,
    createStreamMuxer: (connection) => {
      joinTurns(connection);
      return givingHalves(factory.createStreamMuxer(connection));
    },
  };
}

function joinTurns(connection: MessageStream): void {
  const send = connection.send.bind(connection);
  let waiting: Uint8Array[] = [];
  let mayGoOn = true;
  const flush = (): void => {
    const frames = waiting;
    waiting = [];
    try {
      mayGoOn = send(concat(...frames));
    } catch (error) {
      if (!(error instanceof Error) || error.name !== "StreamStateError") throw error;
    }
  };
  connection.addEventListener("drain", () => {
    mayGoOn = true;
  });
  connection.send = (data) => {
    if (waiting.length === 0) process.nextTick(flush);
    waiting.push(data.subarray());
    return mayGoOn;
  };
}

function givingHalves(muxer: StreamMuxer): StreamMuxer {
  const yamux = muxer as unknown as Muxer;
  const newStream = yamux._newStream.bind(yamux);
  yamux._newStream = (...args) => {
    const stream = newStream(...args);
    const sendWindowUpdate = stream.sendWindowUpdate.bind(stream);
    stream.sendWindowUpdate = () => {
      const isHalfUsed = stream.recvWindowCapacity * 2 <= stream.recvWindow;
      if (stream.state !== established || isHalfUsed) sendWindowUpdate();
    };
    return stream;
  };
  return muxer;
}
