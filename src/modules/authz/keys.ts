/** Every key of the authz store, laid out as by cosmos-sdk x/authz 0.50. */
import { concat, fromUtf8, lengthPrefixed, utf8 } from "../../encoding/bytes.ts";
import { sortableTime, type Time } from "../../encoding/time.ts";

/** Granter, grantee and message type to the Grant. */
export const grantPrefix = Uint8Array.of(0x01);
/** Expiration, granter and grantee to a GrantQueueItem: the message types. */
export const queuePrefix = Uint8Array.of(0x02);
const timeBytes = 29;

/** Both sides of a grant. */
export interface Parties {
  readonly granter: Uint8Array;
  readonly grantee: Uint8Array;
}

/** All grants of one granter. */
export const granterPrefix = (granter: Uint8Array): Uint8Array =>
  concat(grantPrefix, lengthPrefixed(granter));
/** All grants between two accounts. */
export const partiesPrefix = ({ granter, grantee }: Parties): Uint8Array =>
  concat(granterPrefix(granter), lengthPrefixed(grantee));
export const grantKey = (parties: Parties, msgType: string): Uint8Array =>
  concat(partiesPrefix(parties), utf8(msgType));

export const queueKey = (expiration: Time, { granter, grantee }: Parties): Uint8Array =>
  concat(queueTime(expiration), lengthPrefixed(granter), lengthPrefixed(grantee));
/** The first key of the queue that is not before this time. */
export const queueTime = (time: Time): Uint8Array => concat(queuePrefix, sortableTime(time));

/** Both sides and the message type of a key of a grant. */
export function readGrantKey(key: Uint8Array): Parties & { readonly msgType: string } {
  const { parties, end } = readParties(key, grantPrefix.length);
  return { ...parties, msgType: fromUtf8(key.subarray(end)) };
}

/** Both sides of a key of the queue. */
export function readQueueKey(key: Uint8Array): Parties {
  return readParties(key, queuePrefix.length + timeBytes).parties;
}

function readParties(key: Uint8Array, start: number): { parties: Parties; end: number } {
  const middle = start + 1 + (key[start] ?? 0);
  const end = middle + 1 + (key[middle] ?? 0);
  const parties = { granter: key.slice(start + 1, middle), grantee: key.slice(middle + 1, end) };
  return { parties, end };
}
