/** The write-ahead log, spec/consensus.md clause W; scenarios of CometBFT consensus/wal_test.go. */
import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import t from "tap";
import { readRecord } from "../../../src/consensus/engine/inputs.ts";
import type { LogDisk } from "../../../src/consensus/expected.ts";
import { crc32c } from "../../../src/consensus/wal/crc32c.ts";
import { FolderLogDisk } from "../../../src/consensus/wal/disk.ts";
import { encodeFrame, readFrames, type WalRecord } from "../../../src/consensus/wal/records.ts";
import { Wal, WalDamagedError } from "../../../src/consensus/wal/wal.ts";
import { toHex, utf8 } from "../../../src/encoding/bytes.ts";
import { SimLogDisk } from "../../sim/disks.ts";
import { byteStrings, Noise } from "../../support/noise.ts";
import { silent } from "../../support/one-validator.ts";
import { prng } from "../../support/prng.ts";

const time = { seconds: 1n, nanos: 0 };
const open = (disk: LogDisk) => Wal.open({ disk, clock: { now: () => time }, log: silent });
const timeout = (height: bigint, round = 0): WalRecord => ({
  timeoutInfo: { duration: { seconds: 1n, nanos: 0 }, height, round, step: 3 },
});
const heights = (records: readonly WalRecord[] | undefined) =>
  records?.map((record) => record.timeoutInfo?.height ?? record.endHeight?.height);

t.test("CRC-32C: the check value of its definition, and RFC 3720's zeros", async (t) => {
  t.equal(crc32c(utf8("123456789")), 0xe3069283);
  t.equal(crc32c(new Uint8Array(32)), 0x8a9136aa);
  t.equal(crc32c(new Uint8Array(0)), 0);
});

t.test("a frame is checksum, length and TimedWALMessage (EncoderDecoder)", async (t) => {
  const frame = encodeFrame({ endHeight: { height: 5n } }, time);
  // TimedWALMessage{time: {seconds: 1}, msg: {end_height: {height: 5}}}, by hand.
  t.equal(toHex(frame.subarray(8)), "0a020801120422020805");
  t.equal(toHex(frame.subarray(4, 8)), "0000000a");
  t.equal(Buffer.from(frame).readUInt32BE(0), crc32c(frame.subarray(8)));
  t.same(readFrames(frame).records, [
    { ...readFrames(frame).records[0], endHeight: { height: 5n } },
  ]);
});

// The messages of cometbft v0.38.25 consensus/msgs_test.go, TestWALMsgProto, with a leaf hash of
// 01s in place of a random one. The test has no bytes: these are by hand, from wal.proto.
const part = {
  ...{ index: 1, bytes: utf8("test") },
  proof: { total: 1n, index: 1n, leafHash: new Uint8Array(32).fill(1), aunts: [] },
};
const walVectors: readonly [name: string, record: WalRecord, hex: string][] = [
  [
    "EventDataRoundState",
    { eventDataRoundState: { height: 2n, round: 1, step: "ronies" } },
    "0a0c080210011a06726f6e696573",
  ],
  [
    "MsgInfo",
    { msgInfo: { msg: { blockPart: { height: 100n, round: 1, part } }, peerId: "string" } },
    `12420a382a36086410011a3008011204746573741a26080110011a20${"01".repeat(32)}1206737472696e67`,
  ],
  [
    "TimeoutInfo",
    { timeoutInfo: { duration: { seconds: 0n, nanos: 100 }, height: 1n, round: 1, step: 1 } },
    "1a0a0a021064100118012001",
  ],
  ["EndHeight", { endHeight: { height: 1n } }, "22020801"],
];
for (const [name, record, hex] of walVectors) {
  t.test(`vector ${name} (TestWALMsgProto)`, async (t) => {
    const frame = encodeFrame(record, time);
    const length = (hex.length / 2).toString(16).padStart(2, "0");
    t.equal(toHex(frame.subarray(8)), `0a02080112${length}${hex}`);
    const [read] = readFrames(frame).records;
    t.ok(read);
    t.equal(toHex(encodeFrame(read ?? {}, time)), toHex(frame), "and back");
    t.match(read, record);
  });
}

t.test("a record of no kind is nothing to replay (TestWALMsgProto, failure)", async (t) => {
  t.equal(readRecord(readFrames(encodeFrame({}, time)).records[0] ?? {}), undefined);
});

t.test("W4: finds the end of a height, also across segments (SearchForEndHeight)", async (t) => {
  const disk = new SimLogDisk();
  const wal = open(disk);
  t.equal(wal.recordsAfter(0n), undefined, "an empty log knows no height");
  wal.endHeight(0n);
  t.same(wal.recordsAfter(0n), []);
  wal.append(timeout(1n));
  wal.endHeight(1n);
  wal.append(timeout(2n, 0));
  wal.append(timeout(2n, 1));
  t.same(heights(wal.recordsAfter(1n)), [2n, 2n]);
  t.same(heights(wal.recordsAfter(0n)), [1n, 1n, 2n, 2n]);
  t.equal(wal.recordsAfter(2n), undefined);
  t.same(heights(open(disk).recordsAfter(1n)), [2n, 2n], "a new process finds the same");
});

t.test(
  "W5: a torn tail is cut off, at whatever byte, and the log goes on (Truncate)",
  async (t) => {
    const whole = [timeout(1n), timeout(2n), timeout(3n)].map((record) =>
      encodeFrame(record, time),
    );
    const bytes = Buffer.concat(whole);
    for (let cut = 0; cut <= bytes.length; cut++) {
      const disk = new SimLogDisk();
      disk.append(0, bytes.subarray(0, cut));
      const wal = open(disk);
      wal.endHeight(9n);
      wal.append(timeout(10n));
      t.same(heights(wal.recordsAfter(9n)), [10n], `cut at ${cut}`);
      const kept = heights(readFrames(disk.read(0)).records)?.length ?? 0;
      t.equal(kept, Math.floor(cut / (whole[0]?.length ?? 1)) + 2, `cut at ${cut}`);
    }
  },
);

t.test("W5: any flipped byte is found, whatever follows is not believed", async (t) => {
  const frames = Array.from({ length: 20 }, (_, i) => encodeFrame(timeout(BigInt(i)), time));
  for (let seed = 1; seed <= 300; seed++) {
    const random = prng(seed);
    const bytes = Buffer.concat(frames);
    const at = Math.floor(random() * bytes.length);
    bytes[at] = (bytes[at] ?? 0) ^ (1 + Math.floor(random() * 255));
    const { records, goodBytes } = readFrames(bytes);
    if (goodBytes > at) t.fail(`seed ${seed}`);
    t.same(
      heights(records),
      records.map((_, i) => BigInt(i)),
      `seed ${seed}`,
    );
  }
});

t.test(`W5: ${byteStrings} damaged logs are read up to the damage`, async (t) => {
  const noise = new Noise(t, 5);
  const log = Buffer.concat([1n, 2n, 3n].map((height) => encodeFrame(timeout(height), time)));
  for (const bytes of noise.strings([log])) {
    try {
      const { records, goodBytes } = readFrames(bytes);
      if (goodBytes > bytes.length || records.length > 20) t.fail(toHex(bytes));
    } catch (error) {
      t.fail(`SEED=${noise.seed}: ${toHex(bytes)}: ${error}`);
    }
  }
});

t.test("W6: a full log begins a new segment at a height's end and drops old ones", async (t) => {
  const disk = new SimLogDisk();
  const wal = open(disk);
  const large = { msg: { vote: {} }, peerId: "x".repeat(1_000_000) };
  for (let height = 1n; height <= 5n; height++) {
    for (let i = 0; i < 17; i++) wal.append({ msgInfo: large });
    wal.endHeight(height);
  }
  t.same(disk.segments(), [4, 5], "the current one and one before it");
  t.same(wal.recordsAfter(5n), []);
  disk.truncate(4, 100);
  t.throws(() => open(disk), WalDamagedError, "a damaged earlier segment is not passed over");
});

t.test("on a real disk: what is appended is there after a restart", async (t) => {
  const folder = mkdtempSync(path.join(tmpdir(), "wal-"));
  t.teardown(() => rmSync(folder, { recursive: true }));
  const disk = new FolderLogDisk(path.join(folder, "cs.wal"));
  const wal = open(disk);
  wal.endHeight(0n);
  wal.append(timeout(1n));
  wal.sync();
  disk.close();
  const file = path.join(folder, "cs.wal", "wal-00000000");
  appendFileSync(file, Uint8Array.of(1, 2, 3)); // A torn frame.
  writeFileSync(path.join(folder, "cs.wal", "notes.txt"), "not a segment");
  const again = new FolderLogDisk(path.join(folder, "cs.wal"));
  t.same(again.segments(), [0]);
  const reopened = open(again);
  t.same(heights(reopened.recordsAfter(0n)), [1n]);
  reopened.append(timeout(2n));
  reopened.sync();
  again.close();
  t.same(heights(readFrames(new Uint8Array(readFileSync(file))).records), [0n, 1n, 2n]);
  const removed = new FolderLogDisk(path.join(folder, "cs.wal"));
  removed.remove(0);
  t.same(removed.segments(), []);
});
