/** What the agent does for speed: weights ahead of the window, hosts in one batch. */
import t from "tap";
import { toHex } from "../../../src/encoding/bytes.ts";
import { VerdictKind } from "../../../src/gen/gonka/pow/v1/types.ts";
import { live, me, other, playOther, settle, third, world } from "../../support/agent-world.ts";

t.test("weights are asked for as soon as beacon 1 is there, ahead of the window", async (t) => {
  const { chain, agent, engine } = world(t);
  let early = 0;
  for (let height = 1n; height <= 6n; height++) {
    const status = await live(agent, chain, height);
    if (status?.duty === "mine") break;
    early = engine.prepared.length;
  }
  t.ok(early > 0, "before the search began");
  for (const beacon1 of engine.prepared) t.same(beacon1, chain.epoch.beacon1);
  await agent.stop();
});

t.test("hosts are checked together as far as a batch carries them", async (t) => {
  for (const [batch, jobs] of [
    [1, 2],
    [100, 1],
  ] as const) {
    const { chain, agent, engine } = world(t);
    engine.batch = batch;
    await playOther(chain, other);
    await playOther(chain, third);
    chain.duties = [other, third].map(({ operator: host }) => {
      return { verifier: me.operator, host, slot: 0 };
    });
    await live(agent, chain, 22n);
    await settle();
    await live(agent, chain, 29n);
    t.equal(engine.recomputed.length, jobs, `batch ${batch}`);
    const keys = new Set(engine.recomputed[0]!.leaves.map(({ hostKey }) => toHex(hostKey)));
    t.equal(keys.size, batch === 1 ? 1 : 2);
    const kinds = chain.attested[0]!.verdicts.map(({ kind }) => kind);
    t.same(kinds, [VerdictKind.VERDICT_KIND_VALID, VerdictKind.VERDICT_KIND_VALID]);
    await agent.stop();
  }
});
