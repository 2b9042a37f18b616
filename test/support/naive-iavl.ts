/**
 * IAVL+ written a second time, for clarity only: immutable objects, noble's SHA-256, the recursion
 * of cosmos/iavl as it reads. The tests compare the real tree with it, the benchmark its speed.
 */
import { sha256 } from "@noble/hashes/sha2.js";
import { compareBytes, concat } from "../../src/encoding/bytes.ts";

interface Leaf {
  readonly key: Uint8Array;
  readonly value: Uint8Array;
  readonly version: bigint;
  hash?: Uint8Array;
}
interface Inner {
  readonly key: Uint8Array;
  readonly left: Node;
  readonly right: Node;
  readonly height: number;
  readonly size: number;
  readonly version: bigint;
  hash?: Uint8Array;
}
type Node = Leaf | Inner;
const isLeaf = (node: Node): node is Leaf => "value" in node;
const heightOf = (node: Node): number => (isLeaf(node) ? 0 : node.height);
const sizeOf = (node: Node): number => (isLeaf(node) ? 1 : node.size);
const lean = (node: Inner): number => heightOf(node.left) - heightOf(node.right);

export class NaiveTree {
  #root: Node | undefined;
  #version: bigint;

  constructor(initialVersion: bigint) {
    this.#version = initialVersion;
  }

  get(key: Uint8Array): Uint8Array | undefined {
    let node = this.#root;
    while (node && !isLeaf(node)) node = compareBytes(key, node.key) < 0 ? node.left : node.right;
    return node && compareBytes(node.key, key) === 0 ? node.value : undefined;
  }

  set(key: Uint8Array, value: Uint8Array): void {
    this.#root = this.#root ? this.#set(this.#root, key, value).node : this.#leaf(key, value);
  }

  remove(key: Uint8Array): boolean {
    if (this.get(key) === undefined || !this.#root) return false;
    this.#root = this.#remove(this.#root, key).node;
    return true;
  }

  /** The same tree, to go on from separately: nodes never change. */
  copy(): NaiveTree {
    const copy = new NaiveTree(this.#version);
    copy.#root = this.#root;
    return copy;
  }

  /** Root hash; ends the version. */
  commit(): Uint8Array {
    this.#version++;
    return this.hash();
  }

  hash(): Uint8Array {
    return this.#root ? hashOf(this.#root) : sha256(new Uint8Array());
  }

  #leaf(key: Uint8Array, value: Uint8Array): Leaf {
    return { key, value, version: this.#version };
  }

  #inner(key: Uint8Array, left: Node, right: Node): Inner {
    const height = Math.max(heightOf(left), heightOf(right)) + 1;
    const size = sizeOf(left) + sizeOf(right);
    return { key, left, right, height, size, version: this.#version };
  }

  #set(node: Node, key: Uint8Array, value: Uint8Array): { node: Node; isUpdate: boolean } {
    const order = compareBytes(key, node.key);
    const leaf = this.#leaf(key, value);
    if (isLeaf(node)) {
      if (order < 0) return { node: this.#inner(node.key, leaf, node), isUpdate: false };
      if (order > 0) return { node: this.#inner(key, node, leaf), isUpdate: false };
      return { node: leaf, isUpdate: true };
    }
    const child = this.#set(order < 0 ? node.left : node.right, key, value);
    const changed =
      order < 0
        ? this.#inner(node.key, child.node, node.right)
        : this.#inner(node.key, node.left, child.node);
    return { ...child, node: child.isUpdate ? changed : this.#balance(changed) };
  }

  #remove(node: Node, key: Uint8Array): { node: Node | undefined; first?: Uint8Array | undefined } {
    if (isLeaf(node)) return { node: undefined };
    if (compareBytes(key, node.key) < 0) {
      const { node: left, first } = this.#remove(node.left, key);
      if (!left) return { node: node.right, first: node.key };
      return { node: this.#balance(this.#inner(node.key, left, node.right)), first };
    }
    const { node: right, first } = this.#remove(node.right, key);
    if (!right) return { node: node.left };
    return { node: this.#balance(this.#inner(first ?? node.key, node.left, right)) };
  }

  #balance(node: Inner): Node {
    const { key, left, right } = node;
    if (lean(node) > 1 && !isLeaf(left)) {
      if (lean(left) >= 0) return this.#rotateRight(node);
      return this.#rotateRight(this.#inner(key, this.#rotateLeft(left), right));
    }
    if (lean(node) < -1 && !isLeaf(right)) {
      if (lean(right) <= 0) return this.#rotateLeft(node);
      return this.#rotateLeft(this.#inner(key, left, this.#rotateRight(right)));
    }
    return node;
  }

  #rotateRight({ key, left, right }: Inner): Inner {
    if (isLeaf(left)) throw new Error("a leaf cannot rotate");
    return this.#inner(left.key, left.left, this.#inner(key, left.right, right));
  }

  #rotateLeft({ key, left, right }: Inner): Inner {
    if (isLeaf(right)) throw new Error("a leaf cannot rotate");
    return this.#inner(right.key, this.#inner(key, left, right.left), right.right);
  }
}

function hashOf(node: Node): Uint8Array {
  node.hash ??= sha256(
    concat(
      varint(BigInt(heightOf(node)) * 2n),
      varint(BigInt(sizeOf(node)) * 2n),
      varint(node.version * 2n),
      ...(isLeaf(node)
        ? [varint(BigInt(node.key.length)), node.key, Uint8Array.of(32), sha256(node.value)]
        : [Uint8Array.of(32), hashOf(node.left), Uint8Array.of(32), hashOf(node.right)]),
    ),
  );
  return node.hash;
}

function varint(value: bigint): Uint8Array {
  const bytes: number[] = [];
  let rest = value;
  for (; rest >= 128n; rest /= 128n) bytes.push(Number(rest % 128n) + 128);
  return Uint8Array.of(...bytes, Number(rest));
}
