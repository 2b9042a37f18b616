/**
 * The whole state of a version as a stream of chunks: each tree's nodes, children before parents,
 * so that shape and node versions, which are consensus, come back exactly. Hashes and search keys
 * follow from these and are not stored; the reader compares the root hashes.
 */
import { type NodeId, Nodes, noNode, probeOf } from "../iavl/nodes.ts";
import { Tree } from "../iavl/tree.ts";
import { ByteWriter } from "./byte-writer.ts";
import { Reader, StoreCorruptError } from "./format.ts";

/** A chunk is cut after the item that takes it over this size. */
const chunkBytesMin = 1 << 16;

const leafTag = 0;
const innerTag = 1;
const storeTag = 2;

/** A tree of the version to write; its root must stay kept until the last chunk was taken. */
export interface SnapshotSource {
  readonly name: string;
  readonly nodes: Nodes;
  readonly root: NodeId;
}

/** The chunks of a snapshot, made as they are taken. The stores are sorted by name. */
export function* snapshotChunks(stores: readonly SnapshotSource[]): Generator<Uint8Array, void> {
  const writer = new ByteWriter();
  for (const { name, nodes, root } of stores) {
    writer.number(storeTag);
    writer.text(name);
    for (const id of childrenFirst(nodes, root)) {
      const isLeaf = nodes.height(id) === 0;
      writer.number(isLeaf ? leafTag : innerTag);
      writer.number(nodes.version(id));
      if (isLeaf) {
        const { key, value } = nodes.records.view(nodes.record(id));
        writer.prefixed(key);
        writer.prefixed(value);
      }
      if (writer.length >= chunkBytesMin) yield writer.take();
    }
  }
  if (writer.length > 0) yield writer.take();
}

/** Left subtree, right subtree, node. */
function* childrenFirst(nodes: Nodes, root: NodeId): Generator<NodeId, void> {
  const stack: { id: NodeId; isOpen: boolean }[] =
    root === noNode ? [] : [{ id: root, isOpen: false }];
  for (let top = stack.pop(); top; top = stack.pop()) {
    const { id } = top;
    if (top.isOpen || nodes.height(id) === 0) yield id;
    else {
      stack.push({ id, isOpen: true }, { id: nodes.right(id), isOpen: false });
      stack.push({ id: nodes.left(id), isOpen: false });
    }
  }
}

/** The trees of a snapshot of this version, by name. Throws StoreCorruptError. */
export function readSnapshot(version: number, chunks: Iterable<Uint8Array>): Map<string, Tree> {
  const trees = new Map<string, Tree>();
  let builder: TreeBuilder | undefined;
  let name = "";
  const finish = () => {
    if (builder) trees.set(name, new Tree(version + 1, builder.nodes, builder.root()));
  };
  for (const chunk of chunks) {
    const reader = new Reader(chunk, `snapshot ${version}`);
    while (!reader.isAtEnd) {
      const tag = reader.number();
      if (tag === storeTag) {
        finish();
        [name, builder] = [reader.text(), new TreeBuilder()];
      } else if (!builder) throw new StoreCorruptError(`snapshot ${version} begins with a node`);
      else if (tag === leafTag) {
        const nodeVersion = reader.number();
        builder.leaf(reader.bytes(reader.number()), reader.bytes(reader.number()), nodeVersion);
      } else if (tag === innerTag) builder.inner(reader.number());
      else throw new StoreCorruptError(`snapshot ${version} has an item of type ${tag}`);
    }
  }
  finish();
  return trees;
}

/** Builds a tree from its nodes, children first. */
class TreeBuilder {
  readonly nodes = new Nodes();
  readonly #stack: { readonly id: NodeId; readonly first: NodeId }[] = [];

  leaf(key: Uint8Array, value: Uint8Array, version: number): void {
    const id = this.nodes.addLeaf(probeOf(key), value, version);
    this.#stack.push({ id, first: id });
  }

  inner(version: number): void {
    const [right, left] = [this.#stack.pop(), this.#stack.pop()];
    if (!left || !right) throw new StoreCorruptError("a snapshot node lacks a child");
    const parts = { left: left.id, right: right.id, first: right.first, version };
    this.#stack.push({ id: this.nodes.addInner(parts), first: left.first });
  }

  root(): NodeId {
    const [root, extra] = this.#stack;
    if (extra) throw new StoreCorruptError("a snapshot tree has two roots");
    return root?.id ?? noNode;
  }
}
