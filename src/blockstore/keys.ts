/** Every key of the block store's database. spec/execution.md (clause S1) lists the same. */
import { concat, u64be } from "../encoding/bytes.ts";

const [metaPrefix, partPrefix] = [Uint8Array.of(0x01), Uint8Array.of(0x02)];
const [commitPrefix, seenCommitPrefix] = [Uint8Array.of(0x03), Uint8Array.of(0x04)];
const hashPrefix = Uint8Array.of(0x05);
const extendedCommitPrefix = Uint8Array.of(0x06);

/** Lowest and highest height: two big-endian 64-bit numbers. */
export const rangeKey = Uint8Array.of(0x00);
/** tendermint.types.BlockMeta of a height. */
export const metaKey = (height: bigint): Uint8Array => concat(metaPrefix, u64be(height));
/** tendermint.types.Part of a height. */
export const partKey = (height: bigint, index: number): Uint8Array =>
  concat(partPrefix, u64be(height), u64be(BigInt(index)).subarray(4));
/** The commit of a height that block height + 1 carries. */
export const commitKey = (height: bigint): Uint8Array => concat(commitPrefix, u64be(height));
/** The commit of a height that this node saw. */
export const seenCommitKey = (height: bigint): Uint8Array =>
  concat(seenCommitPrefix, u64be(height));
/** The same with the vote extensions, where they are on: tendermint.types.ExtendedCommit. */
export const extendedCommitKey = (height: bigint): Uint8Array =>
  concat(extendedCommitPrefix, u64be(height));
/** Block hash to height, big-endian 64 bits. */
export const hashKey = (hash: Uint8Array): Uint8Array => concat(hashPrefix, hash);
