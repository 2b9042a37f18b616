/**
 * Bit arrays, part sets and the decoder of foreign blocks: the total functions that meet peers'
 * bytes first. Seeds are printed; the same seed replays the same case.
 */
import { readFileSync } from "node:fs";
import type { Part } from "cosmjs-types/tendermint/types/types";
import t from "tap";
import { sha256 } from "../../../src/crypto/hash.ts";
import { concat, equalBytes, toHex } from "../../../src/encoding/bytes.ts";
import { BitArray } from "../../../src/types/bit-array.ts";
import { decodeBlock, encodeBlock, makeBlock } from "../../../src/types/block.ts";
import { emptyCommit } from "../../../src/types/commit.ts";
import { PartSet } from "../../../src/types/part-set.ts";
import { cometBlock, type Json } from "../../support/comet-json.ts";
import { byteStrings, Noise } from "../../support/noise.ts";
import { prng, shuffle } from "../../support/prng.ts";

function randomFlags(random: () => number, size: number): boolean[] {
  const density = random();
  return Array.from({ length: size }, () => random() < density);
}
const text = (flags: readonly boolean[]): string => flags.map((f) => (f ? "x" : "_")).join("");

t.test("bit arrays agree with arrays of flags, 400 random pairs of 0 to 200 bits", (t) => {
  const seed = 11;
  t.comment(`seed ${seed}`);
  const random = prng(seed);
  for (let i = 0; i < 400; i++) {
    const a = randomFlags(random, Math.floor(random() * 200));
    const b = randomFlags(random, Math.floor(random() * 200));
    const [left, right] = [BitArray.from(a), BitArray.from(b)];
    const longest = Array.from({ length: Math.max(a.length, b.length) });
    const shortest = Array.from({ length: Math.min(a.length, b.length) });
    const wants: [BitArray, boolean[]][] = [
      [left.or(right), longest.map((_, k) => (a[k] ?? false) || (b[k] ?? false))],
      [left.and(right), shortest.map((_, k) => (a[k] ?? false) && (b[k] ?? false))],
      [left.sub(right), a.map((flag, k) => flag && !(b[k] ?? false))],
      [left.not(), a.map((flag) => !flag)],
      [left.copy(), a],
    ];
    for (const [got, want] of wants) {
      const back = BitArray.fromProto(got.toProto(), 200);
      const isSame =
        got.bits() === text(want) &&
        got.count() === want.filter(Boolean).length &&
        got.isEmpty() === !want.includes(true) &&
        got.isFull() === !want.includes(false) &&
        back?.equals(got) === true &&
        got.equals(BitArray.from(want));
      if (!isSame) t.fail(`case ${i}: ${text(a)} ${text(b)}: ${got.bits()}`);
    }
  }
  t.pass("2000 results");
  t.end();
});

t.test("bit arrays on the wire and as text are CometBFT's (libs/bits)", (t) => {
  const array = BitArray.from([true, false, true, false]);
  t.equal(`${array}`, "BA{4:x_x_}");
  t.equal(`${new BitArray(0)}`, "nil-BitArray");
  t.same(array.toProto(), { bits: 4n, elems: [5n] });
  const long = new BitArray(70);
  long.set(0, true);
  long.set(63, true);
  long.set(69, true);
  t.same(long.toProto(), { bits: 70n, elems: [(1n << 63n) | 1n, 32n] });
  t.equal(long.set(70, true), false, "outside");
  t.equal(long.set(-1, true), false);
  t.equal(long.get(70), false);
  t.equal(long.set(63, false), true);
  t.same(long.indices(), [0, 69]);
  t.end();
});

t.test("bit arrays of peers are bounded and consistent", (t) => {
  t.equal(BitArray.fromProto({ bits: 65n, elems: [0n] }, 100), undefined, "too few words");
  t.equal(BitArray.fromProto({ bits: 1n, elems: [0n, 0n] }, 100), undefined, "too many words");
  t.equal(BitArray.fromProto({ bits: 101n, elems: [0n, 0n] }, 100), undefined, "too many bits");
  t.equal(BitArray.fromProto({ bits: -1n, elems: [] }, 100), undefined);
  const dirty = BitArray.fromProto({ bits: 3n, elems: [0xffn] }, 100);
  t.equal(dirty?.bits(), "xxx", "bits beyond the size are dropped");
  t.equal(dirty?.isFull(), true);
  t.end();
});

t.test("a random pick is a set bit, and each of them has its turn", (t) => {
  const array = BitArray.from([false, true, false, true, true]);
  t.same(
    [0, 1, 2].map((nth) => array.pickRandom(() => nth)),
    [1, 3, 4],
  );
  t.equal(
    array.pickRandom((below) => below - 1),
    4,
  );
  t.equal(
    new BitArray(5).pickRandom(() => 0),
    undefined,
  );
  t.end();
});

const bytesOf = (length: number, seed: number): Uint8Array => {
  const random = prng(seed);
  return Uint8Array.from({ length }, () => Math.floor(random() * 256));
};

for (const size of [1, 65_535, 65_536, 65_537, 300_000]) {
  t.test(`${size} bytes travel in parts, in any order`, (t) => {
    const bytes = bytesOf(size, size);
    const whole = PartSet.fromBytes(bytes);
    t.equal(whole.isComplete, true);
    t.equal(whole.header.total, Math.ceil(size / 65_536));
    const filling = PartSet.fromHeader(whole.header);
    const order = shuffle([...Array(whole.header.total).keys()], 3);
    for (const index of order) {
      const part = whole.part(index);
      if (!part) throw new Error("a complete set has every part");
      t.equal(filling.isComplete, false);
      t.equal(filling.add(part), "added");
      t.equal(filling.add(part), "duplicate");
      t.equal(filling.has(index), true);
    }
    t.equal(filling.isComplete, true);
    t.equal(filling.byteSize, size);
    t.equal(equalBytes(filling.bytes(), bytes), true);
    t.equal(filling.bits.isFull(), true);
    t.end();
  });
}

t.test("a part that does not belong is invalid and changes nothing", (t) => {
  const whole = PartSet.fromBytes(bytesOf(150_000, 5));
  const other = PartSet.fromBytes(bytesOf(150_000, 6));
  const [part, stranger] = [whole.part(1), other.part(1)];
  if (!part || !stranger) throw new Error("three parts");
  const [first] = part.proof.aunts;
  if (!first) throw new Error("three parts have aunts");
  const proof = (change: Partial<Part["proof"]>): Part => ({
    ...part,
    proof: { ...part.proof, ...change },
  });
  const broken: [string, Part][] = [
    ["of another block", stranger],
    ["index outside", { ...part, index: 3 }],
    ["index moved", { ...part, index: 0 }],
    ["proof of another index", proof({ index: 2n })],
    ["another total", proof({ total: 4n })],
    ["bytes changed", { ...part, bytes: bytesOf(65_536, 1) }],
    ["bytes short", { ...part, bytes: part.bytes.subarray(1) }],
    ["bytes long", { ...part, bytes: concat(part.bytes, Uint8Array.of(0)) }],
    ["leaf hash changed", proof({ leafHash: sha256(first) })],
    ["aunt missing", proof({ aunts: part.proof.aunts.slice(1) })],
    ["aunt added", proof({ aunts: [...part.proof.aunts, first] })],
    ["aunt short", proof({ aunts: [first.subarray(1), ...part.proof.aunts.slice(1)] })],
    ["total of zero", proof({ total: 0n })],
  ];
  const filling = PartSet.fromHeader(whole.header);
  for (const [what, bad] of broken) t.equal(filling.add(bad), "invalid", what);
  t.equal(filling.count, 0);
  t.equal(filling.byteSize, 0);
  t.throws(() => filling.bytes(), /incomplete/);
  t.throws(() => PartSet.fromHeader({ total: 1602, hash: new Uint8Array(32) }), RangeError);
  t.end();
});

const vectors: Json = JSON.parse(
  readFileSync(new URL("../../vectors/comet/blocks.json", import.meta.url), "utf8"),
);
const realBlocks = vectors.blocks.map(({ block }: Json) => encodeBlock(cometBlock(block)));
const withTxs = encodeBlock(
  makeBlock({
    height: 3n,
    txs: [bytesOf(300, 1), bytesOf(10, 2), new Uint8Array(0)],
    lastCommit: emptyCommit(),
    evidence: [],
  }),
);

t.test(`decodeBlock is total and canonical on ${byteStrings} injured blocks`, (t) => {
  const sources = [...realBlocks, withTxs];
  let accepted = 0;
  for (const bytes of new Noise(t, 2026).strings(sources)) {
    const block = decodeBlock(bytes);
    if (!block) continue;
    accepted += 1;
    if (!equalBytes(encodeBlock(block), bytes)) t.fail(toHex(bytes));
  }
  t.ok(accepted > 100 && accepted < byteStrings * 0.9, `${accepted} are still blocks`);
  t.end();
});

t.test("decodeBlock: what is refused", (t) => {
  for (const bytes of [...realBlocks, withTxs]) t.ok(decodeBlock(bytes), "whole blocks decode");
  t.equal(decodeBlock(concat(withTxs, Uint8Array.of(0x2a, 0))), undefined, "an unknown field");
  t.equal(decodeBlock(concat(withTxs, withTxs)), undefined, "every field twice");
  t.equal(decodeBlock(Uint8Array.of(0x0b)), undefined, "a group");
  t.equal(decodeBlock(new Uint8Array(0)), undefined, "nothing: a block always has a header");
  t.equal(decodeBlock(new Uint8Array(50_000).fill(0x0b)), undefined, "nested groups");
  t.equal(decodeBlock(new Uint8Array(104_857_601)), undefined, "too long");
  t.end();
});
