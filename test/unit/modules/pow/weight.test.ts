/**
 * The rules of weight, pay and power as properties over random networks: spec/modules/pow.md,
 * "Weight", "Power", "Rewards"; the lessons of history that they answer are in spec/protocol.md.
 */
import t from "tap";
import { one, parseDecimal } from "../../../../src/encoding/decimal.ts";
import { ForfeitDestination } from "../../../../src/gen/gonka/pow/v1/params.ts";
import { Outcome } from "../../../../src/gen/gonka/pow/v1/types.ts";
import { emit } from "../../../../src/modules/pow/rewards/emission.ts";
import { rewardShares } from "../../../../src/modules/pow/rewards/shares.ts";
import { drawVerifiers } from "../../../../src/modules/pow/sprint/assignment.ts";
import { capBound, capWeights } from "../../../../src/modules/pow/weight/cap.ts";
import { apportion, stepPowers, totalPower } from "../../../../src/modules/pow/weight/power.ts";
import {
  allowedClaim,
  confirmedWeight,
  nextReference,
  registeredWeight,
} from "../../../../src/modules/pow/weight/registered.ts";
import { prng } from "../../../support/prng.ts";

const dec = (text: string): bigint => parseDecimal(text) ?? -1n;
const sum = (values: readonly bigint[]): bigint => values.reduce((a, b) => a + b, 0n);
const below = (random: () => number, bound: number): bigint => BigInt(Math.floor(random() * bound));

/** A network: what each host registered, and who fails. */
function network(seed: number) {
  const random = prng(seed);
  const count = 1 + Number(below(random, 12));
  const registered = Array.from({ length: count }, () => below(random, 10_000));
  const failed = registered.map(() => random() < 0.4);
  return { random, registered, failed };
}

/** The rewards of a settlement in which these hosts fail, as settlement/settle.ts composes them. */
function rewardsOf(
  registered: readonly bigint[],
  failed: readonly boolean[],
  forfeitDestination: ForfeitDestination,
): bigint[] {
  const bound = capBound(registered, dec("0.3"));
  const earners = registered.map((weight, i) => {
    const confirmed = failed[i] ? 0n : weight;
    const pay = bound !== undefined && confirmed > bound ? bound : confirmed;
    return { registered: weight, pay, assigned: 0, attested: 0 };
  });
  return rewardShares(earners, { emission: 10n ** 15n, forfeitDestination, missedPenalty: 0n });
}

const toPool = ForfeitDestination.FORFEIT_DESTINATION_COMMUNITY_POOL;
const toPeers = ForfeitDestination.FORFEIT_DESTINATION_PEERS;

t.test("no host's reward rises by another's failure", async (t) => {
  for (let seed = 1; seed <= 500; seed++) {
    const { random, registered, failed } = network(seed);
    const before = rewardsOf(registered, failed, toPool);
    const victim = Number(below(random, registered.length));
    const more = failed.map((hasFailed, i) => hasFailed || i === victim);
    const after = rewardsOf(registered, more, toPool);
    for (const [i, reward] of after.entries()) {
      const was = before[i] ?? 0n;
      if (i !== victim && reward > was) t.fail(`seed ${seed}: host ${i} gains ${reward - was}`);
      if (i === victim && reward !== 0n) t.fail(`seed ${seed}: the victim is paid ${reward}`);
    }
    if (sum(after) > 10n ** 15n) t.fail(`seed ${seed}: pays more than the emission`);
  }
  t.pass("seeds 1 to 500");
});

t.test("with peers as destination a failure pays the others: 30 % down, 42.8 % more", async (t) => {
  const registered = Array.from({ length: 10 }, () => 100n);
  const failed = registered.map((_, i) => i < 3);
  const nobody = registered.map(() => false);
  const [before, after] = [nobody, failed].map((who) => rewardsOf(registered, who, toPeers)[9]);
  t.equal(before, 100_000_000_000_000n);
  t.equal(after, 142_857_142_857_142n);
  t.equal(rewardsOf(registered, failed, toPool)[9], 100_000_000_000_000n, "the rule closes it");
});

t.test("splitting a host in two gains nothing beyond what the cap took from it", async (t) => {
  for (let seed = 1; seed <= 300; seed++) {
    const { random, registered } = network(seed);
    const whole = (registered[0] ?? 0n) + 2n;
    const part = 1n + below(random, Number(whole - 1n));
    const rest = registered.slice(1);
    const never = (n: number) => Array.from({ length: n }, () => false);
    const single = rewardsOf([whole, ...rest], never(rest.length + 1), toPool)[0] ?? 0n;
    const halves = rewardsOf([part, whole - part, ...rest], never(rest.length + 2), toPool);
    const split = (halves[0] ?? 0n) + (halves[1] ?? 0n);
    const uncapped = (10n ** 15n * whole) / sum([whole, ...rest]);
    if (split > uncapped) t.fail(`seed ${seed}: split ${split}, its fair share is ${uncapped}`);
    const isCapped = capBound([whole, ...rest], dec("0.3")) !== undefined && single < uncapped;
    if (!isCapped && split > single) t.fail(`seed ${seed}: split ${split}, single ${single}`);
  }
  t.pass("seeds 1 to 300");
});

t.test(
  "the cap: nobody above the share, the others unchanged, few hosts are left alone",
  async (t) => {
    t.same(capWeights([100n, 10n, 10n, 10n], dec("0.3")), [12n, 10n, 10n, 10n]);
    t.same(capWeights([100n, 100n, 10n, 10n], dec("0.3")), [15n, 15n, 10n, 10n]);
    t.same(
      capWeights([100n, 1n, 1n], dec("0.3")),
      [100n, 1n, 1n],
      "3 hosts cannot all be below 30 %",
    );
    t.same(capWeights([7n, 9n, 8n, 1n], dec("0.25")), [1n, 1n, 1n, 1n]);
    t.same(capWeights([5n, 0n, 0n, 0n], dec("0.3")), [5n, 0n, 0n, 0n], "zeros are not hosts");
    for (let seed = 1; seed <= 300; seed++) {
      const { registered } = network(seed);
      const capped = capWeights(registered, dec("0.3"));
      const hosts = registered.filter((weight) => weight > 0n).length;
      const total = sum(capped);
      for (const [i, weight] of capped.entries()) {
        if (weight > (registered[i] ?? 0n)) t.fail(`seed ${seed}: ${i} grew`);
        // The bound is rounded down, so the total may lack one unit per capped host.
        const limit = 3n * (total + BigInt(hosts));
        if (hosts >= 4 && weight * 10n > limit) t.fail(`seed ${seed}: ${weight} of ${total}`);
      }
    }
  },
);

const stepRule = { factor: dec("0.6"), maxStep: dec("0.25"), minPower: 100n, maxSeats: 100 };

t.test("power: always one million, never more than the step changes hands", async (t) => {
  for (let seed = 1; seed <= 400; seed++) {
    const { registered, failed, random } = network(seed);
    const old = apportion(
      totalPower,
      registered.map(() => 1n + below(random, 1000)),
    );
    const contenders = old.map((power, i) => ({
      power,
      weight: failed[i] ? 0n : (registered[i] ?? 0n),
    }));
    const next = stepPowers(contenders, stepRule);
    if (sum(next) !== totalPower) t.fail(`seed ${seed}: sums up to ${sum(next)}`);
    const gained = next.map((power, i) => power - (old[i] ?? 0n)).filter((gain) => gain > 0n);
    if (sum(gained) > totalPower / 4n + BigInt(old.length))
      t.fail(`seed ${seed}: moved ${sum(gained)}`);
    if (next.some((power) => power < 0n)) t.fail(`seed ${seed}: negative power`);
  }
  t.pass("seeds 1 to 400");
});

t.test(
  "power: the share of the weight is where it settles, and without weight it rests",
  async (t) => {
    let powers = [250_000n, 250_000n, 250_000n, 250_000n];
    const weights = [48n, 48n, 48n, 24n];
    for (let epoch = 0; epoch < 30; epoch++) {
      powers = stepPowers(
        powers.map((power, i) => ({ power, weight: weights[i] ?? 0n })),
        stepRule,
      );
    }
    const [, , most = 0n, least = 0n] = powers;
    t.ok(most === 285_714n && least >= 142_857n && least <= 142_858n, `2/7 and 1/7: ${powers}`);
    t.same(
      stepPowers(
        powers.map((power) => ({ power, weight: 0n })),
        stepRule,
      ),
      powers,
    );
  },
);

t.test("power: min_power takes no more than the step at once, whatever it is", async (t) => {
  const old = Array.from({ length: 20 }, () => ({ power: 50_000n, weight: 0n }));
  const rule = { ...stepRule, factor: dec("0.05"), minPower: 100_000n };
  const next = stepPowers([...old, { power: 0n, weight: 1n }], rule);
  t.equal(sum(next), totalPower);
  t.ok((next[20] ?? 0n) <= 250_000n, `one newcomer takes ${next[20]} of twenty that failed`);
  const still = stepPowers([...old, { power: 0n, weight: 1n }], { ...rule, factor: 0n });
  t.equal(sum(still), totalPower, "power does not vanish");
});

t.test("power: only the largest keep their seats; ties go to the first in order", async (t) => {
  const contenders = [10n, 30n, 30n, 30n].map((weight) => ({ power: 250_000n, weight }));
  const rule = { ...stepRule, factor: one, maxStep: one, maxSeats: 2 };
  t.same(stepPowers(contenders, rule), [0n, 500_000n, 500_000n, 0n]);
});

t.test("a claim is registered up to what was proven before", async (t) => {
  const rule = { claimGrowth: dec("2"), unprovenWeight: 96n, absentDecay: dec("0.5") };
  t.equal(registeredWeight({ claimed: 80n, reference: 0n }, rule), 80n);
  t.equal(registeredWeight({ claimed: 1n << 40n, reference: 0n }, rule), 96n, "unproven");
  t.equal(registeredWeight({ claimed: 1n << 40n, reference: 100n }, rule), 200n, "grown");
  t.equal(registeredWeight({ claimed: undefined, reference: 100n }, rule), 100n, "absent");
  t.equal(registeredWeight({ claimed: 30n, reference: 100n }, rule), 100n, "held back");
  t.equal(allowedClaim({ claimed: 30n, reference: 100n }, rule), 30n, "paid for what it found");
  t.equal(allowedClaim({ claimed: undefined, reference: 100n }, rule), 0n);
  const at = { allowed: 80n, reference: 50n };
  t.equal(confirmedWeight(Outcome.OUTCOME_VALID, at), 80n);
  t.equal(confirmedWeight(Outcome.OUTCOME_UNVERIFIED, at), 50n);
  t.equal(confirmedWeight(Outcome.OUTCOME_WITHHELD, at), 0n);
  t.equal(confirmedWeight(Outcome.OUTCOME_FORFEITED, at), 0n);
  const was = { confirmed: 80n, reference: 51n };
  t.equal(nextReference(Outcome.OUTCOME_VALID, was, rule), 80n);
  t.equal(nextReference(Outcome.OUTCOME_ABSENT, was, rule), 25n, "half, rounded down");
  t.equal(nextReference(Outcome.OUTCOME_FORFEITED, was, rule), 0n);
});

t.test("emission: halves in 1,460 epochs, adds up to 680 million GNK at most", async (t) => {
  const gnk = 1_000_000_000n;
  const cap = 680_000_000n * gnk;
  let [rate, emitted] = [323_000n * gnk * one, 0n];
  const decay = dec("0.99952535433706016");
  for (let epoch = 1; epoch <= 20_000; epoch++) {
    const { minted, next } = emit({ rate, decay, emitted, cap });
    emitted += minted;
    rate = next;
    if (epoch === 1460) t.equal(rate / one / gnk, 161_499n, "half of 323,000, rounded down");
  }
  t.equal(emitted / gnk, 680_000_000n);
  t.equal(emit({ rate: one, decay, emitted: cap, cap }).minted, 0n, "nothing above the cap");
});

t.test("verifiers: never the host itself, nobody twice, in proportion to power", async (t) => {
  const eligible = [
    { operator: "a", power: 600n },
    { operator: "b", power: 300n },
    { operator: "c", power: 100n },
    { operator: "d", power: 0n },
  ];
  const counts = new Map<string, number>();
  for (let seed = 1; seed <= 600; seed++) {
    const random = prng(seed);
    const beacon3 = Uint8Array.from({ length: 32 }, () => Math.floor(random() * 256));
    const subject = { operator: "x", hostKey: new Uint8Array(33) };
    const [first = "", ...others] = drawVerifiers(subject, { beacon3, eligible, slots: 2 });
    if (others.includes(first)) t.fail(`seed ${seed}: ${first} twice`);
    counts.set(first, (counts.get(first) ?? 0) + 1);
    const own = drawVerifiers({ ...subject, operator: "a" }, { beacon3, eligible, slots: 8 });
    if (own.includes("a") || own.length !== 2) t.fail(`seed ${seed}: ${own}`);
  }
  const [a = 0, b = 0, c = 0] = ["a", "b", "c"].map((operator) => counts.get(operator));
  t.equal(a + b + c, 600);
  t.ok(a > 300 && a < 420 && b > 130 && b < 230 && c > 30 && c < 95, `${a} ${b} ${c}`);
});
