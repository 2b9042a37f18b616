/**
 * The host agent against a chain in memory: whole epochs, restarts in every phase, missed windows,
 * refusals. spec/host.md names the clauses.
 */
import t from "tap";
import { toHex } from "../../../src/encoding/bytes.ts";
import type { MsgCommitSprint } from "../../../src/gen/gonka/pow/v1/tx.ts";
import { VerdictKind } from "../../../src/gen/gonka/pow/v1/types.ts";
import { TxRefusal } from "../../../src/host/expected.ts";
import type { AgentSettings } from "../../../src/host/sprint-agent.ts";
import { commitmentOf } from "../../../src/sprint/hits.ts";
import { sampleIndices } from "../../../src/sprint/sampling.ts";
import { live, me, other, playOther, settle, third, world } from "../../support/agent-world.ts";
import { fakeDigest, fakeHits } from "../../support/fake-sprint-engine.ts";

t.test("an epoch: mines, commits, opens, attests, each once and in its phase", async (t) => {
  const { chain, agent, engine } = world(t);
  await live(agent, chain, 5n);
  t.notOk(engine.isMining, "no beacon 2 yet");
  const mining = await live(agent, chain, 6n);
  t.match(mining, { duty: "mine", nonces: 0n });
  engine.search(10n);
  await live(agent, chain, 10n);
  t.ok(engine.isMining);
  engine.search(5n);
  await live(agent, chain, 11n);
  t.notOk(engine.isMining, "stops before the first block that takes commitments");
  await playOther(chain, other);
  await playOther(chain, third);
  chain.duties = [
    { verifier: me.operator, host: other.operator, slot: 1 },
    { verifier: other.operator, host: me.operator, slot: 0 },
    { verifier: me.operator, host: third.operator, slot: 0 },
  ];
  await live(agent, chain, 22n);
  await settle();
  await live(agent, chain, 29n);
  const hits = fakeHits(me.hostKey, 15n);
  const { root, count } = commitmentOf(hits);
  const mine = chain.commits.filter(({ operator }) => operator === me.operator);
  t.match(mine, [{ tier: 2, count: BigInt(count), height: 12n }]);
  t.same(toHex(mine[0]!.root), toHex(root));
  t.same(
    chain.included.map(({ typeUrl, code }) => [typeUrl, code]),
    [
      ["/gonka.pow.v1.MsgCommitSprint", 0],
      ["/gonka.pow.v1.MsgOpenSprint", 0],
      ["/gonka.pow.v1.MsgAttestSprint", 0],
    ],
  );
  const verdicts = chain.attested[0]!.verdicts;
  t.same(
    verdicts.map(({ host, kind }) => [host, kind]),
    [
      [third.operator, VerdictKind.VERDICT_KIND_VALID],
      [other.operator, VerdictKind.VERDICT_KIND_VALID],
    ],
    "in the order of the addresses' bytes",
  );
  for (const { tags } of verdicts) t.ok(tags.length > 0 && tags.every((tag) => tag.length === 32));
  await live(agent, chain, 36n);
  t.ok(engine.isMining, "the next epoch begins anew");
  t.match(engine.jobs.at(-1), { from: 0n, c: 44_314 });
  await agent.stop();
});

t.test("a restart in any phase goes on, and never commits to anything else", async (t) => {
  for (let stopAt = 2n; stopAt <= 29n; stopAt++) {
    const { chain, agent: first, engine, start } = world(t);
    chain.duties = [{ verifier: me.operator, host: other.operator, slot: 0 }];
    await playOther(chain, other);
    await live(first, chain, stopAt < 8n ? stopAt : 8n);
    engine.search(12n);
    await live(first, chain, stopAt);
    await settle();
    // No agent.stop(): the process is killed. The next one may choose another tier.
    const { agent: second, engine: engine2 } = start({ tier: 5 });
    await live(second, chain, chain.height < 9n ? 9n : chain.height);
    engine2.search(12n);
    await live(second, chain, 28n);
    await settle();
    await live(second, chain, 29n);
    const commitments = chain.commits.filter(({ operator }) => operator === me.operator);
    const roots = chain.sent
      .filter(({ msg }) => msg.typeUrl.endsWith("CommitSprint"))
      .map(({ msg }) => toHex((msg.value as MsgCommitSprint).root));
    t.equal(new Set(roots).size, 1, `stopped at ${stopAt}: one root is ever sent`);
    t.equal(commitments.length, 1, `stopped at ${stopAt}: committed`);
    t.equal(
      commitments[0]!.tier,
      stopAt < 6n ? 5 : 2,
      `stopped at ${stopAt}: the tier it began with`,
    );
    const opened = chain.openings.filter(({ operator }) => operator === me.operator);
    t.equal(opened.length, 1, `stopped at ${stopAt}: opened`);
    t.equal(chain.attested.length, 1, `stopped at ${stopAt}: attested`);
    await Promise.all([first.stop(), second.stop()]);
  }
});

t.test("a search goes on where it stood when the process was killed", async (t) => {
  const { chain, agent, engine, start } = world(t);
  await live(agent, chain, 7n);
  engine.search(7n);
  await settle();
  const { agent: second, engine: engine2 } = start();
  const status = await live(second, chain, 8n);
  t.match(engine2.jobs, [{ from: 7n }]);
  t.match(status, { nonces: 7n, hits: 3 });
  await Promise.all([agent.stop(), second.stop()]);
});

t.test("a late start still does what can be done", async (t) => {
  const cases: [height: bigint, sends: string[], note: RegExp][] = [
    [9n, ["CommitSprint", "OpenSprint", "AttestSprint"], /^$/],
    [12n, ["AttestSprint"], /^no hits to commit to in this Sprint$/],
    [17n, ["AttestSprint"], /^nothing committed in this Sprint$/],
    [23n, ["AttestSprint"], /^$/],
  ];
  for (const [height, sends, note] of cases) {
    const { chain, agent, engine } = world(t);
    chain.duties = [{ verifier: me.operator, host: other.operator, slot: 0 }];
    await playOther(chain, other);
    chain.advanceTo(height);
    const status = await agent.tick();
    t.match(status?.note, note, `at ${height}`);
    engine.search(6n);
    await settle();
    await live(agent, chain, 28n);
    await settle();
    await live(agent, chain, 29n);
    const urls = chain.included.map(({ typeUrl }) => typeUrl.replace("/gonka.pow.v1.Msg", ""));
    t.same(urls, sends, `started at ${height}`);
    await agent.stop();
  }
});

t.test("a window missed while the node was away is not made up for", async (t) => {
  const { chain, agent, engine } = world(t);
  await live(agent, chain, 8n);
  engine.search(9n);
  chain.isUnreachable = true;
  chain.advanceTo(16n);
  await t.rejects(agent.tick(), /ECONNREFUSED/);
  t.ok(engine.isMining, "what cannot be seen is not stopped");
  chain.isUnreachable = false;
  const status = await live(agent, chain, 29n);
  t.notOk(engine.isMining);
  t.match(status, { note: "nothing committed in this Sprint" });
  t.same(chain.sent, []);
  await live(agent, chain, 37n);
  t.match(engine.jobs.at(-1), { from: 0n });
  t.match(await agent.tick(), { note: "" });
  await agent.stop();
});

t.test("an epoch that passes unseen leaves no search behind", async (t) => {
  const { chain, agent, engine } = world(t);
  await live(agent, chain, 8n);
  engine.search(9n);
  chain.advanceTo(38n); // The same phase of the next epoch.
  const status = await agent.tick();
  t.match(status, { epoch: 2n, duty: "mine", nonces: 0n, hits: 0 });
  t.equal(engine.jobs.length, 2);
  t.same(engine.jobs[1]!.sprint.beacon2, chain.epoch.beacon2);
  await agent.stop();
});

t.test("bad leaves of others are accused with the right digest", async (t) => {
  const indices = sampledOf(other.hostKey);
  const [bad] = indices;
  const wrong = new Uint8Array(32).fill(0xee);
  const forgeries: [name: string, forge: Parameters<typeof playOther>[2], nonce: bigint][] = [
    [
      "a made-up digest",
      (hits) => hits.map((hit, at) => (at === bad ? { ...hit, digest: wrong } : hit)),
      BigInt(3 * bad!),
    ],
    [
      "a nonce that is no hit",
      (hits) =>
        hits.map((hit, at) => {
          const nonce = hit.nonce + 1n;
          return at === bad ? { nonce, digest: fakeDigest(other.hostKey, nonce) } : hit;
        }),
      BigInt(3 * bad! + 1),
    ],
  ];
  for (const [name, forge, nonce] of forgeries) {
    const { chain, agent, engine } = world(t);
    await playOther(chain, other, forge);
    chain.duties = [{ verifier: me.operator, host: other.operator, slot: 1 }];
    await live(agent, chain, 22n);
    await settle();
    await live(agent, chain, 29n);
    const [verdict] = chain.attested[0]!.verdicts;
    t.equal(verdict!.kind, VerdictKind.VERDICT_KIND_INVALID, name);
    t.equal(verdict!.badIndex, BigInt(bad!), name);
    t.equal(toHex(verdict!.correctDigest), toHex(fakeDigest(other.hostKey, nonce)), name);
    t.same(verdict!.tags, [], name);
    const accusation = engine.recomputed.at(-1)!;
    t.match(accusation, { leaves: [{ nonce }], by: "reference" }, "twice before accusing");
    await agent.stop();
  }
});

/** What slot 1 samples of ten hits in epoch 1 of the fake chain. */
function sampledOf(hostKey: Uint8Array): number[] {
  const beacon3 = new Uint8Array(32).fill(3).fill(1, 0, 1);
  return sampleIndices({ beacon3, hostKey, verifierSlot: 1, samples: 2, count: 10 });
}

t.test("what cannot be checked in time is abstained from, not guessed", async (t) => {
  const { chain, agent, engine } = world(t);
  await playOther(chain, other);
  chain.duties = [
    { verifier: me.operator, host: other.operator, slot: 0 },
    { verifier: me.operator, host: third.operator, slot: 0 }, // Has opened nothing.
  ];
  engine.gate = new Promise(() => {});
  await live(agent, chain, 27n);
  t.same(chain.attested, []);
  await live(agent, chain, 29n);
  const kinds = chain.attested[0]!.verdicts.map(({ kind }) => kind);
  t.same(kinds, [VerdictKind.VERDICT_KIND_ABSTAIN, VerdictKind.VERDICT_KIND_ABSTAIN]);
  await agent.stop();
});

t.test("a verification that fails is tried again and accuses nobody", async (t) => {
  const { chain, agent, engine } = world(t);
  await playOther(chain, other);
  chain.duties = [{ verifier: me.operator, host: other.operator, slot: 0 }];
  engine.failures = 2;
  for (let height = 21n; height <= 25n; height++) {
    await live(agent, chain, height);
    await settle();
  }
  t.match(chain.attested[0]?.verdicts, [{ kind: VerdictKind.VERDICT_KIND_VALID }]);
  await agent.stop();
});

t.test("the budget bounds the search of a Sprint", async (t) => {
  const { chain, agent, engine } = world(t, { maxNonces: 8n });
  await live(agent, chain, 6n);
  t.match(engine.jobs, [{ from: 0n, end: 8n }]);
  engine.search(100n);
  await settle();
  await live(agent, chain, 12n);
  t.match(chain.commits, [{ operator: me.operator, count: 3n }]);
  t.equal(engine.jobs.length, 1);
  await agent.stop();
});

t.test("sending: refused, lost and starved transactions are sent again", async (t) => {
  const refused = world(t);
  await live(refused.agent, refused.chain, 8n);
  refused.engine.search(9n);
  refused.chain.refusals = [new TxRefusal("sdk", 32, "account sequence mismatch")];
  await live(refused.agent, refused.chain, 13n);
  t.equal(refused.chain.commits.length, 1, "a refusal of CheckTx: again after a block");

  const lost = world(t);
  await live(lost.agent, lost.chain, 8n);
  lost.engine.search(9n);
  lost.chain.losesTxs = true;
  await live(lost.agent, lost.chain, 12n);
  lost.chain.losesTxs = false;
  await live(lost.agent, lost.chain, 15n);
  t.equal(lost.chain.sent.length, 2, "lost: again after three blocks");
  t.match(lost.chain.commits, [{ height: 15n }]);

  const starved = world(t);
  await live(starved.agent, starved.chain, 8n);
  starved.engine.search(9n);
  starved.chain.gasNeeded = 500_000;
  await live(starved.agent, starved.chain, 15n);
  const [small, large] = starved.chain.sent.map(({ gasLimit }) => gasLimit);
  t.equal(large, 2 * small!, "out of gas: again with twice as much");
  t.equal(starved.chain.commits.length, 1);

  t.same(refused.chain.sent[0]!.timeoutHeight, 15n, "no transaction outlives its phase");
  await Promise.all([refused, lost, starved].map(({ agent }) => agent.stop()));
});

t.test("a host that may not take part says so and sends nothing", async (t) => {
  const cases: [change: Partial<AgentSettings>, note: string][] = [
    [{ operator: "gonka1nobody" }, "no such host is registered"],
    [{ hostKey: new Uint8Array(33).fill(9) }, "this worker key is not the registered one"],
    [{ tier: 7 }, "the chain has no tier 7"],
  ];
  for (const [change, note] of cases) {
    const { chain, agent, lines } = world(t, change);
    await live(agent, chain, 28n);
    t.match(await agent.tick(), { note });
    t.same(chain.sent, []);
    const said = lines.filter((line) => line.includes(note));
    t.equal(said.length, 1, "logged once");
    await agent.stop();
  }
  const late = world(t);
  late.chain.participants = async () => [];
  await live(late.agent, late.chain, 28n);
  t.match(await late.agent.tick(), { note: /participant|committed/ });
  t.same(late.chain.sent, []);
});

t.test("a commitment of another folder is never opened with other hits", async (t) => {
  const { chain, agent, engine, lines } = world(t);
  await live(agent, chain, 8n);
  engine.search(9n);
  await settle();
  const foreign = commitmentOf(fakeHits(me.hostKey, 60n));
  const { operator } = me;
  const about = { operator, epoch: 1n, sprint: 0, tier: 2, height: 12n };
  chain.commits.push({ ...about, root: foreign.root, count: BigInt(foreign.count) });
  await live(agent, chain, 28n);
  t.same(chain.sent, []);
  t.ok(lines.some((line) => line.includes("not of the hits in this folder")));
  await agent.stop();
});
