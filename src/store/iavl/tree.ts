/**
 * One IAVL+ tree in memory: the working version, and the committed ones that are still kept. What
 * reaches the disk is written by the multistore: change logs and snapshots, not nodes.
 */
import { sha256 } from "../../crypto/hash.ts";
import type { KeyRange, ReadStore } from "../kv.ts";
import { proveKey } from "../proofs/iavl-proof.ts";
import { Edit } from "./edit.ts";
import { type NodeId, Nodes, noNode } from "./nodes.ts";
import { findLeaf, scanLeaves } from "./scan.ts";

/** SHA-256 of nothing: the root hash of a tree without leaves. */
const emptyRoot = sha256(new Uint8Array(0));

/**
 * Nodes that the version before `version` was the last to use. Outside of the heap: a hundred
 * versions of tens of thousands would be walked by every full collection.
 */
interface Retired {
  readonly version: number;
  readonly nodes: Uint32Array;
}

export class Tree implements ReadStore {
  readonly nodes: Nodes;
  /** Roots of the kept versions, oldest first. */
  readonly #roots = new Map<number, NodeId>();
  readonly #retired: Retired[] = [];
  #committed: NodeId;
  #edit: Edit;
  #workingVersion: number;
  /** Counts writes, so that an iteration can tell that the tree changed under it. */
  #generation = 0;

  /**
   * A tree whose next commit is workingVersion. The nodes come from a snapshot of the version
   * before, with its root; without them the tree is empty.
   */
  constructor(workingVersion: number, nodes: Nodes = new Nodes(), root: NodeId = noNode) {
    this.nodes = nodes;
    this.#committed = root;
    this.#workingVersion = workingVersion;
    this.#edit = new Edit(nodes, root, workingVersion);
    this.#roots.set(workingVersion - 1, root);
  }

  get workingVersion(): number {
    return this.#workingVersion;
  }

  /** Leaves of the working version. */
  get size(): number {
    return this.#edit.root === noNode ? 0 : this.nodes.size(this.#edit.root);
  }

  /** The root of the last committed version. */
  get committedRoot(): NodeId {
    return this.#committed;
  }

  get(key: Uint8Array): Uint8Array | undefined {
    return readKey(this.nodes, this.#edit.root, key);
  }

  has(key: Uint8Array): boolean {
    return findLeaf(this.nodes, this.#edit.root, key) !== noNode;
  }

  *iterate(range: KeyRange = {}): Generator<readonly [Uint8Array, Uint8Array], void> {
    const { records } = this.nodes;
    const generation = this.#generation;
    for (const leaf of scanLeaves(this.nodes, this.#edit.root, range)) {
      const record = this.nodes.record(leaf);
      yield [records.key(record), records.value(record)];
      if (generation !== this.#generation) throw new Error("written to while iterating");
    }
  }

  set(key: Uint8Array, value: Uint8Array): void {
    if (key.length === 0) throw new Error("a store key is never empty");
    this.#generation++;
    this.#edit.set(key, value);
  }

  /** Whether the key was there. */
  remove(key: Uint8Array): boolean {
    this.#generation++;
    return this.#edit.remove(key);
  }

  /** Root hash of the working version. */
  workingHash(): Uint8Array {
    return hashOf(this.nodes, this.#edit.root);
  }

  /** Makes the working version a committed one. */
  seal(): void {
    this.#generation++;
    const { root, orphans } = this.#edit;
    if (orphans.length > 0) {
      this.#retired.push({ version: this.#workingVersion, nodes: Uint32Array.from(orphans) });
    }
    this.#roots.set(this.#workingVersion, root);
    this.#committed = root;
    this.#workingVersion++;
    this.#edit = new Edit(this.nodes, root, this.#workingVersion);
  }

  /**
   * Gives up all committed versions, so that the working one needs no copies. Before its first
   * write; it cannot be rolled back.
   */
  beginInPlace(): void {
    this.#roots.clear();
    this.#edit = new Edit(this.nodes, this.#committed, this.#workingVersion, true);
  }

  /** Drops the working changes. */
  rollback(): void {
    this.#generation++;
    this.#edit.rollback();
    this.#edit = new Edit(this.nodes, this.#committed, this.#workingVersion);
  }

  /** Makes another version the first one, before anything was written. */
  restartAt(version: number): void {
    if (this.#edit.root !== noNode) throw new Error("the tree is already in use");
    this.#roots.clear();
    this.#roots.set(version - 1, noNode);
    this.#workingVersion = version;
    this.#edit = new Edit(this.nodes, noNode, version);
  }

  /** The root of a kept version; undefined when it is not kept. */
  rootAt(version: number): NodeId | undefined {
    return this.#roots.get(version);
  }

  /** Forgets the versions below this one and frees the nodes that only they used. */
  releaseBelow(version: number): void {
    for (const kept of this.#roots.keys()) {
      if (kept >= version) break;
      this.#roots.delete(kept);
    }
    let freed = 0;
    for (const { version: last, nodes } of this.#retired) {
      if (last > version) break;
      for (const node of nodes) this.nodes.free(node);
      freed++;
    }
    if (freed > 0) this.#retired.splice(0, freed);
  }
}

/** A committed version of a tree. Every read checks that the version is still kept. */
export class TreeView implements ReadStore {
  readonly #tree: Tree;
  readonly #version: number;

  constructor(tree: Tree, version: number) {
    this.#tree = tree;
    this.#version = version;
  }

  get(key: Uint8Array): Uint8Array | undefined {
    return readKey(this.#tree.nodes, this.#root(), key);
  }

  has(key: Uint8Array): boolean {
    return findLeaf(this.#tree.nodes, this.#root(), key) !== noNode;
  }

  *iterate(range: KeyRange = {}): Generator<readonly [Uint8Array, Uint8Array], void> {
    const { nodes } = this.#tree;
    for (const leaf of scanLeaves(nodes, this.#root(), range)) {
      const record = nodes.record(leaf);
      yield [nodes.records.key(record), nodes.records.value(record)];
      this.#root(); // Throws when the version was pruned while the caller held the iterator.
    }
  }

  /** The encoded ICS-23 proof of the key's value, or of its absence. */
  prove(key: Uint8Array): Uint8Array {
    return proveKey(this.#tree.nodes, this.#root(), key);
  }

  #root(): NodeId {
    const root = this.#tree.rootAt(this.#version);
    if (root === undefined) throw new Error(`version ${this.#version} is no longer kept`);
    return root;
  }
}

function readKey(nodes: Nodes, root: NodeId, key: Uint8Array): Uint8Array | undefined {
  const leaf = findLeaf(nodes, root, key);
  return leaf === noNode ? undefined : nodes.records.value(nodes.record(leaf));
}

function hashOf(nodes: Nodes, root: NodeId): Uint8Array {
  return root === noNode ? emptyRoot.slice() : nodes.hash(root);
}
