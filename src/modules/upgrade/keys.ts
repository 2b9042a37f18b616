/** Every key of the upgrade store, as cosmos-sdk x/upgrade 0.50 has them. */
import { concat, fromU64be, fromUtf8, u64be, utf8 } from "../../encoding/bytes.ts";

/** The plan that waits. */
export const planKey = Uint8Array.of(0x00);
/** Height and name to one byte: plans that were carried out. */
export const donePrefix = Uint8Array.of(0x01);
/** Module name to its version, 8 bytes big-endian. */
export const versionPrefix = Uint8Array.of(0x02);

export const doneKey = (height: bigint, name: string): Uint8Array =>
  concat(donePrefix, u64be(height), utf8(name));
export const versionKey = (module: string): Uint8Array => concat(versionPrefix, utf8(module));

/** Height and name of a key under donePrefix. */
export function readDoneKey(key: Uint8Array): { height: bigint; name: string } {
  return { height: fromU64be(key.subarray(1, 9)), name: fromUtf8(key.subarray(9)) };
}
