/**
 * Setting and removing keys with the shape rules of cosmos/iavl v1 (mutable_tree.go): which nodes
 * are rewritten, and how the tree is balanced, decides the hashes (spec/store.md, 2.5 to 2.8).
 */
import { type NodeId, type Nodes, noNode, type Probe, probeOf } from "./nodes.ts";
import { findLeaf } from "./scan.ts";

/** The changes of one working version over an immutable tree. */
export class Edit {
  readonly #nodes: Nodes;
  readonly #version: number;
  readonly #inPlace: boolean;
  /** Committed nodes that the working tree no longer uses. */
  readonly orphans: NodeId[] = [];
  root: NodeId;
  /** The leaf that the last set made. */
  #newLeaf: NodeId = noNode;
  #isUpdate = false;
  /** After a removal: the new first leaf of the subtree that lost its first one, if it did. */
  #newFirst: NodeId = noNode;

  /** inPlace: no other version is needed any more, so the nodes themselves are changed. */
  constructor(nodes: Nodes, root: NodeId, version: number, inPlace = false) {
    this.#nodes = nodes;
    this.root = root;
    this.#version = version;
    this.#inPlace = inPlace;
  }

  /** Every node on the path is rewritten, also when the value stays the same. */
  set(key: Uint8Array, value: Uint8Array): void {
    const probe = probeOf(key);
    if (this.root === noNode) this.root = this.#nodes.addLeaf(probe, value, this.#version);
    else this.root = this.#set(this.root, probe, value);
  }

  /** Whether the key was there. Removing an absent key rewrites nothing. */
  remove(key: Uint8Array): boolean {
    if (findLeaf(this.#nodes, this.root, key) === noNode) return false;
    this.root = this.#remove(this.root, probeOf(key));
    return true;
  }

  /** Frees every node of this edit; the committed tree is as it was. */
  rollback(): void {
    this.#freeFresh(this.root);
  }

  #set(id: NodeId, key: Probe, value: Uint8Array): NodeId {
    const nodes = this.#nodes;
    const order = nodes.order(key, id);
    if (nodes.height(id) === 0) return this.#setLeaf(id, order, key, value);
    const copy = this.#rewrite(id);
    if (order < 0) nodes.setLeft(copy, this.#set(nodes.left(copy), key, value));
    else nodes.setRight(copy, this.#set(nodes.right(copy), key, value));
    if (!this.#isUpdate) {
      nodes.update(copy);
      return this.#rebalance(copy);
    }
    // The search key is in the record of the leaf just replaced: hold on to the new one.
    if (order === 0) nodes.setSearchKey(copy, this.#newLeaf);
    return copy;
  }

  #setLeaf(id: NodeId, order: number, key: Probe, value: Uint8Array): NodeId {
    const nodes = this.#nodes;
    const version = this.#version;
    const leaf = nodes.addLeaf(key, value, version);
    this.#newLeaf = leaf;
    this.#isUpdate = order === 0;
    if (order === 0) {
      this.#drop(id);
      return leaf;
    }
    return order < 0
      ? nodes.addInner({ left: leaf, right: id, first: id, version })
      : nodes.addInner({ left: id, right: leaf, first: leaf, version });
  }

  /** The key is known to be below. Returns noNode for a removed leaf, else the subtree's root. */
  #remove(id: NodeId, key: Probe): NodeId {
    const nodes = this.#nodes;
    this.#newFirst = noNode;
    if (nodes.height(id) === 0) {
      this.#drop(id);
      return noNode;
    }
    return nodes.order(key, id) < 0 ? this.#removeLeft(id, key) : this.#removeRight(id, key);
  }

  #removeLeft(id: NodeId, key: Probe): NodeId {
    const nodes = this.#nodes;
    const left = this.#remove(nodes.left(id), key);
    if (left === noNode) {
      const right = nodes.right(id);
      this.#newFirst = firstLeaf(nodes, right);
      this.#drop(id);
      return right;
    }
    const copy = this.#rewrite(id);
    nodes.setLeft(copy, left);
    nodes.update(copy);
    return this.#rebalance(copy); // #newFirst goes on up to the node whose right side this is.
  }

  #removeRight(id: NodeId, key: Probe): NodeId {
    const nodes = this.#nodes;
    const right = this.#remove(nodes.right(id), key);
    if (right === noNode) {
      const left = nodes.left(id);
      this.#newFirst = noNode;
      this.#drop(id);
      return left;
    }
    const copy = this.#rewrite(id);
    nodes.setRight(copy, right);
    if (this.#newFirst !== noNode) nodes.setSearchKey(copy, this.#newFirst);
    this.#newFirst = noNode;
    nodes.update(copy);
    return this.#rebalance(copy);
  }

  #rebalance(id: NodeId): NodeId {
    const nodes = this.#nodes;
    const balance = nodes.balance(id);
    if (balance > 1) {
      if (nodes.balance(nodes.left(id)) < 0) nodes.setLeft(id, this.#rotateLeft(nodes.left(id)));
      return this.#rotateRight(id);
    }
    if (balance < -1) {
      const right = nodes.right(id);
      if (nodes.balance(right) > 0) nodes.setRight(id, this.#rotateRight(right));
      return this.#rotateLeft(id);
    }
    return id;
  }

  #rotateRight(id: NodeId): NodeId {
    const nodes = this.#nodes;
    const lower = this.#rewrite(id);
    const upper = this.#rewrite(nodes.left(lower));
    nodes.setLeft(lower, nodes.right(upper));
    nodes.setRight(upper, lower);
    nodes.update(lower);
    nodes.update(upper);
    return upper;
  }

  #rotateLeft(id: NodeId): NodeId {
    const nodes = this.#nodes;
    const lower = this.#rewrite(id);
    const upper = this.#rewrite(nodes.right(lower));
    nodes.setRight(lower, nodes.left(upper));
    nodes.setLeft(upper, lower);
    nodes.update(lower);
    nodes.update(upper);
    return upper;
  }

  /** The node itself when this version made it, else a copy of this version in its place. */
  #rewrite(id: NodeId): NodeId {
    if (this.#isFresh(id)) {
      this.#nodes.unhash(id);
      return id;
    }
    if (this.#inPlace) {
      this.#nodes.renew(id, this.#version);
      return id;
    }
    this.orphans.push(id);
    return this.#nodes.copy(id, this.#version);
  }

  /** The working tree no longer uses the node. */
  #drop(id: NodeId): void {
    if (this.#inPlace || this.#isFresh(id)) this.#nodes.free(id);
    else this.orphans.push(id);
  }

  #isFresh(id: NodeId): boolean {
    return this.#nodes.version(id) === this.#version;
  }

  #freeFresh(id: NodeId): void {
    const nodes = this.#nodes;
    if (id === noNode || !this.#isFresh(id)) return; // Nothing fresh is below a committed node.
    if (nodes.height(id) > 0) {
      this.#freeFresh(nodes.left(id));
      this.#freeFresh(nodes.right(id));
    }
    nodes.free(id);
  }
}

function firstLeaf(nodes: Nodes, id: NodeId): NodeId {
  let leaf = id;
  while (nodes.height(leaf) > 0) leaf = nodes.left(leaf);
  return leaf;
}
