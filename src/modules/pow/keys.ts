/** Every key of the pow store. spec/modules/pow.md, "State", lists the same. */
import { concat, lengthPrefixed, u64be } from "../../encoding/bytes.ts";

const prefix = (byte: number): Uint8Array => Uint8Array.of(byte);

/** Single values. */
export const activeParamsKey: Uint8Array = prefix(0x00);
export const scheduledParamsKey: Uint8Array = prefix(0x01);
export const currentEpochKey: Uint8Array = prefix(0x10);
export const beaconChainKey: Uint8Array = prefix(0x12);
export const nextEmissionKey: Uint8Array = prefix(0x30);
export const totalsPrefix: Uint8Array = prefix(0x31);

/** Tables: what follows the prefix is in the comment. */
export const hostPrefix: Uint8Array = prefix(0x02); // operator
export const workerPrefix: Uint8Array = prefix(0x03); // worker address -> operator
export const consensusPrefix: Uint8Array = prefix(0x04); // consensus address -> operator
export const standingPrefix: Uint8Array = prefix(0x05); // operator
export const epochPrefix: Uint8Array = prefix(0x11); // epoch
export const participantPrefix: Uint8Array = prefix(0x20); // epoch, operator
export const commitmentPrefix: Uint8Array = prefix(0x21); // epoch, sprint, operator
export const openingPrefix: Uint8Array = prefix(0x22); // epoch, sprint, operator
export const assignmentPrefix: Uint8Array = prefix(0x23); // epoch, sprint, verifier, host
export const attestationPrefix: Uint8Array = prefix(0x24); // epoch, sprint, verifier
export const forfeitPrefix: Uint8Array = prefix(0x25); // epoch, operator
export const livenessPrefix: Uint8Array = prefix(0x26); // operator
export const vestingPrefix: Uint8Array = prefix(0x32); // operator
export const vestingEndPrefix: Uint8Array = prefix(0x33); // epoch, operator
export const seatedPrefix: Uint8Array = prefix(0x40); // consensus public key
export const settlementPrefix: Uint8Array = prefix(0x41); // epoch

/** An address inside a key: its length, then its bytes. */
export const addressKey = (address: Uint8Array): Uint8Array => lengthPrefixed(address);

/** An epoch inside a key: sorts as a number. */
export const epochKey = (epoch: bigint): Uint8Array => u64be(epoch);

/** One host in one epoch. */
export const epochHostKey = (epoch: bigint, operator: Uint8Array): Uint8Array =>
  concat(u64be(epoch), lengthPrefixed(operator));

/** One Sprint of an epoch: 0 is the main one. */
export const sprintKey = (epoch: bigint, sprint: number): Uint8Array =>
  concat(u64be(epoch), Uint8Array.of(sprint));

/** One host in one Sprint. */
export const sprintHostKey = (
  sprint: { readonly epoch: bigint; readonly sprint: number },
  operator: Uint8Array,
): Uint8Array => concat(sprintKey(sprint.epoch, sprint.sprint), lengthPrefixed(operator));

/** An entry of an index: prefix and address. */
export const indexKey = (index: Uint8Array, address: Uint8Array): Uint8Array =>
  concat(index, lengthPrefixed(address));

/** An assignment: where the verifier is, then the host. */
export const assignmentKey = (verifier: Uint8Array, host: Uint8Array): Uint8Array =>
  concat(verifier, lengthPrefixed(host));
