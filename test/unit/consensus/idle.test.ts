/** Heights without transactions, spec/consensus.md E10 (cometbft consensus/mempool_test.go). */
import t from "tap";
import type { IdlePolicy } from "../../../src/consensus/waiting/idle.ts";
import { Wal } from "../../../src/consensus/wal/wal.ts";
import { OneValidator, silent } from "../../support/one-validator.ts";

/** A node whose heights wait for transactions, at height 2 with the state that block 1 left. */
async function idling(change: Partial<IdlePolicy> = {}, appHash = new Uint8Array(0)) {
  let hasTxs = false;
  const node = new OneValidator();
  node.self = (node.proposer(0) + 2) % 4;
  node.idle = { hasTxs: () => hasTxs, intervalMs: 0, ...change };
  node.start();
  await node.pass(1001);
  const a = node.block("a");
  node.appHash = appHash;
  node.propose(a);
  node.votes("prevote", a, node.others);
  node.votes("precommit", a, node.others);
  await node.pass(1);
  t.equal(node.engine.view?.height, 2n, "the first height does not wait");
  await node.pass(5000);
  const step = () => node.engine.view?.core.step;
  const arrive = () => {
    hasTxs = true;
    node.engine.txsAvailable();
  };
  return { node, step, arrive };
}

t.test("E10: without empty blocks, a height waits for transactions", async (t) => {
  const { node, step, arrive } = await idling();
  t.equal(step(), "newHeight");
  const wal = Wal.open({ disk: node.log, clock: { now: () => node.now() }, log: silent });
  const logged = wal.recordsAfter(1n) ?? [];
  t.notOk(
    logged.some((record) => record.timeoutInfo),
    "nothing is logged",
  );
  arrive();
  t.equal(step(), "propose");
  await node.pass(1001);
  t.equal(step(), "prevote", "the timeout of the proposal runs from then on");
});

t.test("E10: or for the interval, or for a state that no header shows yet", async (t) => {
  const { node, step } = await idling({ intervalMs: 7000 });
  t.equal(step(), "newHeight");
  await node.pass(3000);
  t.equal(step(), "propose");
  const changed = await idling({}, new Uint8Array(32).fill(7));
  t.not(changed.step(), "newHeight", "clients want to prove the new state");
});

t.test("E10: a restart waits again", async (t) => {
  const { node, step, arrive } = await idling();
  await node.engine.stop();
  node.start();
  await node.pass(3000);
  t.equal(step(), "newHeight");
  arrive();
  t.equal(step(), "propose");
});
