/** Every key of the staking store. spec/modules/delegation.md lists the same. */
import { concat, lengthPrefixed, u64be, utf8 } from "../../encoding/bytes.ts";
import type { Time } from "../../encoding/time.ts";

export const paramsKey = Uint8Array.of(0x51);
export const validatorPrefix = Uint8Array.of(0x21);
const consensusKeyPrefix = Uint8Array.of(0x22);
const powerPrefix = Uint8Array.of(0x11);
export const delegationPrefix = Uint8Array.of(0x31);
export const unbondingPrefix = Uint8Array.of(0x32);
const unbondingOfPrefix = Uint8Array.of(0x33);
const maturingPrefix = Uint8Array.of(0x41);
export const withdrawPrefix = Uint8Array.of(0x61);
const delegationOfPrefix = Uint8Array.of(0x71);

/** Who delegated to whom. */
export interface Pair {
  readonly delegator: Uint8Array;
  readonly validator: Uint8Array;
}

const join = (prefix: Uint8Array, ...addresses: Uint8Array[]): Uint8Array =>
  concat(prefix, ...addresses.map(lengthPrefixed));

/** A validator, by its operator. */
export const validatorKey = (operator: Uint8Array) => join(validatorPrefix, operator);
/** The operator that a consensus key belongs to. */
export const consensusKeyKey = (key: Uint8Array) => join(consensusKeyPrefix, key);
/** The power that the engine was last told of. */
export const powerKey = (operator: Uint8Array) => join(powerPrefix, operator);
/** Tokens of a delegation: decimal text. */
export const delegationKey = (pair: Pair) => join(delegationPrefix, pair.delegator, pair.validator);
export const delegationsOfDelegator = (delegator: Uint8Array) => join(delegationPrefix, delegator);
/** Empty values: the delegators of a validator. */
export const delegationOfKey = (pair: Pair) =>
  join(delegationOfPrefix, pair.validator, pair.delegator);
export const delegatorsOfValidator = (validator: Uint8Array) => join(delegationOfPrefix, validator);
/** An UnbondingDelegation. */
export const unbondingKey = (pair: Pair) => join(unbondingPrefix, pair.delegator, pair.validator);
export const unbondingsOfDelegator = (delegator: Uint8Array) => join(unbondingPrefix, delegator);
/** Empty values: who unbonds from a validator. */
export const unbondingOfKey = (pair: Pair) =>
  join(unbondingOfPrefix, pair.validator, pair.delegator);
export const unbondingsOfValidator = (validator: Uint8Array) => join(unbondingOfPrefix, validator);
/** Where a delegator's rewards go, when not to itself. */
export const withdrawKey = (delegator: Uint8Array) => join(withdrawPrefix, delegator);

const nanosBytes = (nanos: number): Uint8Array => u64be(BigInt(nanos)).slice(4);

/** Empty values, in the order in which they mature. */
export const maturingKey = ({ seconds, nanos }: Time, pair: Pair) =>
  join(concat(maturingPrefix, u64be(seconds), nanosBytes(nanos)), pair.delegator, pair.validator);
/** All that has matured at a time, that time included. */
export function maturedRange({ seconds, nanos }: Time) {
  return {
    start: maturingPrefix,
    end: concat(maturingPrefix, u64be(seconds), nanosBytes(nanos), Uint8Array.of(0xff)),
  };
}

/** The two addresses at the end of a key. Throws on a key that this file did not make. */
export function readPair(bytes: Uint8Array): [first: Uint8Array, second: Uint8Array] {
  const split = 1 + (bytes[0] ?? 0);
  const [first, second] = [bytes.slice(1, split), bytes.slice(split + 1)];
  if (bytes[split] !== second.length) throw new Error("not a key of two addresses");
  return [first, second];
}
/** The two addresses of a key under maturedRange. */
export const readMaturing = (key: Uint8Array) => readPair(key.subarray(1 + 8 + 4));

/** The address at the end of a key whose prefix, one address included, was taken off. */
export const readOne = (bytes: Uint8Array): Uint8Array => bytes.slice(1);

/** Text of a number. */
export const amountBytes = (amount: bigint): Uint8Array => utf8(String(amount));
