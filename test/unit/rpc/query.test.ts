/**
 * The event query language. Cases from cometbft v0.38 libs/pubsub/query/{query_test.go,
 * syntax/syntax_test.go} and tendermint-rs kvstore_fixtures/v0_38 (subscribe_malformed).
 */
import t from "tap";
import { utf8 } from "../../../src/encoding/bytes.ts";
import { matches } from "../../../src/rpc/query/match.ts";
import { formatQuery, parseQuery } from "../../../src/rpc/query/parser.ts";
import { QuerySyntaxError, scan } from "../../../src/rpc/query/scanner.ts";
import { byteStrings, Noise } from "../../support/noise.ts";

/** Whether the text can be read; anything but a QuerySyntaxError goes on. */
function isReadable(read: (text: string) => unknown, text: string): boolean {
  try {
    read(text);
    return true;
  } catch (error) {
    if (error instanceof QuerySyntaxError) return false;
    throw error;
  }
}

t.test("the scanner knows the words", async (t) => {
  const kinds = (text: string) => scan(text).map(({ kind }) => kind.replace(" operator", ""));
  const cases: [string, string][] = [
    ["", ""],
    ["  ", ""],
    ["\t\n ", ""],
    ["0 123", "number number"],
    ["0.32 3.14", "number number"],
    ["foo foo.bar", "tag tag"],
    ["foo foo-foo.bar", "tag tag"],
    ["foo foo._bar_bar", "tag tag"],
    [" '' x 'x' 'x y'", "string tag string string"],
    [" 'you are not your job' ", "string"],
    ["< <= = > >=", "< <= = > >="],
    ["x AND y", "tag AND tag"],
    ["x.y CONTAINS 'z'", "tag CONTAINS string"],
    ["foo EXISTS", "tag EXISTS"],
    ["and AND", "tag AND"],
    ["TIME 2021-11-23T15:16:17Z", "timestamp"],
    ["DATE 2021-11-23", "datestamp"],
  ];
  for (const [text, expected] of cases) t.equal(kinds(text).join(" "), expected, text);
});

t.test("the scanner refuses what is no word", async (t) => {
  const bad = [
    "'incomplete string",
    "-23",
    "&",
    "DATE xyz-pdq",
    "DATE xyzp-dq-zv",
    "DATE 0000-00-00",
    "DATE 0000-00-000",
    "DATE 2021-01-99",
    "TIME 2021-01-01T34:56:78Z",
    "TIME 2021-01-99T14:56:08Z",
    "TIME 2021-01-99T34:56:08",
    "TIME 2021-01-99T34:56:11+3",
  ];
  for (const text of bad) t.notOk(isReadable(scan, text), text);
});

const valid = [
  "tm.events.type='NewBlock'",
  "tm.events.type = 'NewBlock'",
  "tm.events.name = ''",
  "tm.events.type='TIME'",
  "tm.events.type='DATE'",
  "tm.events.type='='",
  "tm.events.type='NewBlock' AND abci.account.name='Igor'",
  "abci.account.name CONTAINS 'Igor'",
  "tx.date > DATE 2013-05-03",
  "tx.date < DATE 2013-05-03",
  "tx.date <= DATE 2013-05-03",
  "tx.date >= DATE 2013-05-03",
  "tx.date > TIME 2013-05-03T14:45:00+07:00",
  "tx.date < TIME 2013-05-03T14:45:00-02:00",
  "tx.date <= TIME 2013-05-03T14:45:00Z",
  "tx.date >= TIME 2013-05-03T14:45:00Z",
  "account.balance=100",
  "account.balance >= 200",
  "slashing.amount EXISTS",
  "slashing.amount EXISTS AND account.balance=100",
  "account.balance=100 AND slashing.amount EXISTS",
  "slashing EXISTS",
  "hash='136E18F7E4C348B780CF873A0BF43922E5BAFA63'",
  "cosm-wasm.transfer_amount=100",
];
const invalid = [
  "tm.events.type='TIME",
  "tm.events.type=TIME'",
  "tm.events.type==",
  "tm.events.type=NewBlock",
  ">==",
  "tm.events.type 'NewBlock' =",
  "tm.events.type>'NewBlock'",
  "",
  "=",
  "='NewBlock'",
  "tm.events.type=",
  "tm.events.typeNewBlock",
  "tm.events.type'NewBlock'",
  "'NewBlock'",
  "NewBlock",
  "tm.events.type='NewBlock' AND",
  "tm.events.type='NewBlock' AN",
  "tm.events.type='NewBlock' AN tm.events.type='NewBlockHeader'",
  "AND tm.events.type='NewBlock' ",
  "tx.date >= DAT 2013-05-03",
  "tx.date <= DATE2013-05-03",
  "tx.date <= DATE -05-03",
  "tx.date >= DATE 20130503",
  "tx.date >= DATE 2013+01-03",
  "tx.date >= DATE 0013-01-03",
  "tx.date >= DATE 2013-31-03",
  "tx.date >= DATE 2013-01-83",
  "tx.date >= TIME2013-05-03T14:45:00Z",
  "tx.date = IME 2013-05-03T14:45:00Z",
  "tx.date = TIME 2013-05-:45:00Z",
  "tx.date >= TIME 2013-05-03T14:45:00",
  "tx.date >= TIME 0013-00-00T14:45:00Z",
  "tx.date >= TIME 2013+05=03T14:45:00Z",
  "account.balance >= -300",
  "account.balance >>= 400",
  "account.balance=33.22.1",
  "hash=136E18F7E4C348B780CF873A0BF43922E5BAFA63",
];

t.test("the parser takes a query and spells it canonically", async (t) => {
  for (const text of valid) {
    const spelled = formatQuery(parseQuery(text));
    t.equal(formatQuery(parseQuery(spelled)), spelled, text);
  }
  for (const text of invalid) t.notOk(isReadable(parseQuery, text), text);
});

t.test("the parser says where and what it expected", async (t) => {
  const operators =
    "<= operator, >= operator, < operator, > operator, = operator, CONTAINS operator or EXISTS operator";
  t.throws(() => parseQuery("malformed query"), {
    message: `offset 10: got tag, wanted ${operators}`,
  });
  t.throws(() => parseQuery("a = 'b' c"), { message: "offset 8: got tag, want AND operator" });
  t.throws(() => parseQuery("ä = &"), { message: "offset 5: invalid input & at offset 6" });
});

/** "transfer|amount=8|sender=x": one event, its type before the first bar. */
function eventsOf(...events: string[]): Map<string, string[]> {
  const values = new Map<string, string[]>();
  for (const event of events) {
    const [type, ...attributes] = event.split("|");
    for (const attribute of attributes) {
      const at = attribute.indexOf("=");
      const key = `${type}.${attribute.slice(0, at)}`;
      values.set(key, [...(values.get(key) ?? []), attribute.slice(at + 1)]);
    }
  }
  return values;
}

const api = eventsOf(
  "tm|event=Tx|hash=XYZ|height=5",
  "rewards.withdraw|address=AddrA|address=AddrB|source=SrcX|source=SrcY",
  "rewards.withdraw|amount=100|amount=45|balance=1500|balance=999",
  "transfer|sender=AddrC|recipient=AddrD|amount=160",
);
const big = eventsOf(
  "big|value=99999999999999999999|floatvalue=99999999999999999999.10",
  "big2|value=18446744073709551615|floatvalue=18446744073709551615.6",
);
const owners = eventsOf("abci|owner.name=Igor|owner.name=Ivan");
const block = eventsOf("tm|events.type=NewBlock", "app|name=fuzzed");
const coins = eventsOf("transfer|recipient=cosmos1gu6y2a0ff|sender=cosmos1crje20aj4");
const slash = eventsOf("slash|reason=missing_signature|power=6000");

t.test("a query matches when each condition meets some value", async (t) => {
  const cases: [string, ReadonlyMap<string, readonly string[]>, boolean][] = [
    ["tm.events.type='NewBlock'", block, true],
    ["tx.gas > 7", eventsOf("tx|gas=8"), true],
    ["transfer.amount > 7", eventsOf("transfer|amount=8stake"), true],
    ["transfer.amount > 7", eventsOf("transfer|amount=8.045"), true],
    ["transfer.amount > 7.043", eventsOf("transfer|amount=8.045stake"), true],
    ["transfer.amount > 8.045", eventsOf("transfer|amount=8.045stake"), false],
    ["tx.gas > 7 AND tx.gas < 9", eventsOf("tx|gas=8"), true],
    ["body.weight >= 3.5", eventsOf("body|weight=3.5"), true],
    ["account.balance < 1000.0", eventsOf("account|balance=900"), true],
    ["apples.kg <= 4", eventsOf("apples|kg=4.0"), true],
    [
      "oranges.kg < 4 AND watermellons.kg > 10",
      eventsOf("oranges|kg=3", "watermellons|kg=12"),
      true,
    ],
    ["peaches.kg < 4", eventsOf("peaches|kg=5"), false],
    ["peaches.kg < 4", eventsOf("peaches|kg=-5"), false],
    ["tx.date > DATE 2017-01-01", eventsOf("tx|date=2026-01-01"), true],
    ["tx.date = DATE 2017-01-01", eventsOf("tx|date=2017-01-01"), true],
    ["tx.date = DATE 2018-01-01", eventsOf("tx|date=2017-01-01"), false],
    ["tx.time >= TIME 2013-05-03T14:45:00Z", eventsOf("tx|time=2018-05-03T14:45:00Z"), true],
    ["tx.time = TIME 2013-05-03T14:45:00Z", eventsOf("tx|time=2018-05-03T14:45:00Z"), false],
    ["tx.time = TIME 2018-05-03T16:45:00+02:00", eventsOf("tx|time=2018-05-03T14:45:00Z"), true],
    ["abci.owner.name CONTAINS 'Igor'", owners, true],
    ["abci.owner.name CONTAINS 'Igor'", eventsOf("abci|owner.name=Pavel|owner.name=Ivan"), false],
    ["abci.owner.name = 'Ivan' AND abci.owner.name = 'Igor'", owners, true],
    ["abci.owner.name = 'Ivan' AND abci.owner.name = 'John'", owners, false],
    ["tm.events.type='NewBlock' AND app.name = 'fuzzed'", block, true],
    ["tm.events.type='NewHeader' AND app.name = 'fuzzed'", block, false],
    ["slash EXISTS", slash, true],
    ["sl EXISTS", slash, false],
    ["slash EXISTS", coins, false],
    ["slash.reason EXISTS AND slash.power > 1000", slash, true],
    ["slash.reason EXISTS AND slash.power > 1000", eventsOf("slash|reason=x|power=500"), false],
    ["slash.reason EXISTS", coins, false],
    ["slash.reason EXISTS", new Map(), false],
    ["tm.event = 'Tx' AND rewards.withdraw.address = 'AddrA'", api, true],
    ["rewards.withdraw.address = 'AddrA' AND rewards.withdraw.source = 'SrcY'", api, true],
    ["tm.event = 'Tx' AND transfer.sender = 'AddrA'", api, false],
    ["tm.event = 'Tx' AND transfer.sender = 'AddrC'", api, true],
    ["tm.event = 'Tx' AND rewards.withdraw.source = 'W'", api, false],
    ["big.value >= 99999999999999999999", big, true],
    ["big.value > 99999999999999999998", big, true],
    ["big.value > 99999999999999999999", big, false],
    ["big2.value <= 18446744073709551615", big, true],
    ["big.floatvalue > 99999999999999999998.10", big, true],
    ["big2.floatvalue <= 18446744073709551615.6", big, true],
    ["big2.floatvalue >= 18446744073709551615", big, true],
    ["big2.floatvalue >= 12.5", big, true],
  ];
  for (const [query, events, expected] of cases) {
    t.equal(matches(parseQuery(query), events), expected, query);
  }
});

t.test(`${byteStrings} texts: each is a query or a QuerySyntaxError`, async (t) => {
  const noise = new Noise(t, 20_260_722);
  const words = ["AND", "EXISTS", "CONTAINS", "TIME ", "DATE ", "a.b", "'x'", "'", "é", "\0", "\t"];
  const signs = [...". <>=&-9TZ:", "2020-01-01", "T00:00:00Z", "0.5", "9".repeat(40)];
  const whole = ["tm.event='Tx' AND tx.height>5", "a.b CONTAINS 'c' AND d.e EXISTS"].map(utf8);
  let read = 0;
  for (let i = 0; i < byteStrings; i++) {
    const damaged = Buffer.from(noise.like(whole)).toString("utf8");
    const text = i % 2 === 0 ? noise.text([...words, ...signs]) : damaged;
    try {
      if (!isReadable(parseQuery, text)) continue;
      matches(parseQuery(text), new Map([["a.b", ["x", "5"]]]));
      read++;
    } catch (error) {
      t.fail(`SEED=${noise.seed}: ${JSON.stringify(text)}: ${error}`);
    }
  }
  t.ok(read > 100 && read < byteStrings / 2, `${read} are queries`);
});
