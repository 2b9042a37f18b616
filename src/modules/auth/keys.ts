/** Every key of the auth store (named "acc"), laid out as by cosmos-sdk x/auth 0.50. */
import { concat, u64be, utf8 } from "../../encoding/bytes.ts";
import { KnownKey } from "../../store/kv.ts";

/** Active parameters. */
export const paramsKey: Uint8Array = new KnownKey(Uint8Array.of(0x00));
/** Address to the account, as an Any. */
export const accountPrefix = Uint8Array.of(0x01);
/** Timeout in nanoseconds and address to nothing: unordered transactions that were used. */
export const noncePrefix = Uint8Array.of(0x5a);
/** Parameters that the next epoch starts with. Not an SDK key. */
export const scheduledParamsKey = Uint8Array.of(0xf0);
/** The next account number, 8 bytes big-endian. */
export const nextNumberKey = utf8("globalAccountNumber");
const numberPrefix = utf8("accountNumber");

/** By the array of the address: nobody writes into one, and the same ones come again and again. */
const accountKeys = new WeakMap<Uint8Array, Uint8Array>();

export function accountKey(address: Uint8Array): Uint8Array {
  let key = accountKeys.get(address);
  if (!key) {
    key = new KnownKey(concat(accountPrefix, address));
    accountKeys.set(address, key);
  }
  return key;
}
/** Account number to address. */
export const numberKey = (number: bigint): Uint8Array => concat(numberPrefix, u64be(number));
