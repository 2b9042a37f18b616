/**
 * Proposer selection and validator updates. Tables of cometbft v0.38.25
 * types/validator_set_test.go, named after its tests; the property tests compare with a model that
 * follows spec/types.md in plain sums.
 */
import t from "tap";
import { toHex, utf8 } from "../../../src/encoding/bytes.ts";
import { ValidatorSet } from "../../../src/types/validator-set.ts";
import {
  addClipped,
  averagePriority,
  maxTotalPower,
  subtractClipped,
} from "../../../src/types/validators/priorities.ts";
import {
  newValidator,
  publicKeyToProto,
  type Validator,
} from "../../../src/types/validators/validator.ts";
import { prng, shuffle } from "../../support/prng.ts";

const maxInt64 = (1n << 63n) - 1n;
const minInt64 = -(1n << 63n);

/** Go's tests name validators by their address bytes and give them no real key. */
const named = (name: string | Uint8Array, power: bigint, priority = 0n): Validator => ({
  address: typeof name === "string" ? utf8(name) : name,
  pubKey: { type: "ed25519", key: new Uint8Array(32) },
  power,
  priority,
});
const nameOf = ({ address }: Validator): string => Buffer.from(address).toString();
const priorities = (set: ValidatorSet): bigint[] => set.validators.map((each) => each.priority);
function updated(set: ValidatorSet, changes: readonly Validator[]): ValidatorSet {
  const next = set.update(changes);
  if ("refused" in next) throw new Error(next.refused);
  return next;
}
function proposers(set: ValidatorSet, count: number): Validator[] {
  const found: Validator[] = [];
  for (let next = set; found.length < count; next = next.incrementPriority(1)) {
    found.push(next.proposer());
  }
  return found;
}

t.test("TestProposerSelection1", (t) => {
  const set = ValidatorSet.from([named("foo", 1000n), named("bar", 300n), named("baz", 330n)]);
  const expected =
    "foo baz foo bar foo foo baz foo bar foo foo baz foo foo bar foo baz foo foo bar " +
    "foo foo baz foo bar foo foo baz foo bar foo foo baz foo foo bar foo baz foo foo bar " +
    "foo baz foo foo bar foo baz foo foo bar foo baz foo foo foo baz bar foo foo foo baz " +
    "foo bar foo foo baz foo bar foo foo baz foo bar foo foo baz foo bar foo foo baz foo " +
    "foo bar foo baz foo foo bar foo baz foo foo bar foo baz foo foo";
  t.equal(proposers(set, 99).map(nameOf).join(" "), expected);
  t.end();
});

t.test("TestProposerSelection2", (t) => {
  const address = (last: number): Uint8Array => {
    const bytes = new Uint8Array(20);
    bytes[19] = last;
    return bytes;
  };
  const turns = (powers: bigint[], count: number): number[] => {
    const set = ValidatorSet.from(powers.map((power, i) => named(address(i), power)));
    return proposers(set, count).map((each) => each.address[19] ?? -1);
  };
  t.same(turns([100n, 100n, 100n], 15), [0, 1, 2, 0, 1, 2, 0, 1, 2, 0, 1, 2, 0, 1, 2]);
  t.same(turns([100n, 100n, 400n], 2), [2, 0], "not enough to propose twice in a row");
  t.same(turns([100n, 100n, 401n], 3), [2, 2, 0], "enough to propose twice in a row");
  const shares = turns([4n, 5n, 3n], 120);
  t.same(
    [0, 1, 2].map((who) => shares.filter((each) => each === who).length),
    [40, 50, 30],
    "in proportion to power",
  );
  t.end();
});

t.test("TestProposerSelection3: turns go round, in steps of any size, through the wire", (t) => {
  const seed = 20_260_101;
  t.comment(`seed ${seed}`);
  const random = prng(seed);
  const keys = [1, 2, 3, 4].map((fill) => new Uint8Array(32).fill(fill));
  let set = ValidatorSet.from(keys.map((key) => newValidator({ type: "ed25519", key }, 1n)));
  const order = proposers(set, 4).map(({ address }) => toHex(address));
  let turn = 0;
  for (let i = 0; i < 2000; i++) {
    const parsed = ValidatorSet.fromProto(set.toProto());
    if (!parsed) throw new Error("the set does not come back from the wire");
    set = parsed;
    if (toHex(set.proposer().address) !== order[turn % 4]) t.fail(`turn ${turn}`);
    const steps = 1 + Math.floor(random() * 4);
    set = set.incrementPriority(steps);
    turn += steps;
  }
  t.pass(`${turn} turns`);
  t.end();
});

t.test("TestAveragingInIncrementProposerPriorityWithVotingPower", (t) => {
  // Powers 10, 1, 1: the priorities and the proposer after so many turns in one call.
  const start = [
    named(Uint8Array.of(0), 10n),
    named(Uint8Array.of(1), 1n),
    named(Uint8Array.of(2), 1n),
  ];
  const fresh = updated(ValidatorSet.from([]), start);
  const cases: [number, bigint[], number][] = [
    [1, [-2n, 1n, 1n], 0],
    [2, [-4n, 2n, 2n], 0],
    [3, [-6n, 3n, 3n], 0],
    [4, [-8n, 4n, 4n], 0],
    [5, [2n, -7n, 5n], 1],
    [6, [0n, -6n, 6n], 0],
    [7, [-2n, -5n, 7n], 0],
    [8, [-4n, -4n, 8n], 0],
    [9, [6n, -3n, -3n], 2],
    [10, [4n, -2n, -2n], 0],
    [11, [2n, -1n, -1n], 0],
  ];
  for (const [turns, want, proposer] of cases) {
    const set = fresh.incrementPriority(turns);
    t.same(priorities(set), want, `${turns} turns`);
    t.equal(set.proposer().address[0], proposer);
  }
  t.end();
});

t.test("TestAvgProposerPriority and the clipping sums", (t) => {
  const average = (...values: bigint[]): bigint =>
    averagePriority(values.map((value, i) => named(Uint8Array.of(i), 1n, value)));
  t.equal(average(0n, 0n, 0n), 0n);
  t.equal(average(maxInt64, 0n, 0n), maxInt64 / 3n);
  t.equal(average(maxInt64, 0n), maxInt64 / 2n);
  t.equal(average(maxInt64, maxInt64), maxInt64);
  t.equal(average(minInt64, minInt64), minInt64);
  t.equal(average(-1n, 0n), -1n, "rounds down, not toward zero");
  t.equal(average(1n, 2n, 3n), 2n, "TestAveragingInIncrementProposerPriority");
  t.equal(average(10n, -10n, 1n), 0n);
  t.equal(average(100n, -10n, 1n), 30n);
  t.equal(addClipped(maxInt64, 10n), maxInt64, "TestSafeAddClip");
  t.equal(addClipped(minInt64, -10n), minInt64);
  t.equal(subtractClipped(minInt64, 10n), minInt64, "TestSafeSubClip");
  t.equal(subtractClipped(minInt64, minInt64), 0n);
  t.equal(subtractClipped(maxInt64, -10n), maxInt64);
  t.end();
});

const set = (text: string): ValidatorSet => ValidatorSet.from(list(text));
/** "v1:10 v2:20" as validators. */
function list(text: string): Validator[] {
  if (text === "") return [];
  return text.split(" ").map((each) => {
    const [name = "", power = ""] = each.split(":");
    return named(name, BigInt(power));
  });
}
const shown = (of: ValidatorSet): string =>
  of.validators.map((each) => `${nameOf(each)}:${each.power}`).join(" ");

t.test("TestValSetUpdatesBasicTestsExecute and TestValSetApplyUpdatesTestsExecute", (t) => {
  const cases: [string, string, string][] = [
    ["v1:10 v2:10", "", "v1:10 v2:10"],
    ["v1:10 v2:10", "v2:22 v1:11", "v2:22 v1:11"],
    ["v2:20 v1:10", "v4:40 v3:30", "v4:40 v3:30 v2:20 v1:10"],
    ["v3:20 v1:10", "v2:30", "v2:30 v3:20 v1:10"],
    ["v3:20 v2:10", "v1:30", "v1:30 v3:20 v2:10"],
    ["v3:30 v2:20 v1:10", "v2:0", "v3:30 v1:10"],
    ["v4:44 v5:55", "v1:11", "v5:55 v4:44 v1:11"],
    ["v4:44 v6:66 v9:99", "v5:55 v7:77 v8:88", "v9:99 v8:88 v7:77 v6:66 v5:55 v4:44"],
    ["v1:111 v2:222 v3:333", "v1:11 v2:22 v3:33", "v3:33 v2:22 v1:11"],
    ["v1:111 v2:22", "v1:11 v3:33 v4:44", "v4:44 v3:33 v2:22 v1:11"],
  ];
  for (const [start, change, want] of cases) {
    const after = updated(set(start), list(change));
    t.equal(shown(after), want);
    t.equal(
      after.totalPower,
      after.validators.reduce((sum, each) => sum + each.power, 0n),
    );
  }
  t.end();
});

t.test(
  "refused updates leave the set alone (TestValSetUpdates{DuplicateEntries,Overflows,OtherErrors})",
  (t) => {
    const most = maxTotalPower;
    const cases: [string, string, RegExp][] = [
      ["v1:10 v2:10", "v1:11 v1:22", /changed twice/],
      ["v1:10 v2:10 v3:10", "v1:11 v3:22 v1:12", /changed twice/],
      ["v1:10 v2:10", "v1:0 v1:0", /changed twice/],
      ["v1:10 v2:10", "v1:0 v2:20 v1:30", /changed twice/],
      ["v1:10 v2:10", `v1:${maxInt64}`, /exceeds the maximum/],
      [`v1:${most}`, `v2:${maxInt64}`, /exceeds the maximum/],
      [`v1:${most - 1n}`, "v2:5", /total voting power .* exceeds/],
      [`v1:${most / 3n} v2:${most / 3n}`, `v3:${most / 2n}`, /total voting power .* exceeds/],
      [`v1:${most}`, `v2:${most}`, /total voting power .* exceeds/],
      ["v1:10 v2:10", "v1:-123", /power -123 is negative/],
      ["v1:10 v2:10", "v3:0", /no validator 7633 to remove/],
      ["v1:10 v2:20 v3:30", "v1:0 v2:0 v3:0", /empty validator set/],
    ];
    for (const [start, change, reason] of cases) {
      const before = set(start);
      const result = before.update(list(change));
      t.match("refused" in result ? result.refused : "accepted", reason, change);
      t.equal(shown(before), shown(set(start)));
    }
    t.throws(() => ValidatorSet.from(list("v1:0")), /no voting power/);
    t.throws(() => ValidatorSet.from([]).proposer());
    t.throws(() => ValidatorSet.from([]).incrementPriority(1));
    t.throws(() => set("v1:1").incrementPriority(0));
    t.end();
  },
);

t.test("no false alarm about too much power (TestValSetUpdateOverflowRelated)", (t) => {
  const most = maxTotalPower;
  const half = most / 2n;
  const cases: [string, string, string][] = [
    [`v2:${most - 1n} v1:1`, `v1:${most - 1n} v2:1`, `v1:${most - 1n} v2:1`],
    [`v2:${most - 1n} v1:1`, `v1:${half - 1n} v2:${half}`, `v2:${half} v1:${half - 1n}`],
    [`v1:${most - 2n} v2:1 v3:1`, `v1:0 v4:${most - 2n}`, `v4:${most - 2n} v2:1 v3:1`],
  ];
  for (const [start, change, want] of cases)
    t.equal(shown(updated(set(start), list(change))), want);
  t.end();
});

t.test("newcomers start behind everyone, all alike (TestValSetUpdatePriorityOrderTests)", (t) => {
  const before = set("v3:1000 v2:2 v1:1").incrementPriority(17);
  const after = updated(before, list("v3:0 v2:1 v5:50 v4:40"));
  t.equal(shown(after), "v5:50 v4:40 v1:1 v2:1");
  const [v5, v4, v1, v2] = priorities(after);
  t.equal(v5, v4);
  t.ok(v5 !== undefined && v1 !== undefined && v2 !== undefined && v5 < v1 && v5 < v2);
  t.end();
});

t.test("hash: keys and powers only, in any order of input", (t) => {
  t.equal(
    toHex(ValidatorSet.from([]).hash()),
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
  );
  const members = [1, 2, 3, 4, 5].map((fill) =>
    newValidator({ type: "ed25519", key: new Uint8Array(32).fill(fill) }, BigInt(fill)),
  );
  const one = ValidatorSet.from(members);
  t.equal(toHex(ValidatorSet.from(shuffle(members, 1)).hash()), toHex(one.hash()));
  t.equal(toHex(one.incrementPriority(3).hash()), toHex(one.hash()));
  const [first] = members;
  if (!first) throw new Error("five members");
  t.not(toHex(updated(one, [{ ...first, power: 9n }]).hash()), toHex(one.hash()));
  t.end();
});

t.test("the wire form: priorities survive, nonsense is refused", (t) => {
  const key = new Uint8Array(32).fill(1);
  const one = ValidatorSet.from([
    newValidator({ type: "ed25519", key }, 5n),
    newValidator({ type: "secp256k1", key: new Uint8Array(33).fill(2) }, 7n),
  ]).incrementPriority(4);
  const proto = one.toProto();
  const back = ValidatorSet.fromProto(proto);
  t.same(back?.validators, one.validators);
  t.same(back?.proposer(), one.proposer());
  t.equal(ValidatorSet.fromProto(ValidatorSet.from([]).toProto())?.size, 0);
  const { proposer, ...headless } = proto;
  t.equal(ValidatorSet.fromProto(headless), undefined, "no proposer");
  t.ok(proposer);
  const [first] = proto.validators;
  if (!first) throw new Error("two members");
  t.equal(ValidatorSet.fromProto({ ...proto, validators: [first, first] }), undefined, "twice");
  const broken = [
    { ...first, address: new Uint8Array(20) },
    { ...first, votingPower: -1n },
    { ...first, votingPower: maxTotalPower },
    { ...first, pubKey: {} },
    { ...first, pubKey: publicKeyToProto({ type: "ed25519", key: new Uint8Array(31) }) },
    { ...first, pubKey: { ed25519: key, secp256k1: new Uint8Array(33) } },
  ];
  for (const validator of broken) {
    const validators = [validator, ...proto.validators.slice(1)];
    t.equal(ValidatorSet.fromProto({ ...proto, validators }), undefined);
  }
  t.end();
});

/** The same arithmetic, written once more from the specification, on plain records. */
class Model {
  powers = new Map<string, bigint>();
  ranks = new Map<string, bigint>();

  total(): bigint {
    return [...this.powers.values()].reduce((sum, power) => sum + power, 0n);
  }
  scaleAndCentre(): void {
    const values = [...this.ranks.values()].sort((a, b) => (a < b ? -1 : 1));
    const [low, high] = [values.at(0) ?? 0n, values.at(-1) ?? 0n];
    const window = 2n * this.total();
    const ratio = high - low > window ? (high - low + window - 1n) / window : 1n;
    for (const [name, rank] of this.ranks) this.ranks.set(name, rank / ratio);
    const sum = [...this.ranks.values()].reduce((all, rank) => all + rank, 0n);
    const count = BigInt(this.ranks.size);
    let average = sum / count;
    if (sum < 0n && average * count !== sum) average -= 1n;
    for (const [name, rank] of this.ranks) this.ranks.set(name, rank - average);
  }
  turns(count: number): string {
    this.scaleAndCentre();
    let proposer = "";
    for (let i = 0; i < count; i++) {
      for (const [name, power] of this.powers) this.ranks.set(name, this.rank(name) + power);
      const names = [...this.powers.keys()].sort();
      proposer = names.reduce((best, name) => (this.rank(name) > this.rank(best) ? name : best));
      this.ranks.set(proposer, this.rank(proposer) - this.total());
    }
    return proposer;
  }
  change(changes: readonly Validator[]): void {
    const removed = changes.filter(({ power }) => power === 0n).map(nameOf);
    const removedPower = removed.reduce((sum, name) => sum + (this.powers.get(name) ?? 0n), 0n);
    for (const each of changes) this.powers.set(nameOf(each), each.power);
    const before = this.total() + removedPower;
    for (const each of changes) {
      const name = nameOf(each);
      if (!this.ranks.has(name)) this.ranks.set(name, -(before + before / 8n));
    }
    for (const name of removed) {
      this.powers.delete(name);
      this.ranks.delete(name);
    }
    this.scaleAndCentre();
  }
  rank(name: string): bigint {
    return this.ranks.get(name) ?? 0n;
  }
}

function randomChanges(random: () => number, known: readonly string[]): Validator[] {
  const spread = random() < 0.2 ? 2 ** 45 : 1000;
  const names = new Set<string>();
  for (let i = 0; i < 1 + random() * 3; i++) names.add(`v${Math.floor(random() * 12)}`);
  return [...names].map((name) => {
    const isRemoved = known.length > 4 && known.includes(name) && random() < 0.4;
    return named(name, isRemoved ? 0n : BigInt(1 + Math.floor(random() * spread)));
  });
}

t.test("300 random histories of changes and turns agree with the model", (t) => {
  const seed = 7;
  t.comment(`seed ${seed}`);
  const random = prng(seed);
  for (let history = 0; history < 300; history++) {
    const model = new Model();
    const start = [
      named("v1", 5n),
      named("v2", 6n),
      named("v3", BigInt(1 + Math.floor(random() * 99))),
    ];
    model.change(start);
    model.turns(1);
    let current = ValidatorSet.from(start);
    for (let step = 0; step < 12; step++) {
      const changes = randomChanges(random, [...model.powers.keys()]);
      const turns = 1 + Math.floor(random() * 4);
      model.change(changes);
      const proposer = model.turns(turns);
      current = updated(current, changes).incrementPriority(turns);
      const actual = new Map(current.validators.map((each) => [nameOf(each), each.priority]));
      const same = [...model.ranks].every(([name, rank]) => actual.get(name) === rank);
      if (!same || actual.size !== model.ranks.size || nameOf(current.proposer()) !== proposer) {
        t.fail(`history ${history}, step ${step}`, {
          model: [...model.ranks],
          actual: [...actual],
        });
        return t.end();
      }
    }
  }
  t.pass("3600 steps");
  t.end();
});
