/**
 * The round under way as dump_consensus_state shows it (cometbft consensus/types/round_state.go,
 * types/part_set.go): the proposal, the parts that are here, and the block once it is whole.
 */
import t from "tap";
import { toBase64, toUpperHex } from "../../../src/encoding/bytes.ts";
import { roundViewOf } from "../../../src/node/interfaces/round-view.ts";
import { consensusMethods } from "../../../src/rpc/methods/consensus.ts";
import { OneValidator } from "../../support/one-validator.ts";

function dumpOf(node: OneValidator): Record<string, unknown> {
  const { engine, state, blocks } = node;
  const context = {
    ...{ round: () => roundViewOf(engine.view), chain: { state: () => state }, blocks },
    node: { peers: () => [] },
  };
  const dump = consensusMethods.dump_consensus_state?.handle(context as never, {});
  return (dump as { round_state: Record<string, unknown> }).round_state;
}

t.test("a proposal in two parts, then a lock", async (t) => {
  const node = new OneValidator();
  node.self = (node.proposer(0) + 1) % 4;
  node.start();
  await node.pass(1_001);
  t.match(dumpOf(node), { proposal: null, proposal_block: null, proposal_block_parts: null });
  const large = node.block("x".repeat(100_000));
  const proposal = node.proposal(large);
  const receivePart = (index: number) => {
    const part = large.parts.part(index);
    if (!part) throw new Error("the block has two parts");
    node.engine.receive({ type: "blockPart", height: 1n, round: 0, part }, "p");
  };
  node.engine.receive({ type: "proposal", proposal }, "p");
  receivePart(1);
  const half = dumpOf(node);
  t.match(half.proposal, {
    ...{ Type: 32, height: "1", round: 0, pol_round: -1, signature: toBase64(proposal.signature) },
    block_id: { hash: toUpperHex(large.id.hash), parts: { total: 2 } },
  });
  t.same(half.proposal_block_parts, { "count/total": "1/2", parts_bit_array: "_x" });
  t.equal(half.proposal_block, null);
  receivePart(0);
  t.match(dumpOf(node), {
    proposal_block_parts: { "count/total": "2/2", parts_bit_array: "xx" },
    proposal_block: { header: { height: "1" }, data: { txs: [/^eHh4/] } },
    locked_block: null,
    locked_block_parts: null,
  });
  node.votes("prevote", large, node.others);
  const locked = dumpOf(node);
  t.match(locked, { locked_round: 0, valid_round: 0 });
  t.same(locked.locked_block, locked.proposal_block);
  t.same(locked.valid_block_parts, { "count/total": "2/2", parts_bit_array: "xx" });
});
