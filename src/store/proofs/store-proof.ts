/**
 * The ICS-23 proof that a sub-store's root is in the application hash (cosmos-sdk store
 * internal/proofs; spec/store.md, clause 8): the Merkle proof of its leaf in another form.
 */
import { CommitmentProof } from "cosmjs-types/cosmos/ics23/v1/proofs";
import { merkleProofs, splitPoint } from "../../crypto/merkle.ts";
import { concat, utf8 } from "../../encoding/bytes.ts";
import { type StoreInfo, storeLeaf } from "../commit-info.ts";
import { innerOp, leafOp } from "./ops.ts";

const leafPrefix = Uint8Array.of(0);
const innerPrefix = Uint8Array.of(1);
const none = new Uint8Array(0);

/** The encoded proof for the store of that name. The stores are sorted by name. */
export function proveStore(stores: readonly StoreInfo[], name: string): Uint8Array {
  const index = stores.findIndex((store) => store.name === name);
  const store = stores[index];
  const proof = merkleProofs(stores.map(storeLeaf)).proofs[index];
  if (!store || !proof) throw new Error(`no store ${name}`);
  const sides = sidesUp(index, stores.length);
  const path = proof.aunts.map((aunt, step) =>
    sides[step] === "left" ? innerOp(innerPrefix, aunt) : innerOp(concat(innerPrefix, aunt), none),
  );
  const exist = { key: utf8(name), value: store.root, leaf: leafOp(leafPrefix), path };
  return CommitmentProof.encode({ exist }).finish();
}

/** On which side of its parent the leaf, then each node above it, is. */
function sidesUp(index: number, total: number): ("left" | "right")[] {
  if (total < 2) return [];
  const split = splitPoint(total);
  return index < split
    ? [...sidesUp(index, split), "left"]
    : [...sidesUp(index - split, total - split), "right"];
}
