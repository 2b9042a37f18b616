/** Reading a tree: one key, or a range of keys in either direction, lazily. */
import type { KeyRange } from "../kv.ts";
import { type NodeId, type Nodes, noNode, probeOf } from "./nodes.ts";

/** The leaf of this key, or noNode. */
export function findLeaf(nodes: Nodes, root: NodeId, key: Uint8Array): NodeId {
  if (root === noNode) return noNode;
  const probe = probeOf(key);
  const leaf = nodes.leafFor(probe, root);
  return nodes.order(probe, leaf) === 0 ? leaf : noNode;
}

/** The leaves with start <= key < end in key order, or from the end when reverse. */
export function* scanLeaves(
  nodes: Nodes,
  root: NodeId,
  { start, end, reverse }: KeyRange,
): Generator<NodeId, void> {
  const [from, to] = [start && probeOf(start), end && probeOf(end)];
  const stack: NodeId[] = root === noNode ? [] : [root];
  for (let id = stack.pop(); id !== undefined; id = stack.pop()) {
    const startOrder = from ? nodes.order(from, id) : -1;
    const endOrder = to ? nodes.order(to, id) : 1;
    if (nodes.height(id) === 0) {
      if (startOrder <= 0 && endOrder > 0) yield id;
      continue;
    }
    // All keys on the left are below the search key, all on the right at or above it.
    const left = startOrder < 0 ? nodes.left(id) : noNode;
    const right = endOrder > 0 ? nodes.right(id) : noNode;
    const [first, second] = reverse ? [right, left] : [left, right];
    if (second !== noNode) stack.push(second);
    if (first !== noNode) stack.push(first);
  }
}
