/**
 * Known answers for what pow hashes, signs and stores. Hashes and bytes were computed with Python's
 * hashlib and by hand from the rules in spec/modules/pow.md, not with this code.
 */
import t from "tap";
import { sha256 } from "../../../../src/crypto/hash.ts";
import { toHex, u64le, utf8 } from "../../../../src/encoding/bytes.ts";
import { MsgCommitSprint } from "../../../../src/gen/gonka/pow/v1/tx.ts";
import { aminoJson } from "../../../../src/modules/gonka-msg.ts";
import { BlockHashBeacon } from "../../../../src/modules/pow/epoch/beacon.ts";
import { phaseAt, planEpoch } from "../../../../src/modules/pow/epoch/schedule.ts";
import { commitmentPrefix, sprintHostKey } from "../../../../src/modules/pow/keys.ts";
import { drawVerifiers } from "../../../../src/modules/pow/sprint/assignment.ts";
import { StoreKey } from "../../../../src/store/kv.ts";
import { PowChain, powGenesis } from "../../../support/pow-chain.ts";
import { PowHost, playEpoch } from "../../../support/pow-host.ts";

const commit: MsgCommitSprint = {
  signer: "gonka1signer",
  host: "gonka1host",
  epoch: 7n,
  sprint: 0,
  tier: 2,
  root: new Uint8Array(32).fill(0xab),
  count: 300n,
};

t.test("a message has the protobuf encoding of its fields, and one amino form", async (t) => {
  const root = "ab".repeat(32);
  t.equal(
    toHex(MsgCommitSprint.encode(commit).finish()),
    `0a0c676f6e6b61317369676e6572120a676f6e6b6131686f7374180728023220${root}38ac02`,
  );
  t.same(aminoJson(commit), {
    signer: "gonka1signer",
    host: "gonka1host",
    epoch: "7",
    tier: 2,
    root: "q6urq6urq6urq6urq6urq6urq6urq6urq6urq6urq6s=",
    count: "300",
  });
});

t.test("the beacon is a hash chain over block hashes, drawn by purpose", async (t) => {
  const chain = new PowChain(powGenesis({ ann: 1n }));
  chain.block();
  chain.block();
  const ctx = chain.context();
  t.equal(
    toHex(chain.pow.beacon.state(ctx)),
    "bc07928168ce6f13d8d54ce37523fea6d65cbacd82fdf5a1c2a911a8e7000996",
  );
  t.equal(
    toHex(chain.pow.beacon.draw(ctx, "beacon1 of epoch 1")),
    "f43c0336efa089b4ddb0f8570a8579254cc693e0b54b3c3e28a60dd197a05626",
  );
  t.same(ctx.block.hash, sha256(u64le(2n)));
  const other = { ...ctx, chainId: "pow-test-2", kv: () => chain.context().kv(new StoreKey("x")) };
  const fresh = new BlockHashBeacon(new StoreKey("y"));
  t.ok(toHex(fresh.draw(other, "a")) !== toHex(fresh.draw(other, "b")));
});

t.test("keys: prefix, epoch, sprint, length and bytes of the address", async (t) => {
  const key = sprintHostKey({ epoch: 258n, sprint: 1 }, utf8("host"));
  t.equal(toHex(commitmentPrefix) + toHex(key), "21000000000000010201" + "04686f7374");
});

t.test("the urn of verifiers", async (t) => {
  const beacon3 = Uint8Array.from({ length: 32 }, (_, i) => i);
  const hostKey = Uint8Array.from({ length: 33 }, (_, i) => (i === 0 ? 2 : 0));
  const eligible = Object.entries({ a: 600n, b: 300n, c: 100n }).map(([operator, power]) => ({
    operator,
    power,
  }));
  const draw = { beacon3, eligible, slots: 5 };
  t.same(drawVerifiers({ operator: "x", hostKey }, draw), ["a", "b", "c"]);
});

t.test("the phases of the localnet's epoch", async (t) => {
  const lengths = {
    epochBlocks: 60n,
    generateBlocks: 20n,
    commitBlocks: 4n,
    openBlocks: 5n,
    verifyBlocks: 12n,
    beacon1LeadBlocks: 4n,
  };
  const epoch = planEpoch(2n, 61n, lengths);
  const phases = Array.from({ length: 62 }, (_, i) => phaseAt(epoch, 60n + BigInt(i)));
  const runs = phases.reduce<[number, number][]>((list, phase) => {
    const last = list.at(-1);
    if (last?.[0] === phase) last[1]++;
    else list.push([phase, 1]);
    return list;
  }, []);
  t.same(runs, [
    [0, 1], // the block before
    [1, 18],
    [2, 20],
    [3, 4],
    [4, 5],
    [5, 12],
    [6, 1],
    [0, 1], // the block after
  ]);
  t.equal(epoch.beacon1Height, epoch.generateHeight - 4n);
  t.equal(epoch.beacon3Height, epoch.openHeight + 1n, "two after the last commitment");
});

t.test("every invariant can fail", async (t) => {
  const names = ["ann", "bob"];
  const broken = (spoil: (chain: PowChain) => void): string[] => {
    const chain = new PowChain(powGenesis({ ann: 64n, bob: 64n }));
    playEpoch(
      chain,
      names.map((name) => new PowHost(chain, name)),
    );
    t.same(chain.broken(), []);
    spoil(chain);
    return chain.broken().map((problem) => problem.split(":")[0] ?? "");
  };
  const record = (chain: PowChain) => chain.settlement(1n);
  const setRecord = (chain: PowChain, change: object) =>
    chain.pow.settlements.set(chain.context(), u64be1, { ...record(chain), ...change });
  const u64be1 = Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 1);
  t.same(
    broken((chain) => chain.pow.rewards.mint(chain.context(), 5n)),
    ["emitted = paid + pool + vesting", "the module's account holds what vests"],
  );
  t.same(
    broken((chain) => {
      const standing = chain.pow.hosts.standing(
        chain.context(),
        new PowHost(chain, "ann").operator,
      );
      chain.pow.hosts.setStanding(chain.context(), { ...standing, power: 1n });
    }),
    ["power adds up to one million"],
  );
  t.same(
    broken((chain) => chain.pow.seats.clear(chain.context())),
    ["the validator set is not empty and is the hosts with power"],
  );
  t.same(
    broken((chain) => {
      const hosts = record(chain).hosts.map((host) => ({ ...host, powerBefore: 0n }));
      setRecord(chain, { hosts });
    }),
    ["a settlement moves at most max_step of the power"],
  );
  t.same(
    broken((chain) => setRecord(chain, { toPool: "1" })),
    ["rewards and pool share out the emission"],
  );
});

t.test("queries answer over the wire what the state holds", async (t) => {
  const chain = new PowChain(powGenesis({ ann: 64n, bob: 64n }));
  const hosts = ["ann", "bob"].map((name) => new PowHost(chain, name));
  playEpoch(chain, hosts);
  const epoch = chain.ask<{ phase: number; nextPhaseHeight: bigint }>("CurrentEpoch", {});
  t.same([epoch.phase, epoch.nextPhaseHeight], [6, 21n]);
  const { hosts: views } = chain.ask<{ hosts: { worker: string }[] }>("Hosts", {});
  t.same(views.map(({ worker }) => worker).sort(), hosts.map(({ worker }) => worker).sort());
  const at = { epoch: "1" };
  for (const name of ["Participants", "Commitments", "Assignments", "Attestations"]) {
    const lists = Object.values(chain.ask<Record<string, unknown[]>>(name, at));
    t.same(
      lists.map((list) => list.length),
      [2],
      name,
    );
  }
  const weights = chain.ask<{ totalPower: bigint }>("Weights", {});
  t.equal(weights.totalPower, 1_000_000n);
  const { settlements } = chain.ask<{ settlements: unknown[] }>("Settlements", {});
  t.equal(settlements.length, 1);
  const { totals } = chain.ask<{ totals: { emitted: string } }>("Emission", {});
  t.equal(totals.emitted, "323000000000000");
  t.throws(() => chain.ask("Epoch", { index: "9" }), { code: 38 });
  t.throws(() => chain.ask("Host", { operator: new PowHost(chain, "eve").operator }), { code: 38 });
  t.equal(chain.module.queries.length, 17);
  const paths = chain.module.queries.map(({ http }) => http[0]?.path);
  t.equal(new Set(paths).size, 17, "each has its own REST path");
});

t.test("absences of validators are counted for the running epoch", async (t) => {
  const chain = new PowChain(powGenesis({ ann: 64n, bob: 64n }));
  const [ann, bob] = ["ann", "bob"].map((name) => new PowHost(chain, name));
  const address = ann?.consensusAddress ?? new Uint8Array();
  chain.lastVotes = [{ validator: { address, power: 500_000n }, blockIdFlag: 1 }];
  for (let block = 0; block < 3; block++) chain.block();
  const missed = (operator = "") =>
    chain.ask<{ host: { missedBlocks: bigint } }>("Host", { operator }).host.missedBlocks;
  t.same([missed(ann?.operator), missed(bob?.operator)], [3n, 0n]);
});
