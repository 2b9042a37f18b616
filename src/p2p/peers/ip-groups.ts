/**
 * Which IP addresses strangers can be reached at, and which of them one operator is likely to have
 * many of: address books count by these groups.
 */
import { BlockList, isIPv4 } from "node:net";

/** RFC 1122, 1918, 2544, 3927, 4193, 4291, 5737, 6598, 6890 and multicast. */
const local = new BlockList();
for (const [network, bits] of [
  ["0.0.0.0", 8],
  ["10.0.0.0", 8],
  ["100.64.0.0", 10],
  ["127.0.0.0", 8],
  ["169.254.0.0", 16],
  ["172.16.0.0", 12],
  ["192.0.0.0", 24],
  ["192.0.2.0", 24],
  ["192.168.0.0", 16],
  ["198.18.0.0", 15],
  ["198.51.100.0", 24],
  ["203.0.113.0", 24],
  ["224.0.0.0", 3],
] as const) {
  local.addSubnet(network, bits, "ipv4");
}
for (const [network, bits] of [
  ["::", 127],
  ["64:ff9b::", 96],
  ["100::", 64],
  ["2001:db8::", 32],
  ["fc00::", 7],
  ["fe80::", 10],
  ["ff00::", 8],
] as const) {
  local.addSubnet(network, bits, "ipv6");
}

/** Whether the address is one of the public internet. */
export const isRoutable = (ip: string): boolean => !local.check(ip, isIPv4(ip) ? "ipv4" : "ipv6");

/** Whether a connection comes from this machine itself. */
export const isLoopback = (ip: string): boolean => ip.startsWith("127.") || ip === "::1";

/** The /16 of an IPv4 address, the /32 of an IPv6 address: CometBFT's groups. */
export function groupOf(ip: string): string {
  if (isIPv4(ip)) return ip.split(".").slice(0, 2).join(".");
  const [head = "", tail] = ip.toLowerCase().split("::");
  const pieces = head.split(":").filter((piece) => piece !== "");
  if (tail !== undefined) while (pieces.length < 2) pieces.push("0");
  return pieces
    .slice(0, 2)
    .map((piece) => piece.replace(/^0+(?=.)/, ""))
    .join(":");
}
