/**
 * The whole state of a version as a stream of chunks: each tree's nodes, children before parents,
 * so that shape and node versions, which are consensus, come back exactly. Hashes and search keys
 * follow from these and are not stored; the reader compares the root hashes.
 */
import { type NodeId, Nodes, noNode, probeOf } from "../iavl/nodes.ts";
import { Tree } from "../iavl/tree.ts";
import { ByteWriter } from "./byte-writer.ts";
import { Reader, StoreCorruptError } from "./format.ts";

const leafTag = 0;
const innerTag = 1;
const storeTag = 2;

/** A tree of the version to write; its root must stay kept until the last chunk was taken. */
export interface SnapshotSource {
  readonly name: string;
  readonly nodes: Nodes;
  readonly root: NodeId;
}

/**
 * The chunks of a snapshot, made as they are taken. The stores are sorted by name. A chunk is cut
 * after the item that takes it to chunkBytes or over.
 */
export function* snapshotChunks(
  stores: readonly SnapshotSource[],
  chunkBytes: number,
): Generator<Uint8Array, void> {
  const writer = new ByteWriter();
  for (const { name, nodes, root } of stores) {
    writer.number(storeTag);
    writer.text(name);
    // What is yet to write, last first; an inner node is negative once its children are listed.
    const stack: NodeId[] = root === noNode ? [] : [root];
    for (let top = stack.pop(); top !== undefined; top = stack.pop()) {
      if (top > 0 && nodes.height(top) > 0) {
        stack.push(-top, nodes.right(top), nodes.left(top));
        continue;
      }
      if (top > 0) writeLeaf(writer, nodes, top);
      else {
        writer.number(innerTag);
        writer.number(nodes.version(-top));
      }
      if (writer.length >= chunkBytes) yield writer.take();
    }
  }
  if (writer.length > 0) yield writer.take();
}

function writeLeaf(writer: ByteWriter, nodes: Nodes, leaf: NodeId): void {
  const { key, value } = nodes.records.view(nodes.record(leaf));
  writer.number(leafTag);
  writer.number(nodes.version(leaf));
  writer.prefixed(key);
  writer.prefixed(value);
}

/** The trees of a snapshot of this version, by name. Throws StoreCorruptError. */
export function readSnapshot(version: number, chunks: Iterable<Uint8Array>): Map<string, Tree> {
  const reader = new SnapshotReader(version);
  for (const chunk of chunks) reader.add(chunk);
  return reader.finish();
}

/** Rebuilds the trees of a version, chunk by chunk, in order. Throws StoreCorruptError. */
export class SnapshotReader {
  readonly #version: number;
  readonly #trees = new Map<string, Tree>();
  #builder: TreeBuilder | undefined;
  #name = "";

  constructor(version: number) {
    this.#version = version;
  }

  add(chunk: Uint8Array): void {
    const what = `snapshot ${this.#version}`;
    const reader = new Reader(chunk, what);
    while (!reader.isAtEnd) {
      const tag = reader.number();
      if (tag === storeTag) this.#begin(reader.text());
      else if (!this.#builder) throw new StoreCorruptError(`${what} begins with a node`);
      else if (tag === leafTag) {
        const nodeVersion = reader.number();
        const key = reader.bytes(reader.number());
        this.#builder.leaf(key, reader.bytes(reader.number()), nodeVersion);
      } else if (tag === innerTag) this.#builder.inner(reader.number());
      else throw new StoreCorruptError(`${what} has an item of type ${tag}`);
    }
  }

  /** Hashes what was added, so that the end of a large tree is no long pause. */
  hash(): void {
    this.#builder?.hash();
  }

  finish(): Map<string, Tree> {
    this.#end();
    return this.#trees;
  }

  #begin(name: string): void {
    this.#end();
    if (this.#trees.has(name)) throw new StoreCorruptError(`a snapshot has ${name} twice`);
    [this.#name, this.#builder] = [name, new TreeBuilder()];
  }

  #end(): void {
    if (!this.#builder) return;
    const { nodes } = this.#builder;
    this.#trees.set(this.#name, new Tree(this.#version + 1, nodes, this.#builder.root()));
    this.#builder = undefined;
  }
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

  hash(): void {
    for (const { id } of this.#stack) this.nodes.hash(id);
  }

  root(): NodeId {
    const [root, extra] = this.#stack;
    if (extra) throw new StoreCorruptError("a snapshot tree has two roots");
    return root?.id ?? noNode;
  }
}
