/**
 * The reader and writer under generated codecs: the bytes of the ones they replace, which a process
 * without them writes down here, apart from the numbers that those write wrong.
 */
import { execFileSync } from "node:child_process";
import { BinaryReader, BinaryWriter } from "cosmjs-types/binary";
import { Fee } from "cosmjs-types/cosmos/tx/v1beta1/tx";
import t from "tap";
import { toHex } from "../../../src/encoding/bytes.ts";
import { uvarint } from "../../../src/encoding/varint.ts";
import { prng } from "../../support/prng.ts";

const seed = 61;

const maxUint64 = (1n << 64n) - 1n;

/** Writes with every method; runs here and in a process that has the library alone. */
function writeAll(writer: BinaryWriter): Uint8Array {
  const numbers = [0, 1, 127, 128, 300, 16_383, 16_384, 2_097_151, 2_097_152, 2 ** 31, 2 ** 32 - 1];
  for (const number of numbers) writer.uint32(number);
  for (const number of [0, 5, -1, 2 ** 31 - 1, -(2 ** 31)]) writer.int32(number);
  const wide = [0n, 1n, 2n ** 28n, 2n ** 31n - 1n, 2n ** 32n, 2n ** 53n + 1n, 2n ** 63n - 1n];
  for (const number of wide) writer.int64(number).int64(-number).uint64(number).fixed64(number);
  writer
    .uint64(2n ** 64n - 1n)
    .sfixed64(-5n)
    .fixed32(7)
    .bool(true)
    .bool(false);
  for (const text of ["", "ascii", "ümläut", "漢字", "😀", "\ud800", "x".repeat(3000)]) {
    writer.string(text);
  }
  for (const size of [0, 1, 127, 128, 20_000]) writer.bytes(new Uint8Array(size).fill(size));
  writer.fork().string("inner").fork().string("y".repeat(200)).ldelim().ldelim();
  return writer.fork().ldelim().finish();
}

t.test("what it writes is what the library writes", (t) => {
  const source = `const { BinaryWriter } = require("cosmjs-types/binary");
    ${writeAll.toString()}
    console.log(Buffer.from(writeAll(BinaryWriter.create())).toString("hex"));`;
  const env = { ...process.env, NODE_OPTIONS: "" };
  const expected = execFileSync(process.execPath, ["-e", `var __name = (f) => f; ${source}`], {
    env,
    encoding: "utf8",
  });
  t.equal(toHex(writeAll(BinaryWriter.create())), expected.trim());
  t.end();
});

t.test("64-bit numbers are varints, those from 2^31 to 2^32-1 too", (t) => {
  t.comment(`seed ${seed}`);
  const random = prng(seed);
  const wide = () => BigInt(Math.floor(random() * 2 ** 32)) << BigInt(Math.floor(random() * 33));
  const edges = [31n, 32n, 63n].flatMap((bits) => [2n ** bits - 1n, 2n ** bits, 2n ** bits + 1n]);
  for (const number of [...edges, 3_000_000_000n, ...Array.from({ length: 5000 }, wide)]) {
    const expected = toHex(uvarint(number));
    if (toHex(BinaryWriter.create().uint64(number).finish()) !== expected) t.fail(`${number}`);
    if (toHex(BinaryWriter.create().int64(number).finish()) !== expected) t.fail(`${number}`);
    if (new BinaryReader(uvarint(number)).uint64() !== number) t.fail(`${number} read`);
  }
  t.equal(
    Fee.decode(Fee.encode(Fee.fromPartial({ gasLimit: 3n * 10n ** 9n })).finish()).gasLimit,
    3n * 10n ** 9n,
  );
  t.end();
});

t.test("what it reads back is what was written", (t) => {
  const writer = BinaryWriter.create();
  const unsigned = [0n, 127n, 128n, 2n ** 32n, 2n ** 35n - 1n, 2n ** 63n, maxUint64];
  for (const number of unsigned) writer.uint64(number);
  for (const number of [-1n, -(2n ** 63n), 2n ** 63n - 1n, 5n]) writer.int64(number);
  for (const text of ["", "ascii", "ümläut", "😀 漢字"]) writer.string(text);
  writer
    .uint32(300)
    .bool(true)
    .uint64(2n ** 40n)
    .uint64(0n);
  const reader = new BinaryReader(writer.finish());
  t.same(
    unsigned.map(() => reader.uint64()),
    unsigned,
  );
  t.same(
    [1, 2, 3, 4].map(() => reader.int64()),
    [-1n, -(2n ** 63n), 2n ** 63n - 1n, 5n],
  );
  t.same(
    [1, 2, 3, 4].map(() => reader.string()),
    ["", "ascii", "ümläut", "😀 漢字"],
  );
  t.equal(reader.uint32(), 300);
  t.same([reader.bool(), reader.bool(), reader.bool()], [true, true, false]);
  t.throws(() => reader.uint32(), RangeError);
  t.end();
});

t.test("messages that are written inside one another do not share a buffer", (t) => {
  const fee = Fee.fromPartial({ gasLimit: 7n, payer: "a", granter: "b".repeat(2000) });
  const outer = BinaryWriter.create().string("outer");
  const first = Fee.encode(fee).finish();
  outer.bytes(Fee.encode(fee).finish()).bytes(first);
  const reader = new BinaryReader(outer.finish());
  t.equal(reader.string(), "outer");
  for (let i = 0; i < 2; i++) t.same(Fee.decode(reader.bytes()), fee);
  t.same(Fee.decode(first), fee, "what was finished stays as it was");
  t.end();
});
