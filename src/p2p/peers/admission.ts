/** Which inbound connections are let in, by where they come from. spec/p2p.md, 5. */
import type { Multiaddr } from "@multiformats/multiaddr";
import { Bans } from "../bans.ts";
import { isLoopback } from "./ip-groups.ts";

/** Banned keys at one address until the address itself is banned: new keys cost nothing. */
const keysUntilAddressBan = 3;
/** Addresses remembered. */
const maxRemembered = 10_000;

/** How many may come in. */
export interface InboundLimits {
  readonly maxInboundPeers: number;
  /** Of one IP address; 0 is any. Loopback is not counted: it is this machine. */
  readonly maxInboundPerIp: number;
}

/** The IP address of a connection's other end; empty when it has none. */
export const ipOf = (address: Multiaddr): string => ipOfText(String(address));

/** The same of a multiaddr in text. */
export function ipOfText(address: string): string {
  const [, kind, ip = ""] = address.split("/");
  return kind === "ip4" || kind === "ip6" ? ip : "";
}

/** The gate for connections from outside. */
export class Admission {
  readonly #limits: InboundLimits;
  readonly #bannedIps: Bans;
  readonly #offences = new Map<string, number>();

  constructor(limits: InboundLimits, nowMs: () => number) {
    this.#limits = limits;
    this.#bannedIps = new Bans(nowMs);
  }

  /** A key at that address was banned. */
  noteBan(ip: string): void {
    if (ip === "" || isLoopback(ip)) return;
    const count = (this.#offences.get(ip) ?? 0) + 1;
    this.#offences.delete(ip);
    if (count >= keysUntilAddressBan) this.#bannedIps.add(ip);
    else this.#offences.set(ip, count);
    const [oldest] = this.#offences.keys();
    if (this.#offences.size > maxRemembered && oldest !== undefined) this.#offences.delete(oldest);
  }

  /** Whether one more from that address is too many; `inbound` are the addresses of those here. */
  refuses(ip: string, inbound: readonly string[]): boolean {
    const { maxInboundPeers, maxInboundPerIp } = this.#limits;
    if (this.#bannedIps.has(ip) || inbound.length >= maxInboundPeers) return true;
    if (maxInboundPerIp === 0 || isLoopback(ip)) return false;
    return inbound.filter((other) => other === ip).length >= maxInboundPerIp;
  }
}
