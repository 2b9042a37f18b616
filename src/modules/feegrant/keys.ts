/** Every key of the feegrant store, laid out as by cosmos-sdk x/feegrant 0.50. */
import { concat, lengthPrefixed } from "../../encoding/bytes.ts";
import { sortableTime, type Time } from "../../encoding/time.ts";

/** Grantee and granter to the Grant. */
export const grantPrefix = Uint8Array.of(0x00);
/** Expiration, grantee and granter to nothing. */
export const queuePrefix = Uint8Array.of(0x01);
const timeBytes = 29;

/** All allowances of one grantee. */
export const granteePrefix = (grantee: Uint8Array): Uint8Array =>
  concat(grantPrefix, lengthPrefixed(grantee));

export const grantKey = (grantee: Uint8Array, granter: Uint8Array): Uint8Array =>
  concat(granteePrefix(grantee), lengthPrefixed(granter));

/** The key of the queue for a key of a grant. */
export const queueKey = (expiration: Time, key: Uint8Array): Uint8Array =>
  concat(queuePrefix, sortableTime(expiration), key.subarray(grantPrefix.length));

/** The first key of the queue that is not before this time. */
export const queueEnd = (time: Time): Uint8Array => concat(queuePrefix, sortableTime(time));

/** The key of the grant that a key of the queue stands for. */
export const queuedGrant = (key: Uint8Array): Uint8Array =>
  concat(grantPrefix, key.subarray(queuePrefix.length + timeBytes));
