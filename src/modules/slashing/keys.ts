/** Every key of the slashing store: as cosmos-sdk x/slashing 0.50, and ours from 0x10 on. */
import { concat, lengthPrefixed, u64be } from "../../encoding/bytes.ts";

/** Active parameters. */
export const paramsKey = Uint8Array.of(0x00);
/** Consensus address to ValidatorSigningInfo. */
export const infoPrefix = Uint8Array.of(0x01);
/** Consensus address and chunk to the bits of missed blocks. */
export const missedPrefix = Uint8Array.of(0x02);
/** Operator to a ValidatorSigningInfo: who is jailed, since when and until when. */
export const jailPrefix = Uint8Array.of(0x10);
/** Consensus address to the operator that last signed with it. */
export const signerPrefix = Uint8Array.of(0x11);
/** Consensus addresses of the last commit, one after the other. */
export const lastSetKey = Uint8Array.of(0x12);
/** Parameters that the next epoch starts with. */
export const scheduledParamsKey = Uint8Array.of(0xf0);

export const infoKey = (consensus: Uint8Array): Uint8Array =>
  concat(infoPrefix, lengthPrefixed(consensus));
export const missedBitsPrefix = (consensus: Uint8Array): Uint8Array =>
  concat(missedPrefix, lengthPrefixed(consensus));
export const missedKey = (consensus: Uint8Array, chunk: bigint): Uint8Array =>
  concat(missedBitsPrefix(consensus), u64be(chunk));
export const jailKey = (operator: Uint8Array): Uint8Array =>
  concat(jailPrefix, lengthPrefixed(operator));
export const signerKey = (consensus: Uint8Array): Uint8Array =>
  concat(signerPrefix, lengthPrefixed(consensus));
