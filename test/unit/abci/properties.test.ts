/**
 * What holds for whatever transactions do: supply is the sum of balances, every invariant of every
 * module, a failed transaction leaves fee and sequence behind and nothing else, sequences rise by
 * one, a cold cache changes nothing, and an exported state is the same state.
 */
import type { ExecTxResult } from "cosmjs-types/tendermint/abci/types";
import t from "tap";
import { toHex } from "../../../src/encoding/bytes.ts";
import { AppChain, openApp } from "../../support/app-chain.ts";
import { copyOf, pairsOf } from "../../support/exported.ts";
import { RandomTxs, randomDevs } from "../../support/random-txs.ts";

type Json = Record<string, unknown>;
const seeds = [71, 72];

const stateOf = (chain: AppChain): Json =>
  JSON.parse(JSON.stringify(chain.app.exportState().appState));
const senders = new Set(randomDevs.map(({ address }) => address));
/** Of the senders: at the end of an epoch, coins are minted for hosts. */
const balancesOf = (state: Json) =>
  (state.bank as { balances: { address: string; coins: unknown }[] }).balances.filter(
    ({ address }) => senders.has(address),
  );
const sequencesOf = (state: Json) => {
  const { accounts } = state.auth as { accounts: { address: string; sequence: string }[] };
  return new Map(
    randomDevs.map(({ name, address }) => {
      const account = accounts.find((each) => each.address === address);
      return [name, BigInt(account?.sequence ?? -1)];
    }),
  );
};

for (const seed of seeds) {
  t.test(`supply, invariants, sequences; seed ${seed}`, async (t) => {
    const chain = await AppChain.start();
    const random = new RandomTxs(chain, seed);
    const codes = new Map<string, number>();
    await chain.block();
    const supply = JSON.stringify((stateOf(chain).bank as Json).supply);
    for (let round = 0; round < 40; round++) {
      const before = new Map(random.sequences);
      const { txs, settle } = random.block();
      const { txResults } = await chain.block(txs);
      settle(txResults);
      for (const { code, codespace } of txResults) {
        const key = `${codespace} ${code}`;
        codes.set(key, (codes.get(key) ?? 0) + 1);
      }
      t.same(chain.app.brokenInvariants(), [], `height ${chain.height}`);
      const state = stateOf(chain);
      t.equal(JSON.stringify((state.bank as Json).supply), supply);
      t.same(sequencesOf(state), random.sequences, "each ordered transaction used one sequence");
      for (const [name, sequence] of random.sequences) {
        if (sequence < (before.get(name) ?? 0n)) t.fail(`the sequence of ${name} fell`);
      }
    }
    t.comment(JSON.stringify([...codes]));
    t.ok((codes.get(" 0") ?? 0) > 20 && codes.size > 6, "it tries successes and failures");
  });

  t.test(`a failed transaction leaves nothing but its fee; seed ${seed}`, async (t) => {
    const chain = await AppChain.start();
    const random = new RandomTxs(chain, seed + 100);
    let failed = 0;
    for (let round = 0; round < 150; round++) {
      const { txs, settle } = random.block(1);
      const before = chain.height > 0n ? stateOf(chain) : undefined;
      const { txResults } = await chain.block(txs);
      settle(txResults);
      const [result] = txResults;
      if (!before || !result || result.code === 0) continue;
      failed++;
      const after = stateOf(chain);
      const payer = payerOf(result);
      const left = (state: Json) => balancesOf(state).filter(({ address }) => address !== payer);
      t.same(left(after), left(before), result.log);
      if (payer === undefined) t.same(balancesOf(after), balancesOf(before), "no fee, no change");
      // Grants that expire are removed meanwhile, and an allowance may have paid the fee.
      t.ok(isWithin(after, before, "authz"), "no authorization was added");
      t.ok(isWithin(after, before, "feegrant", payer), "no fee grant was added");
    }
    t.ok(failed > 30, `${failed} failed`);
  });

  t.test(
    `a node that forgets everything agrees with one that does not; seed ${seed}`,
    async (t) => {
      const [warm, cold] = [await AppChain.start(), await AppChain.start()];
      const random = new RandomTxs(warm, seed + 200);
      for (let round = 0; round < 25; round++) {
        const { txs, settle } = random.block();
        for (const tx of txs) warm.check(tx);
        warm.app.processProposal({ txs } as never);
        for (const tx of txs) {
          warm.app.query({ path: "/app/simulate", data: tx, height: 0n, prove: false });
        }
        warm.app.finalizeBlock(warm.request(txs)); // And again: what is cached now is used again.
        const one = await warm.block(txs);
        if (cold.height > 0n) cold.app = await openApp(cold.db);
        const two = await cold.block(txs);
        settle(one.txResults);
        t.equal(toHex(one.appHash), toHex(two.appHash), `height ${warm.height}`);
        t.same(one, two, "codes, gas, data, logs and events");
      }
    },
  );

  t.test(`an exported state is the same state; seed ${seed}`, async (t) => {
    const chain = await AppChain.start();
    const random = new RandomTxs(chain, seed + 300);
    for (let round = 0; round < 20; round++) {
      const { txs, settle } = random.block();
      settle((await chain.block(txs)).txResults);
    }
    const copy = await copyOf(chain);
    t.same(copy.app.brokenInvariants(), []);
    const { txs } = random.block(8);
    const [one, two] = [await chain.block(txs), await copy.block(txs)];
    t.same(two.txResults, one.txResults, "the same transactions do the same");
    t.same(stateOf(copy), stateOf(chain));
    const [ours, theirs] = [await pairsOf(chain.db), await pairsOf(copy.db)];
    for (const [store, pairs] of ours) t.same(theirs.get(store), pairs, `store ${store}`);
  });
}

/** Who paid the fee of a transaction; undefined when it was not charged. */
function payerOf({ events }: ExecTxResult): string | undefined {
  const attributes = events.flatMap((event) => (event.type === "tx" ? event.attributes : []));
  return attributes.find(({ key }) => key === "fee_payer")?.value;
}

/** Whether everything in the list of a module was there before, apart from what the payer gave. */
function isWithin(after: Json, before: Json, name: string, payer?: string): boolean {
  const list = (state: Json) =>
    Object.values(state[name] as Record<string, { granter: string }[]>).flat();
  const known = new Set(list(before).map((entry) => JSON.stringify(entry)));
  return list(after).every((entry) => entry.granter === payer || known.has(JSON.stringify(entry)));
}
