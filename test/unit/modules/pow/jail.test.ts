/** Jail and power: spec/modules/pow.md, "Power". */
import t from "tap";
import { toHex } from "../../../../src/encoding/bytes.ts";
import { one, parseDecimal } from "../../../../src/encoding/decimal.ts";
import { expelJailed } from "../../../../src/modules/pow/weight/jail.ts";
import { apportion, stepPowers, totalPower } from "../../../../src/modules/pow/weight/power.ts";
import { addresses, PowChain, powGenesis } from "../../../support/pow-chain.ts";
import { PowHost, playEpoch } from "../../../support/pow-host.ts";
import { prng } from "../../../support/prng.ts";

const dec = (text: string): bigint => parseDecimal(text) ?? 0n;
const sum = (values: readonly bigint[]) => values.reduce((total, value) => total + value, 0n);
const four = [250_000n, 250_000n, 250_000n, 250_000n].map((power) => ({ power, weight: 10n }));

t.test("a jailed host loses its power at once, where the step allows", async (t) => {
  const free = four.map((host, i) => (i === 3 ? { ...host, weight: 0n } : host));
  const wide = expelJailed(free, [false, false, false, true], dec("0.3"));
  t.same(wide.powers, [333_334n, 333_333n, 333_333n, 0n]);
  t.equal(wide.maxStep, dec("0.05"), "what is left of the step");
  const narrow = expelJailed(free, [false, false, false, true], dec("0.1"));
  t.same(narrow.powers, [283_334n, 283_333n, 283_333n, 150_000n]);
  t.equal(narrow.maxStep, 0n);
});

t.test("while nobody else has weight, nobody loses power", async (t) => {
  const none = four.map((host) => ({ ...host, weight: 0n }));
  const all = expelJailed(none, [true, true, true, true], dec("0.25"));
  t.same(all.powers, [250_000n, 250_000n, 250_000n, 250_000n]);
  t.same(expelJailed(four, [false, false, false, false], dec("0.25")).maxStep, dec("0.25"));
});

t.test("power adds up, moves at most the step, and jailed hosts never gain", async (t) => {
  for (const seed of [31, 32]) {
    t.comment(`seed ${seed}`);
    const random = prng(seed);
    for (let round = 0; round < 400; round++) {
      const hosts = 1 + Math.floor(random() * 12);
      const shares = Array.from({ length: hosts }, () => BigInt(Math.floor(random() * 1000)));
      if (sum(shares) === 0n) continue;
      const powers = apportion(totalPower, shares);
      const jailed = powers.map(() => random() < 0.3);
      const before = powers.map((power, i) => ({
        power,
        weight: jailed[i] ? 0n : BigInt(Math.floor(random() * 50)),
      }));
      const maxStep = dec((0.01 + random() * 0.3).toFixed(6));
      const left = expelJailed(before, jailed, maxStep);
      const contenders = before.map(({ weight }, i) => ({ weight, power: left.powers[i] ?? 0n }));
      const rule = { factor: dec("0.6"), maxStep: left.maxStep, minPower: 100n, maxSeats: 100 };
      const after = stepPowers(contenders, rule);
      const gained = sum(
        after.map((power, i) => {
          const gain = power - (powers[i] ?? 0n);
          return gain > 0n ? gain : 0n;
        }),
      );
      const problems = [
        sum(after) === totalPower ? "" : `adds up to ${sum(after)}`,
        gained <= (maxStep * totalPower) / one + BigInt(hosts) ? "" : `${gained} moved`,
        left.powers.some((power) => power < 0n) ? "negative power" : "",
        left.powers.some((power, i) => jailed[i] && power > (powers[i] ?? 0n))
          ? "jailed gained"
          : "",
      ].filter((problem) => problem !== "");
      if (problems.length > 0) t.fail(`round ${round}: ${problems.join(", ")}`);
    }
  }
  t.pass();
});

t.test(
  "a settlement takes power from jail, pays as ever, and gives it back afterwards",
  async (t) => {
    const names = ["ann", "bob", "cat", "dan"] as const;
    const chain = new PowChain(powGenesis({ ann: 64n, bob: 64n, cat: 64n, dan: 64n }));
    const hosts = names.map((name) => new PowHost(chain, name));
    const dan = hosts[3]?.operator ?? "";
    const resultOf = ({ settlement }: ReturnType<typeof playEpoch>) => {
      const found = settlement.hosts.find(({ operator }) => operator === dan);
      return found && [found.powerAfter, found.reward, found.registeredWeight];
    };
    chain.jailed.add(toHex(addresses.parse(dan)));
    const first = playEpoch(chain, hosts);
    const paid = "80750000000000";
    t.same(resultOf(first), [0n, paid, 64n], "max_step is a quarter: all of it at once");
    t.ok(
      first.updates.some(({ power }) => power === 0n),
      "its seat is given up",
    );
    chain.jailed.clear();
    const second = playEpoch(chain, hosts);
    t.same(resultOf(second), [150_000n, "80711672362717", 64n], "0.6 of the way to a quarter");
  },
);
