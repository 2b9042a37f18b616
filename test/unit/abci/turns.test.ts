/**
 * FinalizeBlock in turns: whatever else is asked of the application between the transactions of a
 * block gets the answer of the committed state, and changes nothing about the block. ADR 111.
 */
import { QueryBalanceRequest } from "cosmjs-types/cosmos/bank/v1beta1/query";
import * as abci from "cosmjs-types/tendermint/abci/types";
import t from "tap";
import { toHex, utf8 } from "../../../src/encoding/bytes.ts";
import { AppChain, alice, appState, openApp, verifyLater } from "../../support/app-chain.ts";
import { prng } from "../../support/prng.ts";
import { RandomTxs, randomDevs } from "../../support/random-txs.ts";

const seed = Number(process.env.SEED ?? Math.floor(Math.random() * 2 ** 31));
t.comment(`SEED=${seed}`);

/** A chain whose application gives its turns to a function that may change. */
async function chainInTurns() {
  const now = { turn: async (): Promise<void> => undefined };
  const chain = await AppChain.start({ verifyBatch: verifyLater, turn: () => now.turn() });
  return { chain, now };
}

/** As AppChain.block, in turns. */
async function blockInTurns(chain: AppChain, txs: readonly Uint8Array[]) {
  const response = await chain.app.finalizeInTurns?.(chain.request(txs));
  if (!response) throw new Error("the application has turns to give");
  await chain.app.commit();
  chain.height += 1n;
  chain.seconds += 1n;
  return response;
}

/** Any call that an engine, a peer or a client may cause meanwhile. The same numbers, the same. */
function ask(chain: AppChain, random: () => number, txs: readonly Uint8Array[]): unknown {
  const { app } = chain;
  const pick = (limit: number) => Math.floor(random() * limit);
  const some = () => txs[pick(txs.length)] ?? utf8("no transaction");
  const address = randomDevs[pick(randomDevs.length)]?.address ?? alice.address;
  const height = random() < 0.7 ? 0n : BigInt(pick(Number(chain.height) + 3));
  const data = QueryBalanceRequest.encode({ address, denom: "ngonka" }).finish();
  const asked = Array.from({ length: 1 + pick(20) }, some);
  switch (pick(11)) {
    case 0:
    case 1:
      return asked.map((tx) => app.checkTx({ tx, type: abci.CheckTxType.NEW }));
    case 2:
      return asked.map((tx) => app.checkTx({ tx, type: abci.CheckTxType.RECHECK }));
    case 3:
      return app.query({ path: "/cosmos.bank.v1beta1.Query/Balance", data, height, prove: false });
    case 4: {
      const key = Uint8Array.of(2, ...data.subarray(0, 1 + pick(20)));
      return app.query({ path: "/store/bank/key", data: key, height, prove: pick(2) === 0 });
    }
    case 5:
      return app.query({ path: "/app/simulate", data: some(), height: 0n, prove: false });
    case 6:
      return app.prepareProposal(
        abci.RequestPrepareProposal.fromPartial({ txs: asked, maxTxBytes: 9_000n }),
      );
    case 7:
      return app.processProposal(abci.RequestProcessProposal.fromPartial({ txs: asked }));
    case 8:
      void app.lookAhead?.(asked);
      return app.info();
    case 9:
      return [app.extendVote(), app.brokenInvariants(), app.listSnapshots()];
    default:
      return chain.height > 0n && JSON.stringify(app.exportState().appState);
  }
}

t.test("a block is the same whatever is asked between its transactions", async (t) => {
  const random = prng(seed);
  const { chain, now } = await chainInTurns();
  const plain = await AppChain.start();
  // Answers the same questions, with no block under work.
  const idle = await AppChain.start();
  const made = new RandomTxs(chain, seed);
  let [turns, questions] = [0, 0];
  for (let round = 0; round < 8; round++) {
    const { txs, settle } = made.block(Math.floor(random() * 150));
    const later = made.block(30).txs;
    const known = [...txs, ...later];
    const expected: unknown[] = [];
    const answers: unknown[] = [];
    now.turn = async () => {
      turns++;
      for (let count = Math.floor(random() * 5); count > 0; count--) {
        const draw = Math.floor(random() * 2 ** 31);
        answers.push(ask(chain, prng(draw), known));
        expected.push(ask(idle, prng(draw), known));
        questions++;
        if (random() < 0.3) await new Promise((resolve) => setImmediate(resolve));
      }
    };
    const [inTurns, one, two] = [
      await blockInTurns(chain, txs),
      await plain.block(txs),
      await idle.block(txs),
    ];
    t.same(answers, expected, `answers during height ${chain.height}`);
    t.equal(toHex(inTurns.appHash), toHex(one.appHash), `height ${chain.height}`);
    t.same(inTurns, one);
    t.same(two, one);
    settle(one.txResults);
  }
  t.same(chain.app.exportState(), plain.app.exportState());
  t.ok(turns > 8 && questions > 10, `${questions} questions in ${turns} turns`);
});

t.test("a block gives a turn after every 16 transactions, and none without", async (t) => {
  const { chain, now } = await chainInTurns();
  let turns = 0;
  now.turn = async () => {
    turns++;
  };
  for (const [count, expected] of [
    [0, 0],
    [15, 0],
    [16, 1],
    [100, 6],
  ] as const) {
    turns = 0;
    await blockInTurns(chain, Array(count).fill(utf8("malformed")));
    t.equal(turns, expected, `${count} transactions`);
  }
  t.equal((await AppChain.start()).app.finalizeInTurns, undefined);
});

t.test("a block that is begun again meanwhile is given up, and not half of it stays", async (t) => {
  const { chain, now } = await chainInTurns();
  const plain = await AppChain.start();
  const txs = new RandomTxs(chain, seed).block(90).txs;
  const again = txs.slice(0, 20);
  let inner: abci.ResponseFinalizeBlock | undefined;
  now.turn = async () => {
    inner ??= chain.app.finalizeBlock(chain.request(again));
  };
  await t.rejects(blockInTurns(chain, txs), /nobody else opens a block meanwhile/);
  await chain.app.commit();
  t.same(inner, await plain.block(again));
  t.same(chain.app.info(), plain.app.info());
});

t.test("Commit of a block that is half done is refused; it can be begun again", async (t) => {
  const { chain, now } = await chainInTurns();
  const plain = await AppChain.start();
  const txs = new RandomTxs(chain, seed + 1).block(70).txs;
  now.turn = async () => {
    await t.rejects(chain.app.commit(), /Commit follows FinalizeBlock/);
    throw new Error("stopped half way");
  };
  await t.rejects(blockInTurns(chain, txs), /stopped half way/);
  await t.rejects(chain.app.commit(), /Commit follows FinalizeBlock/);
  // As after a crash: nothing of it is on the disk.
  chain.app = await openApp(chain.db, "", { turn: async () => undefined });
  t.equal(chain.app.info().lastBlockHeight, 0n);
  chain.initChain(appState());
  t.same(await blockInTurns(chain, txs), await plain.block(txs));
});
