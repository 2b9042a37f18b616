/** Whole epochs of the pow module: spec/modules/pow.md, "Epoch", "Verification", "Settlement". */
import t from "tap";
import { Outcome, VerdictKind } from "../../../../src/gen/gonka/pow/v1/types.ts";
import { PowChain, powGenesis } from "../../../support/pow-chain.ts";
import { type EpochScript, PowHost, playEpoch } from "../../../support/pow-host.ts";

const names = ["ann", "bob", "cat", "dan"] as const;
const equalWeights = { ann: 64n, bob: 64n, cat: 64n, dan: 64n };

function start(changes: Record<string, unknown> = {}) {
  const chain = new PowChain(powGenesis(equalWeights, changes));
  const hosts = names.map((name) => new PowHost(chain, name));
  const resultOf = (name: string, settlement: ReturnType<typeof playEpoch>["settlement"]) => {
    const operator = hosts.find((host) => host.name === name)?.operator;
    const found = settlement.hosts.find((host) => host.operator === operator);
    if (!found) throw new Error(`${name} is not in the settlement`);
    return found;
  };
  return { chain, hosts, resultOf };
}

/** As everybody, but one of them does something else. */
const except =
  (name: string, act: (host: PowHost) => void, usual: (host: PowHost) => void) => (host: PowHost) =>
    host.name === name ? act(host) : usual(host);
const commit = (host: PowHost) => host.commit();
const open = (host: PowHost) => host.open();
const attest = (host: PowHost) => host.attest();

t.test("an honest epoch: everybody is valid, paid alike, and the set stays", async (t) => {
  const { chain, hosts } = start();
  const { settlement, updates } = playEpoch(chain, hosts);
  t.same(
    settlement.hosts.map((host) => [host.outcome, host.registeredWeight, host.payWeight]),
    hosts.map(() => [Outcome.OUTCOME_VALID, 64n, 64n]),
  );
  t.equal(settlement.formed, true);
  t.equal(settlement.emission, "323000000000000");
  t.same(
    settlement.hosts.map((host) => host.reward),
    hosts.map(() => "80750000000000"),
  );
  t.equal(settlement.toPool, "0");
  t.same(updates, [], "equal weights moved nobody's power");
});

t.test("a host that mines half as much falls within three epochs", async (t) => {
  const { chain, hosts, resultOf } = start();
  const shares: bigint[] = [];
  for (let epoch = 0; epoch < 3; epoch++) {
    const { settlement, updates } = playEpoch(chain, hosts, { nonces: { dan: 8 } });
    shares.push(resultOf("dan", settlement).powerAfter);
    if (epoch === 0) {
      t.equal(resultOf("ann", settlement).reward, "80750000000000", "slowing a host pays nobody");
      t.equal(settlement.toPool, "40375000000000", "what it did not earn goes to the pool");
    }
    t.equal(updates.length, 4);
  }
  t.same(shares, [185_714n, 160_000n, 149_714n], "0.6 of the way to 1/7 in each");
});

t.test("a bad leaf is found, and costs the host its epoch", async (t) => {
  const { chain, hosts, resultOf } = start();
  const spoilt = except(
    "dan",
    (host) => {
      host.spoil();
      host.commit();
    },
    commit,
  );
  const { settlement } = playEpoch(chain, hosts, { commit: spoilt });
  const dan = resultOf("dan", settlement);
  t.same([dan.outcome, dan.payWeight, dan.reward], [Outcome.OUTCOME_FORFEITED, 0n, "0"]);
  t.equal(dan.registeredWeight, 64n, "its weight still counts in the denominator");
  t.equal(resultOf("ann", settlement).reward, "80750000000000", "nobody gains");
  t.equal(settlement.toPool, "80750000000000");
  t.ok(dan.powerAfter < dan.powerBefore && dan.powerAfter > 0n);
  const forfeits = chain.ask<{ forfeits: unknown[] }>("Forfeits", { epoch: "1" });
  t.equal(forfeits.forfeits.length, 1);
});

t.test("a withheld opening is a failed Sprint", async (t) => {
  const { chain, hosts, resultOf } = start();
  const { settlement } = playEpoch(chain, hosts, { open: except("dan", () => {}, open) });
  const dan = resultOf("dan", settlement);
  t.same([dan.outcome, dan.payWeight], [Outcome.OUTCOME_WITHHELD, 0n]);
  t.equal(resultOf("ann", settlement).outcome, Outcome.OUTCOME_VALID);
  const operator = hosts[3]?.operator ?? "";
  t.equal(chain.pow.hosts.standing(chain.context(), operator).referenceWeight, 32n, "decayed");
});

t.test("a false accusation costs the accuser its epoch, not the accused", async (t) => {
  const { chain, hosts, resultOf } = start();
  const accuse = (host: PowHost) => {
    const verdicts = host.verdicts().map((verdict) => {
      const opening = chain.pow.sprints.opening(chain.context(), {
        epoch: 1n,
        sprint: 0,
        operator: verdict.host,
      });
      // The leaf of slot samples that the verdict's tags stand for: take any that is sampled.
      const sampled = opening?.leaves.find(({ index }) => isSampled(host, verdict.host, index));
      return {
        ...verdict,
        kind: VerdictKind.VERDICT_KIND_INVALID,
        tags: [],
        badIndex: sampled?.index ?? 0n,
        correctDigest: new Uint8Array(32).fill(7),
      };
    });
    host.attest({ verdicts });
  };
  const isSampled = (host: PowHost, accused: string, index: bigint) =>
    host.sampledOf(accused).includes(Number(index));
  const liar = hosts.find((host) => host.name === "dan");
  const { settlement } = playEpoch(chain, hosts, { attest: except("dan", accuse, attest) });
  const dan = resultOf("dan", settlement);
  t.ok(liar);
  t.equal(dan.outcome, Outcome.OUTCOME_FORFEITED);
  for (const name of ["ann", "bob", "cat"]) {
    t.equal(resultOf(name, settlement).outcome, Outcome.OUTCOME_VALID, name);
    t.equal(resultOf(name, settlement).reward, "80750000000000", name);
  }
});

t.test("a verifier that invents its tags is found out by an audit", async (t) => {
  const { chain, hosts } = start({ tag_audits: 4 });
  const invent = (host: PowHost) =>
    host.attest({
      verdicts: host.verdicts().map((verdict) => ({
        ...verdict,
        tags: verdict.tags.map(() => new Uint8Array(32)),
      })),
    });
  const { settlement } = playEpoch(chain, hosts, { attest: invent });
  const caught = settlement.hosts.filter(({ outcome }) => outcome === Outcome.OUTCOME_FORFEITED);
  t.ok(caught.length > 0, "four audits of invented tags found at least one");
});

t.test("silent verifiers cost themselves, and leave the host what it had proven", async (t) => {
  const { chain, hosts, resultOf } = start();
  const script: EpochScript = { nonces: { ann: 24 }, attest: () => {} };
  const { settlement } = playEpoch(chain, hosts, script);
  const ann = resultOf("ann", settlement);
  t.equal(ann.outcome, Outcome.OUTCOME_UNVERIFIED);
  t.same([ann.claimedWeight, ann.registeredWeight, ann.payWeight], [96n, 96n, 64n]);
  t.ok(ann.assignedHosts > 0);
  t.equal(ann.attestedHosts, 0);
  const whole = (323_000_000_000_000n * 64n) / (96n + 3n * 64n);
  t.equal(ann.reward, String((whole * 9n) / 10n), "a tenth less for missing all its duties");
});

t.test("nobody comes: the epoch does not form, and the set stays", async (t) => {
  const { chain } = start();
  const before = new Map(chain.validators);
  chain.advanceTo(42n);
  t.same(chain.validators, before);
  const { formed, confirmedWeight, toPool, emission } = chain.settlement(2n);
  t.same([formed, confirmedWeight, toPool], [false, 0n, emission]);
});

t.test("one of four comes: below the formation share the set only drifts", async (t) => {
  const { chain, hosts, resultOf } = start();
  const onlyAnn = hosts.filter((host) => host.name === "ann");
  const { settlement } = playEpoch(chain, onlyAnn);
  t.equal(settlement.formed, false);
  const ann = resultOf("ann", settlement);
  t.equal(ann.outcome, Outcome.OUTCOME_UNVERIFIED, "nobody was there to verify it");
  t.equal(ann.powerAfter, 287_500n, "0.05 of the way to all of the power");
  t.equal(resultOf("bob", settlement).powerAfter, 237_500n);
});

t.test("claims without history cannot keep an epoch from forming", async (t) => {
  const { chain, hosts } = start();
  const shams = Array.from({ length: 8 }, (_, i) => new PowHost(chain, `sham ${i}`));
  chain.block(() => {
    for (const sham of shams) chain.send("MsgRegisterHost", sham.registration());
  });
  const isSham = (host: PowHost) => shams.includes(host);
  const { settlement } = playEpoch(chain, [...hosts, ...shams], {
    commit: (host) => host.commit(isSham(host) ? { count: 1n << 31n } : {}),
    open: (host) => (isSham(host) ? undefined : host.open()),
    attest: (host) => (isSham(host) ? undefined : host.attest()),
  });
  t.equal(settlement.registeredWeight, 4n * 64n + 8n * 96n, "each counts up to unproven_weight");
  t.same([settlement.confirmedWeight, settlement.formed], [256n, true]);
});

t.test("a host that leaves runs out of power and is forgotten", async (t) => {
  const { chain, hosts } = start();
  const dan = hosts[3];
  chain.block(() => chain.send("MsgUnregisterHost", { operator: dan?.operator }));
  const rest = hosts.slice(0, 3);
  let epochs = 0;
  while (chain.pow.hosts.find(chain.context(), dan?.operator ?? "") && epochs < 20) {
    playEpoch(chain, rest);
    epochs++;
  }
  t.ok(epochs > 1 && epochs < 20, `gone after ${epochs} epochs`);
  t.equal(chain.validators.size, 3);
  t.equal(chain.pow.total(chain.context()), 1_000_000n);
});

t.test("a new host proves weight and gets a seat in its second epoch", async (t) => {
  const { chain, hosts } = start();
  const eve = new PowHost(chain, "eve");
  chain.block(() => chain.send("MsgRegisterHost", eve.registration()));
  const { settlement } = playEpoch(chain, [...hosts, eve]);
  const found = settlement.hosts.find(({ operator }) => operator === eve.operator);
  t.equal(found?.outcome, Outcome.OUTCOME_VALID);
  t.equal(found?.assignedHosts, 0, "without power it verifies nobody");
  t.equal(found?.powerAfter, 120_000n, "0.6 of the way to a fifth");
  t.equal(chain.validators.size, 5);
});

t.test("rewards vest over five epochs and add up to the last unit", async (t) => {
  const { chain, hosts } = start({ vesting_epochs: 5 });
  const ann = hosts[0]?.operator ?? "";
  const balance = () =>
    chain.bank.balances(chain.context(), chain.pow.addresses.parse(ann))[0]?.amount ?? 0n;
  const { settlement } = playEpoch(chain, hosts);
  const reward = BigInt(settlement.hosts.find(({ operator }) => operator === ann)?.reward ?? 0);
  t.equal(balance(), reward % 5n, "what does not divide is paid at once");
  let awarded = reward;
  for (let epoch = 0; epoch < 6; epoch++) {
    const { settlement: next } = playEpoch(chain, hosts);
    awarded += BigInt(next.hosts.find(({ operator }) => operator === ann)?.reward ?? 0);
  }
  const { vesting } = chain.ask<{ vesting: { balance: string } }>("Rewards", { operator: ann });
  t.equal(balance() + BigInt(vesting.balance), awarded);
  t.ok(balance() > reward);
});
