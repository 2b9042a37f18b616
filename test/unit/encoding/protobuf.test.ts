/**
 * Varints, the canonical writer, and the gate before every protobuf decoder. Vectors: Go
 * encoding/binary varint_test.go, the protobuf encoding guide, iavl node prefixes.
 */
import { Vote } from "cosmjs-types/tendermint/types/types";
import t from "tap";
import { concat, fromHex, toHex } from "../../../src/encoding/bytes.ts";
import { ProtoWriter } from "../../../src/encoding/proto-writer.ts";
import { readUvarint, uvarint, zigzagVarint } from "../../../src/encoding/varint.ts";
import { checkWire, decodeTotal } from "../../../src/encoding/wire.ts";
import { prng } from "../../support/prng.ts";

const maxUint64 = (1n << 64n) - 1n;
const maxInt64 = (1n << 63n) - 1n;

t.test("varints: known answers, the edges, and back", (t) => {
  const cases: [bigint, string][] = [
    [0n, "00"],
    [127n, "7f"],
    [128n, "8001"],
    [300n, "ac02"],
    [1n << 63n, "80808080808080808001"],
    [maxUint64, "ffffffffffffffffff01"],
  ];
  for (const [value, hex] of cases) {
    t.equal(toHex(uvarint(value)), hex);
    t.same(readUvarint(fromHex(hex), 0), { value, next: hex.length / 2 });
  }
  t.same(readUvarint(fromHex("ffac02"), 1), { value: 300n, next: 3 });
  for (const bad of ["", "80", "ffffffffffffffffff02", "8080808080808080808000"]) {
    t.equal(readUvarint(fromHex(bad), 0), undefined, `refused: ${bad}`);
  }
  t.throws(() => uvarint(-1), RangeError);
  t.throws(() => uvarint(maxUint64 + 1n), RangeError);
  t.end();
});

t.test("varints of 2,000 random numbers of every size come back, in the fewest bytes", (t) => {
  const seed = 13;
  t.comment(`seed ${seed}`);
  const random = prng(seed);
  for (let i = 0; i < 2000; i++) {
    const value = BigInt(Math.floor(random() * 2 ** 32)) >> BigInt(Math.floor(random() * 32));
    const wide = BigInt.asUintN(64, value << BigInt(Math.floor(random() * 40)));
    for (const each of [value, wide]) {
      const bytes = uvarint(each);
      const bits = each.toString(2).length;
      if (bytes.length !== Math.ceil(bits / 7)) t.fail(`${each}: ${toHex(bytes)}`);
      if (readUvarint(bytes, 0)?.value !== each) t.fail(`${each}: ${toHex(bytes)}`);
      if (each < 2n ** 53n && toHex(uvarint(Number(each))) !== toHex(bytes)) t.fail(`${each}`);
    }
  }
  t.throws(() => uvarint(0.5));
  t.throws(() => uvarint(2 ** 40 + 0.5));
  t.end();
});

t.test("zig-zag varints are Go's binary.PutVarint", (t) => {
  const cases: [bigint, string][] = [
    [0n, "00"],
    [-1n, "01"],
    [1n, "02"],
    [-64n, "7f"],
    [64n, "8001"],
    [maxInt64, "feffffffffffffffff01"],
    [-maxInt64 - 1n, "ffffffffffffffffff01"],
  ];
  for (const [value, hex] of cases) t.equal(toHex(zigzagVarint(value)), hex, `${value}`);
  t.throws(() => zigzagVarint(maxInt64 + 1n), RangeError);
  t.throws(() => zigzagVarint(-maxInt64 - 2n), RangeError);
  t.end();
});

t.test("the writer leaves zeros out, but not embedded messages", (t) => {
  const empty = new Uint8Array(0);
  const zeros = new ProtoWriter().uint(1, 0).int64(2, 0n).sfixed64(3, 0n).bytes(4, empty);
  t.equal(toHex(zeros.string(5, "").message(6, empty).finish()), "3200");
  const full = new ProtoWriter()
    .uint(1, maxUint64)
    .int64(2, -1n)
    .sfixed64(3, -2n)
    .bytes(4, fromHex("ff"))
    .string(5, "é")
    .message(16, fromHex("0801"))
    .finish();
  t.equal(
    toHex(full),
    "08ffffffffffffffffff01" +
      "10ffffffffffffffffff01" +
      "19feffffffffffffff" +
      "2201ff" +
      "2a02c3a9" +
      "8201020801",
  );
  t.equal(toHex(new ProtoWriter().int64(1, 1n << 40n).finish()), "08808080808020");
  t.equal(toHex(new ProtoWriter().sfixed64(1, 1n << 40n).finish()), "090000000000010000");
  t.end();
});

const limits = { maxBytes: 1000 };

t.test("malformed messages are refused before any decoder sees them", (t) => {
  const good = ["", "0801", "090000000000000000", "0d00000000", "1200", "120100", "f8ffffff0f01"];
  for (const hex of good) t.equal(checkWire(fromHex(hex), limits), undefined, `fine: ${hex}`);
  const cases: [string, RegExp][] = [
    ["08", /bad value of field 1/],
    ["0880", /bad value of field 1/],
    ["08ffffffffffffffffffff01", /bad value of field 1/],
    ["80", /bad tag/],
    ["0000", /bad field number/],
    ["0900", /bad value of field 1/],
    ["0d000000", /bad value of field 1/],
    ["0a0100ff", /bad tag/],
    ["0a05", /bad value of field 1/],
    ["0affffffff0f", /bad value of field 1/],
    ["0affffffffffffffffff01", /bad value of field 1/],
    ["0b0c", /bad value of field 1/],
    ["0c", /bad value of field 1/],
    ["0e", /bad value of field 1/],
    ["f8ffffff1f01", /bad field number/],
  ];
  for (const [hex, reason] of cases) t.match(checkWire(fromHex(hex), limits), reason, hex);
  t.match(checkWire(new Uint8Array(1001), limits), /1001 bytes exceeds the limit of 1000/);
  t.end();
});

t.test("nesting is limited where a limit is given, however deep it goes", (t) => {
  let nested: Uint8Array = new Uint8Array(0);
  for (let depth = 0; depth < 5; depth++)
    nested = concat(fromHex("0a"), uvarint(nested.length), nested);
  t.equal(checkWire(nested, { maxBytes: 100, maxDepth: 5 }), undefined);
  t.match(checkWire(nested, { maxBytes: 100, maxDepth: 3 }), /deeper than 3 levels/);
  t.equal(checkWire(nested, { maxBytes: 100 }), undefined, "no limit asked for");
  for (let depth = 0; depth < 9000; depth++) {
    nested = concat(fromHex("0a"), uvarint(nested.length), nested);
  }
  t.match(checkWire(nested, { maxBytes: 100_000, maxDepth: 100 }), /deeper than 100 levels/);
  t.end();
});

t.test("decodeTotal never throws: 5,000 random messages", (t) => {
  const seed = 12;
  t.comment(`seed ${seed}`);
  const random = prng(seed);
  const vote = Vote.encode(
    Vote.fromPartial({ type: 2, height: 5n, round: 1, signature: new Uint8Array(64).fill(1) }),
  ).finish();
  let decoded = 0;
  for (let i = 0; i < 5000; i++) {
    const bytes = Uint8Array.from(vote);
    for (let k = 0; k < 1 + (i % 4); k++)
      bytes[Math.floor(random() * bytes.length)] = random() * 256;
    if (decodeTotal(Vote, bytes, limits) !== undefined) decoded += 1;
  }
  t.ok(decoded > 100 && decoded < 4900, `${decoded} decode`);
  t.same(decodeTotal(Vote, vote, limits), Vote.decode(vote));
  t.equal(decodeTotal(Vote, vote, { maxBytes: 10 }), undefined);
  t.equal(decodeTotal(Vote, new Uint8Array(900).fill(0x0b), limits), undefined, "nested groups");
  t.end();
});
