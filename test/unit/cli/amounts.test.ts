/** Amounts as people write them. 1 GNK is 1,000,000,000 ngonka. */
import t from "tap";
import { readCoins } from "../../../src/cli/tx/amounts.ts";
import { refusal } from "../../support/run-cli.ts";

t.test("GNK with up to nine decimals, or the coins of the chain", async (t) => {
  const cases: readonly (readonly [text: string, amount: bigint])[] = [
    ["1gnk", 1_000_000_000n],
    ["1.5gnk", 1_500_000_000n],
    ["0.000000001gnk", 1n],
    ["1.50GNK", 1_500_000_000n],
    [" 2gnk ", 2_000_000_000n],
    ["999999999999999999.999999999gnk", 999_999_999_999_999_999_999_999_999n],
    ["1500000000ngonka", 1_500_000_000n],
    ["1ngonka", 1n],
  ];
  for (const [text, amount] of cases) t.same(readCoins(text), [{ denom: "ngonka", amount }], text);
  t.same(readCoins("5other,10ngonka"), [
    { denom: "ngonka", amount: 10n },
    { denom: "other", amount: 5n },
  ]);
});

t.test("4.2 ngonka can never stand where 4.2 GNK was meant", async (t) => {
  const bad = [
    "4.2ngonka",
    "1.5",
    "gnk",
    ".5gnk",
    "1.gnk",
    "-1gnk",
    "1,5gnk",
    "1.0000000001gnk",
    "",
    "0ngonka",
    "1ngonka,1ngonka",
    "1 gnk",
  ];
  for (const text of bad) {
    t.throws(() => readCoins(text), refusal({ id: "usage", exit: 2 }), `"${text}"`);
  }
});
