/**
 * Whole nodes with vote extensions from height 3 on: rounds that fail, a crash, a late node; and
 * the order of the calls that each application gets, which must be ABCI's. spec/consensus.md X,
 * spec/abci.md.
 */
import t from "tap";
import { defaultConsensusParams } from "../../../src/types/consensus-params.ts";
import { outOfOrder } from "../../support/abci-grammar.ts";
import { EngineNode } from "../../support/engine-node.ts";
import { until } from "../../support/p2p-nodes.ts";
import { testGenesis } from "../../support/test-chain.ts";

const limitMs = 120_000;
const genesis = testGenesis(4, {
  consensusParams: { ...defaultConsensusParams(), abci: { voteExtensionsEnableHeight: 3n } },
});

t.test("four validators, one of which crashes, and a fifth node that is late", async (t) => {
  const nodes = [0, 1, 2, 3].map((n) => new EngineNode(n, genesis));
  t.teardown(() => Promise.all(nodes.map((node) => node.crash())));
  const [first, second, third, fourth] = nodes as [EngineNode, EngineNode, EngineNode, EngineNode];
  const starts: Promise<void>[] = [];
  for (const [n, node] of nodes.entries()) starts.push(node.start(nodes.slice(0, n)));
  await Promise.all(starts);
  const all = (height: bigint, of = nodes) => of.every((node) => node.height > height);
  await until("height 4", () => all(4n), limitMs);
  await fourth.crash();
  // Three of four decide; where it is the fourth's turn the round fails.
  let rounds = 0;
  const here = first.height;
  const others = [first, second, third];
  const decided = () => {
    rounds = Math.max(rounds, first.round);
    return all(here + 5n, others);
  };
  await until("five heights without the fourth", decided, limitMs);
  t.ok(rounds > 0, "some rounds failed");
  await fourth.start(others);
  await until("the fourth is back", () => all(first.height - 1n), limitMs);
  const late = new EngineNode(7, genesis);
  nodes.push(late);
  await late.start([first, second]);
  const end = first.height + 3n;
  await until("all go on together", () => all(end), limitMs);
  await first.crash();
  await first.start([second, third, fourth]);
  await until("after another restart", () => all(end + 2n), limitMs);

  for (const node of nodes) {
    t.same(node.failures, [], node.name);
    t.same(node.network.bans, [], node.name);
    t.equal(outOfOrder(node.calls), undefined, `${node.name}: the calls are in ABCI's order`);
    for (let height = 1n; height <= end; height++) {
      t.equal(node.blocks.loadExtendedCommit(height) !== undefined, height >= 3n, `at ${height}`);
    }
  }
  const callsOf = (node: EngineNode, name: string) =>
    node.calls.filter(({ call, height = 0n }) => call === name && height >= 3n).length;
  for (const node of nodes.slice(0, 4)) {
    t.ok(callsOf(node, "extendVote") > 0 && callsOf(node, "verifyVoteExtension") > 0);
  }
  t.equal(callsOf(late, "extendVote"), 0, "it is no validator");
  const early = nodes.flatMap(({ calls }) => calls).filter(({ height = 9n }) => height < 3n);
  t.notOk(
    early.some(({ call }) => /extend|verify/i.test(call)),
    "never before height 3",
  );
  const given = nodes.flatMap((node) => [...node.app.given.values()]).flat();
  t.ok(
    given.some((text) => text !== ""),
    "proposers were given extensions",
  );
});
