/** tendermint.p2p.Message: what channel 0x00 carries (cometbft p2p/pex/pex_reactor.go). */
import { isIP } from "node:net";
import { decodeTotal } from "../../encoding/wire.ts";
import { Message } from "../../gen/tendermint/p2p/pex.ts";
import type { NodeAddress } from "./address-book.ts";

/** CometBFT's PexChannel. */
export const pexChannel = 0x00;
/** Addresses in one answer; CometBFT's maxGetSelection. */
export const maxAddressesPerAnswer = 250;
/** CometBFT's maxMsgSize: 256 bytes an address. */
export const maxPexMessageBytes = 256 * maxAddressesPerAnswer;

/** A message, taken apart. */
export type PexMessage =
  | { readonly type: "request" }
  | { readonly type: "addresses"; readonly addresses: readonly NodeAddress[] };

/** The encoding of a message. */
export function encodePex(message: PexMessage): Uint8Array {
  if (message.type === "request") return Message.encode({ pexRequest: {} }).finish();
  return Message.encode({ pexAddrs: { addrs: [...message.addresses] } }).finish();
}

/** The message of foreign bytes; undefined when one of its addresses cannot be one, too. */
export function decodePex(bytes: Uint8Array): PexMessage | undefined {
  const message = decodeTotal(Message, bytes, { maxBytes: maxPexMessageBytes });
  const { pexRequest, pexAddrs } = message ?? {};
  if (pexRequest) return pexAddrs ? undefined : { type: "request" };
  if (!pexAddrs || pexAddrs.addrs.length > maxAddressesPerAnswer) return undefined;
  const addresses = pexAddrs.addrs;
  return addresses.every(isAddress) ? { type: "addresses", addresses } : undefined;
}

/** Whether it has the form of an address: a node id, an IP address, a port. */
export const isAddress = ({ id, ip, port }: NodeAddress): boolean =>
  /^[0-9a-f]{40}$/.test(id) && isIP(ip) !== 0 && port > 0 && port <= 65_535;
