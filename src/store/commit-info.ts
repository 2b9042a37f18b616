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
