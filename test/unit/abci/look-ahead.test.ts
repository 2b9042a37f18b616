/** Each signature is verified once by a node, on other threads where there are some. ADR 092. */
import { MsgSend } from "cosmjs-types/cosmos/bank/v1beta1/tx";
import { TxRaw } from "cosmjs-types/cosmos/tx/v1beta1/tx";
import { RequestProcessProposal } from "cosmjs-types/tendermint/abci/types";
import t from "tap";
import { toHex } from "../../../src/encoding/bytes.ts";
import { defaultMempoolLimits, Mempool } from "../../../src/mempool/mempool.ts";
import { MempoolReactor } from "../../../src/mempool/reactor.ts";
import {
  AppChain,
  alice,
  any,
  bob,
  carol,
  type Dev,
  dave,
  signTx,
  verifyLater,
} from "../../support/app-chain.ts";
import { until } from "../../support/p2p-nodes.ts";
import { silentLog } from "../../support/test-chain.ts";
import { fastClock, TestNetwork } from "../../support/test-network.ts";

const devs = [alice, bob, carol, dave];

function send(from: Dev, sequence: bigint, options: { readonly number?: bigint } = {}) {
  const amount = [{ denom: "ngonka", amount: "7" }];
  const message = { fromAddress: from.address, toAddress: alice.address, amount };
  return signTx({ from, sequence, messages: [any(MsgSend, message)], ...options });
}

/** The transaction with one bit of its signature changed. */
function bent(tx: Uint8Array): Uint8Array {
  const raw = TxRaw.decode(tx);
  const signature = raw.signatures[0]?.map((byte, at) => (at === 40 ? byte ^ 1 : byte));
  return TxRaw.encode({ ...raw, signatures: [signature ?? new Uint8Array()] }).finish();
}

async function nodeOf(id: string) {
  const chain = await AppChain.start({ verifyBatch: verifyLater });
  const mempool = new Mempool(chain.app, defaultMempoolLimits, silentLog);
  const network = new TestNetwork(id);
  const parts = { mempool, network, clock: fastClock(1), log: silentLog, maxTxBytes: 100_000 };
  new MempoolReactor(parts);
  return { chain, mempool, network };
}

type Node = Awaited<ReturnType<typeof nodeOf>>;

/** A block as the engine takes it through the application and the mempool. */
async function apply({ chain, mempool }: Node, txs: readonly Uint8Array[]) {
  const { app } = chain;
  void app.lookAhead?.(txs);
  const { status } = app.processProposal(RequestProcessProposal.fromPartial({ txs: [...txs] }));
  if (status !== 1) throw new Error("the proposal was rejected");
  await app.lookAhead?.(txs);
  const height = chain.height + 1n;
  mempool.lock();
  const response = await chain.block(txs);
  const decided = { height, txs, results: response.txResults };
  await mempool.update(decided, { maxDataBytes: -1n, maxGas: -1n });
  mempool.unlock();
  return response;
}

t.test("sent, gossiped, rechecked, proposed, executed: verified once by every node", async (t) => {
  const [a, b, late] = [await nodeOf("a"), await nodeOf("b"), await nodeOf("late")];
  a.network.connect(b.network);
  const txs = [0n, 1n, 2n, 3n, 4n].flatMap((sequence) => devs.map((from) => send(from, sequence)));
  const sent = await Promise.all(txs.map((tx) => a.mempool.checkTx(tx)));
  t.ok(sent.every((outcome) => "code" in outcome && outcome.code === 0));
  await until("b has all", () => b.mempool.size === txs.length);
  t.same(b.mempool.reapMaxTxs(100), txs, "in the order in which they were sent");
  // Two blocks: what the first leaves is rechecked.
  for (const [from, to] of [
    [0, 12],
    [12, 20],
  ] as const) {
    const block = txs.slice(from, to);
    const results = [await apply(a, block), await apply(b, block), await apply(late, block)];
    for (const { txResults, appHash } of results) {
      t.ok(txResults.every(({ code }) => code === 0));
      t.equal(toHex(appHash), toHex(results[0]?.appHash ?? new Uint8Array()));
    }
  }
  t.same([a.mempool.size, b.mempool.size], [0, 0]);
  for (const { chain, network } of [a, b, late]) {
    t.equal(chain.app.verifiedSignatures, txs.length, network.id);
  }
});

t.test("an application without threads verifies once too, in CheckTx", async (t) => {
  const chain = await AppChain.start();
  t.equal(chain.app.lookAhead, undefined);
  const tx = send(alice, 0n);
  t.match(chain.check(tx), { code: 0 });
  t.match((await chain.block([tx])).txResults, [{ code: 0 }]);
  t.equal(chain.app.verifiedSignatures, 1);
});

t.test("a refusal is the same with and without looking ahead, and known once", async (t) => {
  const [ahead, plain] = [await nodeOf("ahead"), await AppChain.start()];
  const wrongNumber = send(bob, 0n, { number: 3n });
  for (const tx of [bent(send(alice, 0n)), wrongNumber]) {
    const expected = plain.check(tx);
    t.match(expected, { code: 4, log: /signature verification failed/ });
    t.same(await ahead.mempool.checkTx(tx), expected);
    t.same(ahead.chain.check(tx), expected, "again");
    const [one, two] = [await apply(ahead, [tx]), await plain.block([tx])];
    t.same(one, two);
  }
  t.equal(ahead.chain.app.verifiedSignatures, 2);
});

t.test("nothing is verified that CheckTx refuses before", async (t) => {
  const { chain } = await nodeOf("node");
  await chain.block([send(alice, 0n)]);
  const before = chain.app.verifiedSignatures;
  const stranger = { ...alice, publicKey: bob.publicKey };
  const nobody = { ...bob, address: "gonka1qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqpfjhm0" };
  const refused = [
    send(alice, 0n), // Used up.
    bent(send(alice, 0n)),
    send({ ...stranger, address: carol.address }, 0n), // Another's key.
    send(nobody, 0n),
    new Uint8Array(0),
    Uint8Array.of(1, 2, 3),
  ];
  t.equal(chain.app.lookAhead?.(refused), undefined, "there is nothing to wait for");
  t.ok(refused.every((tx) => chain.check(tx).code !== 0));
  t.equal(chain.app.verifiedSignatures, before);
});

t.test("who asks while others verify waits for them", async (t) => {
  let release = (): void => undefined;
  const held = new Promise<void>((resolve) => {
    release = resolve;
  });
  const chain = await AppChain.start({
    verifyBatch: async (checks) => {
      await held;
      return verifyLater(checks);
    },
  });
  const [first, second] = [send(alice, 0n), send(bob, 0n)];
  let isDone = false;
  const waits = [
    chain.app.lookAhead?.([first]),
    chain.app.lookAhead?.([first, second]),
    chain.app.lookAhead?.([second, first]),
  ];
  const all = Promise.all(waits).then(() => {
    isDone = true;
  });
  await new Promise((resolve) => setTimeout(resolve, 5));
  t.notOk(isDone);
  release();
  await all;
  t.match((await chain.block([first, second])).txResults, [{ code: 0 }, { code: 0 }]);
  t.equal(chain.app.verifiedSignatures, 2);
  t.equal(chain.app.lookAhead?.([first, second]), undefined, "known");
});

t.test("threads that fail leave the work to this one", async (t) => {
  const chain = await AppChain.start({
    verifyBatch: async () => {
      throw new Error("no memory");
    },
  });
  const [good, bad] = [send(alice, 0n), bent(send(bob, 0n))];
  await chain.app.lookAhead?.([good, bad]);
  await chain.app.lookAhead?.([good, bad]);
  t.match(chain.check(good), { code: 0 });
  t.match(chain.check(bad), { code: 4 });
});
