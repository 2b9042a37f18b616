/** Peer addresses as operators write them. */

import type { Multiaddr } from "@multiformats/multiaddr";
import { multiaddr } from "@multiformats/multiaddr";

/** A peer to stay connected to. */
export interface PersistentPeer {
  readonly id: string;
  readonly address: Multiaddr;
}

/** The peer at an IP address that is known to be one. */
export const bookPeer = (known: { id: string; ip: string; port: number }): PersistentPeer => {
  const kind = known.ip.includes(":") ? "ip6" : "ip4";
  return { id: known.id, address: multiaddr(`/${kind}/${known.ip}/tcp/${known.port}`) };
};

/**
 * CometBFT's `nodeid@host:port`: 40 hex digits, an IPv4 address, a bracketed IPv6 address or a
 * name, a port. Undefined when the text is anything else.
 */
export function parsePeerAddress(text: string): PersistentPeer | undefined {
  const match = /^([0-9a-f]{40})@(?:\[([0-9a-fA-F:]+)\]|([A-Za-z0-9.-]+)):(\d{1,5})$/.exec(text);
  const [, id, ipv6, host, port] = match ?? [];
  if (id === undefined || Number(port) < 1 || Number(port) > 65_535) return undefined;
  const kind = ipv6 ? "ip6" : /^\d+(\.\d+){3}$/.test(host ?? "") ? "ip4" : "dns";
  try {
    return { id, address: multiaddr(`/${kind}/${ipv6 ?? host}/tcp/${port}`) };
  } catch {
    return undefined; // 999.1.1.1 looks like an address and is none.
  }
}
