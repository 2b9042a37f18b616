/**
 * Encodings that people read: bytes as text, bech32, coins, decimals, canonical JSON, times.
 * Vectors: BIP-173, CosmJS packages/encoding/src/bech32.spec.ts (commit 0719144), cosmos-sdk 0.50
 * types/coin_test.go and math/dec_test.go.
 */
import { fromBech32 as cosmjsFromBech32, toBech32 as cosmjsToBech32 } from "@cosmjs/encoding";
import t from "tap";
import { parseBech32, toBech32 } from "../../../src/encoding/bech32.ts";
import {
  compareBytes,
  equalBytes,
  fromBase64,
  fromHex,
  fromU64be,
  lengthPrefixed,
  parseBase64,
  parseHex,
  toBase64,
  toHex,
  u32le,
  u64be,
  u64le,
} from "../../../src/encoding/bytes.ts";
import { canonicalJson } from "../../../src/encoding/canonical-json.ts";
import * as coins from "../../../src/encoding/coins.ts";
import {
  formatDecimal,
  mulFloor,
  one,
  parseDecimal,
  quoFloor,
} from "../../../src/encoding/decimal.ts";
import * as time from "../../../src/encoding/time.ts";
import { prng } from "../../support/prng.ts";

const ethAddress = fromHex("9d4e856e572e442f0a4b2763e72d08a0e99d8ded");

t.test("bech32: known answers of CosmJS and BIP-173", (t) => {
  const text = "eth1n48g2mjh9ezz7zjtya37wtgg5r5emr0drkwlgw";
  t.equal(toBech32("eth", ethAddress), text);
  t.same(parseBech32(text), { prefix: "eth", bytes: ethAddress });
  t.same(parseBech32(text.toUpperCase()), { prefix: "eth", bytes: ethAddress });
  t.same(parseBech32(text, "eth"), { prefix: "eth", bytes: ethAddress });
  t.equal(parseBech32(text, "gonka"), undefined, "another prefix");
  t.equal(
    toBech32("eth", new Uint8Array(51)),
    `eth1${"q".repeat(82)}ug55er`,
    "longer than 90 characters",
  );
  t.same(parseBech32("a12uel5l"), { prefix: "a", bytes: new Uint8Array(0) });
  const upper = parseBech32("abcdef1qpzry9x8gf2tvdw0s3jn54khce6mua7lmqqqxw");
  t.equal(toHex(upper?.bytes ?? ethAddress), "00443214c74254b635cf84653a56d7c675be77df");
  t.equal(parseBech32("?1ezyfcl")?.prefix, "?");
  t.end();
});

t.test("bech32: malformed text is refused (BIP-173 and CosmJS)", (t) => {
  const cases = [
    "\u00201nwldj5",
    "\u007f1axkwrx",
    "\u00801eym55h",
    "pzry9x0s0muk",
    "1pzry9x0s0muk",
    "x1b4n0q5v",
    "li1dgmt3",
    "de1lg7wt\u00ff",
    "A1G7SGD8",
    "10a06t8",
    "1qzzfhee",
    "",
    "1",
    "nooneinhere",
    "eth1n48g2mjh9ezz7zjtya37wtgg5r5emr0dxxxxxx",
    "Eth1n48g2mjh9ezz7zjtya37wtgg5r5emr0drkwlgw",
    "eth1n48g2mjh9Ezz7zjtya37wtgg5r5emr0drkwlgw",
    "eth1n48g2mjh9ezz7zjtya37wtgg5r5emr0dk27ndv", // bech32m
    "abcdef1l7aum6echk45nj3s0wdvt2fg8x9yrzpqzd3ryx", // bech32m
    `eth1${"q".repeat(600)}`,
  ];
  for (const text of cases) t.equal(parseBech32(text), undefined, JSON.stringify(text));
  t.end();
});

t.test("bech32 agrees with CosmJS on 300 random addresses and 300 injured ones", (t) => {
  const seed = 4;
  t.comment(`seed ${seed}`);
  const random = prng(seed);
  const letters = "qpzry9x8gf2tvdw0s3jn54khce6mua7lb1iQ";
  for (let i = 0; i < 300; i++) {
    const bytes = Uint8Array.from({ length: Math.floor(random() * 45) }, () => random() * 256);
    const text = toBech32("gonka", bytes);
    if (text !== cosmjsToBech32("gonka", bytes, 200)) t.fail(toHex(bytes));
    if (toHex(parseBech32(text)?.bytes ?? ethAddress) !== toHex(bytes)) t.fail(text);
    const at = Math.floor(random() * text.length);
    const letter = letters[Math.floor(random() * letters.length)] ?? "q";
    const injured = text.slice(0, at) + letter + text.slice(at + 1);
    const mine = parseBech32(injured);
    const theirs = accepts(() => cosmjsFromBech32(injured, 200));
    if ((mine !== undefined) !== theirs) t.fail(`${injured}: ${theirs}`);
  }
  t.pass("600 texts");
  t.end();
});
function accepts(run: () => unknown): boolean {
  try {
    run();
    return true;
  } catch {
    return false;
  }
}

t.test("coins: text, order, and what is no coin", (t) => {
  const parsed = coins.parseCoins("5x00, 10ngonka,3abc");
  t.same(parsed, [
    { denom: "abc", amount: 3n },
    { denom: "ngonka", amount: 10n },
    { denom: "x00", amount: 5n },
  ]);
  t.equal(coins.formatCoins(parsed ?? []), "3abc,10ngonka,5x00");
  t.same(coins.parseCoins(""), []);
  t.same(coins.parseCoins("0abc"), [], "zero amounts are no coins of a list");
  t.same(coins.parseCoin("0abc"), { denom: "abc", amount: 0n });
  for (const bad of ["10", "abc", "1.5abc", "-1abc", "1ab", "1abc,2abc", "1abc,", "1 abc!", "1é"]) {
    t.equal(coins.parseCoins(bad), undefined, bad);
  }
  const most = (1n << 256n) - 1n;
  t.equal(coins.parseCoin(`${most}abc`)?.amount, most);
  t.equal(coins.parseCoin(`${most + 1n}abc`), undefined, "more than 256 bits");
  t.end();
});

t.test("denominations and amounts (coin_test.go)", (t) => {
  const good = ["atom", "ibc/7F1D3FCF4AE79E1554D670D1AD949A9BA4E4A3C76C63093E17E446A46061A7A2"];
  for (const denom of [...good, "abc", "a".repeat(128), "factory/x-y_z.0:1"]) {
    t.equal(coins.isValidDenom(denom), true, denom);
  }
  for (const denom of ["", "ab", "1abc", "a b", "a".repeat(129), "a\nb", "abc "]) {
    t.equal(coins.isValidDenom(denom), false, JSON.stringify(denom));
  }
  t.equal(coins.parseAmount("0"), 0n);
  for (const bad of ["", "01", "+1", "-1", "1e3", "0x1", " 1", `${1n << 256n}`]) {
    t.equal(coins.parseAmount(bad), undefined, JSON.stringify(bad));
  }
  t.end();
});

t.test("coins of a message must be sorted, unique and positive", (t) => {
  const list: coins.Coin[] = [
    { denom: "abc", amount: 1n },
    { denom: "xyz", amount: 2n },
  ];
  t.same(coins.fromProtoCoins(coins.toProtoCoins(list)), list);
  const proto = (...texts: string[]): coins.ProtoCoin[] =>
    texts.map((text) => ({ amount: text.replace(/\D.*/, ""), denom: text.replace(/^\d*/, "") }));
  for (const bad of [["2xyz", "1abc"], ["1abc", "1abc"], ["0abc"], ["1a"], ["abc"], ["01abc"]]) {
    t.equal(coins.fromProtoCoins(proto(...bad)), undefined, bad.join());
  }
  t.same(coins.fromProtoCoins([]), []);
  t.end();
});

t.test("sums of coins agree with sums per denomination, 500 random lists", (t) => {
  const seed = 9;
  t.comment(`seed ${seed}`);
  const random = prng(seed);
  const randomCoins = (): coins.Coin[] => {
    const chosen = ["aaa", "bbb", "ccc", "ddd"].filter(() => random() < 0.6);
    return chosen.map((denom) => ({ denom, amount: BigInt(1 + Math.floor(random() * 5)) }));
  };
  const amount = (list: readonly coins.Coin[], denom: string): bigint =>
    list.find((coin) => coin.denom === denom)?.amount ?? 0n;
  for (let i = 0; i < 500; i++) {
    const [a, b] = [randomCoins(), randomCoins()];
    const sum = coins.addCoins(a, b);
    const difference = coins.subtractCoins(a, b);
    const lefts = ["aaa", "bbb", "ccc", "ddd"].map((denom) => amount(a, denom) - amount(b, denom));
    const isCovered = lefts.every((left) => left >= 0n);
    for (const denom of ["aaa", "bbb", "ccc", "ddd"]) {
      if (amount(sum, denom) !== amount(a, denom) + amount(b, denom)) t.fail(`sum ${i}`);
    }
    if (isCovered !== (difference !== undefined)) t.fail(`difference ${i}`);
    if (difference && coins.formatCoins(coins.addCoins(difference, b)) !== coins.formatCoins(a)) {
      t.fail(`difference and back ${i}`);
    }
    for (const list of [sum, difference ?? []]) {
      if (!coins.fromProtoCoins(coins.toProtoCoins(list))) t.fail(`not canonical: ${i}`);
    }
  }
  t.pass("500 lists");
  t.end();
});

t.test("decimals: text, and every division rounds down", (t) => {
  t.equal(parseDecimal("0.334"), 334_000_000_000_000_000n);
  t.equal(formatDecimal(334_000_000_000_000_000n), "0.334000000000000000");
  t.equal(formatDecimal(-1n), "-0.000000000000000001");
  t.equal(parseDecimal("-0.000000000000000001"), -1n);
  t.equal(parseDecimal("1"), one);
  for (const bad of ["", ".5", "1.", "1.0000000000000000001", "1e3", "+1", "0x1", " 1", "--1"]) {
    t.equal(parseDecimal(bad), undefined, JSON.stringify(bad));
  }
  t.equal(mulFloor(one / 3n, 3n * one), one - 1n);
  t.equal(mulFloor(-1n, 1n), -1n, "down, not toward zero");
  t.equal(quoFloor(one, 3n * one), 333_333_333_333_333_333n);
  t.equal(quoFloor(-one, 3n * one), -333_333_333_333_333_334n);
  t.equal(quoFloor(one, -3n * one), -333_333_333_333_333_334n);
  t.throws(() => quoFloor(one, 0n), RangeError);
  t.end();
});

t.test("decimals: floor division holds on 1,000 random pairs", (t) => {
  const seed = 10;
  t.comment(`seed ${seed}`);
  const random = prng(seed);
  const pick = (): bigint => BigInt(Math.floor((random() - 0.5) * 2 ** 50)) * BigInt(3 ** 20);
  for (let i = 0; i < 1000; i++) {
    const [a, b] = [pick(), pick() || 1n];
    const quotient = quoFloor(a, b);
    const rest = a * one - quotient * b; // Floor: the rest has the sign of b and is smaller.
    const isFloor = b > 0n ? rest >= 0n && rest < b : rest <= 0n && rest > b;
    if (!isFloor) t.fail(`${a} / ${b}`);
    if (parseDecimal(formatDecimal(a)) !== a) t.fail(`${a}`);
  }
  t.pass("1000 pairs");
  t.end();
});

t.test("canonical JSON is Go's: sorted, dense, HTML-escaped", (t) => {
  const value = { b: [1, "x", null, true], a: { z: undefined, y: "<&>" }, "": -1 };
  t.equal(canonicalJson(value), '{"":-1,"a":{"y":"\\u003c\\u0026\\u003e"},"b":[1,"x",null,true]}');
  t.equal(
    canonicalJson("memo ampersand:&,lt:<,gt:>"),
    '"memo ampersand:\\u0026,lt:\\u003c,gt:\\u003e"',
  );
  t.equal(canonicalJson('\u2028 \u2029 \n " \\ é'), '"\\u2028 \\u2029 \\n \\" \\\\ é"');
  t.equal(canonicalJson({ "&": 1 }), '{"\\u0026":1}');
  t.equal(
    canonicalJson({ "\u{1f600}": 1, "\uffee": 2 }),
    '{"\uffee":2,"\u{1f600}":1}',
    "UTF-8 order",
  );
  for (const bad of [1n, undefined, Number.NaN, Number.POSITIVE_INFINITY, () => 1]) {
    t.throws(() => canonicalJson(bad), TypeError);
  }
  t.end();
});

t.test("times: RFC 3339 with nanoseconds, both ways", (t) => {
  const cases: [string, bigint, number, string?][] = [
    ["1970-01-01T00:00:00Z", 0n, 0],
    ["2023-05-17T14:12:53.088875124Z", 1_684_332_773n, 88_875_124],
    ["2020-09-14T16:33:54.21191421Z", 1_600_101_234n, 211_914_210],
    ["0001-01-01T00:00:00Z", -62_135_596_800n, 0],
    ["1969-12-31T23:59:59.5Z", -1n, 500_000_000],
    ["2024-02-29T12:00:00+02:00", 1_709_200_800n, 0, "2024-02-29T10:00:00Z"],
    ["2024-02-29T12:00:00.100000000Z", 1_709_208_000n, 100_000_000, "2024-02-29T12:00:00.1Z"],
  ];
  for (const [text, seconds, nanos, shown] of cases) {
    t.same(time.parseTime(text), { seconds, nanos }, text);
    t.equal(time.formatTime({ seconds, nanos }), shown ?? text);
    t.same(time.fromNanos(time.toNanos({ seconds, nanos })), { seconds, nanos });
  }
  const bad = [
    "",
    "2023-02-30T00:00:00Z",
    "2023-01-01",
    "2023-01-01T00:00:00",
    "2023-13-01T00:00:00Z",
  ];
  for (const text of [...bad, "2023-01-01T25:00:00Z", "2023-01-01T00:00:00.1234567890Z", "now"]) {
    t.equal(time.parseTime(text), undefined, text);
  }
  const early = time.zeroTime;
  t.ok(time.compareTime(early, time.addNanos(early, 1n)) < 0);
  t.equal(time.compareTime(early, { ...early }), 0);
  t.same(time.fromMillis(1500), { seconds: 1n, nanos: 500_000_000 });
  t.end();
});

t.test("bytes as text and numbers: strict, and the same both ways", (t) => {
  t.same(parseHex("00fF"), Uint8Array.of(0, 255));
  for (const bad of ["0", "0g", "0x00", " 00"]) t.equal(parseHex(bad), undefined, bad);
  t.same(parseBase64("AP8="), Uint8Array.of(0, 255));
  for (const bad of ["AP8", "AP9=", "AP8=\n", "AP_=", "===="])
    t.equal(parseBase64(bad), undefined, bad);
  t.equal(toBase64(fromBase64("AP8=")), "AP8=");
  t.throws(() => fromHex("zz"));
  t.throws(() => fromBase64("!"));
  t.equal(toHex(u64be(258n)), "0000000000000102");
  t.equal(fromU64be(u64be(2n ** 64n - 1n)), 2n ** 64n - 1n);
  t.equal(toHex(u64le(258n)), "0201000000000000");
  t.equal(toHex(u32le(258)), "02010000");
  t.equal(toHex(lengthPrefixed(Uint8Array.of(7))), "0107");
  t.throws(() => lengthPrefixed(new Uint8Array(256)));
  t.ok(compareBytes(Uint8Array.of(1), Uint8Array.of(1, 0)) < 0, "a prefix goes first");
  t.ok(compareBytes(Uint8Array.of(128), Uint8Array.of(127)) > 0, "bytes are unsigned");
  t.equal(equalBytes(Uint8Array.of(1), Uint8Array.of(1, 0)), false);
  t.end();
});

t.test("durations are protobuf's JSON", (t) => {
  const cases: readonly [text: string, seconds: bigint, nanos: number][] = [
    ["0s", 0n, 0],
    ["600s", 600n, 0],
    ["1.5s", 1n, 500_000_000],
    ["0.000000001s", 0n, 1],
    ["-0.5s", 0n, -500_000_000],
    ["-3.25s", -3n, -250_000_000],
  ];
  for (const [text, seconds, nanos] of cases) {
    t.same(time.parseDuration(text), { seconds, nanos }, text);
    t.equal(time.formatDuration({ seconds, nanos }), text);
  }
  for (const bad of ["", "s", "1", "1m", "1.s", ".5s", "1.0000000001s", "+1s", "1e3s"]) {
    t.equal(time.parseDuration(bad), undefined, bad);
  }
  t.end();
});
