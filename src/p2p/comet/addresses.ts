/** CometBFT nodes in libp2p mode, as operators write them. */
import { lookup } from "node:dns/promises";
import type { Multiaddr } from "@multiformats/multiaddr";
import { multiaddr } from "@multiformats/multiaddr";
import { nodeId } from "../../crypto/ed25519.ts";
import { concat, equalBytes } from "../../encoding/bytes.ts";
import type { PersistentPeer } from "../addresses.ts";

/** A multihash that is its own content, of 36 bytes: a protobuf ed25519 key of 32 bytes. */
const ed25519IdPrefix = Uint8Array.of(0x00, 0x24, 0x08, 0x01, 0x12, 0x20);
const keyBytes = 32;
/** The code of /p2p in binary multiaddrs, and the length of what follows. */
const p2pPrefix = Uint8Array.of(0xa5, 0x03, 0x26);

/**
 * `id@host:port`, where the id is what CometBFT's bootstrap_peers have: the peer id of an ed25519
 * key, 12D3KooW and so on. Undefined when the text is anything else.
 */
export function parseCometPeer(text: string): PersistentPeer | undefined {
  const match = /^(\w{40,64})@(?:\[([0-9a-fA-F:]+)\]|([A-Za-z0-9.-]+)):(\d{1,5})$/.exec(text);
  const [, peerId = "", ipv6, host, port] = match ?? [];
  const key = peerKey(peerId);
  if (!key || Number(port) < 1 || Number(port) > 65_535) return undefined;
  const kind = ipv6 ? "ip6" : /^\d+(\.\d+){3}$/.test(host ?? "") ? "ip4" : "dns";
  try {
    const address = multiaddr(`/${kind}/${ipv6 ?? host}/udp/${port}/quic-v1`);
    return { id: nodeId(key), address };
  } catch {
    return undefined; // 999.1.1.1 looks like an address and is none.
  }
}

/** The libp2p peer id of an ed25519 public key: what CometBFT's bootstrap_peers want. */
export function peerIdText(publicKey: Uint8Array): string {
  const bytes = concat(p2pPrefix, ed25519IdPrefix, publicKey);
  return multiaddr(bytes).toString().slice("/p2p/".length);
}

/** The ed25519 key in a peer id; undefined when it is none, or of another kind of key. */
function peerKey(peerId: string): Uint8Array | undefined {
  try {
    const { bytes } = multiaddr(`/p2p/${peerId}`);
    const prefix = bytes.subarray(-keyBytes - ed25519IdPrefix.length, -keyBytes);
    return equalBytes(prefix, ed25519IdPrefix) ? bytes.slice(-keyBytes) : undefined;
  } catch {
    return undefined;
  }
}

/** The address with numbers in place of a name: the QUIC transport knows no names. */
export async function resolved(address: Multiaddr): Promise<Multiaddr> {
  const [first, ...rest] = address.getComponents();
  if (first?.name !== "dns" || !rest.some(({ name }) => name === "quic-v1")) return address;
  const { address: ip, family } = await lookup(first.value ?? "");
  const host = multiaddr(`/ip${family}/${ip}`);
  return rest.reduce((whole, { name, value }) => {
    return whole.encapsulate(value === undefined ? `/${name}` : `/${name}/${value}`);
  }, host);
}
