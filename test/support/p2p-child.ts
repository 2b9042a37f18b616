/** A node in a process of its own, to be stopped by a signal: node p2p-child.ts <peer address>. */
import { startNode } from "./p2p-nodes.ts";

const [, , peer = ""] = process.argv;
const { network } = await startNode(7, { peers: [peer] });
process.send?.(network.id);
