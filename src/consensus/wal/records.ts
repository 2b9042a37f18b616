/**
 * The records of the write-ahead log and their frames, as CometBFT writes them (consensus/wal.go):
 * CRC-32C and length, both 32-bit big-endian, then a TimedWALMessage. spec/consensus.md, clause W.
 */
import { concat } from "../../encoding/bytes.ts";
import type { Time } from "../../encoding/time.ts";
import { decodeTotal } from "../../encoding/wire.ts";
import { TimedWALMessage, type WALMessage } from "../../gen/tendermint/consensus/wal.ts";
import { crc32c } from "./crc32c.ts";

/** What the log remembers. */
export type WalRecord = WALMessage;

const headerBytes = 8;
/** A block part of 64 KiB, its proof and the envelope are far below this. */
export const maxRecordBytes = 1_048_576;

/** The frame of a record. The time is for people who read the log. */
export function encodeFrame(record: WalRecord, time: Time): Uint8Array {
  const payload = TimedWALMessage.encode({ time, msg: record }).finish();
  const header = new DataView(new ArrayBuffer(headerBytes));
  header.setUint32(0, crc32c(payload));
  header.setUint32(4, payload.length);
  return concat(new Uint8Array(header.buffer), payload);
}

/** The records of a log up to its end, or up to the first bad frame. */
export interface ReadRecords {
  readonly records: readonly WalRecord[];
  /** Length of the good part; less than the input when the rest is torn or damaged. */
  readonly goodBytes: number;
}

/** Reads frames. Total: whatever the bytes, it stops at the first frame that is not whole. */
export function readFrames(bytes: Uint8Array): ReadRecords {
  const records: WalRecord[] = [];
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let offset = 0;
  while (offset + headerBytes <= bytes.length) {
    const length = view.getUint32(offset + 4);
    const end = offset + headerBytes + length;
    if (length > maxRecordBytes || end > bytes.length) break;
    const payload = bytes.subarray(offset + headerBytes, end);
    if (crc32c(payload) !== view.getUint32(offset)) break;
    const record = decodeTotal(TimedWALMessage, payload, { maxBytes: maxRecordBytes })?.msg;
    if (!record) break;
    records.push(record);
    offset = end;
  }
  return { records, goodBytes: offset };
}
