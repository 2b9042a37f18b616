/** What this node's libp2p host answers to those of CometBFT, beside the channels. */

import { publicKeyToProtobuf } from "@libp2p/crypto/keys";
import type { Connection, Libp2p } from "@libp2p/interface";
import { answerIdentify, answerPing, identifyProtocol, pingProtocol } from "./identify.ts";

/** To write an answer. */
const answerTimeoutMs = 5_000;
const maxInboundStreams = 4;

/** QUIC is CometBFT's: our own protocol runs over TCP. */
export const isCometConnection = ({ remoteAddr }: Connection): boolean =>
  remoteAddr.getComponents().some(({ name }) => name === "quic-v1");

/** Answers identify and ping; introduced: the other side has been told who we are. */
export async function answerFor(
  host: Libp2p,
  introduced: (connection: Connection) => void,
): Promise<void> {
  const publicKey = host.peerId.publicKey;
  if (!publicKey) throw new Error("the host has no public key");
  const key = publicKeyToProtobuf(publicKey);
  await host.handle(
    identifyProtocol,
    async (stream, connection) => {
      const listen = host.getMultiaddrs().filter((address) => String(address).includes("/quic-v1"));
      const card = {
        publicKey: key,
        listen: listen.map((address) => address.decapsulateCode(p2pCode).bytes),
        protocols: host.getProtocols(),
        observed: connection.remoteAddr.decapsulateCode(p2pCode).bytes,
      };
      await answerIdentify(stream, card, answerTimeoutMs);
      introduced(connection);
    },
    { maxInboundStreams },
  );
  await host.handle(pingProtocol, (stream) => answerPing(stream), { maxInboundStreams });
}

/** Code of /p2p in multiaddrs. */
const p2pCode = 421;
