/** The application hash over the sub-stores: cosmossdk.io/store types/commit_info.go. */
import { sha256 } from "../crypto/hash.ts";
import { merkleRoot } from "../crypto/merkle.ts";
import { concat, utf8 } from "../encoding/bytes.ts";
import { uvarint } from "../encoding/varint.ts";

/** One sub-store of a version and the root hash of its tree. */
export interface StoreInfo {
  readonly name: string;
  readonly root: Uint8Array;
}

/** What the SDK calls the hash before the first commit: SHA-256 of nothing. */
export const hashBeforeFirstCommit = sha256(new Uint8Array(0));

/**
 * The Merkle leaf of a sub-store: name and the root hashed once more, both length-prefixed. The
 * leaves are in the order of the names' bytes.
 */
export function storeLeaf({ name, root }: StoreInfo): Uint8Array {
  const bytes = utf8(name);
  return concat(uvarint(bytes.length), bytes, uvarint(root.length), sha256(root));
}

/** The application hash. The stores are sorted by name. */
export function appHashOf(stores: readonly StoreInfo[]): Uint8Array {
  return merkleRoot(stores.map(storeLeaf));
}

/** The names in the order of their bytes. Throws on an empty one, and on one given twice. */
export function sortedNames(names: readonly string[]): string[] {
  const sorted = [...names].sort((a, b) => Buffer.compare(utf8(a), utf8(b)));
  const bad = sorted.find((name, index) => name === "" || name === sorted[index + 1]);
  if (bad !== undefined) throw new Error(`the store name "${bad}" is empty or given twice`);
  return sorted;
}

/** Whether these stores, sorted by name, have just these names. */
export function hasNames(stores: readonly StoreInfo[], names: readonly string[]): boolean {
  const sorted = sortedNames(names);
  return (
    stores.length === sorted.length && stores.every(({ name }, index) => name === sorted[index])
  );
}
