/** Every key of the bank store, laid out as by cosmos-sdk x/bank 0.50. */
import { concat, fromUtf8, lengthPrefixed, utf8 } from "../../encoding/bytes.ts";
import { KnownKey } from "../../store/kv.ts";

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
export const paramsKey: Uint8Array = new KnownKey(Uint8Array.of(0x05));
/** Parameters that the next epoch starts with. Not an SDK key. */
export const scheduledParamsKey = Uint8Array.of(0xf0);

export const supplyKey = (denom: string): Uint8Array => concat(supplyPrefix, utf8(denom));
export const metadataKey = (denom: string): Uint8Array => concat(metadataPrefix, utf8(denom));

/** By denomination: most transfers are of a few. */
const sendEnabledKeys = new Map<string, Uint8Array>();
const maxSendEnabledKeys = 1_000;

export function sendEnabledKey(denom: string): Uint8Array {
  let key = sendEnabledKeys.get(denom);
  if (!key) {
    key = new KnownKey(concat(sendEnabledPrefix, utf8(denom)));
    if (sendEnabledKeys.size >= maxSendEnabledKeys) sendEnabledKeys.clear();
    sendEnabledKeys.set(denom, key);
  }
  return key;
}

/** All balances of one owner. */
export const ownedPrefix = (owner: Uint8Array): Uint8Array =>
  concat(balancePrefix, lengthPrefixed(owner));
export const balanceKey = (owner: Uint8Array, denom: string): Uint8Array =>
  keysOf(owner, denom).balance;

/** All owners of one denomination. The zero byte keeps "abc" apart from "abcd". */
export const ownersPrefix = (denom: string): Uint8Array =>
  concat(ownerPrefix, utf8(denom), endOfDenom);
export const ownerKey = (denom: string, owner: Uint8Array): Uint8Array =>
  keysOf(owner, denom).owner;

interface OwnerKeys {
  readonly denom: string;
  readonly balance: Uint8Array;
  readonly owner: Uint8Array;
}
/**
 * The keys of the last denomination that was asked for, by the array of the owner: addresses that
 * are read from text are the same arrays as long as they are known, and nobody writes into them.
 */
const known = new WeakMap<Uint8Array, OwnerKeys>();

function keysOf(owner: Uint8Array, denom: string): OwnerKeys {
  const last = known.get(owner);
  if (last?.denom === denom) return last;
  const keys = {
    denom,
    balance: new KnownKey(concat(ownedPrefix(owner), utf8(denom))),
    owner: new KnownKey(concat(ownersPrefix(denom), lengthPrefixed(owner))),
  };
  known.set(owner, keys);
  return keys;
}

/** Owner and denomination of a balance key without its prefix byte. */
export function readBalanceKey(key: Uint8Array): { owner: Uint8Array; denom: string } {
  const end = 1 + (key[0] ?? 0);
  return { owner: key.slice(1, end), denom: fromUtf8(key.subarray(end)) };
}
