/** The two steps that ICS-23 proofs of trees and of the multistore are made of. */
import { HashOp, type InnerOp, type LeafOp, LengthOp } from "cosmjs-types/cosmos/ics23/v1/proofs";

/** Hashes prefix, key and the value's hash, both length-prefixed. */
export function leafOp(prefix: Uint8Array): LeafOp {
  return {
    hash: HashOp.SHA256,
    prehashKey: HashOp.NO_HASH,
    prehashValue: HashOp.SHA256,
    length: LengthOp.VAR_PROTO,
    prefix,
  };
}

/** Hashes prefix, the child's hash and suffix. */
export function innerOp(prefix: Uint8Array, suffix: Uint8Array): InnerOp {
  return { hash: HashOp.SHA256, prefix, suffix };
}
