/** When coins come free: the cases of cosmos-sdk x/auth/vesting/types/vesting_account_test.go. */
import t from "tap";
import { addCoins, type Coin, parseCoins } from "../../../../src/encoding/coins.ts";
import {
  checkVesting,
  lockedCoins,
  type Vesting,
} from "../../../../src/modules/auth/vesting/schedule.ts";
import { prng } from "../../../support/prng.ts";

const coins = (text: string): Coin[] => parseCoins(text) ?? [];
const hour = 3600n;
const start = 1_700_000_000n;
const ground = {
  original: coins("1000fee,100stake"),
  delegatedFree: [],
  delegatedVesting: [],
  endTime: start + 24n * hour,
};
const continuous: Vesting = { ...ground, kind: "continuous", startTime: start };
const periodic: Vesting = {
  ...ground,
  kind: "periodic",
  startTime: start,
  periods: [
    { length: 12n * hour, amount: coins("500fee,50stake") },
    { length: 6n * hour, amount: coins("250fee,25stake") },
    { length: 6n * hour, amount: coins("250fee,25stake") },
  ],
};

t.test("a continuous account comes free second by second", async (t) => {
  t.same(lockedCoins(continuous, start), ground.original, "at its start");
  t.same(lockedCoins(continuous, start + 12n * hour), coins("500fee,50stake"), "half way");
  t.same(lockedCoins(continuous, start + 24n * hour), [], "at its end");
  t.same(lockedCoins(continuous, start - 1n), ground.original, "before");
  // A third of 100 is 33.33, and 66.67 are locked: the SDK rounds what has vested.
  t.same(lockedCoins(continuous, start + 8n * hour), coins("667fee,67stake"));
});

t.test("a delayed account comes free at once, a permanent one never", async (t) => {
  const delayed: Vesting = { ...ground, kind: "delayed" };
  t.same(lockedCoins(delayed, ground.endTime - 1n), ground.original);
  t.same(lockedCoins(delayed, ground.endTime), []);
  const permanent: Vesting = { ...ground, endTime: 0n, kind: "permanent" };
  t.same(lockedCoins(permanent, 1n << 62n), ground.original);
});

t.test("a periodic account comes free at the end of each period", async (t) => {
  const table: [bigint, string][] = [
    [0n, "1000fee,100stake"],
    [6n, "1000fee,100stake"],
    [12n, "500fee,50stake"],
    [15n, "500fee,50stake"],
    [18n, "250fee,25stake"],
    [48n, ""],
  ];
  for (const [hours, locked] of table) {
    t.same(lockedCoins(periodic, start + hours * hour), coins(locked), `after ${hours} hours`);
  }
});

t.test("what is delegated of the locked coins is not locked twice", async (t) => {
  const delegated = { ...continuous, delegatedVesting: coins("60stake") };
  t.same(lockedCoins(delegated, start), coins("1000fee,40stake"));
  t.same(lockedCoins(delegated, start + 12n * hour), coins("500fee"));
});

t.test("schedules that contradict themselves are refused", async (t) => {
  t.equal(checkVesting(continuous), undefined);
  t.equal(checkVesting(periodic), undefined);
  const passed = { ...continuous, startTime: ground.endTime };
  t.equal(checkVesting(passed), undefined, "messages make such accounts, and exports hold them");
  t.match(checkVesting({ ...periodic, endTime: start }), /length of all vesting periods/);
  t.match(checkVesting({ ...periodic, original: coins("1fee") }), /sum of all coins/);
  t.match(checkVesting({ ...continuous, endTime: -1n }), /negative/);
});

t.test("what is locked never rises, is whole before and nothing after", async (t) => {
  for (const seed of [11, 12]) {
    t.comment(`seed ${seed}`);
    const next = prng(seed);
    const random = (below: number) => Math.floor(next() * below);
    for (let round = 0; round < 200; round++) {
      const vesting = randomVesting(random);
      let last = vesting.original;
      for (let now = start - 5n; now <= vesting.endTime + 5n; now += BigInt(1 + random(40))) {
        const locked = lockedCoins(vesting, now);
        const before = new Map(last.map(({ denom, amount }) => [denom, amount]));
        const rose = locked.find(({ denom, amount }) => amount > (before.get(denom) ?? 0n));
        if (rose) t.fail(`${vesting.kind} at ${now}: ${rose.denom} rose to ${rose.amount}`);
        last = locked;
      }
      t.same(lockedCoins(vesting, start - 5n), vesting.original);
      t.same(lockedCoins(vesting, vesting.endTime + 1n), []);
    }
  }
});

function randomVesting(random: (below: number) => number): Vesting {
  const amount = () => [
    { denom: "fee", amount: BigInt(1 + random(1_000_000)) },
    { denom: "stake", amount: BigInt(1 + random(1_000)) },
  ];
  const ground = { original: amount(), delegatedFree: [], delegatedVesting: [] };
  const endTime = start + BigInt(1 + random(500));
  const kind = random(3);
  if (kind === 0) return { ...ground, endTime, kind: "continuous", startTime: start };
  if (kind === 1) return { ...ground, endTime, kind: "delayed" };
  const periods = Array.from({ length: 1 + random(8) }, () => ({
    length: BigInt(1 + random(80)),
    amount: amount(),
  }));
  const original = periods.reduce<Coin[]>((sum, period) => addCoins(sum, period.amount), []);
  const end = periods.reduce((sum, { length }) => sum + length, start);
  return { ...ground, original, endTime: end, kind: "periodic", startTime: start, periods };
}
