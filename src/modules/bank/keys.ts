/** Every key of the bank store, laid out as by cosmos-sdk x/bank 0.50. */
import { concat, fromUtf8, lengthPrefixed, utf8 } from "../../encoding/bytes.ts";

/** Denomination to supply, as decimal text. */
export const supplyPrefix = Uint8Array.of(0x00);
/** Denomination to its Metadata. */
export const metadataPrefix = Uint8Array.of(0x01);
/** Owner and denomination to balance, as decimal text. */
export const balancePrefix = Uint8Array.of(0x02);
/** Denomination and owner to nothing: who holds a denomination. */
const ownerPrefix = Uint8Array.of(0x03);
const endOfDenom = Uint8Array.of(0);
/** Denomination to one byte: whether it may be sent. */
export const sendEnabledPrefix = Uint8Array.of(0x04);
/** Active parameters. */
export const paramsKey = Uint8Array.of(0x05);
/** Parameters that the next epoch starts with. Not an SDK key. */
export const scheduledParamsKey = Uint8Array.of(0xf0);

export const supplyKey = (denom: string): Uint8Array => concat(supplyPrefix, utf8(denom));
export const metadataKey = (denom: string): Uint8Array => concat(metadataPrefix, utf8(denom));
export const sendEnabledKey = (denom: string): Uint8Array => concat(sendEnabledPrefix, utf8(denom));

/** All balances of one owner. */
export const ownedPrefix = (owner: Uint8Array): Uint8Array =>
  concat(balancePrefix, lengthPrefixed(owner));
export const balanceKey = (owner: Uint8Array, denom: string): Uint8Array =>
  concat(balancePrefix, lengthByte(owner), owner, utf8(denom));

/** All owners of one denomination. The zero byte keeps "abc" apart from "abcd". */
export const ownersPrefix = (denom: string): Uint8Array =>
  concat(ownerPrefix, utf8(denom), endOfDenom);
export const ownerKey = (denom: string, owner: Uint8Array): Uint8Array =>
  concat(ownerPrefix, utf8(denom), endOfDenom, lengthByte(owner), owner);

const lengthBytes = Array.from({ length: 256 }, (_, length) => Uint8Array.of(length));
/** Owners have at most 255 bytes: addresses are read that way. */
const lengthByte = (owner: Uint8Array): Uint8Array =>
  lengthBytes[owner.length] ?? lengthPrefixed(owner);

/** Owner and denomination of a balance key without its prefix byte. */
export function readBalanceKey(key: Uint8Array): { owner: Uint8Array; denom: string } {
  const end = 1 + (key[0] ?? 0);
  return { owner: key.slice(1, end), denom: fromUtf8(key.subarray(end)) };
}
