/** The order of a proposal: fees first, but never against the sequence of a signer. */
import { MsgSend } from "cosmjs-types/cosmos/bank/v1beta1/tx";
import type { RequestPrepareProposal } from "cosmjs-types/tendermint/abci/types";
import t from "tap";
import type { DecodedTx } from "../../../src/abci/tx/decode.ts";
import { byPriority, priorityOf } from "../../../src/abci/tx/priority.ts";
import { AppChain, alice, any, bob, carol, type Dev, signTx } from "../../support/app-chain.ts";
import { prng } from "../../support/prng.ts";

const coins = (amount: number) => [{ denom: "ngonka", amount: String(amount) }];
const send = (from: Dev, sequence: number, fee: number) => {
  const message = { fromAddress: from.address, toAddress: bob.address, amount: coins(1) };
  const messages = [any(MsgSend, message)];
  return signTx({ from, sequence: BigInt(sequence), messages, fee: coins(fee) });
};
const propose = (chain: AppChain, txs: Uint8Array[]) =>
  chain.app.prepareProposal({ txs, maxTxBytes: 100_000n } as RequestPrepareProposal).txs;

t.test("who pays more comes first, after what went before it", async (t) => {
  const chain = await AppChain.start();
  const [a0, a1] = [send(alice, 0, 10), send(alice, 1, 9000)];
  const [b0, c0] = [send(bob, 0, 500), send(carol, 0, 500)];
  t.same(propose(chain, [a0, a1, b0, c0]), [b0, c0, a0, a1]);
  t.same(propose(chain, [c0, b0, a0, a1]), [c0, b0, a0, a1], "equal fees: as they came");
});

t.test("1,000 random lists: complete, in order per signer, the best of what is free", (t) => {
  const seed = 41;
  t.comment(`seed ${seed}`);
  const random = prng(seed);
  const pick = (limit: number) => Math.floor(random() * limit);
  const fake = (signers: string[], amount: number) =>
    ({
      signers,
      body: { unordered: pick(8) === 0 },
      fee: { amount: coins(amount), gasLimit: 1000n },
    }) as unknown as DecodedTx;
  for (let round = 0; round < 1000; round++) {
    const txs = Array.from({ length: pick(30) }, () =>
      fake([...new Set(["a", "b", "c"].filter(() => pick(2) === 0))], pick(4) * 1000),
    );
    const ordered = byPriority(txs);
    const left = [...txs];
    const isFree = (tx: DecodedTx) =>
      tx.body.unordered ||
      !left
        .slice(0, left.indexOf(tx))
        .some((e) => !e.body.unordered && e.signers.some((s) => tx.signers.includes(s)));
    for (const tx of ordered) {
      const best = left.filter(isFree).reduce((a, b) => (priorityOf(b) > priorityOf(a) ? b : a));
      if (best !== tx) t.fail(`round ${round}`);
      left.splice(left.indexOf(tx), 1);
    }
    if (left.length > 0) t.fail(`round ${round}: ${left.length} left`);
  }
  t.end();
});
