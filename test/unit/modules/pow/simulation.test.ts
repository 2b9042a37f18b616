/**
 * Random networks over random epochs: hosts come, go, fail and lie; parameters change. Every
 * invariant holds after every block (PowChain checks), and whoever fails after its commitment, no
 * other host is paid more: spec/protocol.md, "Lessons".
 */
import t from "tap";
import { VerdictKind } from "../../../../src/gen/gonka/pow/v1/types.ts";
import { authority, PowChain, powGenesis } from "../../../support/pow-chain.ts";
import { PowHost, playEpoch } from "../../../support/pow-host.ts";
import { prng } from "../../../support/prng.ts";

const names = ["ann", "bob", "cat", "dan", "eve", "fay"] as const;
const behaviours = [
  "honest",
  "honest",
  "honest",
  "absent",
  "withholds",
  "spoils",
  "silent",
] as const;
type Behaviour = (typeof behaviours)[number];

/** One epoch in which each host behaves as it was told. */
function play(chain: PowChain, hosts: readonly PowHost[], plan: ReadonlyMap<string, Behaviour>) {
  const does = (host: PowHost) => plan.get(host.name) ?? "honest";
  const present = hosts.filter((host) => does(host) !== "absent");
  return playEpoch(chain, present, {
    commit: (host) => {
      if (does(host) === "spoils") host.spoil();
      host.commit();
    },
    open: (host) => {
      if (does(host) !== "withholds") host.open();
    },
    attest: (host) => {
      if (does(host) !== "silent") host.attest();
    },
    nonces: Object.fromEntries(hosts.map(({ name }, i) => [name, 6 + 5 * i])),
  });
}

function planOf(random: () => number): Map<string, Behaviour> {
  const pick = () => behaviours[Math.floor(random() * behaviours.length)] ?? "honest";
  return new Map(names.map((name) => [name, pick()]));
}

function network(random: () => number) {
  const some = names.slice(0, 2 + Math.floor(random() * 4));
  const weights = some.map((name) => [name, BigInt(1 + Math.floor(random() * 120))] as const);
  const chain = new PowChain(powGenesis(Object.fromEntries(weights), { tag_audits: 0 }));
  return { chain, hosts: some.map((name) => new PowHost(chain, name)) };
}

t.test("invariants hold after every block, whatever the hosts do", async (t) => {
  for (let seed = 1; seed <= 6; seed++) {
    const random = prng(seed);
    const { chain, hosts } = network(random);
    const late = new PowHost(chain, "gus");
    chain.block(() => chain.send("MsgRegisterHost", late.registration()));
    for (let epoch = 0; epoch < 5; epoch++) {
      play(chain, epoch <= 2 ? [...hosts, late] : hosts, planOf(random));
      if (random() < 0.3) {
        const params = { ...chain.params, forfeitDestination: 1 + Math.floor(random() * 2) };
        chain.send("MsgUpdateParams", { authority, params: { ...params, vestingEpochs: epoch } });
      }
      if (epoch === 2) chain.send("MsgUnregisterHost", { operator: late.operator });
      if (chain.validators.size === 0) t.fail(`seed ${seed}: no validators`);
    }
  }
  t.pass("seeds 1 to 6");
});

t.test("whoever fails after its commitment, no other host is paid more", async (t) => {
  for (let seed = 1; seed <= 16; seed++) {
    const rewards = (fails: boolean) => {
      const random = prng(seed);
      const { chain, hosts } = network(random);
      const first = planOf(random);
      const second = planOf(random);
      const victim = hosts[Math.floor(random() * hosts.length)]?.name ?? "";
      if (second.get(victim) === "absent") second.set(victim, "honest");
      if (fails) second.set(victim, random() < 0.5 ? "withholds" : "spoils");
      play(chain, hosts, first);
      const { settlement } = play(chain, hosts, second);
      return { victim, settlement, hosts };
    };
    const [before, after] = [rewards(false), rewards(true)];
    for (const [i, { operator, reward }] of after.settlement.hosts.entries()) {
      const was = BigInt(before.settlement.hosts[i]?.reward ?? 0);
      const gain = BigInt(reward) - was;
      if (gain > 0n) t.fail(`seed ${seed}: ${operator} gains ${gain} by ${after.victim}`);
    }
  }
  t.pass("seeds 1 to 16");
});

t.test("an abstention is no valid verdict and takes no part in the quorum", async (t) => {
  const weights = { ann: 64n, bob: 64n, cat: 64n };
  const chain = new PowChain(powGenesis(weights, { attest_quorum: "1" }));
  const hosts = ["ann", "bob", "cat"].map((name) => new PowHost(chain, name));
  const abstain = (host: PowHost) => {
    const kind = VerdictKind.VERDICT_KIND_ABSTAIN;
    host.attest({ verdicts: host.verdicts().map((verdict) => ({ ...verdict, kind, tags: [] })) });
  };
  const { settlement } = playEpoch(chain, hosts, {
    attest: (host) => (host.name === "cat" ? abstain(host) : host.attest()),
  });
  t.same(
    settlement.hosts.map(({ outcome, attestedHosts, assignedHosts }) => [
      outcome,
      assignedHosts - attestedHosts,
    ]),
    [
      [1, 0],
      [1, 0],
      [1, 0],
    ],
    "with cat abstaining, one valid verdict each is all of the quorum",
  );
});
