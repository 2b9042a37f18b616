/**
 * ICS-23 proofs of one tree: that a key has a value, or that it has none (cosmos/iavl v1
 * proof_ics23.go; spec/store.md, clause 8). The bytes are those that the SDK answers.
 */
import { CommitmentProof, type ExistenceProof } from "cosmjs-types/cosmos/ics23/v1/proofs";
import { concat } from "../../encoding/bytes.ts";
import { uvarint } from "../../encoding/varint.ts";
import { type NodeId, type Nodes, noNode, probeOf } from "../iavl/nodes.ts";
import { innerOp, leafOp } from "./ops.ts";

const childLength = Uint8Array.of(32);
const none = new Uint8Array(0);

/** The encoded proof of what the tree of this root has under the key. */
export function proveKey(nodes: Nodes, root: NodeId, key: Uint8Array): Uint8Array {
  const found = neighbours(nodes, root, key);
  const exist = found.exact && existence(nodes, root, found.exact);
  if (exist) return CommitmentProof.encode({ exist }).finish();
  const left = found.left && existence(nodes, root, found.left);
  const right = found.right && existence(nodes, root, found.right);
  const nonexist = { key, ...(left && { left }), ...(right && { right }) };
  return CommitmentProof.encode({ nonexist }).finish();
}

/** A way from the root: for each inner node on it, whether it goes on to the left. */
type Trail = readonly boolean[];

interface Neighbours {
  /** The way to the key itself. */
  readonly exact: Trail | undefined;
  /** The way to the last leaf before the key. */
  readonly left: Trail | undefined;
  /** The way to the first leaf after the key. */
  readonly right: Trail | undefined;
}

function neighbours(nodes: Nodes, root: NodeId, key: Uint8Array): Neighbours {
  if (root === noNode) return { exact: undefined, left: undefined, right: undefined };
  const probe = probeOf(key);
  const trail: boolean[] = [];
  let id = root;
  while (nodes.height(id) > 0) {
    const isLeft = nodes.order(probe, id) < 0;
    trail.push(isLeft);
    id = isLeft ? nodes.left(id) : nodes.right(id);
  }
  const order = nodes.order(probe, id);
  if (order === 0) return { exact: trail, left: undefined, right: undefined };
  return {
    exact: undefined,
    left: order > 0 ? trail : beside(nodes, root, trail, true),
    right: order < 0 ? trail : beside(nodes, root, trail, false),
  };
}

/** The way to the leaf next to the one that the trail leads to, if there is one on that side. */
function beside(nodes: Nodes, root: NodeId, trail: Trail, toLeft: boolean): Trail | undefined {
  const turn = trail.lastIndexOf(!toLeft);
  if (turn < 0) return undefined;
  const way = [...trail.slice(0, turn), toLeft];
  let id = walk(nodes, root, way);
  for (; nodes.height(id) > 0; id = toLeft ? nodes.right(id) : nodes.left(id)) way.push(!toLeft);
  return way;
}

function walk(nodes: Nodes, root: NodeId, trail: Trail): NodeId {
  return trail.reduce((id, isLeft) => (isLeft ? nodes.left(id) : nodes.right(id)), root);
}

/** From the leaf to the root, as ICS-23 wants it. */
function existence(nodes: Nodes, root: NodeId, trail: Trail): ExistenceProof {
  const path = [];
  let id = root;
  for (const isLeft of trail) {
    const head = nodePrefix(nodes, id);
    const [left, right] = [nodes.left(id), nodes.right(id)];
    if (isLeft) {
      const suffix = concat(childLength, nodes.hash(right));
      path.push(innerOp(concat(head, childLength), suffix));
    } else {
      path.push(innerOp(concat(head, childLength, nodes.hash(left), childLength), none));
    }
    id = isLeft ? left : right;
  }
  const { key, value } = nodes.records.view(nodes.record(id));
  const leaf = leafOp(nodePrefix(nodes, id));
  return { key: key.slice(), value: value.slice(), leaf, path: path.reverse() };
}

/** Height, size and version as they begin the preimage of a node's hash: zig-zag varints. */
function nodePrefix(nodes: Nodes, id: NodeId): Uint8Array {
  const parts = [nodes.height(id), nodes.size(id), nodes.version(id)];
  return concat(...parts.map((part) => uvarint(part * 2)));
}
